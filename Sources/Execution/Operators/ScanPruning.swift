import Columns
import Formats
import Plans

/// Turns filters into conditions that file statistics can rule out.
enum ScanPruning {
    /// Returns what can be said of single columns; other filters are left out, as they cannot prune.
    /// `columns` are the scan's, as positions in the relation; the result's columns are positions in the data
    /// schema, which has `dataCount` columns.
    static func predicates(_ filters: [Expression], columns: [Int], dataCount: Int) -> [ColumnPredicate] {
        filters.compactMap { filter in
            guard var predicate = predicate(filter), columns[predicate.column] < dataCount else { return nil }
            predicate.column = columns[predicate.column]
            return predicate
        }
    }

    private static func predicate(_ filter: Expression) -> ColumnPredicate? {
        switch filter {
        case .inList(.input(let column, _), let literals):
            let values = literals.map(\.value).filter { !$0.isNull }
            return values.isEmpty ? nil : ColumnPredicate(column: column, operation: .in, values: values)
        case .call(let call) where call.arguments.count == 1:
            guard case .input(let column, _) = call.arguments[0] else { return nil }
            switch call.name {
            case "is_null": return ColumnPredicate(column: column, operation: .isNull)
            case "is_not_null": return ColumnPredicate(column: column, operation: .isNotNull)
            default: return nil
            }
        case .call(let call) where call.arguments.count == 2:
            if case .input(let column, let type) = call.arguments[0],
                case .literal(let literal) = call.arguments[1]
            {
                return comparison(call.name, column, type, literal)
            }
            if case .literal(let literal) = call.arguments[0],
                case .input(let column, let type) = call.arguments[1]
            {
                return comparison(mirrored(call.name), column, type, literal)
            }
            return nil
        default: return nil
        }
    }

    private static func mirrored(_ name: String) -> String {
        switch name {
        case "less": "greater"
        case "less_equal": "greater_equal"
        case "greater": "less"
        case "greater_equal": "less_equal"
        default: name
        }
    }

    private static func comparison(
        _ name: String, _ column: Int, _ type: DataType, _ literal: Literal
    ) -> ColumnPredicate? {
        guard literal.type == type, !literal.value.isNull else { return nil }
        let operation: ColumnPredicate.Operation
        switch name {
        case "equal": operation = .equal
        case "less": operation = .less
        case "less_equal": operation = .lessOrEqual
        case "greater": operation = .greater
        case "greater_equal": operation = .greaterOrEqual
        default: return nil
        }
        return ColumnPredicate(column: column, operation: operation, values: [literal.value])
    }
}
