import CKernels
import Columns
import Memory
import Vocabulary

/// Collects the entries of one leaf column, page by page, until its row group is written.
///
/// Values become dictionary codes while the dictionary pays; then, for the rest of the chunk, plain values.
/// Codes of an incoming dictionary vector are translated through a table, so that each distinct value is
/// hashed once.
final class LeafWriter {
    let type: DataType
    let stored: StoredType
    let path: [String]
    let definition: Int
    let repetition: Int
    private let options: ParquetWriterOptions

    /// Finished pages, compressed, with their headers.
    private let chunk = GrowingBytes(capacity: 64 << 10)
    private var chunkUncompressedBytes = 0
    private var chunkEntries = 0
    private var chunkNulls = 0
    private var bounds: ColumnBounds
    private var hasPlainPages = false

    private var table: DictionaryTable?
    private var hasDictionaryPages = false
    /// Values of this chunk that were offered to the dictionary.
    private var dictionaryValues = 0
    private var translation: (dictionary: Vector, codes: [Int32])?

    // The open page.
    private var entries = 0
    private var nulls = 0
    private var valueCount = 0
    private let codes = GrowingBytes(capacity: 64 << 10)
    private let plain = GrowingBytes(capacity: 64 << 10)
    /// Flat columns: validity bits, kept from the page's first null on.
    private let validity = GrowingBytes()
    private var hasValidity = false
    /// Nested columns: both levels as 32-bit numbers.
    private let definitions = GrowingBytes()
    private let repetitions = GrowingBytes()
    private let scratch = GrowingBytes()
    private let rowNumbers = GrowingBytes()
    private let body = GrowingBytes(capacity: 64 << 10)

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

    private func startChunk() {
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

    // MARK: Entries

    /// Appends all rows of a vector; for columns that are neither nested nor repeated.
    func append(_ vector: Vector) throws(EngineError) {
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

    private func appendFlatValues(
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

    private func encodeNumbers(_ values: UnsafeMutableRawPointer, _ count: Int) {
        guard let table else { return }
        let out = codes.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
        let limit = options.dictionaryBytes
        let done =
            stored.width == 4
            ? table.encode(values.assumingMemoryBound(to: UInt32.self), count, limitBytes: limit, to: out)
            : table.encode(values.assumingMemoryBound(to: UInt64.self), count, limitBytes: limit, to: out)
        codes.commit(done * 4)
        dictionaryValues += done
        if done < count || !dictionaryPays(table) {
            fallBack()
            plain.append(values + done * stored.width, (count - done) * stored.width)
        }
    }

    /// Says whether the dictionary still promises to be smaller than plain values.
    private func dictionaryPays(_ table: DictionaryTable) -> Bool {
        dictionaryValues < 4096 || table.count * 2 < dictionaryValues || table.count < 1024
    }

    private func appendViews(_ vector: Vector, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int) {
        var views = UnsafePointer(vector.pointer(as: StringView.self) + first)
        if let rows {
            let space = body.reserveEmptied(count * 16)
            parquet_gather(vector.pointer(as: UInt8.self), rows, Int64(count), space, 16)
            views = UnsafePointer(space.assumingMemoryBound(to: StringView.self))
        }
        var done = 0
        if let table {
            let out = codes.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
            var (code, last) = (Int32(-1), StringView.empty)
            while done < count {
                // Runs are common, as of one row of a join's build side: the same view needs no search.
                let view = views[done]
                if code < 0 || view.head != last.head || view.tail != last.tail {
                    code = table.code(of: view, limitBytes: options.dictionaryBytes)
                    if code < 0 { break }
                    last = view
                }
                out[done] = UInt32(bitPattern: code)
                done &+= 1
            }
            codes.commit(done * 4)
            dictionaryValues += done
            if done == count, dictionaryPays(table) { return }
            fallBack()
        }
        bounds.include(views: views + done, count: count - done)
        putPlain(views + done, count - done)
    }

    private func putPlain(_ views: UnsafePointer<StringView>, _ count: Int) {
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

    private func appendCoded(
        _ vector: Vector, _ dictionary: Vector, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int
    ) {
        let incoming = vector.codes
        let positions = rowsThroughCodes(incoming, first, rows, count)
        guard let table, stored.width == 0 || stored.width <= 8 else {
            return appendFlatValues(dictionary, 0, positions, count)
        }
        if translation?.dictionary !== dictionary {
            translation = (dictionary, [Int32](repeating: -1, count: dictionary.count))
        }
        let out = codes.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
        var done = 0
        translation?.codes.withUnsafeMutableBufferPointer { known in
            while done < count {
                let from = Int(positions[done])
                var code = known[from]
                if code < 0 {
                    code = newCode(of: dictionary, at: from, table)
                    if code < 0 { break }
                    known[from] = code
                }
                out[done] = UInt32(bitPattern: code)
                done &+= 1
            }
        }
        codes.commit(done * 4)
        dictionaryValues += done
        if done == count { return }
        fallBack()
        appendFlatValues(dictionary, 0, positions + done, count - done)
    }

    /// Returns the positions in the dictionary of a coded vector's rows, in memory that stays until the next
    /// append.
    private func rowsThroughCodes(
        _ incoming: UnsafePointer<Int32>, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int
    ) -> UnsafePointer<UInt32> {
        let all = UnsafeRawPointer(incoming).assumingMemoryBound(to: UInt32.self)
        guard let rows else { return all + first }
        let out = body.reserveEmptied(count * 4)
        parquet_gather(all, rows, Int64(count), out, 4)
        // `rows` is not needed any more, and `body` will be.
        let kept = rowNumbers.base
        kept.copyMemory(from: out, byteCount: count * 4)
        return UnsafePointer(kept.assumingMemoryBound(to: UInt32.self))
    }

    private func newCode(of dictionary: Vector, at row: Int, _ table: DictionaryTable) -> Int32 {
        if stored.width == 0 {
            return table.code(
                of: dictionary.pointer(as: StringView.self)[row], limitBytes: options.dictionaryBytes)
        }
        var position = UInt32(row)
        var code: UInt32 = 0
        let value = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
        defer { value.deallocate() }
        StoredValues.put(
            dictionary, first: 0, rows: &position, count: 1, as: stored, to: value, scratch: scratch)
        bounds.include(stored: value, count: 1, width: stored.width)
        let limit = options.dictionaryBytes
        let done =
            stored.width == 4
            ? table.encode(value.assumingMemoryBound(to: UInt32.self), 1, limitBytes: limit, to: &code)
            : table.encode(value.assumingMemoryBound(to: UInt64.self), 1, limitBytes: limit, to: &code)
        return done == 1 ? Int32(bitPattern: code) : -1
    }

    /// Ends the use of the dictionary in this chunk: the open page's codes become plain values.
    private func fallBack() {
        guard let table else { return }
        let pageCodes = codes.base.assumingMemoryBound(to: UInt32.self)
        let count = codes.count / 4
        if stored.width == 0 {
            let views = scratch.reserveEmptied(count * 16)
            table.views.withUnsafeBytes {
                if let base = $0.baseAddress { parquet_gather(base, pageCodes, Int64(count), views, 16) }
            }
            putPlain(UnsafePointer(views.assumingMemoryBound(to: StringView.self)), count)
        } else {
            let target = plain.reserve(count * stored.width)
            for i in 0..<count {
                let number = table.numbers[Int(pageCodes[i])]
                if stored.width == 4 {
                    target.storeBytes(
                        of: UInt32(truncatingIfNeeded: number), toByteOffset: i * 4, as: UInt32.self)
                } else {
                    target.storeBytes(of: number, toByteOffset: i * 8, as: UInt64.self)
                }
            }
            plain.commit(count * stored.width)
        }
        codes.removeAll()
        includeDictionaryBounds(table)
        retired = hasDictionaryPages ? table : nil
        self.table = nil
    }

    /// The dictionary of this chunk's first pages, once the others are plain.
    private var retired: DictionaryTable?

    private func includeDictionaryBounds(_ table: DictionaryTable) {
        if stored.width > 0 { return }
        table.views.withUnsafeBufferPointer {
            if let base = $0.baseAddress { bounds.include(views: base, count: $0.count) }
        }
    }

    // MARK: Pages

    private func finishPage() throws(EngineError) {
        if entries == 0 { return }
        body.removeAll()
        let usesDictionary = table != nil
        putLevels()
        if usesDictionary { putCodes() } else { putPlainBody() }
        try put(
            PageHeaderFields(
                isDictionary: false, valueCount: entries,
                encoding: usesDictionary ? .rleDictionary : .plain), body.bytes, to: chunk)
        if usesDictionary { hasDictionaryPages = true } else { hasPlainPages = true }
        chunkEntries += entries
        chunkNulls += nulls
        (entries, nulls, valueCount) = (0, 0, 0)
        for buffer in [codes, plain, validity, definitions, repetitions] { buffer.removeAll() }
        hasValidity = false
    }

    private func putLevels() {
        if repetition > 0 { putLevels(repetitions, most: repetition) }
        if definition == 0 { return }
        if repetition > 0 || definitions.count > 0 { return putLevels(definitions, most: definition) }
        let start = body.count
        body.append(UInt32(0))
        if hasValidity {
            let groups = (entries + 7) / 8
            LevelEncoder.putHeader(UInt64(groups) << 1 | 1, to: body)
            body.append(validity.base, groups)
        } else {
            LevelEncoder.putRepeated(1, count: entries, width: 1, to: body)
        }
        body.base.storeBytes(of: UInt32(body.count - start - 4), toByteOffset: start, as: UInt32.self)
    }

    private func putLevels(_ levels: GrowingBytes, most: Int) {
        let start = body.count
        body.append(UInt32(0))
        let values = levels.base.assumingMemoryBound(to: UInt32.self)
        LevelEncoder.put(values, count: levels.count / 4, width: NestedLeafReader.bits(most), to: body)
        body.base.storeBytes(of: UInt32(body.count - start - 4), toByteOffset: start, as: UInt32.self)
    }

    private func putCodes() {
        let count = codes.count / 4
        let width = NestedLeafReader.bits(max((table?.count ?? 1) - 1, 0))
        body.append(UInt8(width))
        if count == 0 { return }
        _ = codes.reserve(32)
        let values = codes.base.assumingMemoryBound(to: UInt32.self)
        if width == 0 {
            LevelEncoder.putRepeated(0, count: count, width: 0, to: body)
        } else {
            LevelEncoder.putPacked(values, count: count, width: width, to: body)
        }
    }

    private func putPlainBody() {
        if stored.physical != .boolean { return body.append(plain.base, plain.count) }
        let target = body.reserve(plain.count / 8 + 1).assumingMemoryBound(to: UInt8.self)
        parquet_pack_bools(plain.base.assumingMemoryBound(to: UInt8.self), target, Int64(plain.count))
        body.commit((plain.count + 7) / 8)
    }

    private struct PageHeaderFields {
        var isDictionary: Bool
        var valueCount: Int
        var encoding: ParquetEncoding
    }

    /// Compresses a page's body and appends header and body.
    private func put(
        _ fields: PageHeaderFields, _ bytes: UnsafeRawBufferPointer, to out: GrowingBytes
    ) throws(EngineError) {
        let codec = options.compression.codec
        var deflated = bytes
        if codec != .none, let base = bytes.baseAddress {
            let target = scratch.reserveEmptied(PageCodec.bound(codec, bytes.count))
            let input = UnsafeRawBufferPointer(start: base, count: bytes.count)
            deflated = .init(start: target, count: try PageCodec.deflate(codec, input, to: target))
        }
        var writer = ThriftWriter()
        writer.structureElement { header in
            header.int32(1, fields.isDictionary ? 2 : 0)
            header.int32(2, bytes.count)
            header.int32(3, deflated.count)
            header.structure(fields.isDictionary ? 7 : 5) { page in
                page.int32(1, fields.valueCount)
                page.int32(2, Int(fields.encoding.rawValue))
                if !fields.isDictionary {
                    page.int32(3, Int(ParquetEncoding.rle.rawValue))
                    page.int32(4, Int(ParquetEncoding.rle.rawValue))
                }
            }
        }
        out.append(writer.bytes)
        if let base = deflated.baseAddress { out.append(base, deflated.count) }
        chunkUncompressedBytes += writer.bytes.count + bytes.count
    }

    // MARK: Chunk

    /// Writes the chunk, dictionary first, to `sink` at `offset`, returns its description, and starts the
    /// next.
    func finishChunk(to sink: any ByteSink, at offset: Int) throws(EngineError) -> ParquetColumnChunk {
        try finishPage()
        var result = ParquetColumnChunk()
        result.physical = stored.physical
        result.path = path
        result.codec = options.compression.codec
        result.valueCount = chunkEntries
        result.encodings = [ParquetEncoding.rle.rawValue, ParquetEncoding.plain.rawValue]
        let dictionary = hasDictionaryPages ? table ?? retired : nil
        if let table { includeDictionaryBounds(table) }
        var dictionaryBytes = 0
        if let dictionary {
            let page = GrowingBytes(capacity: dictionary.byteCount + 128)
            try putDictionary(dictionary, to: page)
            try sink.write(page.bytes)
            dictionaryBytes = page.count
            result.dictionaryPageOffset = offset
            result.encodings.append(ParquetEncoding.rleDictionary.rawValue)
        }
        try sink.write(chunk.bytes)
        result.dataPageOffset = offset + dictionaryBytes
        result.compressedBytes = dictionaryBytes + chunk.count
        result.uncompressedBytes = chunkUncompressedBytes
        var statistics = ParquetRawStatistics()
        statistics.nullCount = chunkNulls
        if let dictionary, !hasPlainPages { statistics.distinctCount = dictionary.count }
        if let range = bounds.stored {
            (statistics.least, statistics.greatest) = (range.least, range.greatest)
        }
        result.statistics = statistics
        retired = nil
        startChunk()
        return result
    }

    private func putDictionary(_ dictionary: DictionaryTable, to out: GrowingBytes) throws(EngineError) {
        body.removeAll()
        if stored.width == 0 {
            plain.removeAll()
            dictionary.views.withUnsafeBufferPointer {
                if let base = $0.baseAddress { putPlain(base, $0.count) }
            }
            body.append(plain.base, plain.count)
            plain.removeAll()
        } else {
            for number in dictionary.numbers {
                if stored.width == 4 {
                    body.append(UInt32(truncatingIfNeeded: number))
                } else {
                    body.append(number)
                }
            }
        }
        try put(
            PageHeaderFields(isDictionary: true, valueCount: dictionary.count, encoding: .plain), body.bytes,
            to: out)
    }
}

extension GrowingBytes {
    /// Empties the buffer and makes room for `byteCount` bytes, which are not part of the contents.
    func reserveEmptied(_ byteCount: Int) -> UnsafeMutableRawPointer {
        removeAll()
        return reserve(byteCount)
    }
}
