import Templates
import Vocabulary

/// Gathers the settings that any test may have: those of config() in a file, or of a test in YAML.
final class TestSettings {
    private var values: [String: TemplateValue]

    private static let known = [
        "severity", "warn_if", "error_if", "fail_calc", "limit", "enabled", "tags", "meta", "store_failures",
        "description",
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
    func apply(to test: inout DataTest, _ error: (String) -> EngineError) throws {
        if let text = values["severity"]?.printed {
            guard let severity = DataTest.Severity(rawValue: text.lowercased()) else {
                throw error("severity is error or warn, not: \(text)")
            }
            test.severity = severity
        }
        test.warnIf = values["warn_if"]?.printed ?? test.warnIf
        test.errorIf = values["error_if"]?.printed ?? test.errorIf
        test.failCalculation = values["fail_calc"]?.printed ?? test.failCalculation
        test.storesFailures = values["store_failures"]?.isTrue == true
        if let text = values["limit"]?.printed {
            guard let limit = Int(text), limit > 0 else { throw error("limit is a positive number: \(text)") }
            test.limit = limit
        }
    }
}
