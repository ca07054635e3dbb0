import Templates
import Vocabulary

/// Makes tests of what schema.yml and etl.yml say.
struct TestReader {
    /// The table that the tests are of.
    var relation: Relation
    /// Its name within the names of tests, and what stands before their kind.
    let subject: String
    var prefix = ""
    let location: SourceLocation
    /// Macros of the project; `test_NAME` is the test NAME, and takes the place of ours of the same name.
    let macros: MacroLibrary
    /// Returns what dbt_project.yml says of a test, by its name and its place.
    var defaults: (String, SourceLocation) -> [String: TemplateValue] = { _, _ in [:] }
    /// Renders text with ref() and returns it with the tables it reads.
    let render: (String, SourceLocation, TestScope) throws -> (text: String, relations: [Relation])

    private static let ofOneColumn = ["not_null", "unique", "accepted_values", "relationships"]
    static let names = ofOneColumn + ["row_count", "expression"] + PackageTests.names
    private static let settings = [
        "severity", "warn_if", "error_if", "where", "fail_calc", "limit", "name", "config", "arguments",
        "enabled", "tags", "meta", "description", "store_failures", "store_failures_as", "schema", "alias",
        "group",
    ]
    /// Settings that are rendered before they are taken; those of a query are rendered with it.
    private static let rendered: Set = [
        "severity", "warn_if", "error_if", "fail_calc", "limit", "enabled", "store_failures",
        "store_failures_as",
    ]
    private static let arguments = [
        "accepted_values": ["values", "quote"], "relationships": ["to", "field"],
        "row_count": ["min", "max", "equals"], "expression": ["expression"],
    ].merging(PackageTests.arguments) { $1 }

    /// Returns what a test in a file may be, for the format's schema. `own`: names of the project's own
    /// tests.
    static func shape(ofColumn: Bool, own: [String]) -> FormatShape {
        let plain = (ofColumn ? ["not_null", "unique"] : []) + own
        let kinds =
            ofOneColumn + ["row_count", "expression", "dbt_utils.expression_is_true"]
            + PackageTests.names.flatMap { [$0, PackageTests.prefix + $0] }
        var keys = kinds.map { kind in
            var arguments = TestReader.arguments[PackageTests.plain(kind)] ?? []
            if !ofColumn { arguments.insert("column_name", at: 0) }
            let known = (arguments + settings).map { FormatKey($0, .any, notes[$0] ?? "As in dbt.") }
            let mapping = FormatShape.object(FormatObject(keys: known))
            return FormatKey(
                kind, kind.contains("expression") ? .anyOf([.text, mapping]) : mapping,
                notes[kind] ?? "As in dbt.")
        }
        keys += own.map { FormatKey($0, .map(.any), "A test of this project.") }
        let mapping = FormatShape.object(FormatObject(keys: keys, oneOf: keys.map(\.name)))
        return plain.isEmpty ? mapping : .anyOf([.choice(plain), mapping])
    }

    private static let notes = [
        "not_null": "No value is missing.", "unique": "No value is there twice.",
        "accepted_values": "All values are among `values`.",
        "relationships": "All values are in the column `field` of the table `to`.",
        "row_count": "How many rows there are: min, max, equals.",
        "expression": "A condition that all rows meet; at a column, what stands after its name.",
        "dbt_utils.expression_is_true": "The same as expression.",
        "column_name": "The column, where the test does not stand below it.",
        "severity": "error or warn.", "where": "Condition of the rows that are tested.",
        "store_failures": "Whether wrong rows are kept.", "limit": "Most rows that are counted as wrong.",
        "store_failures_as": "table or view, which keep the wrong rows, or ephemeral.",
        "warn_if": "Count of wrong rows that warns, such as > 10.",
        "error_if": "Count of wrong rows that fails, such as > 100.",
    ]

    /// Returns the tests of a step's or model's mapping: `tests` and those of its columns.
    func tests(in owner: FormatValue) throws -> [DataTest] {
        var found: [DataTest] = []
        for key in ["tests", "data_tests"] {
            for item in owner[key]?.elements ?? [] { found += try test(item, column: nil) }
            for column in owner["columns"]?.elements ?? [] {
                for item in column[key]?.elements ?? [] {
                    found += try test(item, column: column["name"]?.printed)
                }
            }
        }
        return found
    }

    private func test(_ item: FormatValue, column: String?) throws -> [DataTest] {
        var kind = item.printed
        var given: [(key: FormatValue, value: FormatValue)] = []
        var plain: FormatValue?
        if case .map(let pairs) = item.kind {
            guard pairs.count == 1 else {
                throw item.error("A test is a name, or one name with its arguments below it")
            }
            kind = pairs[0].key.printed
            if case .map(let inner) = pairs[0].value.kind { given = inner } else { plain = pairs[0].value }
        }
        kind = PackageTests.plain(kind)
        let own = macros.parameters(of: "test_" + kind)
        guard own != nil || TestReader.names.contains(kind) else {
            let all =
                TestReader.names
                + macros.names.filter { $0.hasPrefix("test_") }.map { String($0.dropFirst(5)) }
            let near = Suggestion.nearest(to: kind, among: all)
            throw item.error(
                "There is no test of this name: \(kind)",
                remedy: kind.contains(".")
                    ? PackageTests.missing(kind)
                    : near.map { "Did you mean \($0)?" } ?? "Known are: \(all.joined(separator: ", ")).")
        }
        var arguments = own.map { $0.filter { $0 != "model" } } ?? TestReader.arguments[kind] ?? []
        if own == nil, column == nil, kind != "row_count" { arguments.append("column_name") }
        let values = try flattened(given, kind, arguments)
        let named = own == nil ? column ?? values["column_name"]?.printed : column
        return try made(kind, own, named, values, plain, item).map { [$0] } ?? []
    }

    /// Arguments and settings in one map, from wherever dbt lets them stand.
    private func flattened(
        _ given: [(key: FormatValue, value: FormatValue)], _ kind: String, _ arguments: [String]
    ) throws -> [String: FormatValue] {
        let known = TestReader.settings + arguments
        var values: [String: FormatValue] = [:]
        for (key, value) in given {
            let name = key.printed
            guard known.contains(name) else {
                let near = Suggestion.nearest(to: name, among: known)
                throw key.error(
                    "The test \(kind) has no argument of this name: \(name)",
                    remedy: near.map { "Did you mean \($0)?" })
            }
            if name == "config" || name == "arguments", case .map(let inner) = value.kind {
                values.merge(try flattened(inner, kind, arguments)) { $1 }
            } else {
                values[name] = value
            }
        }
        return values
    }

    /// Returns the test, nil when it is not enabled. `own`: the parameters of the project's macro. Where a
    /// common table expression would hide a table of it, tables have names that are not hidden.
    private func made(
        _ kind: String, _ own: [String]?, _ column: String?, _ values: [String: FormatValue],
        _ plain: FormatValue?, _ item: FormatValue
    ) throws -> DataTest? {
        guard let test = try once(kind, own, column, values, plain, item) else { return nil }
        guard CommonTables.hide(test.relations, in: test.sql) else { return test }
        var reader = self
        reader.relation.isGlobal = true
        return try reader.once(kind, own, column, values, plain, item)
    }

    private func once(
        _ kind: String, _ own: [String]?, _ column: String?, _ values: [String: FormatValue],
        _ plain: FormatValue?, _ item: FormatValue
    ) throws -> DataTest? {
        var test = DataTest(
            name: values["name"]?.printed
                ?? prefix + [kind, subject, column].compactMap { $0 }.joined(separator: "_"),
            sql: "", relations: [relation], location: item.location)
        test.kind = kind
        var table = relation.reference
        let standard = defaults(test.name, item.location)
        if let condition = values["where"]?.printed ?? standard["where"]?.printed {
            let rendered = try render(condition, item.location, plainScope)
            test.relations += rendered.relations
            table = "(SELECT * FROM \(table) WHERE \(rendered.text)) dbt_subquery"
        }
        // What the project says of its folder, over it the macro's config(), and what stands at the test.
        let settings = TestSettings(standard)
        test.sql =
            try own.map { try custom(kind, $0, column, table, values, item, &test, settings) }
            ?? sql(kind, column, table, values, plain, item, &test)
        settings.override(try rendered(values))
        try settings.apply(to: &test) { key, message, remedy in
            (values[key] ?? item).error(message, remedy: remedy)
        }
        return settings.isEnabled ? test : nil
    }

    /// Returns values with the templates of settings rendered, as dbt does where it makes a test.
    private func rendered(_ values: [String: FormatValue]) throws -> [String: TemplateValue] {
        var found = values.mapValues(\.templateValue)
        for (name, value) in values where TestReader.rendered.contains(name) {
            guard case .text(let text) = value.kind, !Template.isPlain(text) else { continue }
            found[name] = .text(try render(text, value.location, TestScope()).text)
        }
        return found
    }

    /// What texts of a test see beside what all do.
    private var plainScope: TestScope { TestScope(isQualified: relation.isGlobal) }

    /// Returns the query of a test that the project has as a macro, `{% test NAME(model, column_name) %}`.
    private func custom(
        _ kind: String, _ parameters: [String], _ column: String?, _ table: String,
        _ values: [String: FormatValue], _ item: FormatValue, _ test: inout DataTest, _ settings: TestSettings
    ) throws -> String {
        var scope = plainScope
        scope.values["millrace_model"] = .text(table)
        scope.settings = settings
        var arguments = ["model=millrace_model"]
        if let column {
            guard parameters.contains("column_name") else {
                throw item.error("The test \(kind) is not one of a column: it takes no column_name")
            }
            let isPlain = column.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
            scope.values["millrace_column_name"] = .text(isPlain ? column : SQLText.name(column))
            arguments.append("column_name=millrace_column_name")
        }
        for name in parameters where name != "model" && !(name == "column_name" && column != nil) {
            guard let value = values[name] else { continue }
            scope.values["millrace_" + name] = try argument(value, item, &test)
            arguments.append("\(name)=millrace_\(name)")
        }
        let call = "{{ test_\(kind)(\(arguments.joined(separator: ", "))) }}"
        let rendered = try render(call, item.location, scope)
        test.relations += rendered.relations.filter { !test.relations.contains($0) }
        guard let query = SQLText.single(rendered.text) else {
            throw item.error("The test \(kind) is one query; there is text after its ';'")
        }
        return query
    }

    /// An argument as the macro sees it: `ref('a')` and its like are called, as dbt does.
    private func argument(
        _ value: FormatValue, _ item: FormatValue, _ test: inout DataTest
    ) throws -> TemplateValue {
        guard let text = value.scalar,
            text.wholeMatch(of: /\s*(ref|source|var|env_var)\s*\(.*\)\s*/) != nil
        else { return value.templateValue }
        let rendered = try render("{{ \(text) }}", item.location, plainScope)
        test.relations += rendered.relations.filter { !test.relations.contains($0) }
        return .text(rendered.text)
    }

    private func sql(
        _ kind: String, _ column: String?, _ table: String, _ values: [String: FormatValue],
        _ plain: FormatValue?, _ item: FormatValue, _ test: inout DataTest
    ) throws -> String {
        func named() throws -> String {
            guard let column else {
                throw item.error(
                    "The test \(kind) belongs to a column",
                    remedy: "Put it below columns, or name it: {\(kind): {column_name: …}}.")
            }
            return SQLText.name(column)
        }
        switch kind {
        case "not_null": return "SELECT \(try named()) FROM \(table) WHERE \(try named()) IS NULL"
        case "unique":
            return "SELECT \(try named()) AS unique_field, count(*) AS n_records FROM \(table) WHERE "
                + "\(try named()) IS NOT NULL GROUP BY \(try named()) HAVING count(*) > 1"
        case "accepted_values":
            guard let accepted = values["values"], !accepted.texts.isEmpty else {
                throw item.error("accepted_values needs its values")
            }
            let isQuoted = values["quote"]?.printed != "false"
            let list = accepted.texts.map { isQuoted ? SQLText.value($0) : $0 }.joined(separator: ", ")
            return "SELECT * FROM (SELECT \(try named()) AS value_field, count(*) AS n_records FROM \(table) "
                + "GROUP BY \(try named())) all_values WHERE value_field NOT IN (\(list))"
        case "relationships":
            guard let to = values["to"]?.printed, let field = values["field"]?.printed else {
                throw item.error("relationships needs to: ref('table') and field: column")
            }
            let isPlain = to.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
            let parent = try render(
                isPlain ? "{{ ref('\(to)') }}" : "{{ \(to) }}", item.location, plainScope)
            test.relations += parent.relations
            return "SELECT from_field FROM (SELECT \(try named()) AS from_field FROM \(table) WHERE "
                + "\(try named()) IS NOT NULL) child LEFT JOIN (SELECT "
                + "\(SQLText.name(field)) AS to_field FROM "
                + "\(parent.text)) parent ON child.from_field = parent.to_field WHERE parent.to_field IS NULL"
        case "row_count":
            let kinds = [("min", ">=", "at least"), ("max", "<=", "at most"), ("equals", "=", "exactly")]
            let bounds = kinds.compactMap { key, symbol, words in
                values[key].map { (text: $0.printed, symbol: symbol, words: words) }
            }
            guard !bounds.isEmpty, bounds.allSatisfy({ Int($0.text) != nil }) else {
                throw item.error("row_count needs whole numbers as min, max or equals")
            }
            let wanted = bounds.map { "\($0.words) \($0.text)" }.joined(separator: " and ")
            test.wanted = "rows, \(wanted) wanted"
            let condition = bounds.map { "n \($0.symbol) \($0.text)" }.joined(separator: " AND ")
            return "SELECT n FROM (SELECT count(*) AS n FROM \(table)) counted WHERE NOT (\(condition))"
        case _ where PackageTests.names.contains(kind):
            return try PackageTests.sql(kind, column: column, table, values, item)
        default:
            guard let text = values["expression"]?.printed ?? plain?.scalar else {
                throw item.error("expression needs a condition")
            }
            let rendered = try render(text, item.location, plainScope)
            test.relations += rendered.relations
            let condition = column.map { "\(SQLText.name($0)) \(rendered.text)" } ?? rendered.text
            return "SELECT 1 FROM \(table) WHERE NOT (\(condition))"
        }
    }

    // MARK: sources

    /// Returns the test that a source's table has rows that are young enough; nil where nobody asks for it.
    /// dbt's `freshness`: its failures are the age of the youngest row in seconds.
    func freshness(_ table: FormatValue, of source: FormatValue) throws -> DataTest? {
        func setting(_ name: String) -> FormatValue? {
            table[name] ?? table["config"]?[name] ?? source[name] ?? source["config"]?[name]
        }
        guard let rule = setting("freshness"), rule["warn_after"] != nil || rule["error_after"] != nil else {
            return nil
        }
        guard let field = setting("loaded_at_field") else {
            throw rule.error("freshness needs loaded_at_field, the column that says when a row came")
        }
        func seconds(_ key: String) throws -> Int? {
            guard let limit = rule[key] else { return nil }
            let units = ["minute": 60, "hour": 3600, "day": 86_400]
            guard let count = limit["count"].flatMap({ Int($0.printed) }), count > 0, count < 1_000_000,
                let unit = units[limit["period"]?.printed ?? ""]
            else { throw limit.error("\(key) is a count and a period: minute, hour or day") }
            return count * unit
        }
        let warning = try seconds("warn_after")
        let error = try seconds("error_after")
        guard let first = warning ?? error else { return nil }
        let condition = rule["filter"].map { " WHERE \($0.printed)" } ?? ""
        // A table without rows is as old as can be.
        var test = DataTest(
            name: "source_freshness_" + subject,
            sql: "SELECT coalesce(unix_timestamp(current_timestamp()) - unix_timestamp(CAST(max("
                + "\(field.printed)) AS TIMESTAMP)), 9999999999) AS age FROM "
                + "\(SQLText.name(relation.view))\(condition)",
            relations: [relation], location: rule.location)
        test.kind = "source_freshness"
        test.failCalculation = "max(age)"
        test.wanted = "seconds since the youngest row came, at most \(first) wanted"
        test.severity = error == nil ? .warn : .error
        test.warnIf = "> \(first)"
        test.errorIf = "> \(error ?? first)"
        return test
    }
}

/// Holds what the template of a test sees beside what all do.
struct TestScope {
    var values: [String: TemplateValue] = [:]
    /// Takes what config() says; nil where there is none.
    var settings: TestSettings?
    /// Whether tables have names that nothing of the query hides.
    var isQualified = false
}
