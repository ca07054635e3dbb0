import Columns
import Plans
import Vocabulary

/// Takes a join condition apart: equalities between the two sides are keys, the rest is checked for each
/// pair.
struct EquiKeys {
    var left: [Expression] = []
    var right: [Expression] = []
    var residual: [Expression] = []

    init(_ condition: Expression?, left leftIDs: Set<ColumnID>, right rightIDs: Set<ColumnID>) {
        for part in condition?.conjuncts ?? [] {
            if part.isTrueLiteral { continue }
            if let pair = Self.pair(part, left: leftIDs, right: rightIDs) {
                left.append(Self.key(pair.left))
                right.append(Self.key(pair.right))
            } else if let pair = Self.nullSafePair(part, left: leftIDs, right: rightIDs) {
                append(pair)
            } else {
                residual.append(part)
            }
        }
    }

    /// Makes keys of `a <=> b`: where both may be null, whether they are, and their values with nulls
    /// replaced.
    /// Source: Spark's ExtractEquiJoinKeys.
    private mutating func append(_ pair: (left: Expression, right: Expression)) {
        if pair.left.type.isNested {
            left.append(Self.bytes(pair.left))
            right.append(Self.bytes(pair.right))
            return
        }
        guard pair.left.nullable, pair.right.nullable, let stand = Self.standIn(pair.left.type) else {
            left.append(pair.left)
            right.append(pair.right)
            return
        }
        func isNull(_ value: Expression) -> Expression {
            .call(FunctionCall("is_null", [value], type: .boolean))
        }
        func filled(_ value: Expression) -> Expression {
            .call(FunctionCall("coalesce", [value, .literal(stand)], type: value.type))
        }
        left += [filled(pair.left), isNull(pair.left)]
        right += [filled(pair.right), isNull(pair.right)]
    }

    /// Returns what a join's table compares for a value: of arrays and structures, bytes that are equal where
    /// the values are, as tables hold flat keys only.
    private static func key(_ value: Expression) -> Expression {
        guard value.type.isNested else { return value }
        let isNull = Expression.call(FunctionCall("is_null", [value], type: .boolean))
        return .conditional(
            [ConditionalBranch(condition: isNull, result: .literal(.null(.binary)))],
            otherwise: bytes(value), type: .binary)
    }

    /// Bytes that are equal where values are equal, null included.
    private static func bytes(_ value: Expression) -> Expression {
        .call(FunctionCall("group_key", [value], type: .binary))
    }

    /// A value that stands for null in a key; nil for types without one.
    private static func standIn(_ type: DataType) -> Literal? {
        switch type {
        case .boolean: return .boolean(false)
        case .string: return .string("")
        case .binary: return Literal(.binary([]), .binary)
        case .float: return Literal(.float(0), .float)
        case .double: return .double(0)
        case .decimal: return Literal(.decimal(0), type)
        case .array, .map, .structure, .null: return nil
        default: return Literal(.integer(0), type)
        }
    }

    /// Returns the two sides of `a <=> b` when each reads columns of one side of the join only, and it can be
    /// made into keys.
    static func nullSafePair(
        _ condition: Expression, left: Set<ColumnID>, right: Set<ColumnID>
    ) -> (left: Expression, right: Expression)? {
        guard case .call(var call) = condition, call.name == "null_safe_equal", call.arguments.count == 2
        else { return nil }
        call.name = "equal"
        guard let pair = pair(.call(call), left: left, right: right),
            !pair.left.nullable || !pair.right.nullable || pair.left.type.isNested
                || standIn(pair.left.type) != nil
        else { return nil }
        return pair
    }

    /// Returns the two sides of `a = b` when each reads columns of one side of the join only.
    static func pair(
        _ condition: Expression, left: Set<ColumnID>, right: Set<ColumnID>
    ) -> (left: Expression, right: Expression)? {
        guard case .call(let call) = condition, call.name == "equal", call.arguments.count == 2,
            call.arguments[0].type == call.arguments[1].type
        else { return nil }
        let first = call.arguments[0].columns
        let second = call.arguments[1].columns
        if first.isEmpty || second.isEmpty { return nil }
        if first.isSubset(of: left), second.isSubset(of: right) {
            return (call.arguments[0], call.arguments[1])
        }
        if first.isSubset(of: right), second.isSubset(of: left) {
            return (call.arguments[1], call.arguments[0])
        }
        return nil
    }
}
