import Foundation
import Functions
import SQLSyntax
import Testing

@testable import Planner

/// Keeps `docs/functions.md` what the registry makes of it: each function of Spark 4.1, supported or not.
///
/// `Cases/spark_functions.tsv` holds the names of Spark's `SHOW FUNCTIONS` with their groups. To write the
/// page anew, run the test with `MILLRACE_WRITE_DOCS=1` in the environment.
@Suite("docs/functions.md")
struct FunctionDocumentationTests {
    /// What is no function here but a form of the language.
    private static let forms: Set<String> = [
        "!", "!=", "%", "&", "*", "+", "-", "/", "<", "<<", "<=", "<=>", "<>", "=", "==", ">", ">=", ">>",
        ">>>", "^",
        "|", "||", "~", "and", "or", "not", "between", "case", "when", "cast", "in", "div", "mod", "like",
        "ilike",
        "rlike", "extract",
    ]
    private static let casts: Set<String> = [
        "bigint", "binary", "boolean", "date", "decimal", "double", "float", "int", "smallint", "string",
        "time", "timestamp", "tinyint",
    ]

    private static let titles: KeyValuePairs = [
        "agg_funcs": "Aggregate", "window_funcs": "Window", "array_funcs": "Array",
        "collection_funcs": "Collection", "map_funcs": "Map", "struct_funcs": "Structure",
        "lambda_funcs": "With lambdas", "generator_funcs": "Generator", "table_funcs": "Table",
        "string_funcs": "String", "json_funcs": "JSON", "csv_funcs": "CSV", "xml_funcs": "XML",
        "variant_funcs": "Variant", "url_funcs": "URL", "datetime_funcs": "Date and time",
        "math_funcs": "Mathematical",
        "bitwise_funcs": "Bitwise", "hash_funcs": "Hash", "predicate_funcs": "Predicate",
        "conditional_funcs": "Conditional", "conversion_funcs": "Conversion", "misc_funcs": "Miscellaneous",
        "st_funcs": "Spatial", "?": "Operators",
    ]

    private static func isSupported(_ name: String) -> Bool {
        let registry = FunctionRegistry.shared
        return forms.contains(name) || BuiltInNames.bound.contains(name) || casts.contains(name)
            || GeneratorNames.all.contains(name) || registry.scalar(named: name) != nil
            || registry.aggregate(named: name) != nil || registry.window(named: name) != nil
    }

    private static func summary(_ name: String) -> String {
        let registry = FunctionRegistry.shared
        return registry.scalar(named: name)?.summary ?? registry.aggregate(named: name)?.summary
            ?? registry.window(named: name)?.summary ?? ""
    }

    /// Returns the page.
    private static func page() -> String {
        let rows = BindFixture.table("spark_functions")
        let supported = rows.filter { isSupported($0[0]) }.count
        var text = """
            # Functions

            Spark 4.1 lists \(rows.count) functions and operators in `SHOW FUNCTIONS`; Millrace knows \
            \(supported) of them under the same names; `Tests/SQLLogicTests` compares their results. \
            An unknown name is an error that suggests the nearest one. This page is made from the registry by
            `Tests/PlannerTests/FunctionDocumentationTests.swift`.

            The type TIME is there after `SET spark.sql.timeType.enabled=true` (or `etl-submit --conf \
            spark.sql.timeType.enabled=true`), as in Spark 4.1: casts and columns of it, `make_time`, \
            `to_time`, `time_diff`, `time_trunc`, and `hour` and its kin of a TIME. Only literals \
            (`TIME '09:30'`) and \
            `current_time` are without.

            """
        for (group, title) in titles {
            let members = rows.filter { $0[1] == group }.map { $0[0] }.sorted()
            if members.isEmpty { continue }
            let count = members.filter(isSupported).count
            text +=
                "\n## \(title): \(count) of \(members.count)\n\n| function | supported | |\n|---|---|---|\n"
            for name in members {
                let shown = name.replacingOccurrences(of: "|", with: "\\|")
                text += "| `\(shown)` | \(isSupported(name) ? "yes" : "no") | \(summary(name)) |\n"
            }
        }
        return text
    }

    @Test("the page is what the registry gives")
    func current() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/functions.md")
        let page = Self.page()
        if ProcessInfo.processInfo.environment["MILLRACE_WRITE_DOCS"] != nil {
            try page.write(to: url, atomically: true, encoding: .utf8)
        }
        #expect(
            (try? String(contentsOf: url, encoding: .utf8)) == page,
            "run this test with MILLRACE_WRITE_DOCS=1 to write docs/functions.md anew")
    }

    @Test("each group of Spark's list has a heading")
    func groups() {
        let known = Set(Self.titles.map(\.key))
        #expect(BindFixture.table("spark_functions").allSatisfy { $0.count == 2 && known.contains($0[1]) })
    }
}
