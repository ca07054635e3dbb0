import Vocabulary
import Yams

#if canImport(Glibc)
    import Glibc
#endif

/// Finds a program's settings: command line over environment (`ETL_` and the flag's name in capitals) over
/// the config file. Defaults are the caller's.
package struct ProgramSettings: Sendable {
    private let flags: [String: String]
    private let file: [String: String]

    /// `flags`: values by flag name without dashes, nil where not given. Throws `CONFIG_FILE` errors that
    /// name the place.
    package init(flags: [String: String?], configFile: String?) throws {
        self.flags = flags.compactMapValues { $0 }
        let path = configFile ?? ProgramSettings.environment("ETL_CONFIG")
        file = try path.map { try ProgramSettings.read($0, known: flags.keys.sorted()) } ?? [:]
    }

    /// Returns the value of the setting named like its flag, or nil.
    package subscript(_ name: String) -> String? {
        if let value = flags[name] { return value }
        let variable = "ETL_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        return ProgramSettings.environment(variable) ?? file[name]
    }

    /// Returns the number of bytes that the setting names, or nil. Throws when it is no size.
    package func bytes(_ name: String) throws(EngineError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let bytes = ByteSize.parse(text) else {
            throw .user("USAGE", "--\(name) is not a size: \(text)", remedy: "Write it like 512m or 4g.")
        }
        return bytes
    }

    /// Returns the positive whole number that the setting names, or nil. Throws when it is none.
    package func count(_ name: String) throws(EngineError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let count = Int(text), count > 0 else {
            throw .user("USAGE", "--\(name) is not a positive whole number: \(text)")
        }
        return count
    }

    /// Says whether a switch is on: as a flag, or `true`, `1` or `yes` elsewhere.
    package func isOn(_ name: String) -> Bool {
        guard let text = self[name]?.lowercased() else { return false }
        return text == "true" || text == "1" || text == "yes"
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private static func read(_ path: String, known: [String]) throws -> [String: String] {
        guard let stream = fopen(path, "r") else {
            throw EngineError.user(
                "CONFIG_FILE", "Cannot read the config file \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let got = fread(&chunk, 1, chunk.count, stream)
            if got == 0 { break }
            bytes += chunk[..<got]
        }
        return try parse(String(decoding: bytes, as: UTF8.self), path: path, known: known)
    }

    /// Reads `name: value` lines; names are flags without dashes in front.
    static func parse(_ text: String, path: String, known: [String]) throws -> [String: String] {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw EngineError.user("CONFIG_FILE", "The config file is not valid YAML: \(path)\n\(error)")
        }
        guard let node else { return [:] }
        guard let mapping = node.mapping else {
            throw EngineError.user(
                "CONFIG_FILE", "The config file must be a mapping of settings: \(path)",
                remedy: "Write one `name: value` a line.")
        }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard known.contains(name) else {
                let near = Suggestion.nearest(to: name, among: known)
                throw EngineError.user(
                    "CONFIG_FILE", "Unknown setting in \(path), line \(key.mark?.line ?? 0): \(name)",
                    remedy: near.map { "Did you mean \($0)?" })
            }
            guard let text = value.string else {
                throw EngineError.user(
                    "CONFIG_FILE",
                    "The setting \(name) must have a single value in \(path), line \(value.mark?.line ?? 0)")
            }
            values[name] = text
        }
        return values
    }
}
