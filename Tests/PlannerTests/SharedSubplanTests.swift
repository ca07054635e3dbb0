import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Subplans that are computed once")
struct SharedSubplanTests {
    private func graph(_ sql: String) throws -> StageGraph {
        var catalog = FixtureCatalog()
        for (name, columns) in [("sales", ["id", "day", "item", "price"]), ("items", ["i", "kind"])] {
            let schema = Schema(columns.map { Field($0, .int64) })
            catalog.relations[name] = .files(
                FileRelation(format: .parquet, files: [], dataSchema: schema, name: name))
        }
        let facts = FixedFacts(
            rows: ["sales": 20_000_000, "items": 100_000],
            distinct: ["sales.item": 100_000, "items.i": 100_000, "items.kind": 10, "sales.day": 1000])
        return try QueryPlanner(
            facts: facts, settings: SessionSettings(), cluster: ClusterFacts(slots: 4, workers: 2)
        ).plan(try BindFixture.plan(sql, catalog: catalog)).graph
    }

    private func joins(_ graph: StageGraph) -> Int {
        var count = 0
        for stage in graph.stages {
            stage.plan.forEach { if case .hashJoin = $0 { count += 1 } }
        }
        return count
    }

    /// In neither place does a stage end at the aggregation, which stands below other operators.
    private static let twice = """
        WITH s AS (SELECT kind, day, sum(price) AS total FROM sales JOIN items ON item = i
                   GROUP BY kind, day)
        SELECT a.kind, a.total, b.total FROM s a JOIN s b ON a.kind = b.kind AND a.day = b.day + 1
        """

    @Test("an aggregated join that is used twice is joined, grouped and finished once")
    func once() throws {
        let graph = try graph(Self.twice)
        #expect(joins(graph) == 2, "\(graph)")
        let finals = graph.stages.filter { $0.name.contains("final aggregate") }
        #expect(finals.count == 1, "\(graph)")
        let final = try #require(finals.first)
        let readers = graph.stages.filter { $0.dependencies.contains(final.id) }
        #expect(!readers.isEmpty && final.output == .shuffle(.single), "\(graph)")
        for reader in readers {
            #expect(reader.taskCount == final.taskCount)
            reader.plan.forEach { node in
                guard case .shuffleRead(let read) = node, read.stage == final.id else { return }
                #expect(read.mode == .sameTask(partition: 0))
            }
        }
    }

    @Test("the outer rows of a correlated subquery that no join by its condition can compute are read once")
    func domain() throws {
        let graph = try graph(
            """
            SELECT kind, day, price, (SELECT max(x) FROM (SELECT s.id AS x FROM sales s
                WHERE s.day < o.day ORDER BY s.id LIMIT 3)) AS m
            FROM (SELECT kind, day, sum(price) AS price FROM sales JOIN items ON item = i
                  GROUP BY kind, day) o
            """)
        // Of the outer query's rows, and of the subquery's.
        let scans = graph.stages.filter { $0.name.contains("scan items") }
        #expect(scans.count == 1, "\(graph)")
    }

    private func sharedReads(_ graph: StageGraph) -> [ShuffleRead] {
        var reads: [ShuffleRead] = []
        for stage in graph.stages {
            stage.plan.forEach { node in
                guard case .shuffleRead(let read) = node, case .sameTask = read.mode else { return }
                reads.append(read)
            }
        }
        return reads
    }

    /// Rows that stream: nothing is computed before the first one comes out.
    private static let streamed = """
        WITH s AS (SELECT kind, day, price FROM sales JOIN items ON item = i AND kind = 3)
        SELECT day, price FROM s WHERE price > 0 UNION ALL SELECT price, day FROM s WHERE price > 0
        """

    @Test("below a limit, rows that come out one by one are not kept; those of an aggregation are")
    func limited() throws {
        let whole = try graph(Self.streamed)
        #expect(sharedReads(whole).count == 2, "\(whole)")
        #expect(sharedReads(try graph("SELECT * FROM (\(Self.streamed)) LIMIT 5")).isEmpty)
        let grouped = try graph("SELECT * FROM (\(Self.twice)) LIMIT 5")
        #expect(sharedReads(grouped).count == 2, "\(grouped)")
    }

    @Test("what is drawn by lot is not kept for another place")
    func drawn() throws {
        for call in ["rand()", "length(uuid())", "spark_partition_id()"] {
            let drawn = try graph(Self.twice.replacing("sum(price)", with: "sum(price * \(call))"))
            #expect(joins(drawn) > 2 && sharedReads(drawn).isEmpty, "\(drawn)")
        }
    }

    @Test("rows that one task reads at two places are computed once")
    func oneTask() throws {
        let graph = try graph(
            """
            WITH s AS (SELECT kind, sum(price) AS total FROM sales JOIN items ON item = i GROUP BY kind)
            SELECT count(*), max(s.total) FROM sales JOIN s ON id = kind
            WHERE s.total > (SELECT avg(total) FROM s)
            """)
        let finals = graph.stages.filter { $0.name.contains("final aggregate") }
        // Of the shared sum, and of the result.
        #expect(finals.count == 2 && sharedReads(graph).count == 2 && joins(graph) == 2, "\(graph)")
    }

    @Test("subqueries that are written alike but for names are one")
    func named() throws {
        let graph = try graph(
            """
            SELECT a.kind, a.total, b.whole FROM
              (SELECT kind, day, sum(price) AS total FROM sales JOIN items ON item = i GROUP BY kind, day) a
            JOIN (SELECT kind AS k, day AS d, count(*) AS n, sum(price) AS whole
                  FROM sales JOIN items ON item = i GROUP BY kind, day) b ON a.kind = b.k AND a.day = b.d + 1
            WHERE b.n > 1
            """)
        #expect(joins(graph) == 2, "\(graph)")
    }
}
