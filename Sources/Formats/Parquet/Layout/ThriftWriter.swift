/// Writes Thrift's compact protocol; the counterpart of `ThriftReader`. Members are given in ascending order
/// of their ids.
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    /// Id of the member written last, one for each open structure.
    private var lastIDs: [Int] = [0]

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func zigzag(_ value: Int64) { varint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    private mutating func head(_ id: Int, _ kind: ThriftReader.Kind) {
        let difference = id - lastIDs[lastIDs.count - 1]
        lastIDs[lastIDs.count - 1] = id
        if difference > 0, difference <= 15 {
            bytes.append(UInt8(difference) << 4 | kind.rawValue)
        } else {
            bytes.append(kind.rawValue)
            zigzag(Int64(id))
        }
    }

    mutating func int32(_ id: Int, _ value: Int) {
        head(id, .int32)
        zigzag(Int64(value))
    }

    mutating func int64(_ id: Int, _ value: Int) {
        head(id, .int64)
        zigzag(Int64(value))
    }

    mutating func byte(_ id: Int, _ value: UInt8) {
        head(id, .byte)
        bytes.append(value)
    }

    mutating func boolean(_ id: Int, _ value: Bool) { head(id, value ? .yes : .no) }

    mutating func binary(_ id: Int, _ value: some Collection<UInt8>) {
        head(id, .binary)
        element(value)
    }

    mutating func string(_ id: Int, _ value: String) { binary(id, value.utf8) }

    /// Writes a structure member.
    mutating func structure(_ id: Int, _ members: (inout ThriftWriter) -> Void = { _ in }) {
        head(id, .structure)
        structureElement(members)
    }

    /// Writes the head of a list; `count` calls of an element method of that kind must follow.
    mutating func list(_ id: Int, _ kind: ThriftReader.Kind, count: Int) {
        head(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | kind.rawValue)
        } else {
            bytes.append(0xF0 | kind.rawValue)
            varint(UInt64(count))
        }
    }

    mutating func element(_ value: Int32) { zigzag(Int64(value)) }

    mutating func element(_ value: some Collection<UInt8>) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes a structure without a head: a list's element, or the outermost one.
    mutating func structureElement(_ members: (inout ThriftWriter) -> Void) {
        lastIDs.append(0)
        members(&self)
        lastIDs.removeLast()
        bytes.append(0)
    }
}
