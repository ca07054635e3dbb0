import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Plans of recursions and ranges")
struct RecursionPlanTests {
    private let maker = PlanMaker()

    private func graph(_ sql: String, rows: [String: Double] = [:]) throws -> StageGraph {
        let bound = try BindFixture.plan(sql)
        let cluster = ClusterFacts(slots: 4, workers: 2)
        return try QueryPlanner(
            facts: FixedFacts(rows: rows), settings: SessionSettings(), cluster: cluster
        ).plan(bound).graph
    }

    private static let walk =
        "WITH RECURSIVE r(x) AS (SELECT 1L UNION ALL SELECT qty FROM r JOIN t ON id = x WHERE price > 2) "

    @Test("what a step reads beside its working table is a stage of its own, and its join table is kept")
    func invariant() throws {
        let stages = try graph(Self.walk + "SELECT * FROM r", rows: ["t": 1_000_000]).stages
        #expect(stages.count == 2, "\(stages)")
        #expect(stages[0].taskCount > 1 && stages[1].taskCount == 1)
        var kept: [Bool] = []
        var readsWorkingTable = false
        stages[1].plan.forEach { node in
            if case .hashJoin(let join) = node { kept.append(join.buildIsShared && join.build == .right) }
            if case .workingTable = node { readsWorkingTable = true }
        }
        #expect(kept == [true] && readsWorkingTable)
    }

    @Test("the filter of a step goes to the scan, one above a recursion stays above it")
    func filters() throws {
        let plan = try BindFixture.plan(Self.walk + "SELECT * FROM r WHERE x > 5")
        let optimised = try Optimiser(facts: FixedFacts(), settings: SessionSettings()).optimise(plan)
        let text = "\(optimised)"
        #expect(text.contains("filters: [(price"), "\(text)")
        let lines = text.split(separator: "\n")
        let filter = lines.firstIndex { $0.contains("Filter") && $0.contains("> 5") }
        let recursion = lines.firstIndex { $0.contains("Recursion 0") }
        #expect(filter != nil && recursion != nil && filter ?? 9 < recursion ?? 0, "\(text)")
    }

    @Test("PruneColumns: a recursion keeps the columns that its step reads, though nobody reads them above")
    func columns() throws {
        let sql =
            "WITH RECURSIVE r(x, y) AS (SELECT 1, 2 UNION ALL SELECT x + y, y FROM r WHERE x < 9) "
            + "SELECT count(x) FROM r"
        let optimised = try Optimiser(facts: FixedFacts(), settings: SessionSettings()).optimise(
            BindFixture.plan(sql))
        var widths: [Int] = []
        optimised.forEach { node in
            if case .recursion(let recursion) = node {
                widths += [recursion.anchor.output.count, recursion.step.output.count]
            }
            if case .workingTable(_, let output) = node { widths.append(output.count) }
        }
        #expect(widths == [2, 2, 2])
    }

    @Test("two uses of one recursive table are computed once")
    func repeated() throws {
        let sql = Self.walk + "SELECT a.x FROM r a JOIN r b ON a.x = b.x"
        let stages = try graph(sql, rows: ["t": 1_000_000]).stages
        // The table's rows are read by one stage for both.
        #expect(stages.filter { $0.name.contains("scan t") }.count == 1, "\(stages.map(\.name))")
    }

    @Test("a large range is dealt out to tasks, a small one is not")
    func ranges() throws {
        let large = try graph("SELECT sum(id) FROM range(100000000)").stages
        #expect(large[0].taskCount == 8 && large.count == 2, "\(large.map(\.name))")
        let small = try graph("SELECT sum(id) FROM range(1000)").stages
        #expect(small.map(\.taskCount) == [1])
    }
}
