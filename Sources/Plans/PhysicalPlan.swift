import Columns
import Vocabulary

/// Says how one task computes batches, as a tree of operators over columns named by position.
///
/// Every node runs inside one task; data crosses tasks only at exchanges. The physical planner puts
/// `.exchange` nodes
/// in; splitting into stages replaces each by a `.shuffleRead` of the stage that now ends there.
package indirect enum PhysicalPlan: Hashable, Sendable {
    case scan(PhysicalScan)
    case externalScan(PhysicalExternalScan)
    /// Asks a connector for schema and splits; one row of `manifestSchema`: the relation's bytes.
    case describe(ExternalRelation)
    /// Hands all rows to a connector; one row of `manifestSchema` once the target has them: the relation with
    /// the schema of the rows. A second try of the same load changes nothing.
    case externalWrite(ExternalRelation, input: PhysicalPlan)
    case shuffleRead(ShuffleRead)
    /// Literal rows, given by the stage's task 0 only.
    case values(rows: [[Literal]], schema: Schema)
    /// Rows for which every conjunct is true.
    case filter([Expression], input: PhysicalPlan)
    case project([Expression], schema: Schema, input: PhysicalPlan)
    case aggregate(PhysicalAggregate)
    case hashJoin(PhysicalHashJoin)
    /// Every pair of rows for which `condition` (over left, then right columns) is true; the right side is
    /// held in
    /// memory.
    case nestedLoopJoin(PhysicalNestedLoopJoin)
    /// Sorts all rows of the task; `limit` keeps only the first rows (top-N).
    case sort([SortKey], limit: Int?, input: PhysicalPlan)
    /// `count` nil: all rows after `offset`. Counts within the task.
    case limit(count: Int?, offset: Int, input: PhysicalPlan)
    /// All rows of all inputs, which have the same column types.
    case union([PhysicalPlan], schema: Schema)
    /// Each input row once per projection list.
    case expand([[Expression]], schema: Schema, input: PhysicalPlan)
    /// Gives exactly one row: the input's, or nulls when it has none; fails when it has more
    /// (`SCALAR_SUBQUERY_TOO_MANY_ROWS`).
    case singleRow(input: PhysicalPlan, origin: Origin = .none)
    /// Each row with the values of window functions.
    case window(PhysicalWindow)
    /// The `kept` columns of each row once per element of a list, then the element's columns.
    case generate(Generator, kept: [Int], schema: Schema, input: PhysicalPlan)
    /// Numbers in a column of the schema, dealt out over the first `tasks` tasks of the stage.
    case range(NumberRange, schema: Schema, tasks: Int)
    /// All rows of a recursion; only in stages of one task.
    case recursion(PhysicalRecursion)
    /// The rows that the recursion of this level around it gave last.
    case workingTable(level: Int, schema: Schema)
    /// From sampled sort keys (the keys' values as columns): the `partitions − 1` rows that bound equal
    /// ranges.
    case rangeBounds([SortKey], partitions: Int, input: PhysicalPlan)
    /// The first `limit` rows for the session: one row of `manifestSchema`, their bytes.
    case collect(limit: Int, input: PhysicalPlan)
    /// Moves rows between tasks; only before the plan is split into stages.
    case exchange(Partitioning, input: PhysicalPlan)
}

/// Reads the task's splits of a file relation.
package struct PhysicalScan: Hashable, Sendable {
    /// Numbers the scans of a stage; a task's splits are listed by it.
    package var index: Int
    package var relation: FileRelation
    /// Positions in `relation.schema` of the columns that are read.
    package var columns: [Int]
    /// Conjuncts over the read columns (`.input(i)` is `columns[i]`): the scan gives only rows that pass, and
    /// skips files, row groups
    /// and pages by them.
    package var filters: [Expression]
    /// Positions in `columns` of the columns that are given, in order; those only filtered by are left out.
    package var output: [Int]

    package init(index: Int, relation: FileRelation, columns: [Int], filters: [Expression], output: [Int]) {
        self.index = index
        self.relation = relation
        self.columns = columns
        self.filters = filters
        self.output = output
    }

    package var schema: Schema { Schema(output.map { relation.schema[columns[$0]] }) }
}

/// Reads what an earlier stage of the statement wrote.
package struct ShuffleRead: Hashable, Sendable {
    /// Names which partitions a task reads.
    package enum Mode: Hashable, Sendable {
        /// Task t reads partition t of every producer task.
        case partition
        /// Task t reads the ranges of partitions `ranges[t]` of every producer task (coalesced partitions).
        case partitionRanges([Range<Int>])
        /// Task t reads the partitions and producer tasks of `slices[t]` (parts of a partition that is far
        /// larger than the others).
        case slices([ShuffleSlice])
        /// Task t reads partition `partition` of producer task t only.
        case sameTask(partition: Int)
        /// Every task reads partition `partition` of every producer task, in producer order (broadcast,
        /// single).
        case all(partition: Int)
    }

    package var stage: StageID
    package var mode: Mode
    package var schema: Schema

    package init(stage: StageID, mode: Mode, schema: Schema) {
        self.stage = stage
        self.mode = mode
        self.schema = schema
    }
}

/// Names what one task reads of an earlier stage: these partitions of these producer tasks.
package struct ShuffleSlice: Hashable, Sendable {
    package var partitions: Range<Int>
    package var producers: Range<Int>

    package init(partitions: Range<Int>, producers: Range<Int>) {
        self.partitions = partitions
        self.producers = producers
    }
}

/// Aggregates by hash.
package struct PhysicalAggregate: Hashable, Sendable {
    package var mode: AggregateMode
    /// Over the input. In `final` mode these are the input's first columns.
    package var groups: [Expression]
    /// Arguments are over the input (unused in `final` mode, where the states follow the groups in order).
    package var aggregates: [AggregateCall]
    /// Output: groups, then states (`partial`) or results.
    package var schema: Schema
    package var input: PhysicalPlan

    package init(
        mode: AggregateMode, groups: [Expression], aggregates: [AggregateCall], schema: Schema,
        input: PhysicalPlan
    ) {
        self.mode = mode
        self.groups = groups
        self.aggregates = aggregates
        self.schema = schema
        self.input = input
    }
}

/// Joins by a hash table of one side's rows.
package struct PhysicalHashJoin: Hashable, Sendable {
    /// Names the inputs of a join.
    package enum Side: UInt8, Hashable, Sendable { case left, right }

    package var kind: JoinKind
    package var left: PhysicalPlan
    package var right: PhysicalPlan
    /// Key pairs of equal types; over the left input, and over the right input.
    package var leftKeys: [Expression]
    package var rightKeys: [Expression]
    /// Further condition over left, then right columns, that a pair must meet to match.
    package var residual: Expression?
    /// The side whose rows are in the table.
    package var build: Side
    /// The build side is the same for all tasks of the stage (broadcast): one table per worker serves them
    /// all.
    package var buildIsShared: Bool
    /// Which of left, then right columns are given, in order. For semi and anti joins left columns only.
    package var output: [Int]
    package var schema: Schema
    /// The hint that it was planned by, which holds whatever sizes turn out; nil: sizes decide.
    package var hint: JoinStrategy?

    package init(
        kind: JoinKind, left: PhysicalPlan, right: PhysicalPlan, leftKeys: [Expression],
        rightKeys: [Expression],
        residual: Expression?, build: Side, buildIsShared: Bool, output: [Int], schema: Schema,
        hint: JoinStrategy? = nil
    ) {
        self.hint = hint
        self.kind = kind
        self.left = left
        self.right = right
        self.leftKeys = leftKeys
        self.rightKeys = rightKeys
        self.residual = residual
        self.build = build
        self.buildIsShared = buildIsShared
        self.output = output
        self.schema = schema
    }
}

/// Joins by comparing every pair of rows. The right side is shared by all tasks (broadcast) or the stage has
/// one task.
package struct PhysicalNestedLoopJoin: Hashable, Sendable {
    package var kind: JoinKind
    package var left: PhysicalPlan
    package var right: PhysicalPlan
    package var condition: Expression?
    /// Which of left, then right columns are given, in order.
    package var output: [Int]
    package var schema: Schema

    package init(
        kind: JoinKind, left: PhysicalPlan, right: PhysicalPlan, condition: Expression?, output: [Int],
        schema: Schema
    ) {
        self.kind = kind
        self.left = left
        self.right = right
        self.condition = condition
        self.output = output
        self.schema = schema
    }
}

/// Tells which rows a stage's output partitions hold.
package enum Partitioning: Hashable, Sendable {
    /// Rows with equal keys meet in one partition: hash of the keys modulo `partitions`.
    case hash([Expression], partitions: Int)
    /// Partitions hold ascending ranges of the keys; bounds are the rows of `bounds`' output.
    case range([SortKey], partitions: Int, bounds: StageID)
    /// Partition 0: the rows as they are; partition 1: a sample of their sort keys' values.
    case rowsAndSample([SortKey])
    /// One partition that every consumer task reads whole.
    case broadcast
    /// One partition that one consumer task reads.
    case single
    /// Rows stay where they are, one partition that the task of the same number of each reader reads. Only
    /// before the plan is split into stages, in which they go to `single`.
    case shared
    /// Rows dealt out evenly.
    case roundRobin(partitions: Int)

    /// Number of partitions in each task's output.
    package var partitionCount: Int {
        switch self {
        case .hash(_, let count), .range(_, let count, _), .roundRobin(let count): count
        case .rowsAndSample: 2
        case .broadcast, .single, .shared: 1
        }
    }
}

extension PhysicalPlan {
    /// The columns that the node gives.
    package var schema: Schema {
        switch self {
        case .scan(let scan): scan.schema
        case .externalScan(let scan): scan.schema
        case .describe, .externalWrite, .collect: PhysicalPlan.manifestSchema
        case .shuffleRead(let read): read.schema
        case .values(_, let schema), .project(_, let schema, _), .union(_, let schema),
            .expand(_, let schema, _), .generate(_, _, let schema, _), .range(_, let schema, _),
            .workingTable(_, let schema):
            schema
        case .recursion(let recursion): recursion.schema
        case .filter(_, let input), .sort(_, _, let input), .limit(_, _, let input), .singleRow(let input, _),
            .exchange(_, let input):
            input.schema
        case .rangeBounds(_, _, let input): input.schema
        case .aggregate(let aggregate): aggregate.schema
        case .hashJoin(let join): join.schema
        case .nestedLoopJoin(let join): join.schema
        case .window(let window): window.schema
        }
    }

    /// The direct inputs, in order; a join's left side first.
    package var children: [PhysicalPlan] {
        switch self {
        case .scan, .externalScan, .describe, .shuffleRead, .values, .range, .workingTable: []
        case .recursion(let recursion): [recursion.anchor, recursion.step]
        case .filter(_, let input), .project(_, _, let input), .sort(_, _, let input),
            .limit(_, _, let input),
            .expand(_, _, let input), .singleRow(let input, _), .rangeBounds(_, _, let input),
            .exchange(_, let input), .externalWrite(_, let input), .collect(_, let input):
            [input]
        case .union(let inputs, _): inputs
        case .aggregate(let aggregate): [aggregate.input]
        case .hashJoin(let join): [join.left, join.right]
        case .nestedLoopJoin(let join): [join.left, join.right]
        case .window(let window): [window.input]
        case .generate(_, _, _, let input): [input]
        }
    }
}
