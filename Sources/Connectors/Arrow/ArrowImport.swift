import CADBC
import Columns
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Describes a column that a driver gives: its Arrow format, and what the database says of its type.
struct ArrowField {
    var name: String
    /// Arrow's format string: `l`, `u`, `tsu:UTC`, `+l`.
    var format: String
    /// The driver's notes, such as `POSTGRESQL:type`.
    var metadata: [String: String]
    var children: [ArrowField]

    init(_ schema: ArrowSchema) {
        name = schema.name.map { String(cString: $0) } ?? ""
        format = schema.format.map { String(cString: $0) } ?? ""
        metadata = ArrowField.pairs(schema.metadata)
        children = (0..<Int(schema.n_children)).compactMap { index in
            schema.children[index].map { ArrowField($0.pointee) }
        }
    }

    /// Reads metadata: a count, then for each pair the length and bytes of its name and of its value.
    private static func pairs(_ start: UnsafePointer<CChar>?) -> [String: String] {
        guard let start else { return [:] }
        var at = UnsafeRawPointer(start)
        func number() -> Int {
            defer { at += 4 }
            return Int(at.loadUnaligned(as: Int32.self))
        }
        func text() -> String {
            let count = max(0, number())
            defer { at += count }
            return String(decoding: UnsafeRawBufferPointer(start: at, count: count), as: UTF8.self)
        }
        var pairs: [String: String] = [:]
        for _ in 0..<max(0, number()) {
            let name = text()
            pairs[name] = text()
        }
        return pairs
    }
}

/// Turns Arrow arrays into vectors by one copy: kernels may read past the end of a vector's buffers, which
/// those of a driver do not allow.
enum ArrowImport {
    /// Returns the values of an array, as the type that its format is nearest to.
    static func vector(_ array: ArrowArray, _ field: ArrowField) throws -> Vector {
        let part = ArrowPart(array)
        switch field.format.split(separator: ":").first.map(String.init) ?? field.format {
        case "n": return .nulls(.null, count: part.count)
        case "b": return part.booleans()
        case "c": return part.fixed(.int8, Int8.self)
        case "C": return part.mapped(.int16, UInt8.self, Int16.self) { Int16($0) }
        case "s": return part.fixed(.int16, Int16.self)
        case "S": return part.mapped(.int32, UInt16.self, Int32.self) { Int32($0) }
        case "i": return part.fixed(.int32, Int32.self)
        case "I": return part.mapped(.int64, UInt32.self, Int64.self) { Int64($0) }
        case "l": return part.fixed(.int64, Int64.self)
        case "L":
            return part.mapped(.decimal(precision: 20, scale: 0), UInt64.self, Int128.self) { Int128($0) }
        case "f": return part.fixed(.float, Float.self)
        case "g": return part.fixed(.double, Double.self)
        case "u": return part.texts(.string, Int32.self)
        case "U": return part.texts(.string, Int64.self)
        case "z": return part.texts(.binary, Int32.self)
        case "Z": return part.texts(.binary, Int64.self)
        case "w": return part.fixedBytes(width: Int(field.format.dropFirst(2)) ?? 0)
        case "tdD": return part.fixed(.date, Int32.self)
        case "tdm":
            return part.mapped(.date, Int64.self, Int32.self) {
                Int32(clamping: floorDivided($0, by: 86_400_000))
            }
        case "tts": return part.mapped(.timestamp, Int32.self, Int64.self) { Int64($0) &* 1_000_000 }
        case "ttm": return part.mapped(.timestamp, Int32.self, Int64.self) { Int64($0) &* 1000 }
        case "ttu": return part.fixed(.timestamp, Int64.self)
        case "ttn": return part.mapped(.timestamp, Int64.self, Int64.self) { floorDivided($0, by: 1000) }
        case "tss", "tsm", "tsu", "tsn": return try instants(part, field)
        case "d": return try decimals(part, field)
        case "+l": return try list(part, array, field)
        default:
            throw EngineError.user(
                "UNSUPPORTED_FEATURE",
                "The driver gives a column in a form that is not read yet: \(field.name) (\(field.format))",
                remedy: "Cast the column to text in the query.")
        }
    }

    private static func instants(_ part: ArrowPart, _ field: ArrowField) throws -> Vector {
        let hasZone =
            field.format.split(separator: ":", omittingEmptySubsequences: false).count > 1
            && !field.format.hasSuffix(":")
        let type: DataType = hasZone ? .timestamp : .timestampNTZ
        switch field.format.prefix(3) {
        case "tss": return part.mapped(type, Int64.self, Int64.self) { $0 &* 1_000_000 }
        case "tsm": return part.mapped(type, Int64.self, Int64.self) { $0 &* 1000 }
        case "tsn": return part.mapped(type, Int64.self, Int64.self) { floorDivided($0, by: 1000) }
        default: return part.fixed(type, Int64.self)
        }
    }

    /// Rounds down, also before 1970: a value lies in the microsecond or the day that it belongs to.
    private static func floorDivided(_ value: Int64, by divisor: Int64) -> Int64 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// Returns the type of `d:precision,scale`, in 128 bits. Throws for numbers of more digits than 38.
    static func decimalType(_ field: ArrowField) throws(EngineError) -> DataType {
        let numbers = field.format.dropFirst(2).split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 2, (1...38).contains(numbers[0]), (0...numbers[0]).contains(numbers[1]) else {
            throw .user(
                "UNSUPPORTED_FEATURE", "The driver gives decimals that are too wide: \(field.name)",
                remedy: "Cast the column to text, or to a number of 38 digits, in the query.")
        }
        return .decimal(precision: numbers[0], scale: numbers[1])
    }

    private static func decimals(_ part: ArrowPart, _ field: ArrowField) throws -> Vector {
        let type = try decimalType(field)
        if type.physical == .int128 { return part.fixed(type, Int128.self) }
        return part.mapped(type, Int128.self, Int64.self) { Int64(truncatingIfNeeded: $0) }
    }

    private static func list(_ part: ArrowPart, _ array: ArrowArray, _ field: ArrowField) throws -> Vector {
        guard let child = array.n_children > 0 ? array.children[0]?.pointee : nil,
            let inner = field.children.first
        else { throw EngineError.internal("an Arrow list has no child") }
        let elements = try vector(child, inner)
        let offsets = Buffer(byteCount: (part.count + 1) * 4)
        let out = offsets.pointer(as: Int32.self)
        out[0] = 0
        if part.count > 0 {
            let source = part.buffer(1, Int32.self)
            var row = 0
            while row <= part.count {
                out[row] = source[row]
                row &+= 1
            }
        }
        return .flat(
            .array(elements.type, containsNull: true), count: part.count, values: offsets,
            validity: part.validity(), children: [elements])
    }
}

/// Reads the buffers of one array, from its offset on.
private struct ArrowPart {
    private let array: ArrowArray
    let count: Int
    private let offset: Int

    init(_ array: ArrowArray) {
        self.array = array
        count = Int(array.length)
        offset = Int(array.offset)
    }

    /// A buffer's elements from the array's first row on.
    func buffer<T>(_ index: Int, _ type: T.Type) -> UnsafePointer<T> {
        let base = array.buffers[index].unsafelyUnwrapped
        return base.assumingMemoryBound(to: type) + offset
    }

    func validity() -> Bitmap? {
        guard array.null_count != 0, array.n_buffers > 0, let bits = array.buffers[0] else { return nil }
        return bitmap(bits.assumingMemoryBound(to: UInt8.self))
    }

    private func bitmap(_ bytes: UnsafePointer<UInt8>) -> Bitmap {
        let words = Bitmap.makeWords(count)
        let out = words.pointer(as: UInt8.self)
        if offset & 7 == 0 {
            memcpy(out, bytes + offset >> 3, (count + 7) >> 3)
        } else {
            var row = 0
            while row < count {
                let at = offset &+ row
                let bit = (bytes[at >> 3] >> UInt8(at & 7)) & 1
                out[row >> 3] |= bit << UInt8(row & 7)
                row &+= 1
            }
        }
        return Bitmap(words, count: count)
    }

    /// Copies values of a fixed width as they are.
    func fixed<T>(_ type: DataType, _ element: T.Type) -> Vector {
        let values = Buffer(byteCount: max(1, count) * MemoryLayout<T>.size)
        if count > 0 { memcpy(values.base, buffer(1, T.self), count * MemoryLayout<T>.size) }
        return .flat(type, count: count, values: values, validity: validity())
    }

    func mapped<From, To>(_ type: DataType, _ from: From.Type, _ to: To.Type, _ body: (From) -> To) -> Vector
    {
        let values = Buffer(byteCount: max(1, count) * MemoryLayout<To>.size)
        let out = values.pointer(as: To.self)
        if count > 0 {
            let source = buffer(1, From.self)
            var row = 0
            while row < count {
                out[row] = body(source[row])
                row &+= 1
            }
        }
        return .flat(type, count: count, values: values, validity: validity())
    }

    func booleans() -> Vector {
        let values = Buffer(byteCount: max(1, count))
        let out = values.pointer(as: UInt8.self)
        if count > 0, let bits = array.buffers[1] {
            let bytes = bits.assumingMemoryBound(to: UInt8.self)
            var row = 0
            while row < count {
                let at = offset &+ row
                out[row] = (bytes[at >> 3] >> UInt8(at & 7)) & 1
                row &+= 1
            }
        }
        return .flat(.boolean, count: count, values: values, validity: validity())
    }

    /// Copies the bytes once, and refers to them by views.
    func texts<Offset: FixedWidthInteger>(_ type: DataType, _ offsetType: Offset.Type) -> Vector {
        let views = Buffer(byteCount: max(1, count) * 16)
        let out = views.pointer(as: StringView.self)
        guard count > 0 else { return .flat(type, count: 0, values: views) }
        let offsets = buffer(1, Offset.self)
        let first = Int(offsets[0])
        let byteCount = Int(offsets[count]) - first
        let heap = Buffer(byteCount: max(1, byteCount))
        if byteCount > 0, let bytes = array.buffers[2] { memcpy(heap.base, bytes + first, byteCount) }
        let validity = validity()
        var row = 0
        while row < count {
            let start = Int(offsets[row]) &- first
            out[row] = StringView(heap.base + start, count: Int(offsets[row &+ 1]) &- first &- start)
            row &+= 1
        }
        return .flat(type, count: count, values: views, validity: validity, heaps: [heap])
    }

    func fixedBytes(width: Int) -> Vector {
        let views = Buffer(byteCount: max(1, count) * 16)
        let out = views.pointer(as: StringView.self)
        let heap = Buffer(byteCount: max(1, count * width))
        if count > 0, width > 0, let bytes = array.buffers[1] {
            memcpy(heap.base, bytes + offset * width, count * width)
        }
        var row = 0
        while row < count {
            out[row] = StringView(heap.base + row &* width, count: width)
            row &+= 1
        }
        return .flat(.binary, count: count, values: views, validity: validity(), heaps: [heap])
    }
}
