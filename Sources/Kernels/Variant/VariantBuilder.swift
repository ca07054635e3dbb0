import Columns

/// Builds one variant value after the other, in the bytes that Spark's `VariantBuilder` makes: smallest
/// integers, names numbered as they come, members sorted by name. See `VariantValue` for the layout.
package struct VariantBuilder {
    private var names: [[UInt8]] = []
    private var ids: [String: Int] = [:]
    private var value: [UInt8] = []

    package init() {}

    /// Holds a member of an object that is being written.
    package struct Member {
        let name: String
        let id: Int
        let offset: Int
    }

    /// Position at which the next value begins.
    package var position: Int { value.count }

    /// Returns the variant; the builder may not be used afterwards.
    package consuming func finish() -> [UInt8] {
        let size = names.reduce(0) { $0 + $1.count }
        let width = Self.width(max(size, names.count))
        var out: [UInt8] = [UInt8(1 | (width - 1) << 6)]
        Self.put(names.count, width, &out)
        var offset = 0
        Self.put(offset, width, &out)
        for name in names {
            offset += name.count
            Self.put(offset, width, &out)
        }
        for name in names { out += name }
        return out + value
    }

    private static func width(_ number: Int) -> Int {
        number < 1 << 8 ? 1 : number < 1 << 16 ? 2 : number < 1 << 24 ? 3 : 4
    }

    private static func put<T: FixedWidthInteger>(_ number: T, _ width: Int, _ out: inout [UInt8]) {
        for place in 0..<width { out.append(UInt8(truncatingIfNeeded: number >> T(8 * place))) }
    }

    // MARK: Values without members

    private mutating func primitive(_ kind: Int) { value.append(UInt8(kind << 2)) }

    /// Appends JSON's null.
    package mutating func appendNull() { primitive(0) }
    /// Appends a boolean.
    package mutating func append(_ flag: Bool) { primitive(flag ? 1 : 2) }

    /// Appends a whole number in the fewest bytes that hold it.
    package mutating func append(_ number: Int64) {
        let power =
            Int8(exactly: number) != nil
            ? 0
            : Int16(exactly: number) != nil
                ? 1
                : Int32(
                    exactly: number) != nil ? 2 : 3
        primitive(3 + power)
        Self.put(number, 1 << power, &value)
    }

    /// Appends a double.
    package mutating func append(_ number: Double) {
        primitive(7)
        Self.put(number.bitPattern, 8, &value)
    }

    /// Appends a float.
    package mutating func append(_ number: Float) {
        primitive(14)
        Self.put(number.bitPattern, 4, &value)
    }

    /// Appends a decimal of at most 38 digits.
    package mutating func append(unscaled: Int128, scale: Int) {
        let digits = max(String(unscaled.magnitude).utf8.count, scale)
        let power = digits <= 9 ? 0 : digits <= 18 ? 1 : 2
        primitive(8 + power)
        value.append(UInt8(scale))
        Self.put(unscaled, 4 << power, &value)
    }

    /// Appends a date: days since 1970.
    package mutating func append(date days: Int32) {
        primitive(11)
        Self.put(days, 4, &value)
    }

    /// Appends an instant, or a local time.
    package mutating func append(timestamp microseconds: Int64, isLocal: Bool) {
        primitive(isLocal ? 13 : 12)
        Self.put(microseconds, 8, &value)
    }

    /// Appends bytes.
    package mutating func append(binary bytes: some Collection<UInt8>) {
        primitive(15)
        Self.put(bytes.count, 4, &value)
        value.append(contentsOf: bytes)
    }

    /// Appends a text of UTF-8 bytes.
    package mutating func append(string bytes: some Collection<UInt8>) {
        if bytes.count < 64 {
            value.append(UInt8(bytes.count << 2 | 1))
        } else {
            primitive(16)
            Self.put(bytes.count, 4, &value)
        }
        value.append(contentsOf: bytes)
    }

    /// Appends a value of another variant.
    package mutating func append(_ other: VariantValue) {
        switch other.content {
        case .null: appendNull()
        case .boolean(let flag): append(flag)
        case .integer(let number): append(number)
        case .float(let number): append(number)
        case .double(let number): append(number)
        case .decimal(let unscaled, let scale): append(unscaled: unscaled, scale: scale)
        case .date(let days): append(date: Int32(truncatingIfNeeded: days))
        case .timestamp(let micros): append(timestamp: micros, isLocal: false)
        case .timestampNTZ(let micros): append(timestamp: micros, isLocal: true)
        case .string(let bytes): append(string: bytes)
        case .binary(let bytes): append(binary: bytes)
        case .object:
            let start = position
            var members: [Member] = []
            for member in other.members {
                members.append(self.member(member.name, from: start))
                append(member.value)
            }
            _ = finishObject(from: start, members)
        case .array:
            let start = position
            var offsets: [Int] = []
            for element in other.children {
                offsets.append(position - start)
                append(element)
            }
            finishArray(from: start, offsets)
        }
    }

    // MARK: Objects and arrays

    /// Announces a member of the object that began at `start`; its value is appended next.
    package mutating func member(_ name: String, from start: Int) -> Member {
        let id = ids[name] ?? names.count
        if id == names.count {
            ids[name] = id
            names.append(Array(name.utf8))
        }
        return Member(name: name, id: id, offset: position - start)
    }

    /// Ends the object that began at `start`. Returns a name that it holds twice, or nil.
    package mutating func finishObject(from start: Int, _ members: [Member]) -> String? {
        // Java compares strings by their UTF-16 code units.
        let sorted = members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
        for (left, right) in zip(sorted, sorted.dropFirst()) where left.id == right.id { return left.name }
        let size = value.count - start
        let isLarge = members.count > 255
        let idWidth = Self.width(members.map(\.id).max() ?? 0)
        let offsetWidth = Self.width(size)
        var head: [UInt8] = [
            UInt8((isLarge ? 1 : 0) << 6 | (idWidth - 1) << 4 | (offsetWidth - 1) << 2 | 2)
        ]
        Self.put(members.count, isLarge ? 4 : 1, &head)
        for member in sorted { Self.put(member.id, idWidth, &head) }
        for member in sorted { Self.put(member.offset, offsetWidth, &head) }
        Self.put(size, offsetWidth, &head)
        value.insert(contentsOf: head, at: start)
        return nil
    }

    /// Ends the array that began at `start`, with the elements' offsets from there.
    package mutating func finishArray(from start: Int, _ offsets: [Int]) {
        let size = value.count - start
        let isLarge = offsets.count > 255
        let offsetWidth = Self.width(size)
        var head: [UInt8] = [UInt8((isLarge ? 1 : 0) << 4 | (offsetWidth - 1) << 2 | 3)]
        Self.put(offsets.count, isLarge ? 4 : 1, &head)
        for offset in offsets { Self.put(offset, offsetWidth, &head) }
        Self.put(size, offsetWidth, &head)
        value.insert(contentsOf: head, at: start)
    }
}

extension VariantBuilder {
    /// Appends the value of a row of a flat vector; structures and maps become objects. Returns a key that a
    /// map holds twice once it is text, or nil.
    package mutating func append(_ vector: Vector, _ row: Int) -> String? {
        if vector.type == .null || vector.isNull(row) {
            appendNull()
            return nil
        }
        switch vector.type {
        case .boolean: append(vector.pointer(as: UInt8.self)[row] != 0)
        case .float: append(vector.pointer(as: Float.self)[row])
        case .double: append(vector.pointer(as: Double.self)[row])
        case .decimal(_, let scale):
            append(unscaled: vector.scalar(at: row).integerValue, scale: scale)
        case .date: append(date: vector.pointer(as: Int32.self)[row])
        case .timestamp: append(timestamp: vector.pointer(as: Int64.self)[row], isLocal: false)
        case .timestampNTZ: append(timestamp: vector.pointer(as: Int64.self)[row], isLocal: true)
        case .string: vector.pointer(as: StringView.self)[row].withBytes { append(string: $0) }
        case .binary: vector.pointer(as: StringView.self)[row].withBytes { append(binary: $0) }
        case .variant: vector.pointer(as: StringView.self)[row].withBytes { append(VariantValue($0)) }
        case .array:
            let (start, elements) = (position, vector.children[0].flattened())
            var offsets: [Int] = []
            for at in Int(vector.offsets[row])..<Int(vector.offsets[row + 1]) {
                offsets.append(position - start)
                if let twice = append(elements, at) { return twice }
            }
            finishArray(from: start, offsets)
        case .structure(let fields):
            let start = position
            var members: [Member] = []
            for (field, child) in zip(fields, vector.children) {
                members.append(member(field.name, from: start))
                if let twice = append(child.flattened(), row) { return twice }
            }
            return finishObject(from: start, members)
        case .map:
            let (start, keys) = (position, vector.children[0].flattened())
            let values = vector.children[1].flattened()
            var members: [Member] = []
            for at in Int(vector.offsets[row])..<Int(vector.offsets[row + 1]) {
                members.append(member(keys.pointer(as: StringView.self)[at].string, from: start))
                if let twice = append(values, at) { return twice }
            }
            return finishObject(from: start, members)
        default: append(Int64(truncatingIfNeeded: vector.scalar(at: row).integerValue))
        }
        return nil
    }
}
