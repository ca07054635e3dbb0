import CADBC
import Columns
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Names the binary form in which PostgreSQL sends a column's values (`typsend` of its type).
enum PostgresForm: Sendable {
    case boolean, int16, int32, int64, float, double, text, bytes, date, timestamp, numeric
    /// A text of `character(n)`, filled up with blanks.
    case padded
    /// A text in a record of one, by which the server tells the length of what it casts only then.
    case wrapped

    /// Bytes of every value; 0 where they differ.
    @inline(__always)
    var width: Int {
        switch self {
        case .boolean: 1
        case .int16: 2
        case .int32, .float, .date: 4
        case .int64, .double, .timestamp: 8
        case .text, .padded, .wrapped, .bytes, .numeric: 0
        }
    }
}

/// Reads rows of which PostgreSQL packed several columns into one value. The driver takes about 150 ns for
/// each value of a row, whatever its type, so that it is given one instead of all. A row without nulls comes
/// `dense` where its columns allow that (see `PostgresPacking`), any other by `record_send(ROW(…))`, whose
/// first byte is 0; of sending a row, that takes the server half as much again.
///
/// ```
/// record  number of columns │ for each: its type │ length, or -1 for null │ the value in its binary form
///              4 bytes                   4                  4                  all of them big-endian
/// dense   FF │ the values in their binary forms; before a text, but the last of the row, its length
/// chunk   number of rows │ the rows, of either kind; before the last text of a dense one its length, too
///               4 bytes
/// ```
/// Source: PostgreSQL, `record_send` in `src/backend/utils/adt/rowtypes.c`.
struct PostgresRecord: Sendable {
    /// What each packed column is, in the order of the row.
    let columns: [(form: PostgresForm, type: DataType)]
    /// Whether a value is a chunk of rows, not one.
    var hasChunks = false
    /// First byte of a dense row.
    static let denseMark: UInt8 = 0xFF
    /// Bytes of a chunk's number of rows.
    private static let headBytes = 4

    /// Where one value lies: its first byte from the array's first one, and its length, -1 for null.
    struct Place {
        var start: Int32
        var length: Int32
    }

    /// Returns the packed columns of an Arrow array of binary values, and how many rows they have. A decimal
    /// column is one of texts where a value does not fit its type as it is: casting it tells why. Throws
    /// `system` for what is no such row.
    func vectors(_ array: ArrowArray) throws(EngineError) -> (vectors: [Vector], count: Int) {
        let offsets =
            array.buffers[1].unsafelyUnwrapped.assumingMemoryBound(to: Int32.self)
            + Int(array.offset)
        let first = Int(offsets[0])
        guard let values = array.buffers[2] else {
            // Chunks without rows are null.
            if hasChunks { return ([], 0) }
            throw PostgresRecord.damaged
        }
        let bytes = UnsafeRawBufferPointer(
            start: values + first, count: Int(offsets[Int(array.length)]) - first)
        let found = PackedValues(bytes: bytes, offsets: offsets, count: Int(array.length))
        guard let count = hasChunks ? found.chunkedRows(areEmpty: columns.isEmpty) : found.count
        else { throw PostgresRecord.damaged }
        if count == 0 { return ([], 0) }
        let places = Buffer(byteCount: max(1, count * columns.count) * MemoryLayout<Place>.stride)
        let all = places.pointer(as: Place.self)
        guard locate(found, count, all) else { throw PostgresRecord.damaged }
        var vectors: [Vector] = []
        for (index, column) in columns.enumerated() {
            let values = PostgresValues(bytes: bytes, places: all + index * count, count: count)
            guard let vector = values.vector(column.form, column.type) else { throw PostgresRecord.damaged }
            vectors.append(vector)
        }
        return (vectors, count)
    }

    private static let damaged = EngineError.system(
        "DATABASE_UNREACHABLE", "PostgreSQL sent a row that is not understood")

    /// The values of an array. `bytes` begins where the first one does, `offsets` count from elsewhere.
    private struct PackedValues {
        let bytes: UnsafeRawBufferPointer
        let offsets: UnsafePointer<Int32>
        let count: Int

        /// Bounds of a value in `bytes`; nil where they are none.
        @inline(__always)
        func bounds(_ value: Int) -> (start: Int, end: Int)? {
            let first = Int(offsets[0])
            let start = Int(offsets[value]) &- first
            let end = Int(offsets[value &+ 1]) &- first
            return start >= 0 && start <= end && end <= bytes.count ? (start, end) : nil
        }

        /// How many rows all chunks have as they say; nil where one cannot hold so many, as each row has its
        /// mark unless rows `areEmpty`.
        func chunkedRows(areEmpty: Bool) -> Int? {
            guard let base = bytes.baseAddress else { return 0 }
            var rows = 0
            for value in 0..<count {
                guard let (start, end) = bounds(value) else { return nil }
                if start == end { continue }
                guard end - start >= headBytes else { return nil }
                let inside = Int(PostgresValues.number(base + start, UInt32.self))
                guard areEmpty || inside <= end - start else { return nil }
                rows += inside
            }
            return rows
        }
    }

    /// Notes where each value lies, column after column. Returns whether all rows are whole.
    private func locate(
        _ values: PackedValues, _ count: Int, _ places: UnsafeMutablePointer<Place>
    ) -> Bool {
        guard let base = values.bytes.baseAddress else { return false }
        let forms = columns.map(\.form)
        return forms.withUnsafeBufferPointer { forms in
            var row = 0
            var value = 0
            while value < values.count {
                guard let (start, end) = values.bounds(value) else { return false }
                value &+= 1
                var at = start
                var rows = 1
                if hasChunks {
                    if at == end { continue }
                    rows = Int(PostgresValues.number(base + at, UInt32.self))
                    at &+= PostgresRecord.headBytes
                }
                let last = row &+ (forms.isEmpty ? 0 : rows)
                while row < last {
                    guard row < count, at < end else { return false }
                    let isDense = base.load(fromByteOffset: at, as: UInt8.self) == PostgresRecord.denseMark
                    at =
                        isDense
                        ? locateDense(base, at &+ 1, end, forms, places + row, count)
                        : PostgresRecord.locateRecord(base, at, end, forms.count, places + row, count)
                    if at < 0 { return false }
                    row &+= 1
                }
                guard at == end else { return false }
            }
            return row == count || forms.isEmpty
        }
    }

    /// Notes the places of one row, `step` apart. Returns where it ends, -1 where it is not whole.
    @inline(__always)
    private static func locateRecord(
        _ base: UnsafeRawPointer, _ start: Int, _ end: Int, _ width: Int,
        _ places: UnsafeMutablePointer<Place>, _ step: Int
    ) -> Int {
        guard start &+ 4 &+ 8 &* width <= end,
            PostgresValues.number(base + start, Int32.self) == Int32(width)
        else { return -1 }
        var at = start &+ 4
        var column = 0
        while column < width {
            guard at &+ 8 <= end else { return -1 }
            let length = PostgresValues.number(base + at + 4, Int32.self)
            at &+= 8
            guard Int(length) <= end &- at else { return -1 }
            places[column &* step] = Place(start: Int32(truncatingIfNeeded: at), length: length)
            at &+= Int(max(0, length))
            column &+= 1
        }
        return at
    }

    /// Notes the places of one dense row, `step` apart. Returns where it ends, -1 where it is not whole.
    @inline(__always)
    private func locateDense(
        _ base: UnsafeRawPointer, _ start: Int, _ end: Int, _ forms: UnsafeBufferPointer<PostgresForm>,
        _ places: UnsafeMutablePointer<Place>, _ step: Int
    ) -> Int {
        var at = start
        var column = 0
        while column < forms.count {
            var length = forms[column].width
            if length == 0 {
                if forms[column] == .numeric {
                    guard at &+ 2 <= end else { return -1 }
                    length = 8 &+ 2 &* Int(PostgresValues.number(base + at, UInt16.self))
                } else if column == forms.count &- 1, !hasChunks {
                    length = end &- at
                } else {
                    // Before its length a record of one has its number of columns and the column's type.
                    if forms[column] == .wrapped { at &+= 8 }
                    guard at &+ 4 <= end else { return -1 }
                    length = Int(PostgresValues.number(base + at, Int32.self))
                    at &+= 4
                }
            }
            guard length >= 0, length <= end &- at else { return -1 }
            places[column &* step] = Place(
                start: Int32(truncatingIfNeeded: at), length: Int32(truncatingIfNeeded: length))
            at &+= length
            column &+= 1
        }
        return at
    }
}

/// Holds one packed column's values as they came, and turns them into a vector.
struct PostgresValues {
    let bytes: UnsafeRawBufferPointer
    let places: UnsafeMutablePointer<PostgresRecord.Place>
    let count: Int

    var base: UnsafeRawPointer { bytes.baseAddress.unsafelyUnwrapped }

    @inline(__always)
    static func number<T: FixedWidthInteger>(_ at: UnsafeRawPointer, _ type: T.Type) -> T {
        T(bigEndian: at.loadUnaligned(as: T.self))
    }

    /// Days and microseconds from 1970 to 2000, where PostgreSQL begins to count.
    private static let epochDays: Int32 = 10_957
    private static let epochMicroseconds: Int64 = 946_684_800_000_000
    /// What Spark takes `infinity` and `-infinity` for: the last and the first day of the years 1 to 9999.
    private static let lastDay: Int32 = 2_932_896
    private static let firstDay: Int32 = -719_162
    private static let dayMicroseconds: Int64 = 86_400_000_000

    /// Returns the values; nil where one has not the length of its type.
    func vector(_ form: PostgresForm, _ type: DataType) -> Vector? {
        switch form {
        case .boolean: return fixed(.boolean, UInt8.self) { $0 == 0 ? UInt8(0) : 1 }
        case .int16: return fixed(.int16, Int16.self) { $0 }
        case .int32: return fixed(.int32, Int32.self) { $0 }
        case .int64: return fixed(.int64, Int64.self) { $0 }
        case .float: return fixed(.float, UInt32.self) { Float(bitPattern: $0) }
        case .double: return fixed(.double, UInt64.self) { Double(bitPattern: $0) }
        case .text, .padded, .wrapped: return texts(.string)
        case .bytes: return texts(.binary)
        case .date: return fixed(.date, Int32.self) { PostgresValues.day($0) }
        case .timestamp: return fixed(type, Int64.self) { PostgresValues.moment($0) }
        case .numeric: return PostgresNumeric(self).vector(type)
        }
    }

    @inline(__always)
    private static func day(_ days: Int32) -> Int32 {
        if days == .max { return lastDay }
        if days == .min { return firstDay }
        let (sum, overflows) = days.addingReportingOverflow(epochDays)
        return overflows ? .max : sum
    }

    @inline(__always)
    private static func moment(_ microseconds: Int64) -> Int64 {
        if microseconds == .max { return (Int64(lastDay) + 1) * dayMicroseconds - 1 }
        if microseconds == .min { return Int64(firstDay) * dayMicroseconds }
        let (sum, overflows) = microseconds.addingReportingOverflow(epochMicroseconds)
        return overflows ? .max : sum
    }

    /// Which rows have a value; nil when all have.
    func validity() -> Bitmap? {
        var missing = 0
        var row = 0
        while row < count {
            missing &+= places[row].length < 0 ? 1 : 0
            row &+= 1
        }
        if missing == 0 { return nil }
        let words = Bitmap.makeWords(count)
        let out = words.pointer(as: UInt64.self)
        row = 0
        while row < count {
            out[row >> 6] |= (places[row].length < 0 ? 0 : 1) << UInt64(row & 63)
            row &+= 1
        }
        return Bitmap(words, count: count)
    }

    private func fixed<Wire: FixedWidthInteger, Value>(
        _ type: DataType, _ wire: Wire.Type, _ value: (Wire) -> Value
    ) -> Vector? {
        let values = Buffer(byteCount: count * MemoryLayout<Value>.stride)
        let out = values.pointer(as: Value.self)
        let size = Int32(MemoryLayout<Wire>.size)
        var row = 0
        while row < count {
            let place = places[row]
            if place.length == size {
                out[row] = value(PostgresValues.number(base + Int(place.start), Wire.self))
            } else if place.length < 0 {
                out[row] = value(0)
            } else {
                return nil
            }
            row &+= 1
        }
        return .flat(type, count: count, values: values, validity: validity())
    }

    /// Copies the bytes once, and refers to them by views.
    private func texts(_ type: DataType) -> Vector {
        var total = 0
        var row = 0
        while row < count {
            total &+= Int(max(0, places[row].length))
            row &+= 1
        }
        let views = Buffer(byteCount: count * 16)
        let out = views.pointer(as: StringView.self)
        let heap = Buffer(byteCount: max(1, total))
        var at = heap.base
        row = 0
        while row < count {
            let length = Int(max(0, places[row].length))
            memcpy(at, base + Int(places[row].start), length)
            out[row] = StringView(at, count: length)
            at += length
            row &+= 1
        }
        return .flat(type, count: count, values: views, validity: validity(), heaps: [heap])
    }
}
