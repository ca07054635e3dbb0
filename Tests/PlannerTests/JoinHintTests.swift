import Plans
import Testing
import Vocabulary

@testable import Planner

/// What hints about joins come to. The choices of Spark 4.1 are in `Cases/join_hints.tsv`: kind, whether
/// there are keys, the smaller side, the hints of either side, what the join is planned by.
@Suite("Hints about joins")
struct JoinHintTests {
    private static let cluster = ClusterFacts(slots: 4, workers: 2)
    private static let facts = FixedFacts(rows: ["big": 90_000_000, "mid": 80_000_000, "few": 1_000])

    private static let catalog: FixtureCatalog = {
        let cases = RuleCases("table big(a INT, b INT)\ntable mid(c INT, d INT)\ntable few(e INT, f INT)")
        return cases.tables
    }()

    /// Returns the stages of a query, and what it is warned of.
    private static func planned(_ sql: String) throws -> (graph: StageGraph, warnings: [String]) {
        let notes = StatementNotes()
        let bound = try BindFixture.plan(sql, catalog: catalog, notes: notes)
        let planner = QueryPlanner(facts: facts, settings: SessionSettings(), cluster: cluster, notes: notes)
        return (try planner.plan(bound).graph, notes.hints)
    }

    @Test("a join is planned by what Spark plans it by", arguments: BindFixture.table("join_hints"))
    func choices(_ row: [String]) throws {
        try #require(row.count == 6)
        let kinds: [String: JoinKind] = [
            "inner": .inner, "left": .left, "right": .right, "full": .full, "leftSemi": .leftSemi,
            "leftAnti": .leftAnti,
        ]
        let none = LogicalPlan.values(rows: [], output: [])
        func side(_ hint: String) -> LogicalPlan {
            JoinStrategy(hint: hint).map { .hinted($0, input: none) } ?? none
        }
        let chosen = JoinHints(left: side(row[3]), right: side(row[4])).choice(
            try #require(kinds[row[0]]), smaller: row[2] == "left" ? .left : .right, hasKeys: row[1] == "keys"
        ).choice
        let text =
            switch chosen {
            case .sizes: "sizes"
            case .broadcast(let side): "broadcast \(side)"
            case .shuffle(.shuffleHash, let build?): "shuffleHash \(build)"
            case .shuffle: "merge"
            case .pairs: "pairs"
            }
        #expect(text == row[5], "\(row)")
    }

    /// A query, parts of lines of its stages in this order, and what is in none.
    struct Golden: CustomTestStringConvertible {
        var sql: String
        var expect: [String]
        var expectNot: [String] = []
        var testDescription: String { sql }
    }

    private static let goldens = [
        Golden(
            sql: "SELECT * FROM big JOIN mid ON a = c", expect: ["HashJoin Inner [a = c], build right"],
            expectNot: ["Broadcast", "hint"]),
        Golden(
            sql: "SELECT /*+ BROADCAST(big) */ * FROM big JOIN mid ON a = c",
            expect: ["=> broadcast", "BroadcastHashJoin Inner [a = c], build left, hint BROADCAST"]),
        Golden(
            sql: "SELECT /*+ mapjoin(m) */ * FROM big JOIN mid m ON a = c",
            expect: ["=> broadcast", "BroadcastHashJoin Inner [a = c], build right, hint BROADCAST"]),
        Golden(
            sql: "SELECT /*+ BROADCASTJOIN(big, mid) */ * FROM big JOIN mid ON a = c",
            expect: ["build right, hint BROADCAST"]),
        Golden(
            sql: "SELECT * FROM big JOIN few ON a = e", expect: ["=> broadcast", "BroadcastHashJoin"]),
        Golden(
            sql: "SELECT /*+ MERGE(few) */ * FROM big JOIN few ON a = e",
            expect: ["=> hash(", "=> hash(", "HashJoin Inner [a = e], build right, hint MERGE"],
            expectNot: ["roadcast"]),
        Golden(
            sql: "SELECT /*+ SHUFFLE_HASH(big) */ * FROM big JOIN few ON a = e",
            expect: ["=> hash(", "=> hash(", "build left, hint SHUFFLE_HASH"], expectNot: ["roadcast"]),
        Golden(
            sql: "SELECT /*+ SHUFFLE_REPLICATE_NL(few) */ * FROM big JOIN few ON a = e",
            expect: ["=> broadcast", "NestedLoopJoin Inner"], expectNot: ["HashJoin"]),
        // The hint reaches its join through what has one input, an alias, a common table, a view's query.
        Golden(
            sql: """
                SELECT * FROM big JOIN (
                  SELECT /*+ BROADCAST(mid) */ c + 1 AS k, max(d) FROM mid WHERE d > 3 GROUP BY ALL LIMIT 9000
                ) x ON a = k
                """, expect: ["=> broadcast", "build right, hint BROADCAST"]),
        Golden(
            sql: "SELECT * FROM (SELECT /*+ BROADCAST */ * FROM big) x JOIN mid ON a = c",
            expect: ["build left, hint BROADCAST"]),
        Golden(
            sql: "WITH w AS (SELECT * FROM mid) SELECT /*+ BROADCAST(w) */ * FROM big JOIN w ON a = c",
            expect: ["build right, hint BROADCAST"]),
        Golden(
            sql: "SELECT * FROM big WHERE a IN (SELECT /*+ BROADCAST(mid) */ c FROM mid)",
            expect: ["BroadcastHashJoin LeftSemi [a = c], build right, hint BROADCAST"]),
        // An alias hides the name below it, and a hint does not reach into a subquery.
        Golden(
            sql: "SELECT /*+ BROADCAST(big) */ * FROM big x JOIN (SELECT * FROM big JOIN mid ON a = c) y "
                + "ON x.a = y.d", expect: ["HashJoin"], expectNot: ["hint"]),
        // The first of several hints about one relation holds, and BROADCAST before others.
        Golden(
            sql: "SELECT /*+ MERGE(mid), BROADCAST(mid) */ * FROM big JOIN mid ON a = c",
            expect: ["hint MERGE"], expectNot: ["roadcast"]),
        Golden(
            sql: "SELECT /*+ MERGE(big), BROADCAST(mid) */ * FROM big JOIN mid ON a = c",
            expect: ["build right, hint BROADCAST"]),
        // The order of joins is chosen by size; the hinted relation is broadcast at its join.
        Golden(
            sql: "SELECT /*+ BROADCAST(mid) */ * FROM big JOIN mid ON a = c JOIN few ON b = e",
            expect: ["hint BROADCAST"], expectNot: ["=> hash("]),
        Golden(
            sql: "SELECT /*+ BROADCAST(mid) */ * FROM big JOIN mid ON a < c",
            expect: ["=> broadcast", "RangeJoin Inner"]),
        // A top-level order and limit are those of the query.
        Golden(sql: "SELECT /*+ MERGE */ a FROM big ORDER BY b LIMIT 3", expect: ["TopN 3 [b"]),
        Golden(sql: "SELECT /*+ MERGE */ e FROM few ORDER BY e", expect: ["Sort [e"]),
    ]

    @Test("stages show the effect of hints", arguments: goldens)
    func plans(_ golden: Golden) throws {
        let text = try Self.planned(golden.sql).graph.description
        let lines = text.split(separator: "\n")
        var from = 0
        for part in golden.expect {
            guard let at = lines[from...].firstIndex(where: { $0.contains(part) }) else {
                Issue.record("no line after \(from) has: \(part)\n\(text)")
                return
            }
            from = at + 1
        }
        for part in golden.expectNot { #expect(!text.contains(part), "\(text)") }
    }

    @Test("a hint that has no effect is told, one that has is not")
    func warnings() throws {
        for (sql, words) in [
            ("SELECT /*+ BROADCAST(mid) */ * FROM big JOIN mid ON a = c", []),
            ("SELECT /*+ BROADCAST(mid, x.big) */ * FROM big JOIN mid ON a = c", ["x.big", "job.sql:1:12"]),
            ("SELECT /*+ BROADCAST(mid) */ * FROM mid x", ["no relation of this name"]),
            ("SELECT /*+ BROADCAST(mid) */ * FROM mid", ["BROADCAST", "no join"]),
            ("SELECT /*+ BRODCAST(mid) */ * FROM big JOIN mid ON a = c", ["Did you mean BROADCAST?"]),
            ("SELECT /*+ BROADCAST(big) */ * FROM big LEFT JOIN mid ON a = c", ["left side", "LeftOuter"]),
            ("SELECT /*+ MERGE(mid) */ * FROM big JOIN mid ON a < c", ["MERGE", "have to be equal"]),
            ("SELECT /*+ SHUFFLE_REPLICATE_NL(mid) */ * FROM big LEFT JOIN mid ON a = c", ["pairs"]),
            ("SELECT /*+ REPARTITION(3) */ * FROM mid", []),
            ("WITH w AS (SELECT /*+ MERGE(y) */ * FROM mid) SELECT * FROM w a JOIN w b USING (c)", [" y "]),
        ] as [(String, [String])] {
            let warnings = try Self.planned(sql).warnings
            #expect(warnings.count == (words.isEmpty ? 0 : 1), "\(sql): \(warnings)")
            for word in words { #expect(warnings.first?.contains(word) == true, "\(sql): \(warnings)") }
        }
        let wrong = BindFixture.failure("SELECT /*+ BROADCAST(1 + 2) */ * FROM t")
        #expect(wrong?.code == "INVALID_HINT")
    }

    @Test("planning again keeps to the hint, and the log holds it")
    func adaptive() throws {
        func answer(_ graph: StageGraph, _ sizes: [Int: [[Int]]]) throws -> AdaptivePlanner.Answer? {
            let planner = AdaptivePlanner(settings: SessionSettings(), cluster: Self.cluster) {
                sizes[$0.index]
            }
            let last = try #require(sizes.keys.max())
            return try planner.answer(graph, after: StageID(last)) { sizes[$0.index] == nil }
        }
        func sizes(_ stage: Stage, each bytes: Int) -> [[Int]] {
            guard case .shuffle(let partitioning) = stage.output else { return [] }
            return Array(
                repeating: Array(repeating: bytes, count: partitioning.partitionCount),
                count: stage.taskCount)
        }
        func isBroadcast(_ graph: StageGraph) -> Bool {
            var found = false
            for stage in graph.stages {
                stage.plan.forEach { if case .hashJoin(let join) = $0, join.buildIsShared { found = true } }
            }
            return found
        }
        let plain = try Self.planned("SELECT * FROM big JOIN mid ON a = c").graph
        let merged = try Self.planned("SELECT /*+ MERGE(mid) */ * FROM big JOIN mid ON a = c").graph
        for (graph, isPromoted) in [(plain, true), (merged, false)] {
            #expect(graph.stages.count == 3)
            let small = try answer(graph, [1: sizes(graph.stages[1], each: 10)])
            #expect(isBroadcast(small?.graph ?? graph) == isPromoted)
        }
        let whole = try Self.planned("SELECT * FROM big JOIN few ON a = e").graph
        let asked = try Self.planned("SELECT /*+ BROADCAST(few) */ * FROM big JOIN few ON a = e").graph
        for (graph, isDemoted) in [(whole, true), (asked, false)] {
            let large = try answer(graph, [0: sizes(graph.stages[0], each: 1 << 30)])
            #expect((large != nil) == isDemoted)
        }
        for graph in [merged, asked] {
            let bytes = try PlanCodec.encode(graph, settings: SessionSettings())
            #expect(try PlanCodec.decodeGraph(bytes).0 == graph)
        }
    }
}
