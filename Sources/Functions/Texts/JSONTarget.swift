import Columns
import Kernels
import Vocabulary

/// Names a type that JSON values are read as, with what its rows need made once: members' names as bytes.
/// Used by one thread.
final class JSONTarget {
    /// Names how values are read; `other` by way of scalars.
    enum Kind { case structure, array, map, boolean, integer, double, string, time, other }

    let type: DataType
    let kind: Kind
    /// Names of a structure's members, in memory of this.
    private let names: [UnsafeRawBufferPointer]
    let children: [JSONTarget]
    /// For each name the first place of it.
    private let firsts: [Int]
    /// Of a structure under reading: for each member the place of its value on the tape, or −1.
    let places: UnsafeMutablePointer<Int>
    /// Bits of an integer's width.
    let bits: Int64

    init(_ type: DataType) {
        self.type = type
        var names: [[UInt8]] = []
        switch type {
        case .structure(let fields):
            kind = .structure
            names = fields.map { Array($0.name.utf8) }
            children = fields.map { JSONTarget($0.type) }
        case .array(let element, _):
            kind = .array
            children = [JSONTarget(element)]
        case .map(let key, let value, _):
            kind = key == .string ? .map : .other
            children = [JSONTarget(key), JSONTarget(value)]
        default:
            children = []
            switch type {
            case .boolean: kind = .boolean
            case .int8, .int16, .int32, .int64: kind = .integer
            case .double: kind = .double
            case .string: kind = .string
            case .date, .timestamp, .timestampNTZ: kind = .time
            default: kind = .other
            }
        }
        self.names = names.map { name in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: name.count, alignment: 1)
            copy.copyBytes(from: name)
            return UnsafeRawBufferPointer(copy)
        }
        firsts = names.map { name in names.firstIndex(of: name) ?? 0 }
        places = .allocate(capacity: max(names.count, 1))
        bits = Int64(type.physical.width * 8)
        clearPlaces()
    }

    deinit {
        for name in names { name.deallocate() }
        places.deallocate()
    }

    /// Forgets where the members' values were.
    func clearPlaces() { places.update(repeating: -1, count: names.count) }

    /// Finds the member of a name; names mostly come in the order of the fields.
    func member(_ tape: JSONTape, _ name: Int, near hint: Int) -> Int? {
        if hint < names.count, tape.isName(name, names[hint]) {
            // A name that stands twice among the fields means the first.
            return firsts[hint]
        }
        return names.firstIndex { tape.isName(name, $0) }
    }
}
