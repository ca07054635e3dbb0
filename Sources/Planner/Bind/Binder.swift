import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Turns syntax trees into logical plans: finds what names stand for, types every expression under Spark's
/// rules, and makes every coercion an explicit cast. One binder binds one statement; its column ids are
/// unique within it.
package final class Binder {
    let catalog: any CatalogLookup
    /// The session's; inside views in the mode that they were made in.
    var settings: SessionSettings
    /// Takes down what the statement is to be warned of.
    let notes: StatementNotes?
    /// The text being bound; another one inside views.
    var source: SQLSource
    private var nextColumn: UInt32 = 0
    /// Common table expressions in sight, by lower-case name.
    var commonTables: [String: CommonTable] = [:]
    /// Contexts of the queries around the one being bound, the nearest last, with what was taken from each.
    var outer: [OuterQuery] = []
    /// The database of the kept view being bound; nil outside.
    var viewDatabase: String?
    /// Names of things of the job alone that were referred to.
    var temporaryNames: [String] = []
    /// Names of the views being bound, the nearest last.
    var openViews: [String] = []
    /// Relations bound so far: common tables that use each other twice would grow without bound.
    var relationCount = 0
    /// Types of the expressions bound so far, by place, for column names that depend on them.
    var types: [SourceSpan: DataType] = [:]
    /// Texts of column references as names print them, by the parts as written.
    var columnTexts: [[String]: String] = [:]
    /// Columns that calls of `window(time, …)` stand for in the SELECT being bound, by the calls' texts.
    var windowColumns: [String: ColumnReference] = [:]
    /// Columns that `input_file_name()` and its kin stand for in the SELECT being bound; none where it reads
    /// no files.
    var inputFileColumns: [ColumnReference] = []
    /// Columns that the members of `_metadata` stand for in the SELECT being bound; none where it reads no
    /// files, or does not name them.
    var metadataColumns: [ColumnReference] = []
    /// Subqueries bound in the aggregating SELECT being bound, by their texts, so that one that GROUP BY and
    /// the select list share is the same; nil elsewhere.
    var boundSubqueries: [String: Expression]?
    /// Names of the columns that subqueries take from around them, by place.
    var outerNames: [SourceSpan: [String]] = [:]
    /// Names of the columns that stars among the arguments of calls stand for, by place.
    var starNames: [SourceSpan: [String]] = [:]
    /// What the WINDOW clause says of windows referred to by name, by place.
    var windowDefinitions: [SourceSpan: WindowSyntax] = [:]
    /// Names that texts of IDENTIFIER were, by place.
    var identifiers: [SourceSpan: [NameSyntax]] = [:]
    /// Functions of users whose bodies are being bound, the nearest last.
    var openRoutines: [String] = []
    /// Calls of functions of users, by place.
    var shownCalls: [SourceSpan: ShownCall] = [:]
    /// Types as written of columns of CHAR(n) and VARCHAR(n), at any depth.
    var declaredTypes: [ColumnID: TypeSyntax] = [:]
    /// Places of columns, for errors found after binding.
    var columnSpans: [ColumnID: SourceSpan] = [:]

    /// Hints about joins of the SELECT whose FROM is being bound, the first the outermost.
    var openHints: [OpenHint] = []
    /// What stands behind the FROM in front of several inserts.
    private(set) var commonSource: BoundRelation?
    /// Tables of WITH RECURSIVE whose queries are being bound.
    var openRecursions = 0
    /// True while a recursive table's query that is UNION without ALL is bound.
    var isDistinctRecursion = false

    /// Most relations that one statement may read, counting each use of a common table.
    static let relationLimit = 5_000

    struct CommonTable {
        var syntax: CommonTableSyntax
        /// What the table itself may refer to.
        var visible: [String: CommonTable]
        var source: SQLSource
        /// What the table's name stands for in its own query.
        var recursive: RecursiveTable?
    }

    struct OuterQuery {
        var context: BindContext
        var references: [ColumnReference] = []
        /// Names of the columns taken, as often as they are.
        var names: [String] = []
    }

    package init(
        catalog: any CatalogLookup, settings: SessionSettings, source: SQLSource, notes: StatementNotes? = nil
    ) {
        self.notes = notes
        self.catalog = catalog
        self.settings = settings
        self.source = source
    }

    /// Binds a query. The output's names are the result's column names. Throws Spark's error classes with
    /// places.
    package func bind(_ query: QuerySyntax) throws(EngineError) -> LogicalPlan {
        let plan = try self.query(query).plan
        notes?.add(
            hints: plan.loneHints().map { "The hint \($0.rawValue) has no effect: its rows meet no join." })
        return plan
    }

    /// Binds the source of several inserts, each of whose queries `bind` takes afterwards: their FROM is the
    /// plan that is returned, with the same columns.
    func bindSource(of inserts: MultiInsertSyntax) throws(EngineError) -> LogicalPlan {
        for table in inserts.with {
            commonTables[table.name.text.lowercased()] = CommonTable(
                syntax: table, visible: commonTables, source: source)
        }
        let source = try lateralViews(inserts.lateralViews, relation(inserts.from))
        commonSource = source
        return source.plan
    }

    /// Binds an expression without columns, such as a partition value or an option.
    package func bindConstant(_ expression: ExpressionSyntax) throws(EngineError) -> Expression {
        try bind(expression, BindContext(scope: .empty, clause: "a constant"))
    }

    func newID() -> ColumnID {
        defer { nextColumn += 1 }
        return ColumnID(rawValue: nextColumn)
    }

    func newColumn(_ name: String, _ type: DataType, nullable: Bool = true) -> ColumnReference {
        ColumnReference(id: newID(), name: name, type: type, nullable: nullable)
    }

    func location(_ span: SourceSpan) -> SourceLocation { source.location(span) }

    /// Gives an error from another room the place that it is about.
    func located<T>(_ span: SourceSpan, _ body: () throws(EngineError) -> T) throws(EngineError) -> T {
        do { return try body() } catch {
            var placed = error
            if placed.location == nil { placed.location = location(span) }
            throw placed
        }
    }

    // MARK: Projections

    /// Names expressions as the columns of a projection. A plain column keeps its id unless the list has it
    /// already.
    /// With `fresh`, every column gets a new id.
    func named(_ items: [(expression: Expression, name: String)], fresh: Bool = false) -> [NamedExpression] {
        var taken: Set<ColumnID> = []
        return items.map { item in
            if !fresh, case .column(let reference) = item.expression, !isOuter(reference),
                taken.insert(reference.id).inserted
            {
                let output = ColumnReference(
                    id: reference.id, name: item.name, type: reference.type, nullable: reference.nullable)
                return NamedExpression(item.expression, as: output)
            }
            let output = newColumn(item.name, item.expression.type, nullable: item.expression.nullable)
            inherit(output, from: item.expression)
            return NamedExpression(item.expression, as: output)
        }
    }

    /// True for columns that the query being bound takes from one around it: their ids stay theirs.
    private func isOuter(_ reference: ColumnReference) -> Bool {
        outer.contains { level in level.references.contains { $0.id == reference.id } }
    }

    /// Returns the plan with its columns under new names.
    func renamed(_ plan: LogicalPlan, _ names: [NameSyntax], at span: SourceSpan) throws(EngineError)
        -> LogicalPlan
    {
        if names.isEmpty { return plan }
        let output = plan.output
        if names.count != output.count {
            throw .user(
                "ASSIGNMENT_ARITY_MISMATCH",
                "The list names \(names.count) columns, the query gives \(output.count).", at: location(span))
        }
        return .project(named(zip(output, names).map { (.column($0), $1.text) }), input: plan)
    }
}
