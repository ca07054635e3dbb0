import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Planning again between stages")
struct AdaptivePlannerTests {
    private let maker = PlanMaker()
    private static let cluster = ClusterFacts(slots: 4, workers: 2)
    private static let mebibyte = 1 << 20

    private func graph(_ plan: LogicalPlan, rows: [String: Double]) throws -> StageGraph {
        try QueryPlanner(facts: FixedFacts(rows: rows), settings: SessionSettings(), cluster: Self.cluster)
            .plan(plan).graph
    }

    /// Returns what is changed when the stages with `sizes` are complete, and `last` is the one that was
    /// last.
    private func answer(
        _ graph: StageGraph, after last: Int, _ sizes: [Int: [[Int]]], _ options: [String: String] = [:]
    ) throws -> AdaptivePlanner.Answer? {
        var settings = SessionSettings()
        for (name, value) in options {
            settings = try SettingNames.setting(name, to: value, in: settings).settings
        }
        let planner = AdaptivePlanner(settings: settings, cluster: Self.cluster) { sizes[$0.index] }
        return try planner.answer(graph, after: StageID(last)) { sizes[$0.index] == nil }
    }

    /// Bytes of a stage's tasks: what `of` says of a task and a partition.
    private func sizes(_ stage: Stage, _ of: (Int, Int) -> Int) throws -> [[Int]] {
        guard case .shuffle(let partitioning) = stage.output else { return [] }
        let partitions = partitioning.partitionCount
        return (0..<stage.taskCount).map { task in (0..<partitions).map { of(task, $0) } }
    }

    private func counted(_ input: LogicalPlan, by key: Expression) -> LogicalPlan {
        .aggregate(
            groups: [named(key, maker.column("k"))],
            aggregates: [
                NamedAggregate(AggregateCall("count", [], type: .int64), as: maker.column("n", .int64))
            ],
            input: input)
    }

    /// A join by hash of two large tables: stages 0 and 1 spread them, 2 joins.
    private func joined(_ kind: JoinKind = .inner) -> LogicalPlan {
        let t = maker.table("t", [("a", .int32)])
        let u = maker.table("u", [("c", .int32)])
        return .join(kind, left: t, right: u, condition: call("equal", t("a"), u("c")))
    }

    private func reads(_ stage: Stage) -> [StageID: ShuffleRead.Mode] {
        var modes: [StageID: ShuffleRead.Mode] = [:]
        stage.plan.forEach { if case .shuffleRead(let read) = $0 { modes[read.stage] = read.mode } }
        return modes
    }

    @Test("partitions of few bytes are read together, evenly; a number that the session sets is kept")
    func coalescing() throws {
        let t = maker.table("t", [("a", .int32)])
        let first = try graph(counted(t, by: t("a")), rows: ["t": 900_000_000])
        let partitions = first.stages[1].taskCount
        #expect(partitions >= 16)
        let few = try sizes(first.stages[0]) { _, partition in partition < 2 ? 4_000 : 1_000 }
        let answer = try #require(try answer(first, after: 0, [0: few]))
        #expect(answer.changed == [StageID(1)] && answer.notes.count == 1)
        let stage = answer.graph.stages[1]
        guard case .partitionRanges(let ranges) = try #require(reads(stage)[StageID(0)]) else {
            Issue.record("\(stage)")
            return
        }
        #expect(stage.taskCount == ranges.count && ranges.count < partitions)
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == partitions)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(try self.answer(first, after: 0, [0: few], ["spark.sql.shuffle.partitions": "64"]) == nil)
        let asked = [
            "spark.sql.shuffle.partitions": "64", "spark.sql.adaptive.coalescePartitions.enabled": "true",
        ]
        #expect(try self.answer(first, after: 0, [0: few], asked)?.graph == answer.graph)
        let many = try sizes(first.stages[0]) { _, _ in 100 * Self.mebibyte }
        #expect(try self.answer(first, after: 0, [0: many]) == nil)
        let begun = AdaptivePlanner(settings: SessionSettings(), cluster: Self.cluster) { _ in few }
        #expect(try begun.answer(first, after: StageID(0), mayChange: { _ in false }) == nil)
    }

    @Test(
        "a skewed partition's probing rows are split by their writers, and each part meets all of the other")
    func skewedJoin() throws {
        let first = try graph(joined(), rows: ["t": 90_000_000, "u": 80_000_000])
        #expect(first.stages.count == 3)
        guard case .hashJoin(let join) = first.stages[2].plan else {
            Issue.record("\(first.stages[2])")
            return
        }
        let (probe, build) = join.build == .right ? (0, 1) : (1, 0)
        let all = [
            probe: try sizes(first.stages[probe]) { _, partition in
                partition == 1 ? 50 * Self.mebibyte : Self.mebibyte
            },
            build: try sizes(first.stages[build]) { _, _ in 50 * Self.mebibyte },
        ]
        let early = try answer(first, after: probe, [probe: all[probe] ?? []])
        #expect(early?.changed == [StageID(2)], "the other side need not be complete")
        let answer = try #require(try answer(first, after: 1, all))
        #expect(answer.changed == [StageID(2)])
        let modes = reads(answer.graph.stages[2])
        guard case .slices(let slices) = try #require(modes[StageID(probe)]),
            case .partitionRanges(let beside) = try #require(modes[StageID(build)])
        else {
            Issue.record("\(modes)")
            return
        }
        #expect(slices.map(\.partitions) == beside && slices.count == answer.graph.stages[2].taskCount)
        let writers = first.stages[probe].taskCount
        for partition in 0..<first.stages[2].taskCount {
            let own = slices.filter { $0.partitions == partition..<(partition + 1) }.map(\.producers)
            #expect(partition == 1 ? own.count > 1 : own.count == 1)
            #expect(own.first?.lowerBound == 0 && own.last?.upperBound == writers)
            #expect(zip(own, own.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        }
        #expect(
            try self.answer(first, after: 1, all, ["spark.sql.adaptive.skewJoin.enabled": "false"]) == nil)
        let full = try graph(joined(.full), rows: ["t": 90_000_000, "u": 80_000_000])
        #expect(try self.answer(full, after: 1, all) == nil, "rows without a match are told apart once only")
    }

    @Test("groups of a skewed join's rows are made in part in its tasks, and finally in a stage of their own")
    func skewedGroups() throws {
        let t = maker.table("t", [("a", .int32)])
        let u = maker.table("u", [("c", .int32)])
        let join = LogicalPlan.join(.inner, left: t, right: u, condition: call("equal", t("a"), u("c")))
        let first = try graph(counted(join, by: t("a")), rows: ["t": 90_000_000, "u": 80_000_000])
        let last = first.stages.count - 1
        guard case .aggregate(let complete) = first.stages[last].plan, complete.mode == .complete else {
            Issue.record("\(first)")
            return
        }
        var all: [Int: [[Int]]] = [:]
        for stage in 0..<last {
            all[stage] = try sizes(first.stages[stage]) { _, partition in
                partition == 1 ? 50 * Self.mebibyte : Self.mebibyte
            }
        }
        let answer = try #require(try answer(first, after: last - 1, all))
        #expect(answer.changed == [StageID(last), StageID(last + 1)])
        guard case .aggregate(let final) = answer.graph.stages[last].plan,
            case .aggregate(let partial) = answer.graph.stages[last + 1].plan
        else {
            Issue.record("\(answer.graph)")
            return
        }
        #expect(final.mode == .final && partial.mode == .partial && final.schema == complete.schema)
        #expect(final.input.schema == partial.schema)
        #expect(answer.graph.stages[last].dependencies == [StageID(last + 1)])
        #expect(answer.graph.stages[last + 1].taskCount > first.stages[last].taskCount)
    }

    @Test("a side that turns out small is read whole where the other one is made, if that has not begun")
    func promoted() throws {
        let first = try graph(joined(), rows: ["t": 90_000_000, "u": 80_000_000])
        let small = try sizes(first.stages[1]) { _, _ in 1_000 }
        let answer = try #require(try answer(first, after: 1, [1: small]))
        #expect(answer.changed == [StageID(2), StageID(0)])
        let stage = answer.graph.stages[2]
        guard case .hashJoin(let join) = stage.plan else {
            Issue.record("\(stage)")
            return
        }
        #expect(join.buildIsShared && join.build == .right)
        #expect(stage.splits == first.stages[0].splits && stage.taskCount == first.stages[0].taskCount)
        #expect(answer.graph.stages[0].taskCount == 0 && stage.dependencies == [StageID(1)])
        let whole = 0..<first.stages[2].taskCount
        guard case .partitionRanges(let ranges) = try #require(reads(stage)[StageID(1)]) else { return }
        #expect(ranges == Array(repeating: whole, count: stage.taskCount))
        let begun = AdaptivePlanner(settings: SessionSettings(), cluster: Self.cluster) {
            $0.index == 1 ? small : nil
        }
        #expect(try begun.answer(first, after: StageID(1), mayChange: { $0.index == 2 }) == nil)
        // Rows of the small side without a match would come from every task.
        let right = try graph(joined(.right), rows: ["t": 90_000_000, "u": 80_000_000])
        #expect(try self.answer(right, after: 1, [1: small]) == nil)
    }

    @Test("a broadcast that turns out far too large becomes a join by hash")
    func demoted() throws {
        let first = try graph(joined(), rows: ["t": 90_000_000, "u": 1_000])
        #expect(first.stages.count == 2)
        #expect(first.stages[0].output == .shuffle(.broadcast))
        let fair = try sizes(first.stages[0]) { _, _ in 100 * Self.mebibyte }
        #expect(try answer(first, after: 0, [0: fair]) == nil)
        let large = try sizes(first.stages[0]) { _, _ in 600 * Self.mebibyte }
        let answer = try #require(try answer(first, after: 0, [0: large]))
        #expect(answer.changed == [StageID(1), StageID(2), StageID(3)])
        let stages = answer.graph.stages
        guard case .hashJoin(let join) = stages[1].plan else {
            Issue.record("\(stages[1])")
            return
        }
        #expect(!join.buildIsShared && stages[1].splits.isEmpty)
        #expect(Set(stages[1].dependencies) == [StageID(2), StageID(3)])
        #expect(stages[2].dependencies == [StageID(0)] && stages[2].taskCount == first.stages[0].taskCount)
        #expect(
            stages[3].splits == first.stages[1].splits && stages[3].taskCount == first.stages[1].taskCount)
        #expect(answer.graph.partitions(of: StageID(2)) == answer.graph.partitions(of: StageID(3)))
        #expect(answer.graph.partitions(of: StageID(2)) == stages[1].taskCount)
        let endless = ["spark.sql.autoBroadcastJoinThreshold": "9223372036854775807"]
        #expect(try self.answer(first, after: 0, [0: large], endless) == nil)
        // Literals of a join above are given by the first task alone.
        let values = LogicalPlan.values(rows: [[.int32(1)]], output: [maker.column("v")])
        var above = first
        guard case .hashJoin(var outer) = first.stages[1].plan else { return }
        (outer.left, outer.right) = (
            first.stages[1].plan, .values(rows: [[.int32(1)]], schema: values.output.schema)
        )
        (outer.build, outer.buildIsShared, outer.rightKeys) = (.right, false, [.input(0, .int32)])
        above.stages[1].plan = .hashJoin(outer)
        #expect(try self.answer(above, after: 0, [0: large]) == nil)
        let off = try SettingNames.setting(
            "spark.sql.adaptive.enabled", to: "false", in: SessionSettings()
        ).settings
        #expect(!AdaptivePlanner.mayAdapt(first.stages[0], settings: off))
        #expect(AdaptivePlanner.mayAdapt(first.stages[0], settings: SessionSettings()))
    }
}
