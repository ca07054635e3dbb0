import CKernels
import CSimdJSON
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the fields and rows of a window of CSV text. Not thread-safe: one reader.
final class CSVIndexer {
    private(set) var dialect: csv_dialect
    private(set) var fields = csv_fields()
    private(set) var rows = csv_rows()
    /// The text that is indexed, kept because `fields` points into it.
    private var window: TextWindow?
    private var places: Buffer?
    private var placeCapacity = 0
    private let rowPlaces: Buffer
    private var nextLine = 0
    /// The text as it was, where indexing changed it and `keepsOriginal` is set.
    private var original: Buffer?
    private let keepsOriginal: Bool
    private let memory: CountedMemory

    init(options: CSVOptions, batchRows: Int, keepsOriginal: Bool, memory: CountedMemory = .unlimited) {
        self.memory = memory
        dialect = options.dialect
        self.keepsOriginal = keepsOriginal
        rowPlaces = Buffer(byteCount: batchRows * 12)
        let base = rowPlaces.pointer(as: UInt32.self)
        rows.capacity = UInt32(batchRows)
        (rows.lines, rows.first_fields, rows.field_counts) = (base, base + batchRows, base + 2 * batchRows)
    }

    /// Returns the window as valid UTF-8 without byte order mark: itself, or mended.
    static func mended(
        _ window: TextWindow, memory: CountedMemory = .unlimited
    ) throws(EngineError) -> TextWindow {
        var window = window
        if csimdjson_is_utf8(window.base, window.count) == 0 {
            // Each byte that is no UTF-8 becomes three.
            window = try memory.beside(3 * window.count) { () throws(EngineError) in
                var text = String(
                    decoding: UnsafeBufferPointer(start: window.base, count: window.count), as: UTF8.self)
                let count = text.utf8.count
                let buffer = try memory.buffer(byteCount: count + 128)
                text.withUTF8 { if let source = $0.baseAddress { _ = memcpy(buffer.base, source, count) } }
                memset(buffer.base + count, 0, 128)
                return TextWindow(buffer: buffer, count: count, isFirst: window.isFirst, start: nil)
            }
        }
        if window.isFirst, window.count >= 3, memcmp(window.base, "\u{FEFF}", 3) == 0 {
            memmove(window.base, window.base + 3, window.count - 3)
            memset(window.base + window.count - 3, 0, 3)
            window = TextWindow(
                buffer: window.buffer, count: window.count - 3, isFirst: true,
                start: window.start.map { $0 + 3 })
        }
        return window
    }

    /// Windows up to this size have as much room for places as they could ever need.
    private static let roomyBytes = 512 << 10

    /// Makes room for the places of a window: of a large one, whose lines are long as a rule, for as many as
    /// it has separators and line ends.
    private func makeRoom(for window: TextWindow) throws(EngineError) {
        let isLarge = window.count > CSVIndexer.roomyBytes
        let needed = isLarge ? placeLimit(of: window) : window.count + 8
        let isSpare = placeCapacity > 2 * CSVIndexer.roomyBytes && needed < placeCapacity / 4
        if needed <= placeCapacity, !isSpare { return }
        places = nil
        placeCapacity = isLarge ? needed : window.count + window.count / 8 + 8
        let all = try memory.buffer(byteCount: placeCapacity * 16)
        places = all
        let base = all.pointer(as: UInt32.self)
        (fields.starts, fields.ends) = (base, base + placeCapacity)
        (fields.lines, fields.line_starts) = (base + 2 * placeCapacity, base + 3 * placeCapacity)
    }

    /// Most fields that a window can have, and some more, which the index may overwrite.
    private func placeLimit(of window: TextWindow) -> Int {
        let text = UnsafeBufferPointer(start: window.base, count: window.count)
        let separator = dialect.separator.0
        return text.reduce(into: 16) { count, byte in
            count &+= byte == separator || byte == 10 || byte == 13 ? 1 : 0
        }
    }

    /// Indexes a window and goes to its first line. Throws `OUT_OF_MEMORY`.
    func index(_ window: TextWindow) throws(EngineError) {
        self.window = window
        try makeRoom(for: window)
        fields.text = window.base
        fields.length = window.count
        original = nil
        nextLine = 0
        if csv_index_plain(&dialect, &fields) == 0 {
            if keepsOriginal {
                let copy = try memory.buffer(byteCount: window.count)
                memcpy(copy.base, window.base, window.count)
                original = copy
            }
            csv_index_any(&dialect, &fields)
        }
    }

    /// Collects the rows of the next batch; returns their number, 0 at the end of the window.
    func collectRows() -> Int {
        rows.count = 0
        csv_collect_rows(&dialect, &fields, &nextLine, &rows)
        return Int(rows.count)
    }

    /// Leaves out rows of the batch.
    func keepRows(where keep: (Int) -> Bool) {
        var kept = 0
        for row in 0..<Int(rows.count) where keep(row) {
            rows.lines[kept] = rows.lines[row]
            rows.first_fields[kept] = rows.first_fields[row]
            rows.field_counts[kept] = rows.field_counts[row]
            kept += 1
        }
        rows.count = UInt32(kept)
    }

    /// Writes where the `wanted` fields of each row lie: those of field c from `starts[c * stride]` on.
    /// Without `nullValue` only fields that are empty without quotes are null.
    func place(
        _ wanted: [UInt32], nullValue: [UInt8]?, stride: Int, _ starts: UnsafeMutablePointer<UInt32>,
        _ ends: UnsafeMutablePointer<UInt32>
    ) {
        let null = nullValue ?? []
        wanted.withUnsafeBufferPointer { wanted in
            var columns = csv_columns(
                fields: wanted.baseAddress, count: UInt32(wanted.count), stride: stride, starts: starts,
                ends: ends)
            null.withUnsafeBufferPointer { text in
                csv_place(
                    &dialect, &fields, &rows, &columns, text.baseAddress,
                    nullValue == nil ? Int.max : text.count)
            }
        }
    }

    /// Returns where in the file a row's record begins, where that is known.
    func recordStart(_ row: Int) -> Int? {
        var (start, end): (UInt32, UInt32) = (0, 0)
        csv_line(&fields, Int(rows.lines[row]), &start, &end)
        return window?.start.map { $0 + Int(start) }
    }

    /// Returns the bytes of a row's record.
    func recordBytes(_ row: Int) -> Int {
        var (start, end): (UInt32, UInt32) = (0, 0)
        csv_line(&fields, Int(rows.lines[row]), &start, &end)
        return Int(end - start)
    }

    /// Returns the text of a row's record.
    func recordText(_ row: Int) -> String {
        var (start, end): (UInt32, UInt32) = (0, 0)
        csv_line(&fields, Int(rows.lines[row]), &start, &end)
        let base = original.map { UnsafePointer($0.pointer(as: UInt8.self)) } ?? UnsafePointer(fields.text)
        guard let base else { return "" }
        let bytes = UnsafeBufferPointer(start: base + Int(start), count: Int(end - start))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns the fields of a row as text, nil where they are null.
    func texts(_ row: Int) -> [String?] {
        let wanted = (0..<rows.field_counts[row]).map { $0 }
        var one = rows
        one.count = 1
        one.first_fields += row
        one.field_counts += row
        let places = Buffer(byteCount: wanted.count * 8)
        let starts = places.pointer(as: UInt32.self)
        wanted.withUnsafeBufferPointer { wanted in
            var columns = csv_columns(
                fields: wanted.baseAddress, count: UInt32(wanted.count), stride: 1, starts: starts,
                ends: starts + wanted.count)
            csv_place(&dialect, &fields, &one, &columns, nil, Int.max)
        }
        return wanted.indices.map { column in
            if starts[column] >= TEXT_NULL { return nil }
            let count = Int(starts[wanted.count + column] - starts[column])
            let bytes = UnsafeBufferPointer(start: fields.text + Int(starts[column]), count: count)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
