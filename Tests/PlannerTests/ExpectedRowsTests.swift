import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

/// What EXPLAIN ANALYZE holds against the rows that operators give.
@Suite("Rows that are expected of operators")
struct ExpectedRowsTests {
    private func steps(_ sql: String, isMeasured: Bool = true) throws -> QueryPlanner.Steps {
        var catalog = FixtureCatalog()
        for (name, columns) in [("sales", ["id", "item", "price"]), ("items", ["i", "kind"])] {
            catalog.relations[name] = .files(
                FileRelation(
                    format: .parquet, files: [],
                    dataSchema: Schema(columns.map { Field($0, .int64, nullable: false) }), name: name))
        }
        let facts = FixedFacts(
            rows: ["sales": 20_000_000, "items": 1_000],
            distinct: ["sales.id": 20_000_000, "sales.item": 1_000, "items.i": 1_000, "items.kind": 10])
        return try QueryPlanner(
            facts: facts, settings: SessionSettings(), cluster: ClusterFacts(slots: 4, workers: 2),
            notesExpectedRows: isMeasured
        ).plan(try BindFixture.plan(sql, catalog: catalog))
    }

    /// Returns each operator's first word and what is expected of it, stage by stage.
    private func shown(_ steps: QueryPlanner.Steps) -> [[String]] {
        zip(steps.graph.stages, steps.expectedRows).map { stage, expected in
            var words: [String] = []
            stage.plan.forEach { node in
                words.append(String(node.label.prefix { $0 != " " }))
            }
            #expect(words.count == expected.count, "\(stage)")
            return zip(words, expected).map { word, rows in
                "\(word) \(rows.map { "\(Int($0.rounded()))" } ?? "-")"
            }
        }
    }

    private static let query =
        "SELECT kind, max(price + kind) AS most FROM sales JOIN items ON item = i GROUP BY kind ORDER BY kind"

    @Test("they are found at their operators once the plan is cut into stages, whatever moves the rows")
    func stages() throws {
        let steps = try steps(Self.query)
        let found = shown(steps)
        #expect(found.count == 3, "\(steps.graph)")
        #expect(found[0] == ["Scan 1000"], "\(found)\n\(steps.graph)")
        // The join's rows go into a partial aggregation, of which the planner says nothing.
        for wanted in ["HashAggregate -", "BroadcastHashJoin 20000000", "Scan 20000000", "ShuffleRead 1000"] {
            #expect(found[1].contains(wanted), "\(wanted): \(found)\n\(steps.graph)")
        }
        for wanted in ["Sort 10", "HashAggregate 10", "ShuffleRead -"] {
            #expect(found[2].contains(wanted), "\(wanted): \(found)\n\(steps.graph)")
        }
    }

    @Test("rows that are sorted by ranges are expected of their reads, the sample of their keys is not")
    func ranges() throws {
        let found = shown(try steps("SELECT id FROM sales ORDER BY id"))
        #expect(
            found == [
                ["Scan 20000000"], ["RangeBounds -", "ShuffleRead -"], ["ShuffleRead 20000000"],
                ["Sort 20000000", "ShuffleRead 20000000"],
            ], "\(found)")
    }

    @Test("nothing is noted where nobody asks")
    func unasked() throws {
        #expect(try steps(Self.query, isMeasured: false).expectedRows.isEmpty)
    }
}
