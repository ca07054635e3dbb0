import Foundation
import Pipelines
import Programs
import Testing
import Vocabulary

/// Holds what users read when etl.yml is wrong.
@Suite("etl.yml")
struct FormatTests {
    static let step = "transform: [{name: a, sql: SELECT 1 AS x}]\n"

    /// Lines after the name, and the code, the line and a part of the error.
    static let wrong: [(text: String, code: String, line: Int, part: String)] = [
        ("transfrom: []", "PIPELINE_FORMAT", 2, "Did you mean transform?"),
        ("transform:\n  - {name: a, sqll: x}", "PIPELINE_FORMAT", 3, "in transform[0]: sqll"),
        ("extract: [{name: a, command: echo 1}]", "PIPELINE_FORMAT", 2, "Write its words as a list"),
        (step + "schedule_interval: '@daily'", "PIPELINE_FORMAT", 3, "Write schedule."),
        ("transform:\n  - {name: a, sql: x, depends_on: [b]}", "PIPELINE_FORMAT", 3, "by ref(), source()"),
        ("transform:\n  - {name: a}", "PIPELINE_FORMAT", 3, "needs exactly one of: sql, dbt"),
        (
            "transform:\n  - {name: a, sql: SELECT 1 AS x, write: {path: out/}}\n"
                + "  - {name: b, sql: SELECT 1 AS x, write: {path: ./out, mode: append}}",
            "PIPELINE_FORMAT", 4, "a and b write to the same path"
        ),
        ("extract: x", "PIPELINE_FORMAT", 2, "extract must be a list, not text"),
        ("", "PIPELINE_FORMAT", 1, "has no steps"),
        ("extract: [{name: a, rest: {}}]", "PIPELINE_FORMAT", 2, "The key 'client' is missing in rest"),
        (step + "schedule: 0 25 * * *", "PIPELINE_FORMAT", 3, "the hour must be from 0 to 23: 25"),
        (step + "schedule: '@daily'\ntimezone: Mars", "PIPELINE_FORMAT", 4, "Mars"),
        (step + "catchup: true", "PIPELINE_FORMAT", 3, "needs a schedule"),
        (
            step + "schedule: '@daily'\nstart_date: 2024-02-01\nend_date: 2024-01-01", "PIPELINE_FORMAT", 5,
            "before start_date"
        ),
        (step + "schedule: '@daily'\ncatchup: maybe", "PIPELINE_FORMAT", 4, "true or false: maybe"),
        (step + "start_date: 2024-13-01", "PIPELINE_FORMAT", 3, "a date such as"),
        (step + "default_args: {retry_delay: soon}", "PIPELINE_FORMAT", 3, "a time such as 30s"),
        (step + "default_args: {retries: -1}", "PIPELINE_FORMAT", 3, "whole number from 0 on"),
        (step + "description: \"{{ env_var('UNSET') }}\"", "TEMPLATE_ERROR", 3, "is not set: UNSET"),
        (
            "transform: [{name: a, sql: \"SELECT {{ var('mini') }}\"}]\nvars: {min: 1}", "TEMPLATE_ERROR", 2,
            "mini"
        ),
        (
            "transform: [{name: a, sql: \"SELECT * FROM {{ ref('b') }}\"}]", "TEMPLATE_ERROR", 2,
            "ref() names no step"
        ),
        ("transform: [{name: a, sql: SELECT 1; SELECT 2}]", "PIPELINE_SQL", 2, "text after its ';'"),
        ("transform: [{name: a-b, sql: SELECT 1}]", "PIPELINE_FORMAT", 2, "such as a_b"),
        (
            "transform: [{name: a, sql: SELECT 1}, {name: A, sql: SELECT 1}]", "PIPELINE_FORMAT", 2,
            "same name"
        ),
        (
            "transform: [{name: a, sql: x, write: {path: o, mode: apend}}]", "PIPELINE_FORMAT", 2,
            "Did you mean append?"
        ),
        (
            "transform:\n  - name: a\n    sql: SELECT 1 AS x\n    columns:\n      - name: x\n        tests:\n"
                + "          - not_null:\n              warn_if: '>>1'", "PIPELINE_FORMAT", 9,
            "Write it like \"> 10\""
        ),
        (
            "transform: [{name: a, sql: SELECT 1 AS x, tests: [{unique: {error_if: '> 1'}}]}]",
            "PIPELINE_FORMAT", 2, "{column_name: …}"
        ),
        ("connections: {d: {uri: 'mysql://h/d'}}\n" + step, "UNKNOWN_CONNECTION", 2, "this kind: mysql"),
        ("connections: {d: {uri: shop.db}}\n" + step, "UNKNOWN_CONNECTION", 2, "This is no address"),
        ("connections: {d: {uri: 'postgrse://h/d'}}\n" + step, "UNKNOWN_CONNECTION", 2, "mean postgres?"),
        (step + "alerts: [{on: [failure]}]", "PIPELINE_FORMAT", 3, "needs email or webhook"),
        (step + "alerts: [{on: falure, webhook: {url: 'http://h'}}]", "PIPELINE_FORMAT", 3, "failure?"),
        (
            step + "alerts: [{on: deadline, webhook: {url: 'http://h'}}]", "PIPELINE_FORMAT", 3,
            "belong together"
        ),
        (step + "alerts: [{on: failure, webhook: {url: here}}]", "PIPELINE_FORMAT", 3, "needs its url"),
        (
            step + "connections: {m: {uri: 'http://x'}}\n"
                + "alerts: [{on: failure, email: {to: a@b.c, connection: m}}]", "PIPELINE_FORMAT", 3,
            "no address of a mail server"
        ),
        (
            step + "connections: {m: {uri: 'smtp://x'}}\n"
                + "alerts: [{on: failure, email: {to: \"a@b.c\\nx: y\", connection: m}}]", "PIPELINE_FORMAT",
            4,
            "no mail address"
        ),
        (step + "metrics: {openlineage: here}", "PIPELINE_FORMAT", 3, "takes a URL"),
        (step + "metrics: {openlineage: \"{{ env_var('UNSET') }}\"}", "TEMPLATE_ERROR", 3, "not set: UNSET"),
        ("extract: [{name: a, file: {path: data/x.bin}}]", "PIPELINE_FORMAT", 2, "does not say the format"),
        (
            "extract: [{name: a, file: {path: \"{{ env_var('DBT_ENV_SECRET_X') }}.csv\"}}]", "TEMPLATE_ERROR",
            2, "secret"
        ),
        ("a: [1", "PIPELINE_FORMAT", 0, "not valid YAML"),
        ("transform:\n\t- {name: a, sql: x}", "PIPELINE_FORMAT", 3, "Indent with spaces"),
        ("a: " + String(repeating: "[", count: 5000), "PIPELINE_FORMAT", 2, "nested deeper"),
        (step + "vars: {a: 1}\nvars: {b: 2}", "PIPELINE_FORMAT", 4, "twice: vars"),
        ("transform: [{name: a, sql: x, tests: [uniqe]}]", "PIPELINE_FORMAT", 2, "Did you mean unique?"),
        ("transform: [{name: a, sql: x, tests: [unique]}]", "PIPELINE_FORMAT", 2, "below columns"),
        (
            "transform: [{name: a, sql: x, tests: [{row_count: {mni: 1}}]}]", "PIPELINE_FORMAT", 2,
            "Did you mean min?"
        ),
    ]

    @Test("takes variables of the command line as dbt does, too")
    func givenVariables() throws {
        let given = try GivenVariables.read("{min: 25, 'name': \"x y\"}")
        #expect(given.map(\.0) == ["min", "name"] && given.map(\.1) == ["25", "x y"])
        #expect(try GivenVariables.read("{}").isEmpty)
        for text in ["{min: [1]}", "{min", "{}}"] {
            #expect(throws: EngineError.self) { try GivenVariables.read(text) }
        }
    }

    @Test("is refused with place and help", arguments: wrong)
    func refuses(text: String, code: String, line: Int, part: String) {
        let error = #expect(throws: EngineError.self) { try ProjectFolder.load(text) }
        #expect(error?.code == code, "\(error?.description ?? "")")
        // 0: the place is the YAML parser's own: where the text ends, or a mapping begins.
        if line > 0 { #expect(error?.location?.line == line, "\(error?.description ?? "")") }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test("gives other tools' keys a remedy only where they would stand")
    func strayKeys() {
        let text = "extract: [{name: a, command: [x], cron: daily}]"
        let error = #expect(throws: EngineError.self) { try ProjectFolder.load(text) }
        #expect(error?.message == "There is no key of this name in extract[0]: cron")
        #expect(error?.remedy?.contains("Write schedule") == false)
    }

    @Test(
        "shows no line that may hold a password or a webhook's address",
        arguments: [
            "connections: {m: {uri: 'smtp://ops:canary@'}}\n"
                + "alerts: [{on: failure, email: {to: a@b.c, connection: m}}]",
            "alerts: [{on: failure, webhook: {url: 'htp://chat/canary'}}]",
            "alerts: [{on: failure, webhook: {url: 'http://chat/canary', headers: {\"X Y\": canary}}}]",
            "metrics: {openlineage: {url: here, token: canary}}",
        ])
    func secrets(text: String) {
        let error = #expect(throws: EngineError.self) { try ProjectFolder.load(Self.step + text) }
        #expect(error?.location?.line == 3)
        #expect(error?.description.contains("canary") == false, "\(error?.description ?? "")")
    }

    @Test(
        "says where a key is for the second time",
        arguments: [
            ("vars: {a: 1}\nname: q", 3, 1, 1),
            ("vars:\n  a: 1\n  # a: 2\n  b: {a: 3}\n  \"a\" : 2", 6, 3, 3),
            ("vars: {a: {a: 3}, b: 2, a: 3}", 2, 25, 2),
            ("extract:\n  - name: a\n    file: {}\n    name: b", 5, 5, 3),
        ])
    func repeatedKeys(text: String, line: Int, column: Int, first: Int) {
        let error = #expect(throws: EngineError.self) { try ProjectFolder.load(text) }
        #expect(error?.message.hasPrefix("A key is here twice") == true)
        #expect(
            error?.location?.line == line && error?.location?.column == column, "\(error?.description ?? "")")
        #expect(error?.remedy?.hasPrefix("It stands in line \(first) already") == true)
    }

    @Test("that repeats itself by aliases ends")
    func aliases() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let below = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(below)]\n"
        }
        #expect(throws: EngineError.self) { try ProjectFolder.load(text) }
    }

    @Test("has a JSON Schema with every key and its description")
    func schema() throws {
        let data = Data(PipelineSchema().text.utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let properties = try #require(root["properties"] as? [String: [String: Any]])
        #expect(properties.keys.contains("transform") && properties.keys.contains("default_args"))
        #expect((properties["metrics"]?["description"] as? String)?.isEmpty == false)
        #expect(root["additionalProperties"] as? Bool == false)
    }

    @Test("values are given to variables that the files name, and to no other")
    func givenVars() throws {
        let folder = try ProjectFolder([
            "etl.yml": "name: p\nvars: {least: 1}\n"
                + "transform: [{name: a, sql: \"SELECT {{ var('least_age', 3) }} AS x\"}]\n"
        ])
        #expect(try folder.load(vars: ["least_age": "7"]).steps[0].sql == "SELECT 7 AS x")
        #expect(try folder.load(vars: ["least": "7"]).steps[0].sql == "SELECT 3 AS x")
        let error = #expect(throws: EngineError.self) { try folder.load(vars: ["least_agee": "7"]) }
        #expect(error?.remedy == "Did you mean least_age?", "\(error?.description ?? "")")
    }

    @Test("reads a Kafka Connect source with its defaults, by its mode")
    func connectors() throws {
        func rules(_ more: String) throws -> [(name: String, rule: ExtractRule)] {
            let folder = try ProjectFolder([
                "etl.yml": "name: p\nextract: [{connector: c.json}]\n",
                "c.json": """
                {"name": "k", "config": {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
                 "connection.url": "jdbc:postgresql://h/d", "table.whitelist": "shop.a, b",
                 "topic.prefix": "pg-", \(more)}}
                """,
            ])
            return try folder.load().steps.compactMap { step in step.extract.map { (step.name, $0) } }
        }
        let bulk = try rules("\"mode\": \"bulk\"")
        #expect(bulk.map(\.name) == ["pg_a", "pg_b"])
        #expect(bulk.allSatisfy { $0.rule.disposition == .replace && $0.rule.cursor == nil })
        let counted = try rules(
            "\"mode\": \"incrementing\", \"incrementing.column.name\": \"id\", \"incrementing.initial\": 7")
        #expect(counted[0].rule.disposition == .append)
        #expect(counted[0].rule.cursor?.column == "id" && counted[0].rule.cursor?.initial == "7")
        #expect(counted[0].rule.cursor?.missing == .raise, "validate.non.null is true by default")
        let timed = try rules(
            "\"mode\": \"timestamp\", \"timestamp.column.name\": \"at\", \"timestamp.initial\": 60000, "
                + "\"timestamp.delay.interval.ms\": 5000, \"validate.non.null\": false")
        #expect(timed[1].rule.cursor?.column == "at" && timed[1].rule.cursor?.idColumn == nil)
        #expect(timed[1].rule.cursor?.initial == "1970-01-01 00:01:00")
        #expect(timed[1].rule.cursor?.delayMilliseconds == 5000)
        #expect(timed[1].rule.cursor?.missing == .exclude)
        let zoned = try rules(
            "\"mode\": \"timestamp\", \"timestamp.column.name\": \"at\", \"db.timezone\": \"Asia/Tokyo\", "
                + "\"timestamp.initial\": 1704067201250")
        #expect(zoned[0].rule.cursor?.initial == "2024-01-01 09:00:01.250")
        let now = try rules(
            "\"mode\": \"timestamp\", \"timestamp.column.name\": \"at\", \"timestamp.initial\": -1")
        #expect(now[0].rule.cursor?.beginsNow == true)
        #expect(now[0].rule.cursor?.initial == "2024-01-02 00:00:01", "when the run was accepted")
        let query = "\"mode\": \"incrementing\", \"query\": \"SELECT 1 AS n\""
        let error = #expect(throws: EngineError.self) { try rules(query) }
        #expect(error?.message == "mode incrementing of a query needs incrementing.column.name")
    }

    @Test("asks the database for columns that count up where a Kafka Connect source names none")
    func counters() async throws {
        func columns(_ mode: String, _ catalog: [CatalogTable]) async throws -> [String] {
            let folder = try ProjectFolder([
                "etl.yml": "name: p\nextract: [{connector: c.json}]\n",
                "c.json": """
                {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "topic.prefix": "k",
                 "connection.url": "jdbc:postgresql://h/d", "table.whitelist": "s.a,b",
                 "timestamp.column.name": "at", "mode": "\(mode)"}
                """,
            ])
            let run = RunContext(runID: "r", intervalStart: 0, intervalEnd: 0, acceptedAt: 0)
            let pipeline = try await PipelineLoader.load(listing: { _ in catalog }) {
                PipelineLoader(directory: folder.path, run: run) { _ in nil }
            }
            return pipeline.steps.map {
                [$0.extract?.cursor?.column, $0.extract?.cursor?.idColumn].compactMap { $0 }
                    .joined(separator: " ")
            }
        }
        let catalog = [
            CatalogTable(schema: "s", name: "a", counter: "n"), CatalogTable(schema: "t", name: "a"),
            CatalogTable(schema: "t", name: "b", counter: "m"),
        ]
        #expect(try await columns("incrementing", catalog) == ["n", "m"])
        #expect(try await columns("timestamp+incrementing", catalog) == ["at n", "at m"])
        for (more, part) in [
            (CatalogTable(schema: "u", name: "b", counter: "k"), "in several schemas"),
            (CatalogTable(schema: "u", name: "b"), "in several schemas"),
        ] {
            let error = await #expect(throws: EngineError.self) {
                try await columns("incrementing", catalog + [more])
            }
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
        let none = await #expect(throws: EngineError.self) { try await columns("incrementing", []) }
        #expect(none?.message == "No column of the table counts up by itself: s.a")
    }

    @Test("warns of keys of Kafka Connect without effect, and of queries whose rows may commit late")
    func warnings() throws {
        func warnings(_ more: String, _ etl: String = "extract: [{connector: c.json}]") throws -> [String] {
            let folder = try ProjectFolder([
                "etl.yml": "name: p\n" + etl,
                "c.json": """
                {"config": {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
                 "connection.url": "jdbc:postgresql://h/d", "table.whitelist": "a", \(more)}}
                """,
            ])
            return try folder.load(variables: ["PG": "postgresql://u:canary@h/d", "LITE": "sqlite:x"])
                .warnings
        }
        #expect(try warnings("\"mode\": \"bulk\"").isEmpty)
        let idle = try warnings(
            "\"mode\": \"bulk\", \"batch.max.rows\": 9, \"poll.interval.ms\": 5, \"key.converter\": \"x\"")
        #expect(
            idle == [
                "c.json: keys of Kafka Connect that have no effect here: batch.max.rows (here: rows come in "
                    + "batches of bytes), key.converter, poll.interval.ms (here: schedule says how often the "
                    + "pipeline runs)"
            ])
        func late(_ uri: String, _ what: String, _ more: String = "") throws -> Bool {
            let found = try warnings(
                "\"mode\": \"bulk\"",
                "connections: {c: {uri: \"\(uri)\"}}\nextract: [{name: a, sql: {connection: c, \(what): t, "
                    + "incremental: {cursor_path: at\(more)}}}]")
            #expect(!"\(found)".contains("canary"))
            return found.contains { $0.hasPrefix("a: a row that commits after") }
        }
        #expect(try late("postgresql://h/d", "query"))
        #expect(try late("{{ env_var('PG') }}", "query") && late("{{ env_var('OTHER') }}", "query"))
        #expect(try !late("postgresql://h/d", "table"), "its rows tell their transaction")
        #expect(try !late("postgresql://h/d", "query", ", delay: 1m"))
        #expect(try !late("sqlite:x", "query") && !late("{{ env_var('LITE') }}", "query"))
        #expect(try late("snowflake://a/d", "table"))
    }

    /// Files that editors mark by the schema.
    static let marked = [
        "transfrom: []", "extract: x", "transform: [{name: a, sqll: x}]", "transform: [{name: a}]",
        "connections: {pg: {urll: x}}", "connections: {pg: {url: a, uri: b}}",
        "transform: [{name: a, sql: x, write: {path: o, mode: apend}}]", "max_active_runs: 0",
        "extract: [{name: a, file: {}}]", "extract: [{name: a, file: {path: x.csv}, incremental: {}}]",
        "alerts: [{on: falure, webhook: {url: u}}]", "alerts: [{webhook: {url: u}}]",
        "extract: [{name: a, sql: {connection: c, table: t, query: q}}]",
        "transform: [{name: a, sql: x, tests: [uniqe]}]", "transform: [{name: a, sql: x, tests: [unique]}]",
        "transform: [{name: a, sql: x, columns: [{name: c, tests: [uniqe]}]}]",
        "transform: [{name: a, sql: x, columns: [{name: c, tests: [{accepted_values: {valuess: [1]}}]}]}]",
        "transform: [{name: a, sql: x, tests: [{row_count: {mni: 1}}]}]",
        "transform: [{name: a, sql: x, tests: [positive]}]",
    ]

    /// Parts of the errors of `wrong` that a schema cannot know: they follow from other keys and files, from
    /// what templates give, from how a text of its own language must look, or from a key that is there twice.
    static let unmarked: Set = [
        "has no steps", "the hour must be from 0 to 23: 25", "Mars", "needs a schedule", "before start_date",
        "is not set: UNSET", "mini", "ref() names no step", "text after its ';'", "such as a_b",
        "same name", "needs email or webhook", "belong together", "needs its url",
        "no address of a mail server", "no mail address", "takes a URL", "not set: UNSET",
        "does not say the format", "secret", "twice: vars", "a and b write to the same path",
        "Write it like \"> 10\"", "{column_name: …}", "this kind: mysql", "This is no address",
        "mean postgres?",
    ]

    /// Tests in all the forms in which they may stand.
    static let taken = [
        "transform: [{name: a, sql: x, columns: [{name: c, tests: [not_null, unique, "
            + "{not_null: {severity: warn}}, {accepted_values: {values: [1], quote: false}}, "
            + "{accepted_values: {arguments: {values: [1]}, config: {where: y}}}, "
            + "{relationships: {to: ref('b'), field: id}}, {expression: '> 0'}]}]}]",
        "transform: [{name: a, sql: x, data_tests: [{row_count: {min: 1}}, {expression: c > 0}, "
            + "{unique: {column_name: c}}, {relationships: {column_name: c, to: ref('b'), field: id}}, "
            + "{dbt_utils.expression_is_true: {expression: c > 0, warn_if: '> 10'}}, "
            + "{unique_combination_of_columns: {combination_of_columns: [c, d]}}, "
            + "{dbt_utils.accepted_range: {column_name: c, min_value: 1, inclusive: false}}]}]",
    ]

    @Test("has a JSON Schema that takes the examples and every form of a test, and marks what is mistyped")
    func schemaJudges() throws {
        let folder = try ProgramRun.makeFolder("schema")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("schema.json")
        try Data(PipelineSchema().text.utf8).write(to: file)
        let cases = folder.appendingPathComponent("cases.json")
        try JSONEncoder().encode([
            "marked": Self.marked.map { [$0] }, "taken": Self.taken.map { [$0] },
            "wrong": Self.wrong.map { [$0.text, $0.part] },
        ]).write(to: cases)
        let script = """
            import glob, json, jsonschema, re, sys, yaml
            class Loader(yaml.SafeLoader): pass  # YAML 1.2, as in editors: dates are text, and so is `on`
            Loader.yaml_implicit_resolvers = {
                first: [(tag, word) for tag, word in pairs if tag.split(":")[-1] not in ("timestamp", "bool")]
                for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
            Loader.add_implicit_resolver(
                "tag:yaml.org,2002:bool", re.compile("^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            judge = jsonschema.Draft202012Validator(schema)
            def takes(text):
                try: return judge.is_valid(yaml.load("name: p\\n" + text, Loader))
                except (yaml.YAMLError, RecursionError): return False
            good = glob.glob(sys.argv[2] + "/examples/**/etl.yml", recursive=True)
            for name in good:
                for error in judge.iter_errors(yaml.load(open(name), Loader)):
                    print("refused:", name, error.message)
            cases = json.load(open(sys.argv[3]))
            for text, in cases["marked"]:
                if takes(text): print("taken:", text)
            for text, in cases["taken"]:
                if not takes(text): print("refused:", text)
            for text, part in cases["wrong"]:
                if takes(text): print("unmarked:", part)
            print(len(good) >= 5)
            """
        let run = try ProgramRun.run(
            ProgramRun.python, ["-c", script, file.path, ProgramRun.root.path, cases.path])
        var lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.popLast() == "True", "\(run.errors)")
        let open = Set(lines.filter { $0.hasPrefix("unmarked: ") }.map { String($0.dropFirst(10)) })
        #expect(open == Self.unmarked, "\(open.symmetricDifference(Self.unmarked))")
        #expect(lines.allSatisfy { $0.hasPrefix("unmarked: ") }, "\(run.output)")
    }

    @Test("has a JSON Schema of a project that knows its own tests")
    func ownTests() throws {
        let folder = try ProjectFolder([
            "etl.yml": "name: p\ntransform: [{dbt: {}}]\n", "models/a.sql": "SELECT 1 AS x",
            "tests/generic/positive.sql":
                "{% test positive(model, column_name) %}SELECT 1 FROM {{ model }}{% endtest %}",
        ])
        let run = RunContext(runID: "r", intervalStart: 0, intervalEnd: 0, acceptedAt: 0)
        let loader = PipelineLoader(directory: folder.path, run: run, environment: { _ in nil })
        let schema = try loader.schema().text
        #expect(schema.contains("\"enum\": [\"not_null\", \"unique\", \"positive\"]"))
        #expect(!PipelineSchema().text.contains("positive"))
    }

    @Test("of values, templates and vars becomes steps in order")
    func loads() throws {
        let pipeline = try ProjectFolder.load(
            """
            vars: {min: 5, who: "{{ x }}"}
            default_args: {retries: 2, retry_delay: 10s, max_retry_delay: 25s,
              retry_exponential_backoff: true}
            transform:
              - {name: b, sql: "SELECT * FROM {{ ref('a') }} WHERE x > {{ var('min') }};", tags: nightly}
            extract:
              - {name: a, file: {path: "in/{{ env_var('SET') }}.csv", options: {sep: ";", header: false}}}
            """)
        #expect(pipeline.steps.map(\.name) == ["a", "b"])
        #expect(pipeline.steps[1].sql == "SELECT * FROM `a` WHERE x > 5")
        #expect(pipeline.steps[1].dependencies == ["a"])
        let definition = pipeline.steps[0].relations[0].definition
        #expect(
            definition
                == " USING csv OPTIONS ('path' 'in/value.csv', "
                + "'inferSchema' 'true', 'enforceSchema' 'false', 'sep' ';', 'header' 'false')"
        )
        #expect((2...5).map(pipeline.retries.delay) == [10, 20, 25, 25])
    }

    @Test(
        "a step that reads the path which another writes comes after it",
        arguments: ["parquet", "orc", "avro", "json", "csv", "text"])
    func paths(format: String) throws {
        let pipeline = try ProjectFolder.load(
            """
            transform:
              - {name: a, sql: "SELECT * FROM \(format).`./out/x/y=1`"}
              - {name: b, sql: SELECT 1 AS x, write: {path: out/x/}}
            """)
        #expect(pipeline.steps.map(\.name) == ["b", "a"])
    }
}
