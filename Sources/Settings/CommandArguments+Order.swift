import ArgumentParser
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

// The parser takes a command's name as the first word only; kubectl's users write flags first.
extension CommandArguments {
    /// Throws `USAGE` when flags stand before the name of a command: the parser would take the name for the
    /// default command's argument, and blame a flag that follows.
    static func checkOrder(_ arguments: [String], _ program: any ParsableCommand.Type) throws {
        // Most runs need not know the flags.
        let commands = Set(program.configuration.subcommands.map { $0._commandName })
        guard let first = arguments.first, first.hasPrefix("--"),
            arguments.contains(where: { commands.contains($0) })
        else { return }
        guard let name = misplacedCommand(in: arguments, shape: try shape(of: program)),
            // A job may be in a file of that name.
            access(name, F_OK) != 0
        else { return }
        throw EngineError.user(
            "USAGE", "The command \(name) stands behind flags",
            remedy: "Write the command first: \(program._commandName) \(name) \(first) …")
    }

    /// Returns the command's name that is the first word of a line but for flags and their values; nil when
    /// that word is none, or the line cannot be told apart.
    static func misplacedCommand(in arguments: [String], shape: Shape) -> String? {
        let flags = shape.subcommands.first { $0.name == shape.defaultSubcommand }?.flags ?? []
        var at = 0
        while at < arguments.count {
            let word = arguments[at]
            at += 1
            guard word.hasPrefix("-") else {
                return shape.subcommands.contains { $0.name == word } ? word : nil
            }
            // Short flags, and what follows a bare `--`, are not looked into.
            guard word.hasPrefix("--"), word.count > 2 else { return nil }
            if word.contains("=") { continue }
            guard let flag = flags.first(where: { "--" + $0.name == word }) else { return nil }
            if flag.isList {
                while at < arguments.count, !arguments[at].hasPrefix("-") { at += 1 }
            } else if flag.takesValue {
                at += 1
            }
        }
        return nil
    }
}
