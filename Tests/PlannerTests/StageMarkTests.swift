import Columns
import Plans
import SQLSyntax
import Testing

@testable import Planner

/// What a reader sees marked in the SQL while a stage runs.
@Suite("Marks of stages in a statement's text")
struct StageMarkTests {
    /// Plans the last statement and returns what is marked, by the stages' names.
    private func marked(_ sql: String, rows: [String: Double]) throws -> [String: [String]] {
        var catalog = FixtureCatalog()
        let schema = Schema([Field("key", .int32), Field("label", .string)])
        catalog.relations["u"] = .files(FileRelation(format: .csv, files: [], dataSchema: schema, name: "u"))
        let source = SQLSource(sql, file: "job.sql")
        let statements = try SQLParser.statements(source)
        guard case .query(let query) = try #require(statements.last).kind else { return [:] }
        let bound = try Binder(catalog: catalog, settings: SessionSettings(), source: source).bind(query)
        let planner = QueryPlanner(
            facts: FixedFacts(rows: rows), settings: SessionSettings(),
            cluster: ClusterFacts(slots: 4, workers: 2))
        let graph = try planner.plan(bound).graph
        let marks = StageMarks(statements[...], source: source).marks(of: graph)
        return graph.stages.reduce(into: [:]) { found, stage in
            found[stage.name, default: []] += marks.filter { $0.stage == stage.id }.map {
                source.text($0.span)
            }
        }
    }

    @Test("tables, conditions, keys, groups and orders are each marked for the stage that works on them")
    func clauses() throws {
        let sql = """
            -- naïve ümlauts before it
            SELECT name, sum(amount * 2) AS s FROM t JOIN u ON t.id = u.key
            WHERE qty > 5 GROUP BY name ORDER BY s LIMIT 3
            """
        let found = try marked(sql, rows: ["t": 40_000_000, "u": 30_000_000])
        func of(_ word: String) -> [String] {
            found.first { $0.key.contains(word) && !$0.key.contains("scan") }?.value ?? []
        }
        #expect(found["scan t"]?.first == "t", "\(found)")
        #expect(found["scan u"] == ["u"], "\(found)")
        #expect(of("hash join").contains("t.id = u.key"), "\(found)")
        #expect(of("final aggregate").contains("sum(amount * 2)"), "\(found)")
        #expect(of("top").contains("3"), "\(found)")
    }

    @Test("what is distinct, and a join without a condition, are marked without the space around them")
    func words() throws {
        let found = try marked("SELECT DISTINCT name FROM t  CROSS JOIN u ", rows: ["t": 40_000_000])
        let texts = Set(found.values.flatMap { $0 })
        #expect(texts.contains { $0.hasSuffix("CROSS JOIN u") }, "\(found)")
        #expect(texts.contains("SELECT DISTINCT"), "\(found)")
    }
}
