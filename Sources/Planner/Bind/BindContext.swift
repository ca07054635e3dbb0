import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Says where an expression stands: what its names may mean and whether it may aggregate.
struct BindContext {
    var scope: Scope
    /// Takes the aggregates of a SELECT; nil where none may stand.
    var aggregates: AggregateCollector?
    /// Takes the window functions of a SELECT; nil where none may stand.
    var windows: WindowCollector?
    /// Parameters of the lambdas around, in lower case.
    var lambdaVariables: [String: Expression] = [:]
    /// Columns that the generator of a select list makes, by the place of its item.
    var generated: [SourceSpan: [ColumnReference]] = [:]
    /// Expressions that names may stand for beside columns: aliases of the select list.
    var aliases: [String: Expression] = [:]
    /// What the columns of the select list hold, as expressions over the input (ORDER BY).
    var listed: [ColumnID: Expression] = [:]
    /// Aliases that stood twice in the list so far: none may be used in it.
    var repeatedAliases: Set<String> = []
    /// True where an alias wins over a column of the same name (ORDER BY).
    var prefersAliases = false
    /// True in a select list, where Spark's column names show that a name is an alias of the same list.
    var namesLateralAliases = false
    /// Whether there is a FROM, whose relation may have no columns at all.
    var hasFrom = false
    /// The clause, for messages: `WHERE`, `JOIN … ON`.
    var clause: String

    init(scope: Scope, aggregates: AggregateCollector? = nil, clause: String) {
        self.scope = scope
        self.aggregates = aggregates
        self.clause = clause
    }
}

/// Collects the aggregate calls of one SELECT, each once.
final class AggregateCollector {
    var calls: [NamedAggregate] = []
    /// True while the arguments of an aggregate are bound, where no other aggregate may stand.
    var isInsideAggregate = false
    /// Column that holds the bits of grouping sets, once GROUP BY is known to have some.
    var groupingID: ColumnReference?
    /// Group expressions in order, for `grouping(x)`.
    var groupExpressions: [Expression] = []

    /// Returns the column of an equal call, or adds the call under a new id.
    func column(of call: AggregateCall, name: String, nullable: Bool, newID: () -> ColumnID) -> Expression {
        if let known = calls.first(where: { $0.call == call }) { return .column(known.output) }
        let output = ColumnReference(id: newID(), name: name, type: call.type, nullable: nullable)
        calls.append(NamedAggregate(call, as: output))
        return .column(output)
    }
}
