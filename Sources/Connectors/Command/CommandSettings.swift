import Execution
import Plans
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds what a command step runs, and its limits.
struct CommandSettings: Sendable {
    /// Program and arguments.
    var words: [String]
    /// The whole environment of the program.
    var environment: [(name: String, value: String)]
    var directory: String?
    var timeoutSeconds = 3600
    /// Memory of each process of the program, bytes.
    var memoryBytes = 1 << 30
    /// Most bytes that it may write.
    var outputBytes = 16 << 30

    /// Variables that every program gets: where programs and their texts are, nothing of the engine's.
    private static let usual = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]
    private static let known = ["command", "env", "cwd", "timeout", "memory"]
    /// A week.
    private static let longestSeconds = 604_800
    /// Below this no interpreter starts.
    private static let leastMemoryBytes = 16 << 20

    /// Reads the options `command`, a list in JSON, `env`, names or values in JSON, `cwd`, `timeout` in
    /// seconds, `memory`. Throws `INVALID_OPTION`, `SECRET_NOT_SET`.
    init(_ relation: ExternalRelation, _ secrets: SecretResolver) throws(EngineError) {
        let options = relation.options
        for name in options.keys.sorted() where !CommandSettings.known.contains(name) {
            let near = Suggestion.nearest(to: name, among: CommandSettings.known)
            throw .user(
                "INVALID_OPTION", "The source command has no option of this name: \(name)",
                remedy: near.map { "Did you mean \($0)?" })
        }
        guard let text = options["command"] else {
            throw .user(
                "INVALID_OPTION", "The source needs a program: \(relation.name)",
                remedy: "Add command '[\"python3\", \"fetch.py\"]'.")
        }
        let list = try OptionValue(text, path: "command", example: "[\"echo\", \"hello\"]")
        words = list.elements.compactMap(\.scalar)
        guard list.kind == .array, !words.isEmpty, words.count == list.elements.count, words[0] != "",
            !words.contains(where: { $0.utf8.contains(0) })
        else { throw list.error("must be a list of a program and its arguments") }
        environment = []
        for name in CommandSettings.usual {
            if let value = getenv(name) { environment.append((name, String(cString: value))) }
        }
        try readEnvironment(try OptionValue(options["env"] ?? "[]", path: "env"), secrets)
        directory = options["cwd"]
        if let text = options["timeout"] {
            guard let seconds = Int(text), (1...CommandSettings.longestSeconds).contains(seconds) else {
                throw .user(
                    "INVALID_OPTION",
                    "timeout must be a number of seconds from 1 to \(CommandSettings.longestSeconds): "
                        + text)
            }
            timeoutSeconds = seconds
        }
        if let text = options["memory"] {
            guard let bytes = ByteSize.parse(text), bytes >= CommandSettings.leastMemoryBytes else {
                throw .user("INVALID_OPTION", "memory must be a size from 16m on, such as 1g: \(text)")
            }
            memoryBytes = bytes
        }
    }

    /// A list names variables that pass; a mapping gives values, `${env:NAME}` in them.
    private mutating func readEnvironment(
        _ value: OptionValue, _ secrets: SecretResolver
    ) throws(EngineError) {
        for item in value.elements {
            guard let name = item.scalar, CommandSettings.isName(name) else {
                throw value.error("must be a list of names of variables")
            }
            environment.append((name, try secrets.resolve("env:" + name)))
        }
        for (name, item) in value.members {
            guard let text = item.scalar, CommandSettings.isName(name) else {
                throw value.error("must map names of variables to values")
            }
            environment.append((name, try secrets.resolve(text)))
        }
    }

    private static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
    }
}
