import CKernels
import Columns
import Memory
import Vocabulary

/// Collects the entries of one leaf column, page by page, until its row group is written.
///
/// Values become dictionary codes while the dictionary pays; then, for the rest of the chunk, plain values.
/// Codes of an incoming dictionary vector are translated through a table, so that each distinct value is
/// hashed once.
///
///     append ─▶ values ─┬─ dictionary pays ─▶ codes ─┐ page full
///                       └─ else ────────────▶ plain ─┴──────────▶ finishPage ─▶ chunk ─▶ finishChunk ─▶ sink
///
/// `LeafWriter+Dictionary.swift` holds the way through codes, `LeafWriter+Pages.swift` what becomes of a full
/// page.
final class LeafWriter {
    let type: DataType
    let stored: StoredType
    let path: [String]
    let definition: Int
    let repetition: Int
    let options: ParquetWriterOptions

    /// Finished pages, compressed, with their headers.
    let chunk = GrowingBytes(capacity: 4 << 10)
    var chunkUncompressedBytes = 0
    var chunkEntries = 0
    var chunkNulls = 0
    var bounds: ColumnBounds
    var hasPlainPages = false

    var table: DictionaryTable?
    var hasDictionaryPages = false
    /// Values of this chunk that were offered to the dictionary.
    var dictionaryValues = 0
    /// Codes in `table` of an incoming dictionary's entries, -1 where not looked up yet.
    var translation: (dictionary: Vector, codes: [Int32])?
    /// The dictionary of this chunk's first pages, once the others are plain.
    var retired: DictionaryTable?

    // The open page.
    var entries = 0
    var nulls = 0
    var valueCount = 0
    let codes = GrowingBytes(capacity: 4 << 10)
    let plain = GrowingBytes(capacity: 4 << 10)
    /// Flat columns: validity bits, kept from the page's first null on.
    let validity = GrowingBytes()
    var hasValidity = false
    /// Nested columns: both levels as 32-bit numbers.
    let definitions = GrowingBytes()
    let repetitions = GrowingBytes()
    let scratch = GrowingBytes()
    let rowNumbers = GrowingBytes()
    let body = GrowingBytes(capacity: 4 << 10)

    init(
        type: DataType, stored: StoredType, path: [String], definition: Int, repetition: Int,
        options: ParquetWriterOptions
    ) {
        self.type = type
        self.stored = stored
        self.path = path
        self.definition = definition
        self.repetition = repetition
        self.options = options
        bounds = ColumnBounds(type, stored.physical)
        startChunk()
    }

    func startChunk() {
        chunk.removeAll()
        (chunkUncompressedBytes, chunkEntries, chunkNulls, dictionaryValues) = (0, 0, 0, 0)
        bounds = ColumnBounds(type, stored.physical)
        (hasPlainPages, hasDictionaryPages) = (false, false)
        translation = nil
        let pays = options.dictionary && stored.physical != .boolean && stored.physical != .fixedByteArray
        table = pays ? DictionaryTable(numberWidth: stored.width) : nil
    }

    /// Bytes held for the row group so far, about.
    var bufferedBytes: Int { chunk.count + codes.count + plain.count + (table?.byteCount ?? 0) }

    private var buffers: [GrowingBytes] {
        [chunk, codes, plain, validity, definitions, repetitions, scratch, rowNumbers, body]
    }

    /// Bytes of memory that the row group and the work space take.
    var memoryBytes: Int {
        let space = chunk.capacity + codes.capacity + plain.capacity + body.capacity + scratch.capacity
        let levels = validity.capacity + definitions.capacity + repetitions.capacity + rowNumbers.capacity
        return space + levels + (table?.memoryBytes ?? 0) + (retired?.memoryBytes ?? 0)
    }

    /// Gives the memory back; to be called between two chunks.
    func releaseMemory() { for buffer in buffers { buffer.release() } }

    // MARK: Entries

    /// Appends all rows of a vector; for columns that are neither nested nor repeated.
    func append(_ vector: Vector) throws(EngineError) {
        let vector = type == .null ? .nulls(.null, count: vector.count) : vector
        var done = 0
        while done < vector.count {
            let take = min(vector.count - done, options.pageRows - entries)
            try appendFlat(vector, done, take)
            done += take
            if entries >= options.pageRows || pageBytes >= options.pageBytes { try finishPage() }
        }
    }

    private var pageBytes: Int { plain.count + valueCount / 2 }

    private func appendFlat(_ vector: Vector, _ first: Int, _ count: Int) throws(EngineError) {
        guard let bitmap = vector.validity else {
            putValid(count)
            return try appendValues(vector, first: first, rows: nil, count: count)
        }
        if vector.form == .constant {
            startValidity()
            entries += count
            nulls += count
            _ = reserveValidity()
            return
        }
        startValidity()
        let words = reserveValidity(for: count)
        let from = first == 0 ? UnsafePointer(bitmap.words) : shifted(bitmap, first, count)
        parquet_append_bits(words, Int64(entries), from, Int64(count))
        let rows = rowNumbers.reserveEmptied(count * 4 + 256).assumingMemoryBound(to: UInt32.self)
        let found = Int(parquet_set_rows(from, Int64(count), rows))
        if first != 0 { for i in 0..<found { rows[i] += UInt32(first) } }
        entries += count
        nulls += count - found
        try appendValues(vector, first: 0, rows: rows, count: found)
    }

    private func putValid(_ count: Int) {
        if hasValidity {
            parquet_set_bits(reserveValidity(for: count), Int64(entries), Int64(count))
        }
        entries += count
    }

    private func startValidity() {
        if hasValidity { return }
        hasValidity = true
        validity.removeAll()
        if entries > 0 { parquet_set_bits(reserveValidity(), 0, Int64(entries)) }
    }

    /// Makes room, zeroed, for the bits of all entries and `more`.
    private func reserveValidity(for more: Int = 0) -> UnsafeMutablePointer<UInt64> {
        let needed = Bitmap.wordCount(entries + more) * 8 + 8
        if needed > validity.count {
            let space = validity.reserve(needed - validity.count)
            space.initializeMemory(as: UInt8.self, repeating: 0, count: needed - validity.count)
            validity.commit(needed - validity.count)
        }
        return validity.base.assumingMemoryBound(to: UInt64.self)
    }

    /// Returns the bits from `first` on as words of their own.
    private func shifted(_ bitmap: Bitmap, _ first: Int, _ count: Int) -> UnsafePointer<UInt64> {
        let from = bitmap.words
        let words = Bitmap.wordCount(count)
        let last = Bitmap.wordCount(bitmap.count)
        let out = scratch.reserveEmptied(words * 8).assumingMemoryBound(to: UInt64.self)
        for i in 0..<words {
            let (word, offset) = ((first >> 6) + i, UInt64(first & 63))
            var value = from[word] >> offset
            if offset > 0, word + 1 < last { value |= from[word + 1] << (64 - offset) }
            out[i] = value
        }
        return UnsafePointer(out)
    }

    /// Appends entries of a nested column: their levels, and the rows of `vector` that hold the values that
    /// are not null.
    func append(
        _ vector: Vector, rows: [UInt32], definitions newDefinitions: [UInt32],
        repetitions newRepetitions: [UInt32]
    ) throws(EngineError) {
        newDefinitions.withUnsafeBytes { if let base = $0.baseAddress { definitions.append(base, $0.count) } }
        newRepetitions.withUnsafeBytes { if let base = $0.baseAddress { repetitions.append(base, $0.count) } }
        entries += newDefinitions.count
        nulls += newDefinitions.count - rows.count
        let copy = rowNumbers.reserveEmptied(rows.count * 4).assumingMemoryBound(to: UInt32.self)
        for (i, row) in rows.enumerated() { copy[i] = vector.form == .constant ? 0 : row }
        try appendValues(vector, first: 0, rows: copy, count: rows.count)
        if entries >= options.pageRows || pageBytes >= options.pageBytes { try finishPage() }
    }

    // MARK: Values

    /// Appends `count` values that are not null: rows `rows` of the vector, or those from `first` on.
    private func appendValues(
        _ vector: Vector, first: Int, rows: UnsafePointer<UInt32>?, count: Int
    ) throws(EngineError) {
        if count == 0 { return }
        valueCount += count
        if vector.form == .dictionary, let dictionary = vector.dictionary {
            return appendCoded(vector, dictionary, first, rows, count)
        }
        if vector.form == .constant {
            let zeros = rowNumbers.reserveEmptied(count * 4)
            zeros.initializeMemory(as: UInt8.self, repeating: 0, count: count * 4)
            return appendFlatValues(vector, 0, zeros.assumingMemoryBound(to: UInt32.self), count)
        }
        appendFlatValues(vector, first, rows, count)
    }

    func appendFlatValues(
        _ vector: Vector, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int
    ) {
        if stored.width == 0 { return appendViews(vector, first, rows, count) }
        if table == nil {
            let target = plain.reserve(count * stored.width)
            StoredValues.put(
                vector, first: first, rows: rows, count: count, as: stored, to: target, scratch: scratch)
            bounds.include(stored: target, count: count, width: stored.width)
            plain.commit(count * stored.width)
            return
        }
        let values = body.reserveEmptied(count * stored.width)
        StoredValues.put(
            vector, first: first, rows: rows, count: count, as: stored, to: values, scratch: scratch)
        bounds.include(stored: values, count: count, width: stored.width)
        encodeNumbers(values, count)
    }

    func putPlain(_ views: UnsafePointer<StringView>, _ count: Int) {
        var bytes = 0
        var i = 0
        while i < count {
            bytes &+= views[i].count &+ 4
            i &+= 1
        }
        var target = plain.reserve(bytes)
        i = 0
        while i < count {
            let view = views[i]
            target.storeBytes(of: UInt32(truncatingIfNeeded: view.count), as: UInt32.self)
            view.copyBytes(to: target + 4)
            target += view.count &+ 4
            i &+= 1
        }
        plain.commit(bytes)
    }
}

extension GrowingBytes {
    /// Empties the buffer and makes room for `byteCount` bytes, which are not part of the contents.
    func reserveEmptied(_ byteCount: Int) -> UnsafeMutableRawPointer {
        removeAll()
        return reserve(byteCount)
    }
}
