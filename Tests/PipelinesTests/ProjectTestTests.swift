import Pipelines
import Protocol
import Testing

/// Holds which tests of the folders beside `etl.yml` a pipeline has, and with which seeds.
@Suite("A test of the dbt folders")
struct ProjectTestTests {
    private static let shop = [
        "etl.yml": "name: p\ntransform: [{dbt: {}}]\n",
        "models/orders.sql": "SELECT 1 AS id, 'XX' AS country",
        "seeds/countries.csv": "country\nDE\n",
    ]

    @Test(
        "has the seed that only it reads, and keeps bad data from being published",
        arguments: [
            [
                "models/schema.yml": """
                models:
                  - name: orders
                    columns:
                      - name: country
                        tests: [{relationships: {to: ref('countries'), field: country}}]
                """
            ],
            [
                "tests/orphans.sql":
                    "SELECT * FROM {{ ref('orders') }} LEFT ANTI JOIN {{ ref('countries') }} USING (country)"
            ],
        ])
    func seeds(files: [String: String]) async throws {
        let bench = try await RunBench(Self.shop.merging(files) { $1 })
        let record = try await bench.run()
        #expect(record.state == .failed)
        #expect(record.tests.map(\.outcome) == [.fail])
        #expect(record.steps["countries"]?.state == .succeeded)
        #expect(!StateFolder.hasTable("orders", in: bench.state))
    }

    @Test("of a seed is run though no model reads the seed")
    func seedAlone() throws {
        let pipeline = try ProjectFolder(
            Self.shop.merging([
                "models/schema.yml":
                    "seeds: [{name: countries, columns: [{name: country, tests: [unique]}]}]"
            ]) { $1 }
        ).load()
        #expect(pipeline.step(named: "countries")?.tests.map(\.name) == ["unique_countries_country"])
    }

    @Test("brings the seed in where models are selected, and is said to be left out where it lacks a model")
    func selected() throws {
        let folder = try ProjectFolder(
            Self.shop.merging([
                "etl.yml": "name: p\ntransform: [{dbt: {select: orders}}]\n", "models/b.sql": "SELECT 1 AS x",
                "seeds/other.csv": "a\n1\n",
                "tests/orphans.sql": "SELECT * FROM {{ ref('orders') }}, {{ ref('countries') }}",
                "tests/both.sql": "SELECT * FROM {{ ref('orders') }}, {{ ref('b') }}, {{ ref('other') }}",
                "tests/b_only.sql": "SELECT * FROM {{ ref('b') }}",
            ]) { $1 })
        let pipeline = try folder.load()
        #expect(Set(pipeline.steps.map(\.name)) == ["orders", "countries"])
        #expect(pipeline.steps.flatMap(\.tests).map(\.name) == ["orphans"])
        #expect(pipeline.warnings.count == 1)
        #expect(pipeline.warnings.first?.contains("test both is left out") == true, "\(pipeline.warnings)")
        // Seeds are selected as models are.
        try folder.write(["etl.yml": "name: p\ntransform: [{dbt: {select: 'orders other'}}]\n"])
        #expect(Set(try folder.load().steps.map(\.name)) == ["orders", "countries", "other"])
    }

    @Test("is of a pipeline without a dbt step, too")
    func withoutModels() async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\ntransform: [{name: a, sql: SELECT -1 AS v}]\nload: []\n",
            "tests/negative.sql": "SELECT * FROM {{ ref('a') }} WHERE v < 0",
            "models/schema.yml": "models: [{name: a, columns: [{name: v, tests: [not_null]}]}]",
        ])
        let record = try await bench.run()
        let outcomes = record.tests.map { "\($0.name) \($0.outcome.rawValue)" }.sorted()
        #expect(outcomes == ["negative fail", "not_null_a_v pass"])
        #expect(!StateFolder.hasTable("a", in: bench.state))
    }

    @Test("and models and seeds that nothing runs are warned of, with what to write")
    func idle() throws {
        let folder = try ProjectFolder(
            Self.shop.merging([
                "etl.yml": "name: p\ntransform: [{name: a, sql: SELECT 1 AS v}]\n",
                "models/schema.yml": "models: [{name: orders, columns: [{name: id, tests: [not_null]}]}]",
                "tests/orphans.sql": "SELECT * FROM {{ ref('orders') }}",
                "tests/good.sql": "SELECT * FROM {{ ref('a') }} WHERE v < 0",
            ]) { $1 })
        let pipeline = try folder.load()
        #expect(pipeline.steps.map(\.name) == ["a"])
        #expect(pipeline.steps.flatMap(\.tests).map(\.name) == ["good"])
        for part in ["models/orders.sql: add `- dbt: {}`", "countries.csv: add", "test orphans is left"] {
            #expect(pipeline.warnings.contains { $0.contains(part) }, "\(part): \(pipeline.warnings)")
        }
        try folder.write([
            "etl.yml": "name: p\ntransform: [{name: a, sql: \"SELECT * FROM {{ ref('orders') }}\"}]\n"
        ])
        let error = #expect(throws: (any Error).self) { try folder.load() }
        #expect("\(error.map { "\($0)" } ?? "")".contains("no step runs"))
    }
}
