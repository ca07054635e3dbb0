import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Lists the columns that names may stand for at one place of a query.
struct Scope {
    struct Column {
        var reference: ColumnReference
        /// Parts by which the column's table may be called, lower case: the alias, or the table's own name.
        var qualifier: [String]
        /// False for columns that only a qualified name reaches: the second side of USING.
        var isVisible = true

        var loweredName: String { reference.name.lowercased() }
    }

    var columns: [Column]

    static let empty = Scope(columns: [])

    /// Says what a name stands for: a column, and the members below it that the remaining parts name.
    struct Match {
        var column: Column
        var members: [NameSyntax]
        /// Number of parts that named the table.
        var qualifierCount: Int
    }

    /// Finds the columns that the parts may mean, those with the longest qualifier first, as Spark does.
    func matches(_ parts: [NameSyntax]) -> [Match] {
        let lowered = parts.map { $0.text.lowercased() }
        for qualifierCount in stride(from: min(3, parts.count - 1), through: 0, by: -1) {
            let qualifier = lowered[..<qualifierCount]
            let found = columns.filter { column in
                column.loweredName == lowered[qualifierCount]
                    && (qualifierCount == 0
                        ? column.isVisible : column.qualifier.suffix(qualifierCount) == qualifier)
            }
            if !found.isEmpty {
                let members = Array(parts[(qualifierCount + 1)...])
                return found.map { Match(column: $0, members: members, qualifierCount: qualifierCount) }
            }
        }
        return []
    }

    /// The columns that a star stands for, those of one table when a qualifier is given.
    func starColumns(_ qualifier: [NameSyntax]) -> [Column] {
        if qualifier.isEmpty { return columns.filter(\.isVisible) }
        let lowered = qualifier.map { $0.text.lowercased() }
        let own = columns.filter { $0.qualifier.suffix(lowered.count) == lowered[...] }
        // As in Spark, the side's own columns of USING come first, which `*` does not show.
        return own.filter { !$0.isVisible } + own.filter(\.isVisible)
    }

    /// Returns the scope with every column called by one alias, under new names where they are given.
    func aliased(_ alias: String) -> Scope {
        Scope(
            columns: columns.filter(\.isVisible).map {
                Column(reference: $0.reference, qualifier: [alias.lowercased()])
            })
    }

    func joined(_ other: Scope) -> Scope { Scope(columns: columns + other.columns) }
}

/// Holds a plan together with the names of its columns.
struct BoundRelation {
    var plan: LogicalPlan
    var scope: Scope

    init(_ plan: LogicalPlan, _ scope: Scope) {
        self.plan = plan
        self.scope = scope
    }

    /// Takes the plan's own column names, below no table.
    init(_ plan: LogicalPlan, qualifier: [String] = []) {
        self.plan = plan
        self.scope = Scope(
            columns: plan.output.map {
                Scope.Column(reference: $0, qualifier: qualifier.map { $0.lowercased() })
            })
    }
}
