import Columns
import Kernels
import Memory
import Vocabulary

/// Gathers arrays.
final class AvroLists: AvroColumn {
    private let elements: AvroColumn
    private let areEmpty: Bool
    private var offsets: [Int32] = [0]

    init(_ elements: AvroColumn, areEmpty: Bool) {
        self.elements = elements
        self.areEmpty = areEmpty
        super.init(.array(elements.type, containsNull: true))
    }

    override var byteCount: Int { offsets.count * 4 + elements.byteCount }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        while true {
            let number = try cursor.items(areEmpty: areEmpty)
            if number == 0 { break }
            for _ in 0..<number { try elements.read(cursor) }
        }
        offsets.append(try AvroLists.offset(elements.count))
    }

    override func appendNothing() { offsets.append(offsets.last ?? 0) }

    /// Throws for more elements in one batch than offsets of 32 bits reach.
    static func offset(_ count: Int) throws(EngineError) -> Int32 {
        guard let offset = Int32(exactly: count) else { throw AvroCursor.damaged("a list of \(count) items") }
        return offset
    }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        let buffer = offsets.withUnsafeBytes { Buffer.copying($0) }
        offsets = [0]
        return .flat(type, count: count, values: buffer, validity: validity, children: [elements.finish()])
    }
}

/// Gathers maps, whose keys are texts.
final class AvroMaps: AvroColumn {
    private let keys = AvroColumn.make(.string)
    private let values: AvroColumn
    private var offsets: [Int32] = [0]

    init(_ values: AvroColumn) {
        self.values = values
        super.init(.map(key: .string, value: values.type, valueContainsNull: true))
    }

    override var byteCount: Int { offsets.count * 4 + keys.byteCount + values.byteCount }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        while true {
            let number = try cursor.items(areEmpty: false)
            if number == 0 { break }
            for _ in 0..<number {
                try keys.read(cursor)
                try values.read(cursor)
            }
        }
        offsets.append(try AvroLists.offset(keys.count))
    }

    override func appendNothing() { offsets.append(offsets.last ?? 0) }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        let buffer = offsets.withUnsafeBytes { Buffer.copying($0) }
        offsets = [0]
        return .flat(
            type, count: count, values: buffer, validity: validity,
            children: [keys.finish(), values.finish()])
    }
}

/// Gathers records within records.
final class AvroStructures: AvroColumn {
    private let record: AvroResolution

    init(_ record: AvroResolution) {
        self.record = record
        super.init(.structure(zip(record.names, record.types).map { Field($0, $1) }))
    }

    override var byteCount: Int { record.byteCount }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) { try record.read(cursor) }

    override func appendNothing() { record.appendNulls() }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        .flat(
            type, count: count, values: nil, validity: validity,
            children: record.finish(count).map { $0.flattened() })
    }
}

/// Gathers a union of null and something else as that, with nulls; or one of float and double as double, one
/// of int and long as long. It holds no rows of its own.
final class AvroOptional: AvroColumn {
    /// Tells a column of which branch the value is that it reads next.
    final class Branch {
        var index = 0
    }

    /// For each branch, whether it is null.
    private let areNull: [Bool]
    private let column: AvroColumn
    private let branch: Branch

    init(_ branches: [AvroSchema], _ column: AvroColumn, _ branch: Branch = Branch()) {
        areNull = branches.map(\.isNull)
        self.column = column
        self.branch = branch
        super.init(column.type)
    }

    /// Makes the column of a union of float and double.
    static func doubles(_ branches: [AvroSchema]) -> AvroOptional {
        let branch = Branch()
        let areFloats = branches.map { if case .float = $0 { true } else { false } }
        let values = AvroValues<Double>(.double) { cursor throws(EngineError) in
            if areFloats[branch.index] { return Double(try cursor.fixed(Float.self)) }
            return try cursor.fixed(Double.self)
        }
        return AvroOptional(branches, values, branch)
    }

    override var byteCount: Int { column.byteCount }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        branch.index = try cursor.branch(of: areNull.count)
        if areNull[branch.index] { column.appendNull() } else { try column.read(cursor) }
    }

    override func appendNothing() { column.appendNull() }
    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector { column.finish() }
}

/// Gathers a union of null alone.
final class AvroEmptyUnion: AvroColumn {
    private let branchCount: Int

    init(branchCount: Int) {
        self.branchCount = branchCount
        super.init(.null)
    }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        _ = try cursor.branch(of: branchCount)
    }
}

/// Gathers any other union as a structure, of whose members one is not null.
final class AvroMembers: AvroColumn {
    /// For each branch its member, nil for null.
    private let places: [Int?]
    private let members: [AvroColumn]
    private var wasNull: [Bool] = []

    init(_ type: DataType, _ branches: [AvroSchema]) {
        var next = 0
        places = branches.map { branch in
            if branch.isNull { return nil }
            next += 1
            return next - 1
        }
        members = branches.filter { !$0.isNull }.map { AvroColumn.make($0) }
        super.init(type)
    }

    override var byteCount: Int { members.reduce(0) { $0 + $1.byteCount } }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        let place = places[try cursor.branch(of: places.count)]
        for (number, member) in members.enumerated() {
            if number == place { try member.read(cursor) } else { member.appendNull() }
        }
        wasNull.append(place == nil)
    }

    override func appendNothing() {
        for member in members { member.appendNull() }
        wasNull.append(true)
    }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        let own = wasNull.contains(true) ? Bitmap(wasNull.map { !$0 }) : nil
        wasNull.removeAll(keepingCapacity: true)
        return .flat(type, count: count, values: nil, validity: own, children: members.map { $0.finish() })
    }
}
