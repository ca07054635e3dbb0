import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Stages")
struct StageTests {
    private let maker = PlanMaker()

    private func graph(_ plan: LogicalPlan, rows: [String: Double]) throws -> StageGraph {
        let facts = FixedFacts(rows: rows)
        let cluster = ClusterFacts(slots: 4, workers: 2)
        return try QueryPlanner(facts: facts, settings: SessionSettings(), cluster: cluster).plan(plan).graph
    }

    @Test("small work is one stage of one task")
    func small() throws {
        let t = maker.table("t", [("a", .int32), ("b", .int32)])
        let sorted = LogicalPlan.sort([SortKey(t("a"))], input: t)
        #expect(
            try "\(graph(sorted, rows: [:]))" == """
                Stage 0 (scan t → sort), 1 task
                  Sort [a ASC NULLS FIRST]
                  +- Scan parquet t [a, b]
                  => single
                """)
    }

    @Test("a large sort samples, bounds, moves and sorts, in four stages")
    func rangeSort() throws {
        let t = maker.table("t", [("a", .int32)])
        let sorted = LogicalPlan.sort([SortKey(t("a"), ascending: false)], input: t)
        let stages = try graph(sorted, rows: ["t": 4_000_000]).stages
        #expect(stages.map(\.name) == ["scan t → sample", "range bounds", "range partition", "sort"])
        #expect(stages.map(\.dependencies) == [[], [StageID(0)], [StageID(0), StageID(1)], [StageID(2)]])
        #expect(stages[1].taskCount == 1)
        #expect(stages[0].taskCount == stages[2].taskCount)
        #expect(stages[3].taskCount == stages[2].output.partitions)
    }

    @Test("an aggregation is partial, then final by hash; a limit on it sends few rows on")
    func aggregate() throws {
        let t = maker.table("t", [("a", .int32), ("b", .int32)])
        let key = maker.column("k")
        let count = maker.column("n", .int64)
        let counted = LogicalPlan.aggregate(
            groups: [named(t("a"), key)],
            aggregates: [NamedAggregate(AggregateCall("count", [], type: .int64), as: count)], input: t)
        let top = LogicalPlan.limit(
            count: 3, offset: 0, input: .sort([SortKey(.column(count))], input: counted))
        let stages = try graph(top, rows: ["t": 40_000_000]).stages
        #expect(stages.map(\.name) == ["scan t → partial aggregate", "final aggregate → top 3", "top 3"])
    }

    @Test("groups below windows lie by their partitions and move once, unless most tasks would be idle")
    func windowOfGroups() throws {
        let t = maker.table("t", [("a", .int32), ("b", .int32), ("c", .int32)])
        let (a, b, c) = (maker.column("a"), maker.column("b"), maker.column("c"))
        let grouped = LogicalPlan.aggregate(
            groups: [named(t("a"), a), named(t("b"), b), named(t("c"), c)], aggregates: [], input: t)
        func window(_ partition: [ColumnReference], over input: LogicalPlan) -> LogicalPlan {
            let output = maker.column("n", .int64)
            let call = WindowCall("count", [], type: .int64)
            return .window(
                LogicalWindow(
                    partition: partition.map { .column($0) }, order: [],
                    calls: [NamedWindow(call, as: output)], input: input))
        }
        let both = window([a], over: window([a, b], over: grouped))
        func stages(values: Double) throws -> [String] {
            let facts = FixedFacts(
                rows: ["t": 40_000_000], distinct: ["t.a": values, "t.b": 1_000, "t.c": 1_000])
            let cluster = ClusterFacts(slots: 4, workers: 2)
            return try QueryPlanner(facts: facts, settings: SessionSettings(), cluster: cluster)
                .plan(both).graph.stages.map(\.name)
        }
        let partial = "scan t → partial aggregate"
        #expect(try stages(values: 100_000) == [partial, "final aggregate → sort → window → sort → window"])
        #expect(try stages(values: 3) == [partial, "final aggregate", "sort → window", "sort → window"])
    }

    @Test("rows are dealt evenly only where a task that runs again has them in the same order")
    func repartitions() throws {
        let t = maker.table("t", [("a", .int32)])
        let grouped = LogicalPlan.distinct(input: t)
        func output(_ given: Repartition, _ input: LogicalPlan) throws -> StageOutput? {
            try graph(.repartition(given, input: input), rows: ["t": 40_000_000]).stages.dropLast().last?
                .output
        }
        #expect(try output(Repartition(.roundRobin, count: 7), t) == .shuffle(.roundRobin(partitions: 7)))
        #expect(try output(Repartition(.fewer, count: 3), t) == .shuffle(.roundRobin(partitions: 3)))
        #expect(
            try output(Repartition(.roundRobin, count: 7), grouped)
                == .shuffle(.hash([.input(0, .int32)], partitions: 7)))
        let random = SortKey(call("rand", type: .double))
        #expect(
            try output(Repartition(.hash, count: 7, keys: [random]), t)
                == .shuffle(.roundRobin(partitions: 7)))
    }

    @Test("the small side of a join is broadcast, two large sides meet by hash")
    func joins() throws {
        let t = maker.table("t", [("a", .int32)])
        let u = maker.table("u", [("c", .int32)])
        let join = LogicalPlan.join(.inner, left: t, right: u, condition: call("equal", t("a"), u("c")))
        let small = try graph(join, rows: ["t": 10_000_000, "u": 1_000])
        #expect("\(small)".contains("BroadcastHashJoin Inner"))
        #expect(small.stages[0].output == .shuffle(.broadcast))
        let large = try graph(join, rows: ["t": 30_000_000, "u": 20_000_000])
        #expect("\(large)".contains("HashJoin Inner"))
        #expect(!"\(large)".contains("BroadcastHashJoin"))
        #expect(large.stages.count == 3)
    }

    @Test("a join by ranges searches for them, with equal keys or without; the rest is tested pair by pair")
    func rangeJoins() throws {
        let t = maker.table("t", [("a", .int32), ("k", .int32)])
        let u = maker.table("u", [("low", .int32), ("high", .int32), ("l", .int32)])
        func text(_ kind: JoinKind, _ conditions: [Expression]) throws -> String {
            let join = LogicalPlan.join(
                kind, left: t, right: u, condition: Expression.conjunction(conditions))
            return try "\(graph(join, rows: ["t": 100_000, "u": 1_000]))"
        }
        let between = [call("greater_equal", t("a"), u("low")), call("less_equal", t("a"), u("high"))]
        let differ = call("not_equal", t("k"), u("l"))
        let alone = try text(.inner, between + [differ])
        #expect(alone.contains("RangeJoin Inner [a >= low, a <= high], residual: (k <> l)"))
        #expect(alone.contains("range join"))
        #expect(!alone.contains("NestedLoopJoin"))
        let keyed = try text(.left, between + [call("equal", t("k"), u("l"))])
        #expect(keyed.contains("HashJoin LeftOuter [k = l], ranges: [a >= low, a <= high]"))
        #expect(!keyed.contains("residual"))
        // A third range is tested, the value's two bounds are searched for.
        let three = try text(.leftSemi, [call("less", t("k"), u("l"))] + between)
        #expect(three.contains("RangeJoin LeftSemi [a >= low, a <= high], residual: (k < l)"))
        let none = try text(.inner, [differ])
        #expect(none.contains("NestedLoopJoin Inner, (k <> l)"))
        #expect(!none.lowercased().contains("range"))
    }

    @Test("what a statement computes twice is one stage with two readers, unless it is drawn by lot")
    func repeats() throws {
        let facts = ["t": 40_000_000.0]
        func half(_ random: Bool) -> (LogicalPlan, ColumnReference) {
            let t = maker.table("t", [("a", .int32), ("b", .int32)])
            let key = maker.column("k")
            let rand = Expression.call(FunctionCall("rand", [.literal(.int64(1))], type: .double))
            let half = Expression.literal(Literal(.double(0.5), .double))
            let rows = LogicalPlan.filter(
                random
                    ? .call(FunctionCall("less", [rand, half], type: .boolean))
                    : call("less", t("b"), int(5)), input: t)
            return (.aggregate(groups: [named(t("a"), key)], aggregates: [], input: rows), key)
        }
        for random in [false, true] {
            let (left, a) = half(random)
            let (right, b) = half(random)
            let join = LogicalPlan.join(
                .inner, left: left, right: right, condition: call("equal", .column(a), .column(b)))
            let stages = try graph(join, rows: facts).stages
            #expect(stages.filter { $0.name.contains("scan t") }.count == (random ? 2 : 1))
            for (number, stage) in stages.enumerated() {
                #expect(stage.id == StageID(number))
                #expect(stage.dependencies.allSatisfy { $0.index < number })
                #expect(Set(stage.dependencies).count == stage.dependencies.count)
            }
        }
    }

    @Test("a join spreads only rows whose keys the other side has, where those are few")
    func probeReduction() throws {
        let many = maker.table("many", [("m", .int32), ("n", .int32)])
        let few = maker.table("few", [("f", .int32), ("g", .int32)])
        func isReduced(
            _ kind: JoinKind, values: Double = 10_000_000, _ conditions: [Expression] = []
        ) throws -> Bool {
            let facts = FixedFacts(
                rows: ["many": 400_000_000, "few": 10_000_000],
                distinct: ["many.m": values, "few.f": 10_000_000, "few.g": 100])
            let some = LogicalPlan.filter(call("equal", few("g"), int(1)), input: few)
            let condition = Expression.conjunction([call("equal", few("f"), many("m"))] + conditions)
            let join = LogicalPlan.join(kind, left: some, right: many, condition: condition)
            let cluster = ClusterFacts(slots: 4, workers: 2)
            let planner = QueryPlanner(facts: facts, settings: SessionSettings(), cluster: cluster)
            let names = try planner.plan(join).graph.stages.map(\.name)
            #expect(names.first == "scan few" && names.last == "hash join", "\(names)")
            return names.contains { $0.hasPrefix("scan many") && $0.hasSuffix("hash join") }
        }
        #expect(try isReduced(.leftSemi))
        #expect(try isReduced(.leftAnti))
        #expect(try isReduced(.left))
        #expect(try isReduced(.leftSemi, [call("less", few("g"), many("n"))]))
        #expect(try !isReduced(.leftSemi, values: 200_000), "half of the rows have a match")
        #expect(try !isReduced(.full), "rows without a match are given")
    }

    @Test("what a join only looks for is sent once a task, where few of its rows differ")
    func distinctMatches() throws {
        let many = maker.table("many", [("m", .int32), ("n", .int32)])
        let others = maker.table("others", [("o", .int32), ("x", .double)])
        func text(_ kind: JoinKind, _ column: String, values: Double) throws -> String {
            let facts = FixedFacts(
                rows: ["many": 40_000_000, "others": 1_000_000],
                distinct: ["many.m": 40_000_000, "others.o": values, "others.x": values])
            let condition = call("equal", many(column == "x" ? "n" : "m"), others(column))
            let join = LogicalPlan.join(kind, left: many, right: others, condition: condition)
            let cluster = ClusterFacts(slots: 4, workers: 2)
            let planner = QueryPlanner(facts: facts, settings: SessionSettings(), cluster: cluster)
            return "\(try planner.plan(join).graph)"
        }
        let grouped = "HashAggregate partial keys=[o], functions=[]"
        #expect(try text(.leftSemi, "o", values: 1_000).contains(grouped))
        #expect(try text(.leftAnti, "o", values: 1_000).contains(grouped))
        #expect(try !text(.leftSemi, "o", values: 900_000).contains("HashAggregate"))
        #expect(try !text(.inner, "o", values: 1_000).contains("HashAggregate"), "each pair is given")
        #expect(try !text(.leftSemi, "x", values: 1_000).contains("HashAggregate"), "two zeros")
    }

    @Test("every split is in exactly one task, in order")
    func assignment() {
        let splits = (0..<11).map { FileSplit(file: 0, start: $0, end: $0 + 1, byteCount: $0 * $0) }
        for tasks in 1..<15 {
            let runs = SplitAssignment.runs(of: splits, tasks: tasks)
            #expect(runs.count == tasks)
            #expect(runs.flatMap { $0 } == splits)
        }
    }

    @Test("joins are ordered so that the filtered small table comes first")
    func order() throws {
        let fact = maker.table("fact", [("f_a", .int32), ("f_b", .int32)])
        let a = maker.table("a", [("a_id", .int32), ("a_x", .int32)])
        let b = maker.table("b", [("b_id", .int32)])
        let first = LogicalPlan.join(
            .inner, left: fact, right: b, condition: call("equal", fact("f_b"), b("b_id")))
        let all = LogicalPlan.join(
            .inner, left: first, right: a, condition: call("equal", fact("f_a"), a("a_id")))
        let filtered = LogicalPlan.filter(call("equal", a("a_x"), int(1)), input: all)
        let facts = FixedFacts(
            rows: ["fact": 1_000_000, "a": 1_000, "b": 100_000],
            distinct: [
                "fact.f_a": 1_000, "a.a_id": 1_000, "a.a_x": 1_000, "fact.f_b": 100_000, "b.b_id": 100_000,
            ])
        let plan = try Optimiser(facts: facts, settings: SessionSettings()).optimise(filtered)
        let lines = "\(plan)".split(separator: "\n").map(String.init)
        let inner = lines.firstIndex { $0.contains("f_a") && $0.contains("Join") } ?? -1
        let outer = lines.firstIndex { $0.contains("f_b") && $0.contains("Join") } ?? -1
        #expect(outer >= 0 && outer < inner)
    }
}

extension StageOutput {
    fileprivate var partitions: Int {
        if case .shuffle(let partitioning) = self { partitioning.partitionCount } else { 0 }
    }
}
