import Pipelines
import Testing
import Vocabulary

/// Holds what settings of dbt's models and seeds do, and which are refused.
@Suite("Settings of a dbt project")
struct DbtSettingsTests {
    static let files = [
        "etl.yml": "name: p\ntransform: [{dbt: {}}]\n",
        "dbt_project.yml": """
        name: shop
        models: {shop: {marts: {+schema: marts, +group: finance}}}
        seeds: {shop: {+column_types: {zip: varchar(5)}, lists: {+schema: ref}}}
        """,
        "models/marts/orders.sql": "{{ config(alias='fact_orders') }}SELECT 1 AS id, 'a' AS name",
        "models/marts/totals.sql": "SELECT count(fact_orders.id) AS n FROM {{ ref('orders') }}",
        "models/plain.sql": "SELECT 1 AS id",
        "models/schema.yml": "groups: [{name: finance, owner: {name: me}}, {name: sales}]\n",
        "seeds/lists/codes.csv": "zip,n\n00501,1\n",
    ]

    static func load(_ changes: [String: String] = [:]) throws -> Pipeline {
        try ProjectFolder(files.merging(changes) { $1 }).load()
    }

    @Test("names tables by alias and schema as dbt does, and by the project's own macros")
    func relations() throws {
        let pipeline = try Self.load()
        #expect(pipeline.step(named: "orders")?.folder == "default_marts.fact_orders")
        #expect(pipeline.step(named: "totals")?.folder == "default_marts.totals")
        #expect(pipeline.step(named: "plain")?.folder == "plain")
        #expect(pipeline.step(named: "codes")?.folder == "default_ref.codes")
        // Queries call the table by its alias, as dbt's do, unless another one has that name, too.
        let total = "SELECT count(fact_orders.id) AS n FROM "
        #expect(pipeline.step(named: "totals")?.sql == total + "`fact_orders`")
        let shared = try Self.load(["models/plain.sql": "{{ config(alias='fact_orders') }}SELECT 1 AS id"])
        #expect(shared.step(named: "totals")?.sql == total + "`orders`")
        let outside = try Self.load([
            "models/s.yml":
                "sources: [{name: raw, tables: [{name: Fact_Orders, meta: {external_location: in.csv}}]}]"
        ])
        #expect(outside.step(named: "totals")?.sql == total + "`orders`")
        let own = try Self.load([
            "macros/names.sql": """
            {% macro generate_schema_name(custom, node) -%}
              {%- if custom is none -%} {{ target.schema }} {%- else -%} {{ custom | trim }} {%- endif -%}
            {%- endmacro %}
            {% macro generate_alias_name(custom, node) -%}
              {%- if custom is none -%} {{ node.resource_type }}_{{ node.name }}
              {%- else -%} {{ custom }} {%- endif -%}
            {%- endmacro %}
            """
        ])
        #expect(own.step(named: "orders")?.folder == "marts.fact_orders")
        #expect(own.step(named: "totals")?.folder == "marts.model_totals")
        #expect(own.step(named: "plain")?.folder == "model_plain")
    }

    /// Queries before one of `totals`, and whether they would hide that table.
    static let beginnings = [
        ("WITH totals AS (SELECT 1 AS n)", true),
        ("with a as (select ')'), -- totals\n`Totals` (n)\nAs /**/ (SELECT 1)", true),
        ("WITH RECURSIVE totals(n) MAX RECURSION LEVEL 9 AS (SELECT 1)", true),
        ("WITH total AS (SELECT ', totals AS (', 1 AS totals) /* , totals AS ( */", false),
    ]

    @Test("name a table so that no common table expression hides it", arguments: beginnings)
    func hidden(text: String, isHidden: Bool) throws {
        let sql = text + " SELECT * FROM "
        let steps = try Self.load(["models/plain.sql": sql + "{{ ref('totals') }}"])
        #expect(steps.step(named: "plain")?.sql == sql + (isHidden ? "`global_temp`." : "") + "`totals`")
    }

    @Test("read the table that is named, also where a common table expression or a source is called the same")
    func sameNames() async throws {
        let wrong = "WITH customers AS (SELECT 7 AS id) SELECT customers.id FROM"
        let bench = try await RunBench([
            "etl.yml": """
            name: p
            transform:
              - dbt: {}
              - {name: again, sql: "\(wrong) {{ ref('customers') }}"}
            """,
            "in.csv": "id\n1\n2\n",
            "models/s.yml": """
            sources:
              - name: raw
                tables:
                  - {name: new, meta: {external_location: in.csv}}
                  - {name: payments, meta: {external_location: in.csv}}
            models: [{name: customers, tests: [no_seven]}]
            """,
            "models/customers.sql": """
            {{ config(materialized='incremental') }}
            WITH customers AS (SELECT * FROM {{ source('raw', 'new') }})
            SELECT * FROM customers
            {% if is_incremental() %} WHERE id > (SELECT max(id) FROM {{ this }}) {% endif %}
            """,
            "models/soft.sql": "{{ config(materialized='ephemeral') }}\(wrong) {{ ref('customers') }}",
            "models/hard.sql": "WITH soft AS (SELECT 8 AS id) SELECT id FROM {{ ref('soft') }}",
            "models/stg.sql": "{{ config(alias='payments') }}SELECT * FROM {{ source('raw', 'payments') }}",
            "models/both.sql":
                "SELECT a.id FROM {{ ref('stg') }} a JOIN {{ source('raw', 'payments') }} b ON a.id = b.id",
            "tests/generic/no_seven.sql":
                "{% test no_seven(model) %}\(wrong) {{ model }} WHERE id = 7{% endtest %}",
            "tests/seven.sql": "\(wrong) {{ ref('customers') }} WHERE id = 7",
        ])
        for (count, text) in [(2, "id\n1\n2\n"), (3, "id\n1\n2\n3\n")] {
            let record = try await bench.run(files: ["in.csv": text])
            #expect(RunBench.errors(record) == [:])
            #expect(record.tests.map(\.outcome) == [.pass, .pass])
            for table in ["customers", "again", "hard", "both"] {
                let rows = try await bench.rows("SELECT id FROM {\(table)} ORDER BY id")
                #expect(rows == ["1", "2", "3"].prefix(count).map { $0 }, "\(table)")
            }
        }
    }

    @Test("takes access, group and contract of properties files, also where they stand beside config")
    func properties() throws {
        let text = """
            groups: [{name: finance}]
            models:
              - name: orders
                access: private
                config: {contract: {enforced: true}}
                columns: [{name: id, data_type: int}, {name: name, data_type: varchar}]
              - {name: totals, config: {access: public}}
            """
        let steps = try Self.load(["models/schema.yml": text]).steps
        #expect(try StepSelector.select(["access:private"], from: steps) == ["orders"])
        #expect(try StepSelector.select(["group:finance"], from: steps) == ["orders", "totals"])
        #expect(try StepSelector.select(["config.contract.enforced:true"], from: steps) == ["orders"])
        #expect(try StepSelector.select(["config.schema:marts"], from: steps) == ["orders", "totals"])
    }

    @Test("asks nothing where a setting that is refused is empty")
    func empty() throws {
        let project = "name: shop\nmodels: {shop: {+pre-hook: [], +database: null, +grants: {}}}\n"
        #expect(try Self.load(["dbt_project.yml": project]).step(named: "plain") != nil)
        #expect(try Self.load(["models/plain.sql": "{{ config(post_hook=[]) }}SELECT 1"]).steps.count == 4)
    }

    @Test("warns of column_types that name no column")
    func strayTypes() throws {
        let project = "name: shop\nseeds: {shop: {+column_types: {zpi: varchar(5)}}}\n"
        let warnings = try Self.load(["dbt_project.yml": project]).warnings
        #expect(warnings.contains { $0.contains("zpi. Did you mean zip?") }, "\(warnings)")
    }

    private static let privateOrders =
        "groups: [{name: finance}, {name: sales}]\nmodels: [{name: orders, access: private}]\n"

    /// A file that is changed, its text, and the code and a part of the error.
    static let wrong: [(file: String, text: String, code: String, part: String)] = [
        (
            "models/plain.sql", "{{ config(pre_hook='SET x') }}SELECT 1", "UNSUPPORTED_FEATURE",
            "a step of transform"
        ),
        ("models/plain.sql", "{{ config(database='x') }}SELECT 1", "UNSUPPORTED_FEATURE", "+schema"),
        (
            "models/plain.sql", "{{ config(grants={'select': ['me']}) }}SELECT 1", "UNSUPPORTED_FEATURE",
            "storage's"
        ),
        ("models/plain.sql", "{{ config(file_format='delta') }}SELECT 1", "UNSUPPORTED_FEATURE", "parquet"),
        (
            "models/plain.sql", "{{ config(merge_update_columns=['a']) }}SELECT 1", "UNSUPPORTED_FEATURE",
            "whole rows"
        ),
        (
            "models/plain.sql", "{{ config(acess='public') }}SELECT 1", "UNSUPPORTED_FEATURE",
            "Did you mean access?"
        ),
        ("models/plain.sql", "{{ config(mine=1) }}SELECT 1", "UNSUPPORTED_FEATURE", "meta"),
        (
            "models/plain.sql", "{{ config(alias='codes', schema='ref') }}SELECT 1", "PIPELINE_FORMAT",
            "same table"
        ),
        ("models/plain.sql", "{{ config(alias='a/b') }}SELECT 1", "PIPELINE_FORMAT", "a folder's"),
        ("models/plain.sql", "{{ config(contract=true) }}SELECT 1", "PIPELINE_FORMAT", "a mapping"),
        (
            "models/plain.sql", "{{ config(contract={'enforced': true}) }}SELECT 1", "PIPELINE_FORMAT",
            "no columns are listed"
        ),
        (
            "models/plain.sql", "{{ config(group='finanse') }}SELECT 1", "PIPELINE_FORMAT",
            "Did you mean finance?"
        ),
        (
            "models/plain.sql", "{{ config(access='public', materialized='ephemeral') }}SELECT 1",
            "PIPELINE_FORMAT", "ephemeral model cannot be public"
        ),
        ("dbt_project.yml", "name: shop\nmodels: {shop: {+post-hook: x}}", "UNSUPPORTED_FEATURE", ":2:17"),
        (
            "dbt_project.yml", "name: shop\nseeds: {shop: {+colum_types: {a: b}}}", "UNSUPPORTED_FEATURE",
            "+column_types"
        ),
        (
            "dbt_project.yml", "name: shop\nseeds: {shp: {lists: {+schema: x}}}", "PIPELINE_FORMAT",
            "Did you mean shop?"
        ),
        ("dbt_project.yml", "name: shop\non-run-start: x", "UNSUPPORTED_FEATURE", "a step of transform"),
        (
            "models/s.yml",
            "models: [{name: plain, config: {contract: {enforced: true}}, columns: [{name: id}]}]",
            "PIPELINE_FORMAT", "Add its data_type"
        ),
        (
            "models/s.yml",
            "models: [{name: plain, config: {contract: {enforced: true}}, columns: [{name: id, "
                + "data_type: int, constraints: [{type: custom}]}]}]", "UNSUPPORTED_FEATURE",
            "another engine's"
        ),
        (
            "models/s.yml", "models: [{name: plain, versions: [{v: 1}]}]", "UNSUPPORTED_FEATURE",
            "a name of its own"
        ),
    ]

    @Test("are refused with place and help", arguments: wrong)
    func mistakes(file: String, text: String, code: String, part: String) throws {
        let error = #expect(throws: EngineError.self) { try Self.load([file: text]) }
        #expect(error?.code == code, "\(error?.description ?? "")")
        #expect(error?.location != nil)
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    /// Who reads the private model, and whether that is refused.
    static let readers: [(file: String, text: String, isRefused: Bool)] = [
        ("models/marts/more.sql", "SELECT * FROM {{ ref('orders') }}", false),
        ("models/plain.sql", "SELECT * FROM {{ ref('orders') }}", true),
        ("models/plain.sql", "{{ config(group='sales') }}SELECT * FROM {{ ref('orders') }}", true),
        ("models/plain.sql", "{{ config(materialized='ephemeral') }}SELECT * FROM {{ ref('orders') }}", true),
        ("tests/some.sql", "SELECT * FROM {{ ref('orders') }}", true),
        (
            "etl.yml",
            "name: p\ntransform: [{dbt: {}}, {name: t, sql: \"SELECT * FROM {{ ref('orders') }}\"}]", true
        ),
        (
            "etl.yml",
            "name: p\ntransform: [{dbt: {}}]\nload: [{name: l, from: orders, write: {path: out}}]", true
        ),
        (
            "models/s.yml",
            "models: [{name: plain, columns: [{name: id, data_tests: [{relationships: "
                + "{to: ref('orders'), field: id}}]}]}]", true
        ),
    ]

    @Test("let a private model be read by its group alone", arguments: readers)
    func access(file: String, text: String, isRefused: Bool) throws {
        let changes = ["models/schema.yml": Self.privateOrders, file: text]
        if !isRefused { return #expect(try Self.load(changes).step(named: "orders") != nil) }
        let error = #expect(throws: EngineError.self) { try Self.load(changes) }
        #expect(error?.code == "PRIVATE_MODEL", "\(error?.description ?? "")")
        #expect(error?.description.contains("private to the group finance") == true)
    }

    @Test("are carried out: tables lie where they are named, seeds have their types, contracts hold")
    func runs() async throws {
        let contract = """
            groups: [{name: finance}]
            models:
              - name: orders
                config: {contract: {enforced: true}}
                columns:
                  - name: amount
                    data_type: decimal(10,2)
                    constraints: [{type: check, expression: amount > 0}]
                  - {name: id, data_type: integer, constraints: [{type: primary_key}]}
            """
        let bench = try await RunBench(
            Self.files.merging([
                "models/schema.yml": contract,
                "models/marts/orders.sql": """
                {{ config(alias='fact_orders', materialized='incremental', on_schema_change='fail') }}
                SELECT CAST(1 AS INT) AS id, CAST(2.5 AS DECIMAL(4,1)) AS amount
                {% if is_incremental() %} UNION ALL SELECT CAST(max(id) + 1 AS INT), CAST(1 AS DECIMAL(4,1))
                FROM {{ this }} {% endif %}
                """,
            ]) { $1 })
        func rows(_ table: String) async throws -> [String] {
            try await bench.plainRows("SELECT * FROM parquet.`\(bench.state)/tables/\(table)/`")
        }
        let first = try await bench.run()
        #expect(RunBench.errors(first) == [:])
        // The contract's order of columns.
        #expect(try await rows("default_marts.fact_orders") == ["2.5,1"])
        #expect(try await rows("default_ref.codes") == ["00501,1"])
        #expect(try await rows("default_marts.totals") == ["1"])
        // The second run is incremental, and brings the key 1 again, which the constraint refuses.
        let second = try await bench.run()
        #expect(RunBench.errors(second) == ["orders": "TEST_FAILED"])
        #expect(second.tests.first { $0.outcome == .fail }?.name == "constraint_unique_orders_id")
        #expect(try await rows("default_marts.fact_orders") == ["2.5,1"])
        try bench.folder.write([
            "models/marts/orders.sql": "SELECT 'x' AS id, CAST(1 AS DECIMAL(4,1)) AS amount, 1 AS more"
        ])
        let third = try await bench.run()
        #expect(RunBench.errors(third) == ["orders": "CONTRACT_VIOLATED"])
        let message = third.steps["orders"]?.error?.message ?? ""
        #expect(
            message.hasSuffix(
                """
                | column_name | definition_type | contract_type | mismatch_reason     |
                | ----------- | --------------- | ------------- | ------------------- |
                | id          | STRING          | INT           | data type mismatch  |
                | more        | INT             |               | missing in contract |
                """), "\(message)")
        #expect(third.steps["orders"]?.error?.engineError.location?.line == 6)
    }

    @Test("make a seed fail whose line is short, or whose value has not the declared type")
    func brokenSeeds() async throws {
        let bench = try await RunBench(Self.files.merging(["seeds/lists/codes.csv": "zip,n\n00501\n"]) { $1 })
        #expect(RunBench.errors(try await bench.run())["codes"] != nil)
        try bench.folder.write([
            "seeds/lists/codes.csv": "zip,n\nabc,1\n",
            "dbt_project.yml": "name: shop\nseeds: {shop: {+column_types: {zip: int}}}\n",
        ])
        #expect(RunBench.errors(try await bench.run())["codes"] == "CAST_INVALID_INPUT")
    }
}
