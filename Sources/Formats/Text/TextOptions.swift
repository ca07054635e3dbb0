import Kernels
import Vocabulary

/// Reads options by name as Spark gives them: names in any case, values as text.
package struct TextOptions: Sendable {
    private var values: [String: String] = [:]

    package init(_ options: [String: String]) {
        for (name, value) in options { values[name.lowercased()] = value }
    }

    /// Returns the first of `names` that is set.
    package subscript(_ names: String...) -> String? {
        for name in names {
            if let value = values[name.lowercased()] { return value }
        }
        return nil
    }

    /// Reads `true` or `false`. Throws `INVALID_OPTION` (user) for anything else.
    package func flag(_ name: String, default value: Bool) throws(EngineError) -> Bool {
        guard let text = self[name] else { return value }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw .user("INVALID_OPTION", "Option \(name) must be true or false, not: \(text)")
        }
    }

    /// Reads a number of at least zero. Throws `INVALID_OPTION` (user) for anything else.
    package func number(_ name: String, default value: Double) throws(EngineError) -> Double {
        guard let text = self[name] else { return value }
        guard let number = Double(text), number >= 0 else {
            throw .user("INVALID_OPTION", "Option \(name) must be a number of at least 0, not: \(text)")
        }
        return number
    }

    /// Throws `UNSUPPORTED_FEATURE` (user) where an option is set to anything but the value given here, which
    /// is what readers do.
    func refuse(_ fixed: KeyValuePairs<String, String>, format: String) throws(EngineError) {
        for (name, value) in fixed {
            guard let given = self[name], given.lowercased() != value.lowercased() else { continue }
            throw .user(
                "UNSUPPORTED_FEATURE",
                "Option \(name) of \(format) files cannot have another value than the usual one",
                remedy: TextOptions.remedy(instead: name, usual: value))
        }
    }

    /// Says what to do where an option cannot be set: some change how records are cut or parsed, which no
    /// query can make up for.
    private static func remedy(instead name: String, usual value: String) -> String {
        switch name {
        case _ where name.hasPrefix("allow"):
            "Write records that are plain JSON, or read lines as text.`path` and take them apart in SQL."
        case "nanValue", "positiveInf", "negativeInf":
            "Give the column the type STRING, and convert it in the query: CASE value WHEN … THEN …"
        default: "Leave it out: it is \(value)."
        }
    }

    /// Throws `UNSUPPORTED_FEATURE` (user) for patterns of times without their parsers.
    func refusePatterns(without patterns: TextPatterns) throws(EngineError) {
        for name in ["dateFormat", "timestampFormat", "timestampNTZFormat"]
        where self[name] != nil && patterns[name] == nil {
            throw .user(
                "UNSUPPORTED_FEATURE", "Option \(name) is not supported here",
                remedy: "Use to_date, to_timestamp and date_format with the pattern in the query.")
        }
    }

    /// Throws `UNSUPPORTED_FEATURE` (user) for encodings other than UTF-8, in which nothing is written.
    func refuseOtherEncodings() throws(EngineError) {
        guard let name = self["encoding", "charset"], TextDecoding.Encoding(name) != .utf8 else { return }
        throw .user(
            "UNSUPPORTED_FEATURE", "Text is written in UTF-8, not in \(name)",
            remedy: "Convert what was written, as by: iconv -f UTF-8 -t \(name) file > new-file")
    }

    /// Returns the zone that option `timeZone` names, else the session's, else UTC. Throws `INVALID_TIMEZONE`
    /// (user).
    static func zone(_ options: TextOptions, session: Zone?) throws(EngineError) -> Zone {
        if let name = options["timeZone"] { return try Zone.named(name) }
        return session ?? .utc
    }
}
