import Testing
import Vocabulary

@testable import Pipelines

/// Holds templates within the settings of a dbt project, and what it says of tests by folder.
@Suite("Settings of a dbt project that are templates, and those of its tests")
struct SettingTemplateTests {
    static let files = [
        "etl.yml": "name: p\ntransform: [{dbt: {}}]\n",
        "dbt_project.yml": """
        name: shop
        vars: {wanted: false, how: table}
        models:
          shop:
            +tags: "{{ ['a', 'b'] }}"
            off: {+enabled: "{{ var('wanted') }}"}
            marts:
              +materialized: "{{ 'ephemeral' if target.name == 'prod' else var('how') }}"
              +schema: "{{ env_var('SET', 'none') }}"
        """,
        "models/off/unwanted.sql": "SELECT 1 AS id",
        "models/marts/top.sql": "SELECT 1 AS id",
        "models/marts/top.md": "# No block\n{% docs top %}\n\nAll *rows*.\nTwo lines.\n{% enddocs %} more",
        "models/schema.yml": """
        models:
          - name: top
            description: "Says: {{ doc('top') }}"
            config: {alias: "{{ 'the_' ~ 'top' }}"}
            columns:
              - name: id
                data_tests:
                  - not_null: {config: {severity: "{{ 'error' if target.name == 'prod' else 'warn' }}"}}
                  - unique: {config: {enabled: "{{ var('wanted') }}"}}
        """,
        "tests/deep/one.sql": "SELECT * FROM {{ ref('top') }} WHERE id < 0",
        "tests/two.sql": "{{ config(severity='error') }}SELECT * FROM {{ ref('top') }} WHERE id < 1",
    ]

    static func load(_ changes: [String: String] = [:], vars: [String: String] = [:]) throws -> Pipeline {
        try ProjectFolder(files.merging(changes) { $1 }).load(vars: vars)
    }

    @Test("are rendered in dbt_project.yml and in config of YAML files, with the project's variables")
    func templates() throws {
        let pipeline = try Self.load()
        #expect(pipeline.steps.map(\.name) == ["top"])
        let top = try #require(pipeline.step(named: "top"))
        #expect(top.materialization.kind == .table && top.tags == ["a", "b"])
        #expect(top.folder == "default_value.the_top")
        #expect(top.description == "Says: All *rows*.\nTwo lines." && top.columns[0].description.isEmpty)
        let tests = Dictionary(top.tests.map { ($0.name, $0.severity) }) { first, _ in first }
        #expect(tests == ["not_null_top_id": .warn, "one": .error, "two": .error])
        // What the command line gives is text.
        #expect(try Self.load(vars: ["wanted": "true"]).steps.count == 2)
        #expect(try Self.load(vars: ["wanted": "False"]).steps.count == 1)
    }

    @Test("doc() of a block that is nowhere is warned of")
    func undocumented() throws {
        let text = "models: [{name: top, columns: [{name: id, description: \"{{ doc('shop', 'tpo') }}\"}]}]"
        let pipeline = try Self.load(["models/schema.yml": text])
        #expect(pipeline.step(named: "top")?.columns[0].description == "{{ doc('shop', 'tpo') }}")
        #expect(
            pipeline.warnings.contains {
                $0.hasSuffix(
                    "schema.yml:1: there is no block of documentation "
                        + "of this name: tpo")
            }, "\(pipeline.warnings)")
    }

    @Test("of tests go by the folder of their file: below the model's own, of a singular test its own")
    func testSettings() throws {
        let project = """
            name: shop
            vars: {wanted: true}
            data_tests:
              +store_failures: true
              shop:
                +severity: warn
                +where: id > 0
                deep: {+error_if: ">10", +store_failures_as: ephemeral}
            """
        let changes = [
            "dbt_project.yml": project,
            "etl.yml": "name: p\ntransform: [{dbt: {}}, {name: own, sql: SELECT 1 AS a, tests: "
                + "[{row_count: {min: 1}}]}]\n",
        ]
        let pipeline = try Self.load(changes)
        let all = pipeline.steps.flatMap(\.tests)
        func test(_ name: String) throws -> DataTest { try #require(all.first { $0.name == name }) }
        let unique = try test("unique_top_id")
        #expect(unique.severity == .warn && unique.storesFailures)
        #expect(unique.sql.contains("WHERE id > 0"), "\(unique.sql)")
        let one = try test("one")
        #expect(one.errorIf == ">10" && one.severity == .warn && !one.storesFailures)
        #expect(try test("two").severity == .error)
        // Tests of etl.yml are not the project's.
        let count = try test("row_count_own")
        #expect(count.severity == .error && !count.storesFailures)
    }

    @Test("the model and its table tell their names within a query, also those that come later in it")
    func relation() throws {
        let query = """
            SELECT '{{ this.schema }}.{{ this.identifier }} {{ this.name }} {{ model.name }}' AS a
            {{ config(alias='late') }} FROM {{ ref('top') }} WHERE '{{ this.table }}' = 'late'
            {% set this = {'schema': 'mine'} %} AND '{{ this.schema }}' = 'mine'
            """
        let pipeline = try Self.load(["models/marts/names.sql": query])
        let sql = try #require(pipeline.step(named: "names")?.sql)
        #expect(sql.hasPrefix("SELECT 'default_value.names names names' AS a"), "\(sql)")
        #expect(sql.contains("'late' = 'late'") && sql.contains("'mine' = 'mine'"), "\(sql)")
    }

    @Test("exceptions.warn says what it has to say once, with its place")
    func warns() throws {
        let query = "{% for n in [1, 2] %}{% do exceptions.warn('old') %}{% endfor %}SELECT 1 AS id"
        let warnings = try Self.load(["models/marts/top.sql": query]).warnings
        #expect(warnings.filter { $0.hasSuffix("models/marts/top.sql:1: old") }.count == 1, "\(warnings)")
    }

    /// A file that is changed, its text, and a part of the error.
    static let wrong: [(file: String, text: String, part: String)] = [
        (
            "dbt_project.yml", "name: shop\nmodels: {shop: {+enabled: \"{{ var('none') }}\"}}",
            "no variable of this name"
        ),
        ("dbt_project.yml", "name: shop\nmodels: {shop: {+enabled: maybe}}", "must be true or false"),
        ("dbt_project.yml", "name: shop\nmodels: {shop: {+alias: \"{{ nme }}\"}}", "no value of this name"),
        (
            "dbt_project.yml", "name: shop\nvars: {wanted: 1}\ntests: {+severity: often}",
            "severity is error or warn"
        ),
        ("dbt_project.yml", "name: shop\ntests: {+severty: warn}", "Did you mean +severity?"),
        ("dbt_project.yml", "name: shop\ntests: {}\ndata_tests: {}", "there twice"),
        ("dbt_project.yml", "name: shop\ntests: {+store_failures_as: file}", "table, view, ephemeral"),
        (
            "models/marts/top.sql", "{{ config(enabled='sometimes') }}SELECT 1 AS id",
            "enabled must be true or false"
        ),
    ]

    @Test("are errors where they have no value", arguments: wrong)
    func mistakes(file: String, text: String, part: String) throws {
        let error = #expect(throws: EngineError.self) { try Self.load([file: text]) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.location != nil)
    }
}
