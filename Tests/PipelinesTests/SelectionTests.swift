import Pipelines
import Protocol
import Testing

/// Holds how tests are chosen, and what a run does of them.
@Suite("Selectors choose tests")
struct SelectionTests {
    private static let generic: Set<String> = [
        "not_null_top_id", "relationships_top_id", "accepted_values_top_id",
    ]
    private static let all = generic.union(["some"])

    /// A selector, and the steps and tests that it chooses of the project of `DbtTests`.
    static let cases: [(text: String, steps: Set<String>, tests: Set<String>)] = [
        ("stg", ["stg"], []), ("top", ["top"], all), ("tag:mart", ["top"], all),
        ("test_name:not_null", [], ["not_null_top_id"]),
        ("test_name:*_values", [], ["accepted_values_top_id"]),
        ("test_type:generic", [], generic), ("test_type:singular", [], ["some"]), ("test_type:data", [], all),
        ("top,test_type:singular", [], ["some"]), ("some stg", ["stg"], ["some"]),
        ("some", [], ["some"]), ("not_null_*", [], ["not_null_top_id"]), ("path:tests", [], ["some"]),
        ("config.severity:warn", [], ["accepted_values_top_id"]), ("resource_type:test", [], all),
        ("1+test_name:relationships", ["users", "top"], all), ("+some", ["users", "stg", "top"], all),
    ]

    @Test("by what they are, beside those of chosen steps", arguments: cases)
    func chooses(text: String, steps: Set<String>, tests: Set<String>) throws {
        let pipeline = try ProjectFolder(DbtTests.files).load()
        let chosen = try StepSelector.choose([text], from: pipeline.steps)
        #expect(chosen.steps == steps && chosen.tests == tests)
    }

    @Test("of a run: those left out are not run, and a step that is not chosen is only tested")
    func leavesOut() throws {
        let pipeline = try ProjectFolder(DbtTests.files).load()
        let without = try pipeline.chosen(select: [], exclude: ["test_type:generic"])
        #expect(without.steps.map(\.name) == ["users", "stg", "top"] && without.onlyTested.isEmpty)
        #expect(without.steps.flatMap(\.tests).map(\.name) == ["some"])
        let tested = try pipeline.chosen(select: ["stg test_type:singular"], exclude: [])
        #expect(tested.names == ["stg", "top"] && tested.onlyTested == ["top"])
        #expect(throws: (any Error).self) { try pipeline.chosen(select: ["test_type:unit"], exclude: []) }
    }

    @Test("and run them on what is published; a step that reads it waits, and a retry tests again")
    func runs() async throws {
        let yml = """
            name: p
            transform:
              - {name: a, sql: SELECT 1 AS x}
              - name: b
                sql: SELECT x FROM {{ ref('a') }}
                columns: [{name: x, tests: [not_null, {accepted_values: {values: [VALUE], quote: false}}]}]
              - {name: c, sql: "SELECT x FROM {{ ref('b') }}"}
            """
        func file(_ value: String) -> [String: String] { ["etl.yml": yml.replacing("VALUE", with: value)] }
        let bench = try await RunBench(file("1"))
        #expect(try await bench.run().state == .succeeded)
        let choice = ["c test_name:accepted_values"]
        let failed = try await bench.run(files: file("2"), select: choice)
        #expect(failed.steps.mapValues(\.state) == ["b": .failed, "c": .skipped])
        #expect(RunBench.errors(failed) == ["b": "TEST_FAILED"])
        #expect(failed.tests.map(\.name) == ["accepted_values_b_x"])
        // The table was not made again, and stays: it was published without this test.
        #expect(failed.steps["b"]?.isMade == false && StateFolder.hasTable("b", in: bench.state))
        let again = try await bench.run(files: file("1"), select: choice, retrying: failed)
        #expect(again.state == .succeeded, "\(bench.facts.latest)")
        #expect(again.steps["b"]?.isMade == false && again.steps["c"]?.isMade == true)
    }
}
