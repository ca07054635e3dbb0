import ArgumentParser
import FoundationEssentials
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Completes a command line with what the environment and the config file say, so that every flag of every
/// program can be given in three ways: command line over environment (`ETL_` and the flag's name in capitals)
/// over `--config` file over default.
///
/// The parser knows flags only. So what stands elsewhere is written behind the arguments before it reads
/// them, and is checked and told of in one way.
package enum CommandArguments {
    /// A flag of a command, by what the command says of itself.
    struct Flag: Equatable {
        /// The long name, without dashes.
        var name: String
        /// False for switches.
        var takesValue: Bool
        /// Whether several values may be given.
        var isList: Bool
    }

    /// A command or subcommand and its flags.
    struct Shape {
        var name: String
        var flags: [Flag] = []
        var subcommands: [Shape] = []
        var defaultSubcommand: String?

        /// All flags of the program, for the names that a config file may use.
        var allNames: Set<String> {
            subcommands.reduce(into: Set(flags.map(\.name))) { $0.formUnion($1.allNames) }
        }
    }

    /// Names of all programs' flags: one file may serve them all.
    static let allPrograms: Set = [
        "advertise", "all", "allow-commands", "allow-env", "allow-http", "allow-path", "conf",
        "cluster-host", "coordinator", "detach", "event-time-end", "event-time-start", "exclude", "follow",
        "from",
        "full-refresh", "history", "id", "insecure",
        "jwt-audience", "jwt-keys", "listen", "local", "log-format", "max-jobs", "max-running-jobs", "memory",
        "name", "out", "output", "pipeline-state", "progress", "queue", "queues", "run", "select", "slots",
        "spill", "spill-limit", "state", "storage", "tls-ca",
        "tls-cert", "tls-key", "to", "token", "token-file", "vars", "web", "web-host",
    ]

    /// Settings that are called otherwise than their flag, by program: the state of etl-coordinator and that
    /// of a pipeline are two things.
    static let renamed = ["etl-submit": ["state": "pipeline-state"]]

    /// Returns the program's arguments with the settings of environment and config file behind them.
    /// Throws `CONFIG_FILE` errors, and `USAGE` for a switch that is neither on nor off.
    package static func complete(_ program: any ParsableCommand.Type) throws -> [String] {
        let arguments = Array(CommandLine.arguments.dropFirst())
        try checkOrder(arguments, program)
        let environment = environmentSettings()
        // Most runs have neither: they need not know the flags.
        if environment.isEmpty, !arguments.contains(where: { $0 == "--config" || $0.hasPrefix("--config=") })
        {
            return arguments
        }
        return try complete(arguments, shape: try shape(of: program), environment: environment)
    }

    static func complete(_ arguments: [String], shape: Shape, environment: [String: String]) throws
        -> [String]
    {
        let end = arguments.firstIndex(of: "--") ?? arguments.count
        let given = arguments[..<end]
        let command = CommandArguments.command(shape, of: given)
        let renamed = CommandArguments.renamed[shape.name] ?? [:]
        let names = Set(shape.allNames.map { renamed[$0] ?? $0 })
        let file = try configFile(given, environment).map {
            try ConfigFile.read(
                $0, known: names.subtracting(["config"]).sorted(), others: CommandArguments.allPrograms)
        }
        var added: [String] = []
        for flag in command.flags where flag.name != "config" && !isGiven(flag.name, in: given) {
            let name = renamed[flag.name] ?? flag.name
            let values: [String]
            if let text = environment[variable(name)] {
                values = flag.isList ? text.split(whereSeparator: \.isWhitespace).map(String.init) : [text]
            } else {
                values = file?[name] ?? []
            }
            guard !values.isEmpty else { continue }
            if flag.takesValue {
                if !flag.isList, values.count > 1 {
                    throw EngineError.user("CONFIG_FILE", "The setting \(name) takes one value")
                }
                added += ["--" + flag.name] + values
            } else if try isOn(name, values[0]) {
                added.append("--" + flag.name)
            }
        }
        return Array(given) + added + arguments[end...]
    }

    /// Returns the name of the environment's variable for a flag.
    static func variable(_ flag: String) -> String {
        "ETL_" + flag.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// Finds the command that a line names, at any depth; where it names none, the default one. The dump of
    /// the help tells the program's own default alone: of a command within it, that is its first.
    private static func command(_ shape: Shape, of given: ArraySlice<String>) -> Shape {
        var (found, rest, isOuter) = (shape, given, true)
        while !found.subcommands.isEmpty {
            let commands = found.subcommands
            if let named = commands.first(where: { $0.name == rest.first }) {
                found = named
                rest = rest.dropFirst()
            } else {
                let name = isOuter ? found.defaultSubcommand : commands[0].name
                guard let ordinary = commands.first(where: { $0.name == name }) else { break }
                found = ordinary
            }
            isOuter = false
        }
        return found
    }

    private static func isGiven(_ name: String, in arguments: ArraySlice<String>) -> Bool {
        arguments.contains { $0 == "--" + name || $0.hasPrefix("--\(name)=") }
    }

    private static func isOn(_ name: String, _ text: String) throws(EngineError) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            throw .user(
                "USAGE", "The setting \(name) is neither on nor off: \(text)", remedy: "Write true or false.")
        }
    }

    private static func configFile(_ arguments: ArraySlice<String>, _ environment: [String: String])
        -> String?
    {
        for (index, argument) in zip(arguments.indices, arguments) {
            if argument == "--config", index + 1 < arguments.endIndex { return arguments[index + 1] }
            if argument.hasPrefix("--config=") { return String(argument.dropFirst("--config=".count)) }
        }
        return environment[variable("config")]
    }

    /// Returns the environment's variables that begin with `ETL_` and are not empty.
    private static func environmentSettings() -> [String: String] {
        var settings: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            next += 1
            guard strncmp(entry, "ETL_", 4) == 0 else { continue }
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1)
            if parts.count == 2 { settings[String(parts[0])] = String(parts[1]) }
        }
        return settings
    }
}

extension CommandArguments {
    /// Reads a program's flags from its own description of its help.
    static func shape(of program: any ParsableCommand.Type) throws -> Shape {
        var shape = shape(try JSONDecoder().decode(Dump.self, from: Data(program._dumpHelp().utf8)).command)
        shape.defaultSubcommand = program.configuration.defaultSubcommand?._commandName
        return shape
    }

    private static func shape(_ dump: Dump.Command) -> Shape {
        let flags = (dump.arguments ?? []).compactMap { argument -> Flag? in
            guard argument.kind != "positional",
                let name = argument.names?.first(where: { $0.kind == "long" }),
                !["help", "version"].contains(name.name)
            else { return nil }
            return Flag(name: name.name, takesValue: argument.kind == "option", isList: argument.isRepeating)
        }
        return Shape(
            name: dump.commandName, flags: flags, subcommands: (dump.subcommands ?? []).map(shape))
    }

    /// The parts that are read of the parser's `--experimental-dump-help` (its ToolInfo, version 0).
    private struct Dump: Decodable {
        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?
            var arguments: [Argument]?
        }
        struct Argument: Decodable {
            struct Name: Decodable {
                var kind: String
                var name: String
            }
            var kind: String
            var names: [Name]?
            var isRepeating: Bool
        }
        var command: Command
    }
}
