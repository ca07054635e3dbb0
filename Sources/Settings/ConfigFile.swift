import Storage
import Vocabulary
import Yams

/// Reads a program's config file: YAML, one `flag-name: value` a line. A flag that may be given several times
/// takes a list, or a mapping for flags of `name=value` pairs.
package enum ConfigFile {
    /// Longest file that is read, bytes.
    private static let limitBytes = 1 << 20

    /// Returns the values by flag name without dashes. Throws `CONFIG_FILE` errors that name the place; a
    /// name that is neither in `known` nor in `others`, whose values are left out, is one.
    package static func read(
        _ path: String, known: [String], others: Set<String> = []
    ) throws -> [String: [String]] {
        let text: String
        do throws(TextFile.Failure) { text = try TextFile.read(path, limitBytes: limitBytes) } catch {
            throw EngineError.user("CONFIG_FILE", "Cannot read the config file \(path): \(error.reason)")
        }
        return try parse(text, path: path, known: known, others: others)
    }

    static func parse(
        _ text: String, path: String, known: [String], others: Set<String> = []
    ) throws -> [String: [String]] {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw EngineError.user("CONFIG_FILE", "The config file is not valid YAML: \(path)\n\(error)")
        }
        guard let node, node.null == nil else { return [:] }
        guard let mapping = node.mapping else {
            throw EngineError.user(
                "CONFIG_FILE", "The config file must be a mapping of settings: \(path)",
                remedy: "Write one `name: value` a line.")
        }
        var values: [String: [String]] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard known.contains(name) else {
                if others.contains(name) { continue }
                let near = Suggestion.nearest(to: name, among: known)
                throw EngineError.user(
                    "CONFIG_FILE", "Unknown setting in \(path), line \(key.mark?.line ?? 0): \(name)",
                    remedy: near.map { "Did you mean \($0)?" })
            }
            guard let texts = texts(of: value) else {
                throw EngineError.user(
                    "CONFIG_FILE",
                    "The setting \(name) must have a value or a list of values in \(path), "
                        + "line \(value.mark?.line ?? 0)")
            }
            values[name] = texts
        }
        return values
    }

    /// Returns one value as such, a list's values, or `name=value` of a mapping; nil for anything deeper.
    private static func texts(of node: Node) -> [String]? {
        if let text = node.scalar?.string { return [text] }
        if let sequence = node.sequence {
            let items = sequence.compactMap { $0.scalar?.string }
            return items.count == sequence.count ? items : nil
        }
        guard let mapping = node.mapping else { return nil }
        let pairs = mapping.compactMap { key, value -> String? in
            guard let name = key.scalar?.string, let text = value.scalar?.string else { return nil }
            return "\(name)=\(text)"
        }
        return pairs.count == mapping.count ? pairs : nil
    }
}
