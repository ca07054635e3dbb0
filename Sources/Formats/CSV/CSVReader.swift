import CKernels
import Columns
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads the CSV records that begin in a range of a file as batches of some of its columns.
///
/// Only the wanted columns are parsed. Strings point into the window of text that they were read from. Used
/// by one thread at a time.
package final class CSVReader: BatchStream {
    private let fileSchema: Schema
    /// For each column that comes out: its type and its field in the file; nil for the corrupt-record column.
    private let outputs: [(type: DataType, field: Int?)]
    private let earlier: EarlierValues
    /// How many of them come out; the others are parsed for the corrupt-record column, which tells of all.
    private let outputCount: Int
    private let options: CSVOptions
    private let windows: TextWindows
    private let indexer: CSVIndexer
    private let checksFieldCount: Bool
    private let batchRows: Int
    private let memory: CountedMemory
    /// Fields to parse, and where they lie in the rows of the batch.
    private let wanted: [UInt32]
    private let places: Buffer
    /// Distance of two fields' places: no multiple of 4 KiB, whose writes would push each other out of the
    /// cache.
    private let stride: Int
    private var window: TextWindow?
    private var mustSkipHeader: Bool

    /// Begins to read the records of `source` that begin in `range`. `schema` names all columns of the file
    /// (and the corrupt-record column, where it is wanted), `columns` those that come out, in order;
    /// `earlier` what they have in records with fewer fields.
    package init(
        source: any ByteSource, range: Range<Int>, schema: Schema, columns: [Int], options: CSVOptions,
        earlier: EarlierValues = .none, batchRows: Int = Limits.batchRows,
        memory: CountedMemory = .unlimited
    ) throws(EngineError) {
        self.options = options
        self.earlier = earlier
        self.memory = memory
        self.batchRows = batchRows
        let corrupt = schema.fields.firstIndex {
            $0.name == options.corruptRecordColumn && $0.type == .string
        }
        var fields = schema.fields
        if let corrupt { fields.remove(at: corrupt) }
        fileSchema = Schema(fields)
        let wantsCorrupt = corrupt.map { columns.contains($0) } ?? false
        outputCount = columns.count
        let others = wantsCorrupt ? schema.fields.indices.filter { !columns.contains($0) } : []
        outputs = (columns + others).map { column in
            (
                schema[column].type,
                column == corrupt ? nil : corrupt.map { column > $0 ? column - 1 : column } ?? column
            )
        }
        // With columns left out, Spark does not see how many fields a record has.
        checksFieldCount = wantsCorrupt || columns.count == schema.count
        windows = try TextWindows(
            source, range: range, whole: options.multiLine, decoding: options.decoding, memory: memory)
        indexer = CSVIndexer(
            options: options, batchRows: batchRows, keepsOriginal: wantsCorrupt || options.mode == .failFast,
            memory: memory)
        stride = batchRows + 32
        wanted = outputs.compactMap { $0.field.map { UInt32($0) } }
        places = Buffer(byteCount: max(1, wanted.count) * stride * 8)
        mustSkipHeader = options.header
    }

    /// Returns the next batch. Throws `MALFORMED_RECORD_IN_PARSING` (data) in mode FAILFAST.
    package func next() throws -> Batch? {
        while true {
            if let window {
                if indexer.collectRows() > 0 {
                    if mustSkipHeader, try skipHeader() { continue }
                    if let batch = try batch(window) { return batch }
                    continue
                }
                self.window = nil
            }
            guard let window = try windows.next() else { return nil }
            if !window.isFirst { mustSkipHeader = false }
            try begin(try CSVIndexer.mended(window, memory: memory))
        }
    }

    private func begin(_ window: TextWindow) throws(EngineError) {
        if window.count > Int(UInt32.max) - 128 {
            throw .data("RECORD_TOO_LARGE", "A multi-line file exceeds 4 GiB: \(windows.name)")
        }
        try indexer.index(window)
        let empty = Array(options.emptyValue.utf8)
        for (i, byte) in empty.enumerated() { window.base[window.count + 1 + i] = byte }
        self.window = window
    }

    /// Leaves out the first row; says whether that was the only one of the batch.
    private func skipHeader() throws(EngineError) -> Bool {
        mustSkipHeader = false
        if !options.enforceSchema {
            let names = CSVSchemaInference(options: options).names(indexer.texts(0))
            guard names.map(CSVReader.plain) == fileSchema.names.map(CSVReader.plain) else {
                throw .data(
                    "CSV_HEADER_MISMATCH",
                    "The header of \(windows.name) does not fit the schema: \(names.joined(separator: ", "))",
                    remedy: "Read files with other columns apart; with enforceSchema 'true' columns are read "
                        + "by their place, whatever the header says.")
            }
        }
        indexer.keepRows { $0 > 0 }
        return indexer.rows.count == 0
    }

    /// A column's name without what tells no columns apart: capitals, and spaces around it.
    private static func plain(_ name: String) -> String {
        let isSpace = { (sign: Character) in sign == " " || sign == "\t" }
        guard let first = name.firstIndex(where: { !isSpace($0) }),
            let last = name.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return name[first...last].lowercased()
    }

    /// Parses the columns of the rows collected; nil when none is left.
    private func batch(_ window: TextWindow) throws(EngineError) -> Batch? {
        var count = Int(indexer.rows.count)
        var (columns, faults) = try parse(window, count)
        if let found = faults {
            switch options.mode {
            case .permissive: break
            case .failFast:
                let row = (0..<count).first { found.isSet($0) } ?? 0
                throw .malformedRecord(
                    indexer.recordText(row), in: windows, at: indexer.recordStart(row))
            case .dropMalformed:
                indexer.keepRows { !found.isSet($0) }
                count = Int(indexer.rows.count)
                if count == 0 { return nil }
                (columns, faults) = try parse(window, count)
            }
        }
        guard let missing = columns.prefix(outputCount).firstIndex(where: { $0 == nil }) else {
            return Batch(columns: columns.prefix(outputCount).compactMap { $0 }, count: count)
        }
        columns[missing] = try corruptRecords(faults, count)
        return Batch(columns: columns.prefix(outputCount).compactMap { $0 }, count: count)
    }

    private func parse(
        _ window: TextWindow, _ count: Int
    ) throws(EngineError) -> (columns: [Vector?], faults: Bitmap?) {
        let starts = places.pointer(as: UInt32.self)
        let ends = starts + wanted.count * stride
        place(window, count, starts, ends)
        var faults = checksFieldCount ? raggedRows(count) : nil
        var columns: [Vector?] = []
        var offset = 0
        for output in outputs {
            guard let field = output.field else {
                columns.append(nil)
                continue
            }
            let tokens = TokenColumn(
                heap: window.buffer, starts: starts + offset, ends: ends + offset, count: count,
                style: .plain, zone: options.zone, patterns: options.patterns)
            offset += stride
            let outcome = try tokens.parse(as: output.type)
            faults = Bitmap.union(faults, outcome.bad)
            let fieldCounts = indexer.rows.field_counts.unsafelyUnwrapped
            let filled = earlier.filled(outcome.vector, fileSchema[field].name, count: count) {
                fieldCounts[$0] <= UInt32(field)
            }
            columns.append(filled)
        }
        return (columns, faults)
    }

    /// Finds the wanted fields and which of them are null.
    private func place(
        _ window: TextWindow, _ count: Int, _ starts: UnsafeMutablePointer<UInt32>,
        _ ends: UnsafeMutablePointer<UInt32>
    ) {
        let null = Array(options.nullValue.utf8)
        if options.emptyValue.isEmpty {
            indexer.place(wanted, nullValue: null, stride: stride, starts, ends)
            return
        }
        // Empty fields in quotes stand for the option's text, which lies behind the window's.
        indexer.place(wanted, nullValue: nil, stride: stride, starts, ends)
        for field in wanted.indices {
            for at in (field * stride)..<(field * stride + count) where starts[at] < TEXT_NULL {
                if starts[at] == ends[at] {
                    starts[at] = UInt32(window.count + 1)
                    ends[at] = starts[at] + UInt32(options.emptyValue.utf8.count)
                }
                let length = Int(ends[at] - starts[at])
                if length == null.count, memcmp(window.base + Int(starts[at]), null, length) == 0 {
                    starts[at] = TEXT_NULL
                }
            }
        }
    }

    /// Returns the rows that have more or fewer fields than the schema.
    private func raggedRows(_ count: Int) -> Bitmap? {
        let wanted = UInt32(fileSchema.count)
        let counts = indexer.rows.field_counts.unsafelyUnwrapped
        var differs: UInt32 = 0
        var row = 0
        while row < count {
            differs |= counts[row] ^ wanted
            row &+= 1
        }
        if differs == 0 { return nil }
        let words = Bitmap.makeWords(count)
        for row in 0..<count where counts[row] != wanted {
            words.pointer(as: UInt64.self)[row >> 6] |= 1 << UInt64(row & 63)
        }
        return Bitmap(words, count: count)
    }

    private func corruptRecords(_ faults: Bitmap?, _ count: Int) throws(EngineError) -> Vector {
        guard let faults else { return .nulls(.string, count: count) }
        var longest = 0
        for row in 0..<count where faults.isSet(row) { longest = max(longest, indexer.recordBytes(row)) }
        // A record's text, and what holds the texts while it grows.
        return try memory.beside(3 * longest) { () throws(EngineError) in
            let builder = VectorBuilder(.string)
            for row in 0..<count {
                builder.append(faults.isSet(row) ? .string(indexer.recordText(row)) : .null)
            }
            return builder.finish()
        }
    }
}
