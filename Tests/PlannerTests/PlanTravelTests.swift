import Columns
import Foundation
import Plans
import SQLSyntax
import Testing
import Vocabulary

@testable import Planner

/// Sends what the planner makes over the wire and through the log: every TPC-H query, and every statement of
/// the case files that can be planned without their views.
@Suite("Planned statements travel")
struct PlanTravelTests {
    /// Rows of scale factor 10, so that there are exchanges of every kind.
    private static let large = FixedFacts(rows: [
        "lineitem": 60_000_000, "orders": 15_000_000, "partsupp": 8_000_000, "part": 2_000_000,
        "customer": 1_500_000, "supplier": 100_000, "nation": 25, "region": 5, "t": 50_000_000,
    ])

    private static func graph(
        _ sql: String, _ catalog: FixtureCatalog, _ facts: FixedFacts, ansi: Bool = true
    ) throws(EngineError) -> StageGraph {
        let settings = SessionSettings(ansi: ansi)
        let bound = try BindFixture.plan(sql, catalog: catalog, ansi: ansi)
        let cluster = ClusterFacts(slots: 4, workers: 2)
        return try QueryPlanner(facts: facts, settings: settings, cluster: cluster).plan(bound).graph
    }

    /// Fails when the graph, or the fragment of a stage's first task, does not come back as it was. A plan
    /// with a NaN equals no other, not even what is read from the same bytes again; of that only the bytes
    /// must be equal.
    private static func send(_ graph: StageGraph, of sql: String) throws {
        let settings = SessionSettings(timeZone: "Europe/Paris", nowMicroseconds: 1)
        let bytes = try PlanCodec.encode(graph, settings: settings)
        let (read, readSettings) = try PlanCodec.decodeGraph(bytes)
        #expect(try PlanCodec.encode(read, settings: settings) == bytes, "\(sql)")
        #expect(try read == graph || PlanCodec.decodeGraph(bytes).0 != read, "\(sql)")
        #expect(readSettings == settings)
        for stage in graph.stages {
            let fragment = TaskFragment(
                stage: stage.id, taskIndex: 0, taskCount: stage.taskCount, plan: stage.plan,
                output: stage.output, splits: stage.splits.first ?? [], settings: settings)
            let bytes = try PlanCodec.encode(fragment)
            let read = try PlanCodec.decode(bytes)
            #expect(try PlanCodec.encode(read) == bytes, "\(sql)")
            #expect(try read == fragment || PlanCodec.decode(bytes) != read, "\(sql)")
        }
    }

    @Test("every query of TPC-H", arguments: 1...22)
    func tpch(_ number: Int) throws {
        let file = BindTPCHTests.oracle.appending(path: "tpch/q\(number).sql")
        let text = try String(contentsOf: file, encoding: .utf8)
        let catalog = try BindTPCHTests.catalog()
        for facts in [Self.large, FixedFacts()] {
            let graph = try Self.graph(text, catalog, facts)
            #expect(!graph.stages.isEmpty)
            try Self.send(graph, of: text)
        }
    }

    @Test("every statement of the case files")
    func cases() throws {
        let folder = BindTPCHTests.oracle.deletingLastPathComponent().appending(path: "SQLLogicTests/Cases")
        let paths = FileManager.default.enumerator(atPath: folder.resolvingSymlinksInPath().path)?
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".slt") }
        var planned = 0
        for path in try #require(paths).sorted() {
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            for block in text.components(separatedBy: "\n\n") {
                let lines = block.split(separator: "\n").drop { $0.hasPrefix("#") }
                guard lines.first?.hasPrefix("query ") == true else { continue }
                let sql = lines.dropFirst().prefix { $0 != "----" }.joined(separator: "\n")
                // What is not planned is refused by the planner, which is its own tests' matter.
                guard let graph = try? Self.graph(sql, FixtureCatalog(), FixedFacts()) else { continue }
                planned += 1
                try Self.send(graph, of: sql)
            }
        }
        print("\(planned) statements planned, written and read back")
        #expect(planned > 3_000)
    }

    @Test("every query on the fixture's table, in both modes, small and large")
    func fixture() throws {
        for line in BindFixture.table("queries") + BindFixture.table("expressions") {
            let sql = line[0].hasPrefix("SELECT") ? line[0] : "SELECT \(line[0]) FROM t"
            for facts in [Self.large, FixedFacts()] {
                for ansi in [true, false] {
                    guard let graph = try? Self.graph(sql, FixtureCatalog(), facts, ansi: ansi) else {
                        continue
                    }
                    try Self.send(graph, of: sql)
                }
            }
        }
    }

    @Test("the longest chains and the deepest nesting that the parser takes")
    func deep() throws {
        let sum = Array(repeating: "CAST(id AS DECIMAL(10,2))", count: 380).joined(separator: " + ")
        let calls =
            String(repeating: "abs(", count: 120) + "amount" + String(repeating: " + 0.5)", count: 120)
        for sql in ["SELECT \(sum) FROM t", "SELECT \(calls) FROM t"] {
            try Self.send(try Self.graph(sql, FixtureCatalog(), Self.large), of: String(sql.prefix(60)))
        }
    }
}
