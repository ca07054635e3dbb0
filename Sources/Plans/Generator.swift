import Columns
import Vocabulary

/// Makes rows out of the elements of each row's array or map: `explode`, `posexplode`, `inline`, `stack`.
package struct Generator: Hashable, Sendable {
    /// An array or a map.
    package var list: Expression
    /// A row without elements gives one row, with nulls.
    package var isOuter: Bool
    /// The first column is the element's 0-based place.
    package var givesPosition: Bool
    /// Elements are structures, whose members become columns.
    package var givesMembers: Bool

    package init(_ list: Expression, isOuter: Bool, givesPosition: Bool = false, givesMembers: Bool = false) {
        self.list = list
        self.isOuter = isOuter
        self.givesPosition = givesPosition
        self.givesMembers = givesMembers
    }

    /// The columns that the elements become: an array's `col`, a map's `key` and `value`, the members of
    /// structures. Nil when the list is neither, or its elements have no members to give.
    package var fields: [Field]? {
        let position = givesPosition ? [Field("pos", .int32, nullable: isOuter)] : []
        switch list.type {
        case .array(.structure(let members), _) where givesMembers:
            return position + members.map { Field($0.name, $0.type) }
        case .array(let element, let containsNull) where !givesMembers:
            return position + [Field("col", element, nullable: isOuter || containsNull)]
        case .map(let key, let value, let containsNull) where !givesMembers:
            return position + [
                Field("key", key, nullable: isOuter),
                Field("value", value, nullable: isOuter || containsNull),
            ]
        default: return nil
        }
    }

    /// Returns the generator with `transform` applied to its list.
    package func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> Generator {
        var generator = self
        generator.list = try transform(list)
        return generator
    }

    /// The generator with its list as `print` shows it.
    func text(_ print: (Expression) -> String) -> String {
        let name = givesMembers ? "inline" : givesPosition ? "posexplode" : "explode"
        return "\(name)\(isOuter ? "_outer" : "")(\(print(list)))"
    }
}
