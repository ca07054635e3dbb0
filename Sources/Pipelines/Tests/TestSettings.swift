import SQLSyntax
import Templates
import Vocabulary

/// Gathers the settings that any test may have: those of config() in a file, or of a test in YAML.
final class TestSettings {
    private var values: [String: TemplateValue]

    private static let known = [
        "severity", "warn_if", "error_if", "fail_calc", "limit", "enabled", "tags", "meta", "store_failures",
        "store_failures_as", "schema", "alias", "group", "description",
    ]

    init(_ values: [String: TemplateValue] = [:]) { self.values = values }

    /// Puts values over those that are there.
    func override(_ more: [String: TemplateValue]) { values.merge(more) { $1 } }

    /// Takes settings of a config() call. Throws for those that are not supported.
    func set(_ call: TemplateCall) throws {
        for (name, value) in call.named {
            guard TestSettings.known.contains(name) else {
                throw call.error(
                    "This setting of tests is not supported: \(name)",
                    remedy: Suggestion.nearest(to: name, among: TestSettings.known).map {
                        "Did you mean \($0)?"
                    }, code: "UNSUPPORTED_FEATURE")
            }
            values[name] = value
        }
        if let first = call.positional.first {
            throw call.error("config() takes name=value, not \(first.printed)")
        }
    }

    var isEnabled: Bool { values["enabled"] != .boolean(false) }

    /// Puts the settings into a test. Throws when one has no meaning.
    /// `error` makes an error of a setting's name, what is wrong and what to do.
    func apply(
        to test: inout DataTest, _ error: (String, String, String?) -> EngineError
    ) throws {
        test.settings = values
        if let text = values["severity"]?.printed {
            guard let severity = DataTest.Severity(rawValue: text.lowercased()) else {
                throw error("severity", "severity is error or warn, not: \(text)", nil)
            }
            test.severity = severity
        }
        test.settings["severity"] = .text(test.severity.rawValue)
        for (key, place) in [("warn_if", \DataTest.warnIf), ("error_if", \DataTest.errorIf)] {
            guard let text = values[key]?.printed else { continue }
            guard TestSettings.isCondition(text) else {
                throw error(
                    key, "\(key) is what stands behind the count of wrong rows in a condition, not: \(text)",
                    "Write it like \"> 10\", \"!= 0\" or \"BETWEEN 1 AND 5\".")
            }
            test[keyPath: place] = text
        }
        if let text = values["fail_calc"]?.printed {
            guard (try? SQLParser.expression(SQLSource(text, file: "fail_calc"))) != nil else {
                throw error(
                    "fail_calc", "fail_calc is an aggregate over the wrong rows, not: \(text)",
                    "Write it like \"count(*)\" or \"sum(n)\".")
            }
            test.failCalculation = text
        }
        try setStorage(of: &test, error)
        if let text = values["limit"]?.printed {
            guard let limit = Int(text), limit > 0 else {
                throw error("limit", "limit is a positive number: \(text)", nil)
            }
            test.limit = limit
        }
    }

    /// As in dbt `store_failures_as` goes before `store_failures`; a view of wrong rows is kept as a table.
    private func setStorage(
        of test: inout DataTest, _ error: (String, String, String?) -> EngineError
    ) throws {
        for key in ["enabled", "store_failures"] {
            guard let value = values[key] else { continue }
            guard let flag = SettingNames.boolean(value) else {
                throw error(key, "\(key) must be true or false, not: \(value.printed)", nil)
            }
            values[key] = flag
        }
        test.storesFailures = values["store_failures"]?.isTrue == true
        guard let form = values["store_failures_as"], form != .none else { return }
        let known = SettingNames.choices["store_failures_as"] ?? []
        guard known.contains(form.printed) else {
            throw error(
                "store_failures_as",
                "store_failures_as is \(known.joined(separator: ", ")), "
                    + "not: \(form.printed)", nil)
        }
        test.storesFailures = form.printed != "ephemeral"
    }

    /// Says whether a count of rows with a text behind it is a condition: `>>1` would shift it.
    private static func isCondition(_ text: String) -> Bool {
        guard let whole = try? SQLParser.expression(SQLSource("failures \(text)", file: "condition")) else {
            return false
        }
        return isCondition(whole)
    }

    private static func isCondition(_ expression: ExpressionSyntax) -> Bool {
        switch expression.kind {
        case .binary(.and, let a, let b), .binary(.or, let a, let b): isCondition(a) && isCondition(b)
        case .binary(let sign, _, _):
            [.equal, .nullSafeEqual, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual].contains(sign)
        case .isNull, .isTruth, .isDistinct, .between, .inList, .inQuery, .like, .exists: true
        case .unary(.not, let inner): isCondition(inner)
        default: false
        }
    }
}
