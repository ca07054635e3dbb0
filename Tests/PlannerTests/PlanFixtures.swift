import Columns
import Plans
import Vocabulary

@testable import Planner

/// Answers for relations by name: rows and key columns as the test says, one split per million bytes.
struct FixedFacts: RelationFacts {
    var rows: [String: Double] = [:]
    /// Distinct values by relation and column name.
    var distinct: [String: Double] = [:]

    func statistics(of relation: FileRelation) -> RelationStatistics {
        let count = rows[relation.name] ?? 1_000
        var columns: [Int: ColumnFacts] = [:]
        for (position, field) in relation.schema.fields.enumerated() {
            columns[position] = ColumnFacts(
                distinctCount: distinct["\(relation.name).\(field.name)"], averageBytes: 8)
        }
        return RelationStatistics(rowCount: count, columns: columns)
    }

    func splits(
        of relation: FileRelation, columns: [Int], filters: [Expression], targetBytes: Int
    ) throws(EngineError) -> [FileSplit] {
        let bytes = Int(rows[relation.name] ?? 1_000) * 8 * max(1, columns.count)
        let parts = max(1, bytes / 1_000_000)
        return (0..<parts).map { FileSplit(file: 0, start: $0, end: $0 + 1, byteCount: bytes / parts) }
    }
}

/// Makes plans by hand, with columns numbered in the order in which tables are made.
final class PlanMaker {
    private var next = 0

    func column(_ name: String, _ type: DataType = .int32, nullable: Bool = true) -> ColumnReference {
        next += 1
        return ColumnReference(id: ColumnID(next), name: name, type: type, nullable: nullable)
    }

    /// Returns a scan of all columns of a table.
    func table(_ name: String, _ columns: [(String, DataType)], nullable: Bool = true) -> LogicalPlan {
        let schema = Schema(columns.map { Field($0.0, $0.1, nullable: nullable) })
        let relation = FileRelation(
            format: .parquet, files: [FileEntry(path: name, byteCount: 1_000)], dataSchema: schema, name: name
        )
        return .scan(
            LogicalScan(
                relation: .files(relation), output: columns.map { column($0.0, $0.1, nullable: nullable) },
                columns: Array(columns.indices)))
    }
}

extension LogicalPlan {
    /// The column of that name as an expression; the first when there are more.
    func callAsFunction(_ name: String) -> Expression {
        for column in output where column.name == name { return .column(column) }
        return .literal(.string("no column \(name)"))
    }
}

func call(_ name: String, _ arguments: Expression..., type: DataType = .boolean) -> Expression {
    .call(FunctionCall(name, arguments, type: type))
}

func int(_ value: Int32) -> Expression { .literal(.int32(value)) }

func named(_ expression: Expression, _ output: ColumnReference) -> NamedExpression {
    NamedExpression(expression, as: output)
}

/// Applies one rule.
func applied(
    _ rule: any PlanRule, _ plan: LogicalPlan, facts: FixedFacts = FixedFacts(),
    settings: SessionSettings = SessionSettings()
) throws -> String {
    try rule.rewrite(plan, RuleContext(plan: plan, facts: facts, settings: settings)).description
}
