import Columns
import Plans
import Vocabulary

/// Chooses operators for a logical plan and puts exchanges where rows have to meet.
///
/// Works from the leaves up. Each plan built says in how many tasks it runs and by what its rows are spread,
/// so that
/// an operator asks for an exchange only where its input is not laid out already; work small enough for one
/// task has
/// no exchange at all. Columns that nothing above reads are dropped on the way.
struct PhysicalPlanner {
    let facts: any RelationFacts
    let settings: SessionSettings
    let cluster: ClusterFacts
    let estimator: CardinalityEstimator
    let sizing: TaskSizing
    /// Splits and tasks of each scan, by `PhysicalScan.index`.
    private(set) var scans: [ScanSplits] = []
    /// Subplans that are computed once for several places.
    private var shared = SharedSubplans.Outputs()
    /// What the first place of each of those asked to meet, which holds for its other places.
    private var sharedMeetings: [LogicalPlan: Set<ColumnID>] = [:]
    /// What was built of plans that several queries of the statement start from.
    private(set) var kept: [LogicalPlan: BuiltPlan] = [:]
    /// True while the step of a recursion is built, all of which runs in one task.
    var isInStep = false
    /// Why hints about joins have no effect.
    var hintWarnings: [String] = []
    /// What is expected of the operators; nil where nobody asks.
    private(set) var expected: ExpectedRows?

    /// Holds what one scan reads.
    struct ScanSplits {
        var splits: [FileSplit]
        var tasks: Int
    }

    /// `notesExpectedRows`: whether `expected` is asked for.
    init(
        facts: any RelationFacts, settings: SessionSettings, cluster: ClusterFacts,
        notesExpectedRows: Bool = false
    ) {
        expected = notesExpectedRows ? ExpectedRows() : nil
        self.facts = facts
        self.settings = settings
        self.cluster = cluster
        self.estimator = CardinalityEstimator(facts: facts)
        self.sizing = TaskSizing(cluster: cluster, settings: settings)
    }

    /// Returns the physical plan of a whole query: exactly its output columns, in order.
    mutating func plan(_ logical: LogicalPlan) throws(EngineError) -> BuiltPlan {
        shared = SharedSubplans(logical, estimator).outputs
        var built = try build(logical, required: logical.output.idSet)
        built.plan = try StageSplitter.keepingShared(
            built.plan, scans: scans, always: Set(kept.values.map(\.plan)))
        built = try arranged(built, as: logical.output)
        note(built.plan, of: logical)
        return built
    }

    private mutating func note(_ plan: PhysicalPlan, of logical: LogicalPlan) {
        if expected == nil { return }
        let rows = estimator.estimate(logical).rows
        expected?.note(plan, rows: rows)
    }

    /// Returns the plan with exactly `columns`, in that order.
    private func arranged(_ built: BuiltPlan, as columns: [ColumnReference]) throws(EngineError) -> BuiltPlan
    {
        if built.output.map(\.id) == columns.map(\.id), built.output.map(\.name) == columns.map(\.name) {
            return built
        }
        var list: [Expression] = []
        for column in columns { list.append(try built.resolve(.column(column))) }
        var result = built
        result.plan = .project(list, schema: columns.schema, input: built.plan)
        result.output = columns
        return result
    }

    /// Builds a plan that gives at least the columns in `required`.
    ///
    /// Rows that agree on `meeting` have to meet in one task above; a plan that spreads its rows anyway may
    /// spread them so that they do. No columns: nothing is asked.
    mutating func build(
        _ logical: LogicalPlan, required: Set<ColumnID>, meeting: Set<ColumnID> = []
    ) throws(EngineError) -> BuiltPlan {
        if isInStep {
            return logical.readsWorkingTable
                ? try buildNode(logical, required: required)
                : try buildInvariant(logical, required: required)
        }
        // A join asks either side for the columns of both.
        guard let columns = shared.of(logical),
            required.intersection(logical.output.idSet).isSubset(of: columns)
        else { return try buildNode(logical, required: required, meeting: meeting) }
        // Equal in all places, so that the stages that the splitter makes of them are one.
        let first = sharedMeetings[logical] ?? meeting
        sharedMeetings[logical] = first
        var built = try buildNode(logical, required: columns, meeting: first)
        built.plan = .exchange(.shared, input: built.plan)
        return built
    }

    /// Builds a plan whose rows are computed once for all queries of the statement that start from them.
    private mutating func buildKept(_ plan: LogicalPlan) throws(EngineError) -> BuiltPlan {
        var built: BuiltPlan
        if let known = kept[plan] {
            built = known
        } else {
            let around = shared
            built = try self.plan(plan)
            shared = around
            kept[plan] = built
        }
        built.plan = .exchange(.shared, input: built.plan)
        return built
    }

    /// Builds a node of the plan, and all below it.
    mutating func buildNode(
        _ logical: LogicalPlan, required: Set<ColumnID>, meeting: Set<ColumnID> = []
    ) throws(EngineError) -> BuiltPlan {
        let built = try buildUnnoted(logical, required: required, meeting: meeting)
        note(built.plan, of: logical)
        return built
    }

    private mutating func buildUnnoted(
        _ logical: LogicalPlan, required: Set<ColumnID>, meeting: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        switch logical {
        case .scan(let scan): return try buildScan(scan, required: required)
        case .values(let rows, let output):
            return BuiltPlan(plan: .values(rows: rows, schema: output.schema), output: output, tasks: 1)
        case .filter(let condition, let input):
            return try buildFilter(condition, input: input, required: required, meeting: meeting)
        case .project(let list, let input):
            return try buildProject(list, input: input, required: required, meeting: meeting)
        case .aggregate(let groups, let aggregates, let input):
            return try buildAggregate(
                groups: groups, aggregates: aggregates, input: input, required: required, meeting: meeting)
        case .distinct(let input):
            let groups = input.output.map { NamedExpression(.column($0), as: $0) }
            return try buildAggregate(
                groups: groups, aggregates: [], input: input, required: required, meeting: meeting)
        case .join(let kind, let left, let right, let condition):
            return try buildJoin(kind, left: left, right: right, condition: condition, required: required)
        case .sort(let keys, let input): return try buildSort(keys, input: input, required: required)
        case .repartition(let given, let input):
            return try buildRepartition(given, input: input, required: required)
        case .hinted(_, let input): return try build(input, required: required, meeting: meeting)
        case .limit(let count, let offset, let input):
            return try buildLimit(count: count, offset: offset, input: input, required: required)
        case .union(let inputs, let output): return try buildUnion(inputs, output: output, required: required)
        case .expand(let lists, let output, let input):
            return try buildExpand(lists, output: output, input: input)
        case .generate(let generator, let output, let input):
            return try buildGenerate(generator, output: output, input: input, required: required)
        case .window(let window): return try buildWindow(window, required: required, meeting: meeting)
        case .singleRow(let input, let origin):
            var built = gathered(try build(input, required: required))
            built.plan = .singleRow(input: built.plan, origin: origin)
            return built
        case .range(let range, let output): return buildRange(range, output: output, required: required)
        case .recursion(let recursion): return try buildRecursion(recursion)
        case .workingTable(let level, let output):
            return BuiltPlan(
                plan: .workingTable(level: level, schema: output.schema), output: output, tasks: 1)
        case .kept(let plan): return try buildKept(plan)
        case .lateralJoin: throw .internal("A lateral join was not rewritten.")
        }
    }

    /// Returns the plan with all rows in one task.
    func gathered(_ built: BuiltPlan) -> BuiltPlan {
        if built.isSingle { return built }
        return BuiltPlan(plan: .exchange(.single, input: built.plan), output: built.output, tasks: 1)
    }

    private mutating func buildScan(
        _ scan: LogicalScan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var used = required
        for filter in scan.filters { filter.collectColumns(into: &used) }
        var kept = scan.output.indices.filter { used.contains(scan.output[$0].id) }
        let given = scan.output.indices.filter { required.contains(scan.output[$0].id) }
        kept.sort()
        let references = kept.map { scan.output[$0] }
        let positions = ColumnPositions(references)
        var filters: [Expression] = []
        for filter in scan.filters { filters.append(try positions.resolve(filter)) }
        let columns = kept.map { scan.columns[$0] }
        let output = given.compactMap { kept.firstIndex(of: $0) }
        let plan: PhysicalPlan
        let tasks: Int
        switch scan.relation {
        case .files(let relation):
            let splits = try facts.splits(
                of: relation, columns: columns, filters: filters,
                targetBytes: sizing.splitBytes(total: relation.byteCount))
            tasks = sizing.scanTasks(splits: splits.count, byteCount: splits.reduce(0) { $0 + $1.byteCount })
            plan = .scan(
                PhysicalScan(
                    index: scans.count, relation: relation, columns: columns, filters: filters,
                    output: output))
            scans.append(ScanSplits(splits: splits, tasks: tasks))
        case .external(let relation):
            // The source has cut itself into as many parts as are worth a task.
            tasks = max(1, relation.splits.count)
            plan = .externalScan(
                PhysicalExternalScan(
                    index: scans.count, relation: relation, columns: columns, filters: filters,
                    output: output))
            let splits = relation.splits.enumerated().map {
                FileSplit(file: $0.offset, start: 0, end: 1, byteCount: $0.element.byteCount)
            }
            scans.append(ScanSplits(splits: splits, tasks: tasks))
        }
        return BuiltPlan(plan: plan, output: given.map { scan.output[$0] }, tasks: tasks)
    }

    private mutating func buildFilter(
        _ condition: Expression, input: LogicalPlan, required: Set<ColumnID>, meeting: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var built = try build(input, required: required.union(condition.columns), meeting: meeting)
        var conditions: [Expression] = []
        for part in condition.conjuncts { conditions.append(try built.resolve(part)) }
        built.plan = .filter(conditions, input: built.plan)
        return built
    }

    private mutating func buildProject(
        _ list: [NamedExpression], input: LogicalPlan, required: Set<ColumnID>, meeting: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        let kept = list.filter { required.contains($0.output.id) }
        var needed: Set<ColumnID> = []
        for item in kept { item.expression.collectColumns(into: &needed) }
        let meeting = kept.filter { meeting.contains($0.output.id) }.map { $0.expression.columnReference?.id }
        let below = try build(
            input, required: needed, meeting: meeting.contains(nil) ? [] : Set(meeting.compactMap(\.self)))
        var expressions: [Expression] = []
        var renamed: [ColumnID: ColumnID] = [:]
        for item in kept {
            expressions.append(try below.resolve(item.expression))
            if let column = item.expression.columnReference, renamed[column.id] == nil {
                renamed[column.id] = item.output.id
            }
        }
        let output = kept.map(\.output)
        let isIdentity =
            expressions.count == below.output.count
            && expressions.enumerated().allSatisfy {
                if case .input($0.offset, _) = $0.element { true } else { false }
            }
        let hashedBy = below.hashedBy.compactMap { keys -> [ColumnID]? in
            let mapped = keys.compactMap { renamed[$0] }
            return mapped.count == keys.count ? mapped : nil
        }
        let plan: PhysicalPlan =
            isIdentity ? below.plan : .project(expressions, schema: output.schema, input: below.plan)
        return BuiltPlan(plan: plan, output: output, tasks: below.tasks, hashedBy: hashedBy)
    }

    private mutating func buildExpand(
        _ lists: [[Expression]], output: [ColumnReference], input: LogicalPlan
    ) throws(EngineError) -> BuiltPlan {
        var needed: Set<ColumnID> = []
        for expression in lists.joined() { expression.collectColumns(into: &needed) }
        let below = try build(input, required: needed)
        var resolved: [[Expression]] = []
        for list in lists {
            var expressions: [Expression] = []
            for expression in list { expressions.append(try below.resolve(expression)) }
            resolved.append(expressions)
        }
        return BuiltPlan(
            plan: .expand(resolved, schema: output.schema, input: below.plan), output: output,
            tasks: below.tasks)
    }
}
