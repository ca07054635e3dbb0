import Vocabulary

/// Reads a program's settings by the names of its flags, and tells of values that make no sense.
package struct ProgramSettings: Sendable {
    private let flags: [String: String]
    private let lists: [String: [String]]

    /// `flags`: a node's own values by flag name without dashes, nil where not given, and `lists` those of
    /// flags that take several; `node`: those that nodes share.
    package init(flags: [String: String?], lists: [String: [String]], node: NodeOptions) {
        self.flags = flags.merging(node.flags) { own, _ in own }.compactMapValues { $0 }
        self.lists = lists.merging(["allow-path": node.allowPath]) { own, _ in own }
    }

    /// Returns the value of the setting named like its flag, or nil.
    package subscript(_ name: String) -> String? { flags[name] }

    /// Returns the number of bytes that the setting names, or nil. Throws when it is no size, or below
    /// `least`.
    package func bytes(_ name: String, least: Int = 0) throws(EngineError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let bytes = ByteSize.parse(text) else {
            throw .user("USAGE", "--\(name) is not a size: \(text)", remedy: "Write it like 512m or 4g.")
        }
        guard bytes >= least else {
            throw .user(
                "USAGE", "--\(name) must be \(ByteSize.format(least)) or more, not \(text)",
                remedy: "Write it like 512m or 4g.")
        }
        return bytes
    }

    /// Returns the positive whole number that the setting names, or nil. Throws when it is none, or above
    /// `most`.
    package func count(_ name: String, most: Int = .max) throws(EngineError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let count = Int(text), count > 0 else {
            throw .user("USAGE", "--\(name) is not a positive whole number: \(text)")
        }
        guard count <= most else {
            throw .user("USAGE", "--\(name) must be \(most) or less, not \(text)")
        }
        return count
    }

    /// Returns the values of a setting that takes several; none when it is not given.
    package func list(_ name: String) -> [String] { lists[name] ?? [] }

    /// Says whether a switch is on.
    package func isOn(_ name: String) -> Bool { self[name] == "true" }
}
