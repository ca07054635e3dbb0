import Columns
import Functions
import SQLSyntax
import Vocabulary

extension DataType {
    /// Whether values are times of day or hold some.
    var holdsClock: Bool { holds { if case .time = $0 { true } else { false } } }
}

extension Binder {
    private static let clockMakers: Set<String> = ["make_time", "to_time", "try_to_time"]
    private static let clockTakers: Set<String> = [
        "time_trunc", "time_diff", "hour", "minute", "second", "extract_second", "add", "subtract",
    ]

    /// Says whether a call is one that Spark only has where TIME is enabled.
    static func needsClocks(_ function: String, _ types: [DataType]) -> Bool {
        clockMakers.contains(function)
            || clockTakers.contains(function) && types.contains { $0.isClock }
    }

    /// Throws `UNSUPPORTED_TIME_TYPE` (user) unless the session enables TIME, which Spark 4.1 does not do by
    /// itself.
    func requireClocks(at span: SourceSpan) throws(EngineError) {
        if settings.options[SettingNames.timeType]?.lowercased() == "true" { return }
        throw .user(
            "UNSUPPORTED_TIME_TYPE",
            "The data type TIME is not supported unless \(SettingNames.timeType) is true.",
            remedy: "Write SET \(SettingNames.timeType)=true; before the statement.", at: location(span))
    }
}
