import Vocabulary

/// Reads variables that are given as dbt takes them: `--vars '{min: 25, name: x}'`.
package enum GivenVariables {
    /// Returns names and values. Throws `USAGE` where the text is no mapping of plain values.
    package static func read(_ text: String) throws -> [(String, String)] {
        let wrong = EngineError.user(
            "USAGE", "--vars takes name=value, or a mapping of names to plain values, not \(text)",
            remedy: "Write --vars min=25 name=x, or --vars '{min: 25, name: x}'.")
        guard let value = try? FormatDocument.read(text, file: "--vars"), case .map(let pairs) = value.kind
        else { throw wrong }
        return try pairs.map { key, value in
            guard let text = value.scalar, !key.printed.isEmpty else { throw wrong }
            return (key.printed, text)
        }
    }
}
