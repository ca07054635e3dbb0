import Columns
import Kernels
import Plans
import Vocabulary

/// Names the call by which plans make values of a query into those of a table's column.
package enum StoredColumn {
    /// The name of the call. No text of a user calls it.
    package static let function = "store_assignment"

    /// Returns for each member of a column's structure the place of the query's member for it, nil where
    /// there is none.
    package static func members(of fields: [Field], for targets: [Field], byName: Bool) -> [Int?] {
        guard byName else { return targets.indices.map { $0 < fields.count ? $0 : nil } }
        return targets.map { target in
            fields.firstIndex { $0.name.lowercased() == target.name.lowercased() }
        }
    }
}

/// Makes values of a query into those of a table's column, as INSERT does: members of structures at their
/// places, then a cast whose overflow names the column, then the limits of texts. Its arguments are the
/// value, the column's name, whether members go by their names, and a `TextLimit`'s code.
final class StoreNode: FunctionNode {
    private let zone: Zone
    private let source: DataType
    private let column: String
    private let isByName: Bool
    private let limit: TextLimit

    init(_ call: FunctionCall, _ arguments: [Node], _ zone: Zone) {
        self.zone = zone
        source = arguments[0].type
        let literals = call.arguments.dropFirst().map { $0.literalValue?.value }
        if case .string(let name)? = literals.first ?? nil { column = name } else { column = "" }
        isByName = literals.contains(.boolean(true))
        if literals.count > 2, case .string(let code)? = literals[2] {
            limit = TextLimit(code: code)
        } else {
            limit = .none
        }
        super.init(call.type, arguments, nulls: .propagates, isDeterministic: true, origin: call.origin)
    }

    override func apply(_ values: [Vector], count: Int) throws -> Vector {
        do {
            let value = isByName ? Self.arranged(values[0], as: type) : values[0]
            let cast = try Casting.cast(value, to: type, mode: .error, zone: zone)
            return try limit.applied(to: cast, column: column)
        } catch let failure {
            let overflows = ["CAST_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE", "ARITHMETIC_OVERFLOW"]
            guard overflows.contains(where: { failure.code.hasPrefix($0) }) else { throw failure }
            throw EngineError.data(
                "CAST_OVERFLOW_IN_TABLE_INSERT",
                "A value of the type \"\(source.sqlName)\" is too great for the column \(column) of the type "
                    + "\"\(type.sqlName)\".",
                remedy: "Use try_cast on it to store null instead.")
        }
    }

    /// Returns the vector with the members of its structures in the order of a type that has them all.
    private static func arranged(_ vector: Vector, as type: DataType) -> Vector {
        switch (vector.type, type) {
        case (.array, .array(let element, let hasNull)):
            let flat = vector.flattened()
            let child = arranged(flat.children[0], as: element)
            return rebuilt(flat, .array(child.type, containsNull: hasNull), [child])
        case (.map, .map(let key, let value, let hasNull)):
            let flat = vector.flattened()
            let parts = [arranged(flat.children[0], as: key), arranged(flat.children[1], as: value)]
            return rebuilt(
                flat, .map(key: parts[0].type, value: parts[1].type, valueContainsNull: hasNull), parts)
        case (.structure(let fields), .structure(let targets)):
            let flat = vector.flattened()
            var parts: [Vector] = []
            var members: [Field] = []
            let places = StoredColumn.members(of: fields, for: targets, byName: true)
            for (place, target) in zip(places, targets) {
                guard let place else { continue }
                parts.append(arranged(flat.children[place], as: target.type))
                members.append(Field(target.name, parts[parts.count - 1].type))
            }
            return rebuilt(flat, .structure(members), parts)
        default: return vector
        }
    }

    private static func rebuilt(_ flat: Vector, _ type: DataType, _ children: [Vector]) -> Vector {
        .flat(type, count: flat.count, values: flat.values, validity: flat.validity, children: children)
    }
}
