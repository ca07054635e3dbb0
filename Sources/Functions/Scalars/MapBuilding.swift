import Columns
import Kernels
import Vocabulary

/// Makes maps out of columns of keys and values without a box for each, where a key that stands twice is an
/// error.
enum MapBuilding {
    /// Says whether keys of a type are told apart here: by their bits or bytes. Others have zeros that are
    /// equal though their bits are not, or parts.
    static func isKnown(_ key: DataType) -> Bool {
        switch key.physical {
        case .bool, .int8, .int16, .int32, .int64, .view: key != .variant
        default: false
        }
    }

    /// Makes a map of each row's list of keys and list of values. Throws for keys that are null or stand
    /// twice, and for lists that differ in length.
    static func fromArrays(_ call: Invocation, key: DataType, value: DataType) throws -> Vector {
        let rows = Rows(call)
        let keys = ListJoining(lists: [call[0]], of: key)
        let values = ListJoining(lists: [call[1]], of: value)
        var check = KeyCheck(keys.elements)
        let isSame = call[0].form == .constant
        let keyLists = try keys.lists(.array(key, containsNull: false), count: rows.count) { row, picking in
            guard rows.isValid(row) else { return false }
            let range = rows.columns[0].range(row)
            if range.count != rows.columns[1].range(row).count {
                throw Failure.invalidArgument("map_from_arrays", "the arrays differ in length")
            }
            try check.keys(range, again: !isSame)
            picking.take(range, from: 0)
            return true
        }
        let valueLists = values.lists(.array(value, containsNull: true), count: rows.count) { row, picking in
            guard rows.isValid(row) else { return false }
            picking.take(rows.columns[1].range(row), from: 0)
            return true
        }
        return map(call, keyLists, valueLists)
    }

    /// Makes a map of keys and values in turn. Throws for keys that are null or stand twice.
    static func inTurn(_ call: Invocation, key: DataType, value: DataType) throws -> Vector {
        func columns(_ first: Int, _ type: DataType) -> [Vector] {
            stride(from: first, to: call.arguments.count, by: 2).map { call[$0].typed(type).flattened() }
        }
        let keys = ListJoining(columns(0, key))
        let values = ListJoining(columns(1, value))
        var check = KeyCheck(keys.elements)
        let isSame = stride(from: 0, to: call.arguments.count, by: 2).allSatisfy {
            call[$0].form == .constant
        }
        let keyLists = try keys.lists(.array(key, containsNull: false), count: call.count) { row, picking in
            for start in keys.starts { picking.take(start + row) }
            try check.places(keys.starts.map { $0 + row }, again: !isSame)
            return true
        }
        let valueLists = values.lists(.array(value, containsNull: true), count: call.count) { row, picking in
            for start in values.starts { picking.take(start + row) }
            return true
        }
        return map(call, keyLists, valueLists)
    }

    private static func map(_ call: Invocation, _ keys: Vector, _ values: Vector) -> Vector {
        if keys.isNullConstant || values.isNullConstant { return .nulls(call.type, count: call.count) }
        return .flat(
            call.type, count: call.count, values: keys.values, validity: keys.validity,
            children: [keys.children[0], values.children[0]])
    }
}

/// Looks for keys that no map may have.
private struct KeyCheck {
    private let keys: Vector
    private var set: ElementSet
    private var isChecked = false

    init(_ keys: Vector) {
        self.keys = keys
        set = ElementSet(keys)
    }

    /// Throws for the keys at a stretch; with `again` false those looked at before are these, too.
    mutating func keys(_ range: Range<Int>, again: Bool) throws {
        if isChecked, !again { return }
        if keys.hasNulls, range.contains(where: { keys.isNull($0) }) { throw Self.null }
        if set.hasTwice(range) { throw MapFunctions.twice }
        isChecked = true
    }

    /// Throws for the keys at some places, as for those of a stretch.
    mutating func places(_ places: [Int], again: Bool) throws {
        if isChecked, !again { return }
        if keys.hasNulls, places.contains(where: { keys.isNull($0) }) { throw Self.null }
        if set.hasTwice(places) { throw MapFunctions.twice }
        isChecked = true
    }

    private static var null: EngineError { .data("NULL_MAP_KEY", "Cannot use null as map key.") }
    private static var twice: EngineError { MapFunctions.twice }
}
