import Columns
import Kernels
import Vocabulary

/// Holds the options that `from_json`, `to_json`, `from_csv` and `to_csv` take as a map, by lower-case names.
struct TextOptionValues {
    private let values: [String: String]

    /// Takes the map that is a call's argument at `place`, if the call has it.
    init(_ call: Invocation, at place: Int) {
        guard call.arguments.count > place, call.count > 0,
            case .map(let keys, let texts) = call[place].scalar(at: 0)
        else {
            values = [:]
            return
        }
        var values: [String: String] = [:]
        for (key, text) in zip(keys, texts) {
            guard case .string(let name) = key, case .string(let value) = text else { continue }
            values[name.lowercased()] = value
        }
        self.values = values
    }

    subscript(_ name: String) -> String? { values[name] }

    func isTrue(_ name: String) -> Bool? { values[name].map { $0.lowercased() == "true" } }

    /// Whether records that do not fit fail the job. Throws for the modes that a function does not have.
    func failsFast(_ function: String) throws -> Bool {
        switch values["mode"]?.uppercased() {
        case nil, "PERMISSIVE": return false
        case "FAILFAST": return true
        case let mode?:
            throw EngineError.user(
                "PARSE_MODE_UNSUPPORTED",
                "The function `\(function)` doesn't support the \(mode) mode. Acceptable modes are "
                    + "PERMISSIVE and FAILFAST.")
        }
    }

    /// What a record that does not fit is told as where such records fail the job.
    static func misfit(_ record: String) -> EngineError {
        .data(
            "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
            "A record does not fit the schema (mode FAILFAST): \(record.prefix(200))",
            remedy: "Set the option 'mode' to 'PERMISSIVE' to take such records as null.")
    }
}

/// What options say of dates and times in texts: a zone in place of the session's, and patterns; nil for ISO
/// form.
struct TimeOptions {
    let zone: Zone
    let date: DatePattern?
    let timestamp: DatePattern?
    let timestampNTZ: DatePattern?

    /// Throws for a zone or a pattern that is none.
    init(_ options: TextOptionValues, zone: Zone) throws {
        self.zone = try options["timezone"].map { try Zone.named($0) } ?? zone
        date = try options["dateformat"].map { try DatePattern($0) }
        timestamp = try options["timestampformat"].map { try DatePattern($0) }
        timestampNTZ = try options["timestampntzformat"].map { try DatePattern($0) }
    }
}

/// Reads single values out of texts, as `from_json` and `from_csv` find them.
struct TextValueReader {
    private let times: TimeOptions
    private var zone: Zone { times.zone }

    init(_ options: TextOptionValues, zone: Zone) throws { times = try TimeOptions(options, zone: zone) }

    /// Returns a text as a value of a type without members; nil when it is none.
    func value(_ text: String, _ type: DataType) -> Scalar? {
        switch type {
        case .string: return .string(text)
        case .date:
            if let date = times.date { return instant(text, date).map { .integer(days($0.local)) } }
        case .timestamp:
            if let timestamp = times.timestamp {
                return instant(text, timestamp).map { found in
                    if let offset = found.offset {
                        return .integer(Int64(found.local &- offset &* 1_000_000))
                    }
                    let zone = found.zone.flatMap { try? Zone.named($0) } ?? zone
                    return .integer(Int64(zone.instant(local: found.local)))
                }
            }
        case .timestampNTZ:
            if let pattern = times.timestampNTZ {
                return instant(text, pattern).map { .integer(Int64($0.local)) }
            }
        default: break
        }
        let cast = try? Casting.cast(.of(.string, [.string(text)]), to: type, mode: .null, zone: zone)
        guard let value = cast?.scalar(at: 0), !value.isNull else { return nil }
        return value
    }

    /// Returns a date (days) or time (microseconds) in ISO form; nil where a pattern is set or the text is
    /// none.
    func time(_ text: UnsafeRawBufferPointer, _ type: DataType) -> Int64? {
        switch type {
        case .date where times.date == nil: TimeText.parseDate(text).map { Int64($0) }
        case .timestamp where times.timestamp == nil: TimeText.parseTimestamp(text, zone: zone)
        case .timestampNTZ where times.timestampNTZ == nil: TimeText.parseTimestamp(text, zone: nil)
        default: nil
        }
    }

    private func instant(_ text: String, _ pattern: DatePattern) -> (local: Int, offset: Int?, zone: String?)?
    {
        var copy = text
        return copy.withUTF8 { pattern.parse(UnsafeRawBufferPointer($0)) }
    }

    private func days(_ local: Int) -> Int64 {
        Int64(ClockTime.floorDivide(local, ClockTime.microsecondsPerDay))
    }
}
