import Pipelines
import Testing
import Vocabulary

/// Holds how dbt projects are read.
@Suite("A dbt project")
struct DbtTests {
    static let files = [
        "etl.yml": "name: p\nextract: [{name: users, file: {path: u.csv}}]\ntransform: [{dbt: {}}]\n",
        "dbt_project.yml": "name: shop\nvars: {limit: 3}\nmodels: {shop: {marts: {+tags: [mart]}}}\n",
        "macros/money.sql": "{% macro cents(c) %}({{ c }} / 100){% endmacro %}",
        "models/staging/stg.sql":
            "SELECT id, {{ cents('amount') }} AS amount FROM {{ source('raw', 'users') }}",
        "models/marts/top.sql":
            "{{ config(materialized='table', tags=['top']) }}SELECT * FROM {{ ref('stg') }} "
            + "LIMIT {{ var('limit') }}",
        "models/marts/off.sql": "{{ config(enabled=false) }}SELECT 1",
        "models/schema.yml": """
        version: 2
        sources:
          - {name: raw, tables: [{name: users}, {name: far, meta: {external_location: '{name}.json'}}]}
        models:
          - name: top
            columns:
              - name: id
                tests:
                  - not_null
                  - relationships: {to: ref('users'), field: id}
                  - accepted_values: {values: [a, "b'c"], config: {severity: warn, where: "id > 0"}}
        """,
        "tests/some.sql": "SELECT 1 FROM {{ ref('top') }} WHERE amount < 0",
    ]

    @Test("gives its models in order, with vars, macros, tags and tests")
    func reads() throws {
        let pipeline = try ProjectFolder(Self.files).load()
        #expect(pipeline.steps.map(\.name) == ["users", "stg", "top"])
        #expect(pipeline.steps[1].sql == "SELECT id, (amount / 100) AS amount FROM `users`")
        #expect(pipeline.steps[2].sql == "SELECT * FROM `stg` LIMIT 3")
        #expect(pipeline.steps[2].tags == ["mart", "top"])
        #expect(
            pipeline.steps[2].tests.map(\.name) == [
                "not_null_top_id", "relationships_top_id", "accepted_values_top_id", "some",
            ])
    }

    @Test("takes settings with a plus or without, adds up tags, and its own variables before those of all")
    func projectSettings() throws {
        var files = Self.files
        files["dbt_project.yml"] = """
            name: shop
            vars: {limit: 9, shop: {limit: 4}}
            models:
              shop:
                tags: nightly
                staging: {materialized: incremental, unique_key: id}
                marts: {+tags: [mart]}
            """
        let pipeline = try ProjectFolder(files).load()
        let stg = try #require(pipeline.step(named: "stg"))
        #expect(stg.materialization.kind == .incremental && stg.materialization.uniqueKey == ["id"])
        #expect(stg.tags == ["nightly"])
        let top = try #require(pipeline.step(named: "top"))
        #expect(top.tags == ["nightly", "mart", "top"])
        #expect(top.sql.hasSuffix("LIMIT 4"))
    }

    static let selections: [(String, Set<String>)] = [
        ("stg", ["stg"]), ("stg+", ["stg", "top"]), ("+stg", ["users", "stg"]), ("1+top", ["stg", "top"]),
        ("+stg+", ["users", "stg", "top"]), ("tag:mart", ["top"]), ("path:models/staging", ["stg"]),
        ("st*", ["stg"]), ("s*", ["stg", "top"]), ("stg+,tag:top", ["top"]), ("users top", ["users", "top"]),
        ("+tag:top", ["users", "stg", "top"]), ("users+1", ["users", "stg"]),
        // What else dbt chooses by.
        ("@users", ["users", "stg", "top"]), ("@stg", ["users", "stg", "top"]),
        ("@top", ["users", "stg", "top"]),
        ("staging", ["stg"]), ("shop.marts", ["top"]), ("shop.*", ["stg", "top"]), ("marts.t?p", ["top"]),
        ("models/marts", ["top"]), ("stg.sql", ["stg"]), ("file:st*", ["stg"]),
        ("package:shop", ["stg", "top"]),
        ("config.materialized:table", ["top"]), ("config.materialized:view", ["stg"]),
        ("config.tags:mart", ["top"]), ("resource_type:model", ["stg", "top"]),
        ("resource_type:extract", ["users"]), ("access:protected", ["stg", "top"]), ("fqn:top", ["top"]),
        ("source:raw", ["users"]), ("source:raw.users+1", ["users", "stg"]), ("source:shop.r*.u*", ["users"]),
    ]

    @Test("is chosen from by selectors", arguments: selections)
    func selects(text: String, expected: Set<String>) throws {
        let steps = try ProjectFolder(Self.files).load().steps
        #expect(try StepSelector.select([text], from: steps) == expected)
    }

    static let badSelectors = [
        ("topp", "Did you mean top?"), ("tga:x", "Did you mean tag?"), ("+", "Write name"),
        ("a:b:c", "Known are: name"), ("stg,tag:top", "Steps are"), ("tag:marr", "Did you mean mart?"),
        ("@stg+", "not both"), ("state:modified", "manifest"), ("result:error", "etl-submit retry"),
        ("config:table", "config.materialized"), ("tag.x:y", "Only config"),
        ("config.materialized:tabel", "Steps are"), ("source:nowhere", "Steps are"),
    ]

    @Test("refuses selectors that choose nothing or mean nothing", arguments: badSelectors)
    func refuses(text: String, help: String) throws {
        let steps = try ProjectFolder(Self.files).load().steps
        let error = #expect(throws: EngineError.self) { try StepSelector.select([text], from: steps) }
        #expect(error?.code == "SELECTOR")
        #expect(error?.description.contains(help) == true, "\(error?.description ?? "")")
    }

    /// A file that is changed, its text, and the code and a part of the error.
    static let wrong: [(file: String, text: String, code: String, part: String)] = [
        ("models/a.sql", "SELECT * FROM {{ ref('tpo') }}", "TEMPLATE_ERROR", "Did you mean top?"),
        (
            "models/a.sql", "SELECT * FROM {{ source('raw', 'user') }}", "TEMPLATE_ERROR",
            "Did you mean raw.users?"
        ),
        (
            "models/staging/stg.sql", "SELECT * FROM {{ ref('top') }}", "PIPELINE_CYCLE",
            "stg needs top needs stg"
        ),
        (
            "models/a.sql", "{{ config(materialized='incremntal') }}SELECT 1", "UNSUPPORTED_FEATURE",
            "Did you mean incremental?"
        ),
        (
            "models/a.sql", "{{ config(materialized='incremental', incremental_strategy='merge') }}SELECT 1",
            "PIPELINE_FORMAT", "needs unique_key"
        ),
        (
            "models/a.sql",
            "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at') }}"
                + "SELECT 1", "PIPELINE_FORMAT", "microbatch needs batch_size"
        ),
        (
            "models/b.yml",
            "sources: [{name: x, freshness: {warn_after: {count: 1, period: week}}, tables: []}]",
            "PIPELINE_FORMAT", "period"
        ),
        ("tests/generic/t.sql", "{% test t(model) %}SELECT 1{% endmacro %}", "TEMPLATE_ERROR", "endmacro"),
        ("models/a.sql", "SELECT '{{ env_var('DBT_ENV_SECRET_X') }}'", "TEMPLATE_ERROR", "secret"),
        (
            "tests/a.sql", "{{ config(severty='warn') }}SELECT 1", "UNSUPPORTED_FEATURE",
            "Did you mean severity?"
        ),
        ("models/b.yml", "seeds: [{name: nil}]", "PIPELINE_FORMAT", "There is no seed of this name: nil"),
        ("models/a.sql", "{{ dbt_utils.star(ref('stg')) }}", "UNSUPPORTED_TEMPLATE", "dbt_utils"),
        ("models/a.sql", "{{ run_query('x') }}", "TEMPLATE_ERROR", "give them as a variable"),
        ("models/a.sql", "SELECT '{{ execution_date }}'", "TEMPLATE_ERROR", "It is logical_date"),
        ("models/a.sql", "SELECT * FROM {{ source('pg', 'u') }}", "TEMPLATE_ERROR", "sources:"),
        (
            "models/b.yml", "models: [{name: stg, tests: [dbt_utils.equal_rowcount: {}]}]", "PIPELINE_FORMAT",
            "tests/generic/equal_rowcount.sql"
        ),
        ("models/b.yml", "models: [{name: tpo}]", "PIPELINE_FORMAT", "Did you mean top?"),
        ("models/b.yml", "models: [{name: top}]", "PIPELINE_FORMAT", "described twice"),
        ("models/b.yml", "modles: []", "PIPELINE_FORMAT", "Did you mean models?"),
        ("models/b.yml", "unit_tests: []", "UNSUPPORTED_FEATURE", "unit_tests"),
        ("models/x/b.py", "def model(dbt, session): ...", "UNSUPPORTED_FEATURE", "models/x/b.py:1:1"),
        ("snapshots/s.sql", "{% snapshot s %}{% endsnapshot %}", "UNSUPPORTED_FEATURE", "snapshot-paths: []"),
        ("models/x/top.sql", "SELECT 1", "PIPELINE_FORMAT", "same name: top"),
        (
            "dbt_project.yml", "name: shop\nmodels: {shop: {materialised: table}}", "UNSUPPORTED_FEATURE",
            "Did you mean +materialized?"
        ),
        (
            "dbt_project.yml", "name: shop\nmodels: {shop: {martz: {+tags: [x]}}}", "PIPELINE_FORMAT",
            "Did you mean marts?"
        ),
        (
            "dbt_project.yml", "name: shop\nmodels: {shopp: {marts: {+tags: [x]}}}", "PIPELINE_FORMAT",
            "Did you mean shop?"
        ),
        (
            "dbt_project.yml", "name: shop\nmodels: {marts: {+tags: [x]}}", "PIPELINE_FORMAT",
            "models.shop.marts"
        ),
        (
            "dbt_project.yml", "name: shop\nmodels: {shop: {marts: {meta: {owner: me}}}}", "PIPELINE_FORMAT",
            "+meta"
        ),
        (
            "dbt_project.yml", "name: shop\nmodels: {shop: {+materialized: incremntal}}",
            "UNSUPPORTED_FEATURE", "Did you mean incremental?"
        ),
        ("dbt_project.yml", "name: shop\non-run-end: x", "UNSUPPORTED_FEATURE", "on-run-end"),
        ("models/a.sql", "{{ exceptions.raise_compiler_error('no way') }}", "TEMPLATE_ERROR", "no way"),
    ]

    /// What a model computes by macros that dbt, dbt_utils and Airflow bring, and its value.
    static let brought: [(text: String, value: String)] = [
        ("{{ dbt.dateadd('day', 1, \"TIMESTAMP'2024-02-28 01:00:00'\") }}", "2024-02-29 01:00:00"),
        ("{{ datediff(\"DATE'2023-12-31'\", \"DATE'2024-01-01'\", 'year') }}", "1"),
        ("{{ dbt.datediff(\"DATE'2023-11-30'\", \"DATE'2024-01-01'\", 'month') }}", "2"),
        ("{{ dbt.datediff(\"DATE'2024-01-06'\", \"DATE'2024-01-08'\", 'week') }}", "1"),
        (
            "{{ dbt.datediff(\"TIMESTAMP'2024-01-01 00:59:00'\", "
                + "\"TIMESTAMP'2024-01-01 02:00:00'\", 'hour') }}", "2"
        ),
        ("{{ dbt.concat([\"'a'\", \"'b'\"]) }}", "ab"),
        ("{{ dbt.safe_cast(\"'x'\", dbt.type_int()) }}", "null"),
        ("{{ dbt.date_trunc('month', \"DATE'2024-02-28'\") }}", "2024-02-01 00:00:00"),
        ("{{ dbt.hash(\"'x'\") }} = md5('x')", "true"),
        // printf '1-_dbt_utils_surrogate_key_null_' | md5sum
        ("{{ dbt_utils.generate_surrogate_key(['1', 'NULL']) }}", "9902a3dc3ffe71035ef18229afae9987"),
        ("'{{ macros.ds_add(ds, -1) }}'", "2023-12-31"), ("{{ print('x') }}1", "1"),
        ("'{{ target.database }}'", "None"),
    ]

    @Test("may call the macros that dbt brings for all databases")
    func bringsMacros() async throws {
        let list = Self.brought.enumerated().map { "\($1.text) AS c\($0)" }.joined(separator: ",\n")
        let bench = try await RunBench([
            "etl.yml": "name: p\ntransform: [{dbt: {}}]\n", "models/a.sql": "SELECT \(list)",
        ])
        #expect(RunBench.errors(try await bench.run()) == [:])
        let cells = try await bench.rows("SELECT * FROM {a}").joined().split(separator: ",").map(String.init)
        #expect(cells == Self.brought.map(\.value))
    }

    @Test("is read with settings of a folder that is not there, and each run warns of them")
    func strayFolders() throws {
        var files = Self.files
        files["dbt_project.yml"] = "name: shop\nvars: {limit: 3}\nmodels: {shop: {example: {+tags: [x]}}}\n"
        let warnings = try ProjectFolder(files).load().warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("dbt_project.yml:3") == true, "\(warnings)")
        #expect(warnings.first?.contains("models.shop.example") == true, "\(warnings)")
        #expect(try ProjectFolder(Self.files).load().warnings == [])
    }

    @Test("is read without its snapshots where they are left out by name")
    func withoutSnapshots() throws {
        var files = Self.files
        files["snapshots/s.sql"] = "{% snapshot s %}{% endsnapshot %}"
        files["dbt_project.yml", default: ""] += "snapshot-paths: []\n"
        #expect(try ProjectFolder(files).load().steps.map(\.name).contains("top"))
    }

    @Test("is refused with place and help", arguments: wrong)
    func mistakes(file: String, text: String, code: String, part: String) throws {
        var files = Self.files
        files[file] = text
        let folder = try ProjectFolder(files)
        let error = #expect(throws: EngineError.self) { try folder.load() }
        // A file as a whole shows no line of it, least of all an empty one.
        #expect(error?.description.contains("   | \n") == false, "\(String(describing: error))")
        #expect(error?.code == code, "\(error?.description ?? "")")
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
}
