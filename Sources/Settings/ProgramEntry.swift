import ArgumentParser
import Vocabulary

/// Ends a program with a status, after what there was to say.
package struct ProgramExit: Error {
    package var status: Int32
    package var message: String?

    package init(status: Int32, message: String? = nil) {
        self.status = status
        self.message = message
    }
}

/// Runs a program from its arguments to its exit status, in the same way for all programs.
package enum ProgramEntry {
    /// Errors about what the user typed or configured, met before any work begins.
    private static let usageCodes: Set = [
        "USAGE", "CONFIG_FILE", "UNKNOWN_CONF", "INVALID_CONF_VALUE", "INVALID_JOB_ID", "INVALID_ADDRESS",
        "INVALID_TLS_FILE", "TOKEN_FILE", "INVALID_JWT_KEYS",
    ]

    /// Runs the command that the process's arguments name, completed by environment and config file. Returns
    /// the exit status of the contract: 0, 1 for a failure, 2 for bad usage, or what the command asked for.
    /// `report` tells the user of an error.
    package static func run(
        _ program: any ParsableCommand.Type, report: @Sendable (String) -> Void
    ) async -> Int32 {
        do {
            var command = try program.parseAsRoot(try CommandArguments.complete(program))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return status(after: error, of: program, report)
        }
    }

    private static func status(
        after error: any Error, of program: any ParsableCommand.Type, _ report: (String) -> Void
    ) -> Int32 {
        if let error = error as? ProgramExit {
            if let message = error.message { report(message) }
            return error.status
        }
        if let error = error as? EngineError {
            report(error.description)
            return usageCodes.contains(error.code) ? 2 : 1
        }
        // What is left is the parser's: help and versions, which are no failures, and bad usage.
        let text = program.fullMessage(for: error)
        if program.exitCode(for: error) == .success {
            print(text)
            return 0
        }
        report((text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text) + hint(program))
        return 2
    }

    /// Asks whether the first word was to be a command: one that is none is taken for the default command's.
    private static func hint(_ program: any ParsableCommand.Type) -> String {
        let names = program.configuration.subcommands.map { $0._commandName }
        guard CommandLine.arguments.count > 1, let word = CommandLine.arguments.dropFirst().first,
            !word.hasPrefix("-"), !names.contains(word), let near = Suggestion.nearest(to: word, among: names)
        else { return "" }
        return "\nDid you mean the command \(near)?"
    }
}
