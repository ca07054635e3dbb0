import Columns
import Formats
import Functions
import Plans
import Vocabulary

/// Rules out files and row groups by the filters of a scan.
package struct FilePruning {
    private let relation: FileRelation
    private let columns: [Int]
    /// Filters that read partition columns only.
    private let folderFilters: [Expression]
    private let comparisons: [Comparison]
    private let settings = SessionSettings()

    /// A filter that statistics can rule out, with the column's position in the relation.
    private struct Comparison {
        var column: Int
        var operation: ColumnPredicate.Operation
        var values: [Scalar]
    }

    /// Takes filters over `.input(i)`, which is column `columns[i]` of the relation's schema.
    package init(relation: FileRelation, columns: [Int], filters: [Expression]) {
        self.relation = relation
        self.columns = columns
        let first = relation.dataSchema.count
        folderFilters = filters.filter { filter in
            var inputs: [Int] = []
            filter.forEach { if case .input(let index, _) = $0 { inputs.append(index) } }
            return !inputs.isEmpty && inputs.allSatisfy { $0 < columns.count && columns[$0] >= first }
        }
        comparisons = filters.compactMap { Self.comparison($0, columns: columns, limit: first) }
    }

    /// Says whether a file may hold rows that pass, by its folders' values. An error while this is found out
    /// keeps the file.
    package func mayMatch(_ file: FileEntry) -> Bool {
        let first = relation.dataSchema.count
        return folderFilters.allSatisfy { filter in
            let bound = filter.rewritten { part in
                guard case .input(let index, _) = part, columns[index] - first < file.partitionValues.count
                else { return part }
                return .literal(file.partitionValues[columns[index] - first])
            }
            guard case .literal(let result) = ConstantFolding.fold(bound, settings: settings) else {
                return true
            }
            return result.value == .boolean(true)
        }
    }

    /// Returns what the statistics of a Parquet file with this schema can rule out.
    package func predicates(for schema: Schema) -> [ColumnPredicate] {
        comparisons.compactMap { comparison in
            let field = relation.dataSchema[comparison.column]
            guard let position = schema.index(of: field.name), schema[position].type == field.type else {
                return nil
            }
            return ColumnPredicate(
                column: position, operation: comparison.operation, values: comparison.values)
        }
    }

    private static let operations: [String: ColumnPredicate.Operation] = [
        "equal": .equal, "less": .less, "less_equal": .lessOrEqual, "greater": .greater,
        "greater_equal": .greaterOrEqual,
    ]

    private static func comparison(_ filter: Expression, columns: [Int], limit: Int) -> Comparison? {
        func column(_ expression: Expression) -> Int? {
            guard case .input(let index, _) = expression, index < columns.count, columns[index] < limit else {
                return nil
            }
            return columns[index]
        }
        switch filter {
        case .inList(let value, let list):
            guard let position = column(value) else { return nil }
            let values = list.map(\.value).filter { !$0.isNull }
            return values.isEmpty ? nil : Comparison(column: position, operation: .in, values: values)
        case .call(let call):
            guard let first = call.arguments.first, let position = column(first) else { return nil }
            if call.name == "is_null" { return Comparison(column: position, operation: .isNull, values: []) }
            if call.name == "is_not_null" {
                return Comparison(column: position, operation: .isNotNull, values: [])
            }
            guard let operation = operations[call.name], call.arguments.count == 2,
                case .literal(let literal) = call.arguments[1], !literal.value.isNull,
                literal.type == first.type
            else { return nil }
            return Comparison(column: position, operation: operation, values: [literal.value])
        default: return nil
        }
    }
}
