import Columns
import Plans
import SQLSyntax
import Testing
import Vocabulary

@testable import Planner

/// How the source of several inserts is planned.
@Suite("Several inserts of one source")
struct MultiInsertPlanTests {
    /// Plans the inserts, and returns the graph with how many stages scan the table `t`.
    private func planned(_ from: String) throws -> (graph: StageGraph, scans: Int) {
        var catalog = FixtureCatalog()
        let schema = Schema([Field("key", .int32), Field("label", .string)])
        catalog.relations["u"] = .files(FileRelation(format: .csv, files: [], dataSchema: schema, name: "u"))
        let source = SQLSource(
            """
            FROM \(from)
            INSERT OVERWRITE DIRECTORY 'a' USING parquet SELECT name WHERE qty > 5
            INSERT OVERWRITE DIRECTORY 'b' USING parquet SELECT id, count(*) AS c GROUP BY id
            """)
        guard case .multiInsert(let inserts) = try SQLParser.statement(source).kind else {
            Issue.record("no several inserts")
            return (StageGraph(stages: [], result: .manifest(stage: StageID(0))), 0)
        }
        let binder = Binder(catalog: catalog, settings: SessionSettings(), source: source)
        let common = try binder.bindSource(of: inserts)
        var queries: [(bound: LogicalPlan, write: FileWrite)] = []
        for case .insertDirectory(let insert) in inserts.inserts.map(\.kind) {
            let bound = try binder.bind(insert.query)
            queries.append(
                (
                    bound,
                    FileWrite(
                        path: insert.path ?? "", format: .parquet, mode: .overwrite,
                        schema: bound.output.schema)
                ))
        }
        let planner = QueryPlanner(
            facts: FixedFacts(rows: ["t": 40_000_000, "u": 30_000_000]), settings: SessionSettings(),
            cluster: ClusterFacts(slots: 4, workers: 2))
        let graph = try planner.plan(queries, from: common)[0].graph
        var scans = 0
        for stage in graph.stages {
            stage.plan.forEach { if case .scan(let scan) = $0, scan.relation.name == "t" { scans += 1 } }
        }
        return (graph, scans)
    }

    @Test("a plain table is scanned by each insert, with its own filters and columns")
    func scans() throws {
        let (graph, scans) = try planned("t")
        #expect(scans == 2, "\(graph)")
        #expect(graph.writes.map(\.write.path) == ["a", "b"])
    }

    @Test("a join is computed once, and both inserts read its rows where they lie")
    func joins() throws {
        let (graph, scans) = try planned("t JOIN u ON t.id = u.key")
        #expect(scans == 1, "\(graph)")
        #expect(graph.writes.map(\.write.path) == ["a", "b"])
        let readers = graph.stages.filter { stage in
            var reads = false
            stage.plan.forEach {
                if case .shuffleRead(let read) = $0, case .sameTask = read.mode { reads = true }
            }
            return reads
        }
        #expect(readers.count == 2, "\(graph)")
    }

    @Test("what may give other rows each time is computed once, that all inserts see the same")
    func random() throws {
        let (graph, scans) = try planned("(SELECT *, rand() AS r FROM t) q")
        #expect(scans == 1, "\(graph)")
    }
}
