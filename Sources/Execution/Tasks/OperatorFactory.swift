import Columns
import Functions
import Plans
import Shuffle
import Vocabulary

/// Makes the tree of operators that runs a physical plan in one task.
struct OperatorFactory {
    private let context: TaskContext
    /// Number of joins made so far: names each join of the stage alike in all its tasks.
    private var joinCount = 0
    /// Number of operators made so far, as the plan's nodes are counted in pre-order: names their meters.
    private var operatorCount = 0
    /// What the working tables of the recursions around hold, by their levels.
    private var workingRows: [Int: WorkingRows] = [:]

    init(context: TaskContext) { self.context = context }

    /// Returns the operator for `plan`, with all below it; it is measured where the task's operators are.
    mutating func make(_ plan: PhysicalPlan) throws -> any Operator {
        let number = operatorCount
        operatorCount += 1
        guard let meters = context.meters else { return try makeUnmeasured(plan) }
        let meter = meters.operators[number]
        let outer = meters.become(meter)
        defer { meters.become(outer) }
        return MeteredOperator(try makeUnmeasured(plan), meter, of: meters)
    }

    private mutating func makeUnmeasured(_ plan: PhysicalPlan) throws -> any Operator {
        let settings = context.settings
        switch plan {
        case .scan(let scan): return try ScanOperator(scan, context: context)
        case .externalScan(let scan): return try ExternalScanOperator(scan, context: context)
        case .describe(let relation): return try DescribeOperator(relation, context: context)
        case .externalWrite(let target, let input):
            return try ExternalWriteOperator(target, input: try make(input), context: context)
        case .shuffleRead(let read): return try ShuffleReadOperator(read, context: context)
        case .values(let rows, let schema):
            let own = context.fragment.taskIndex == 0 ? rows : []
            return ValuesOperator(rows: own, schema: schema, context: context)
        case .filter(let conjuncts, let input):
            return try FilterOperator(conjuncts, settings: settings, input: try make(input))
        case .project(let expressions, _, let input):
            return try ProjectOperator(expressions, settings: settings, input: try make(input))
        case .aggregate(let aggregate):
            return try makeAggregate(aggregate)
        case .hashJoin(let join): return try makeHashJoin(join)
        case .nestedLoopJoin(let join):
            let left = try make(join.left)
            return try NestedLoopJoinOperator(join, left: left, right: try make(join.right), context: context)
        case .sort(let keys, let limit, let input):
            return try SortOperator(
                keys, limit: limit, schema: input.schema, input: try make(input), context: context)
        case .limit(let count, let offset, let input):
            return LimitOperator(count: count, offset: offset, input: try make(input))
        case .union(let inputs, _):
            var made: [any Operator] = []
            for input in inputs { made.append(try make(input)) }
            return UnionOperator(made)
        case .expand(let lists, _, let input):
            return try ExpandOperator(lists, settings: settings, input: try make(input))
        case .singleRow(let input, let origin):
            return SingleRowOperator(schema: input.schema, origin: origin, input: try make(input))
        case .generate(let generator, let kept, _, let input):
            return try GenerateOperator(generator, kept: kept, context: context, input: try make(input))
        case .window(let window):
            return try WindowOperator(window, input: try make(window.input), context: context)
        case .rangeBounds(let keys, let partitions, let input):
            return try RangeBoundsOperator(
                keys, partitions: partitions, input: try make(input), context: context)
        case .range(let range, let schema, let tasks):
            return RangeOperator(range, schema: schema, tasks: tasks, context: context)
        case .collect(let limit, let input):
            return CollectOperator(limit: limit, schema: input.schema, input: try make(input))
        case .recursion(let recursion): return try makeRecursion(recursion)
        case .workingTable(let level, _):
            guard let rows = workingRows[level] else {
                throw EngineError.internal("a working table stands outside of its recursion")
            }
            return WorkingTableOperator(rows)
        case .exchange: throw EngineError.internal("an exchange was left inside a stage")
        }
    }

    private mutating func makeAggregate(_ aggregate: PhysicalAggregate) throws -> any Operator {
        let parts = try FinestGroups(aggregate) { call in
            try AggregateFunction.make(call: call, argumentTypes: call.arguments.map(\.type)).stateTypes
        }
        guard let parts else {
            return try HashAggregateOperator(aggregate, input: try make(aggregate.input), context: context)
        }
        let finest = try HashAggregateOperator(
            parts.finest, input: try make(parts.finest.input), context: context)
        let sets = try ExpandOperator(parts.lists, settings: context.settings, input: finest)
        return try HashAggregateOperator(aggregate, ofStates: true, input: sets, context: context)
    }

    private mutating func makeHashJoin(_ join: PhysicalHashJoin) throws -> any Operator {
        let index = joinCount
        joinCount += 1
        let isKept = join.buildIsShared && !workingRows.isEmpty
        let left = isKept && join.build == .left ? deferred(join.left) : try make(join.left)
        let right = isKept && join.build == .right ? deferred(join.right) : try make(join.right)
        return try HashJoinOperator(join, left: left, right: right, joinIndex: index, context: context)
    }

    /// Returns an operator that is made when it is needed; what it is made of holds no join.
    private mutating func deferred(_ plan: PhysicalPlan) -> any Operator {
        let factory = self
        operatorCount += plan.nodeCount
        return DeferredOperator {
            var maker = factory
            return try maker.make(plan)
        }
    }

    private mutating func makeRecursion(_ recursion: PhysicalRecursion) throws -> any Operator {
        let anchor = try make(recursion.anchor)
        let factory = self
        recursion.step.forEach {
            operatorCount += 1
            if case .hashJoin = $0 { joinCount += 1 }
        }
        return RecursionOperator(recursion, anchor: anchor, factory: factory, context: context)
    }

    /// Returns the operator for the step of the recursion of a level, over the rows that its level before
    /// gave.
    mutating func make(_ step: PhysicalPlan, _ rows: WorkingRows, level: Int) throws -> any Operator {
        workingRows[level] = rows
        return try make(step)
    }
}
