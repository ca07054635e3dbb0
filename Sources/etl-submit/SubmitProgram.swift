import ArgumentParser
import Settings
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// The program that users run jobs with.
@main
struct SubmitProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etl-submit",
        abstract: "Runs Spark SQL jobs and pipelines, in this process or on a cluster.",
        discussion: """
            Without a coordinator the job runs here, on every core, with no set-up:
              etl-submit -e "SELECT country, count(*) FROM json.`events/` GROUP BY country"
            With one, the job survives this program:
              etl-submit job.sql --coordinator https://etl.example.com:7077
            """,
        version: ProgramVersion.text,
        subcommands: [
            RunCommand.self, StatusCommand.self, ListCommand.self, CancelCommand.self, LogsCommand.self,
            WaitCommand.self, RetryCommand.self, ExplainCommand.self, InitCommand.self, SchemaCommand.self,
            PlanCommand.self, TestCommand.self, DocsCommand.self, DeployCommand.self, PauseCommand.self,
            ResumeCommand.self, RemoveCommand.self, RunsCommand.self, BackfillCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() async {
        // A file beyond the limit of the process is a full disk, not the end of the program.
        signal(SIGXFSZ, SIG_IGN)
        let status = await runToStatus()
        fflush(nil)
        // Not `exit`: threads of the embedded cluster may still be ending.
        _exit(status)
    }

    /// Errors about what the user typed or configured, met before a job runs.
    private static let usageCodes: Set = [
        "USAGE", "CONFIG_FILE", "UNKNOWN_CONF", "INVALID_CONF_VALUE", "INVALID_JOB_ID",
    ]

    /// Runs the command and returns the exit status of the contract: 0, 1 failed job, 2 bad usage, 130
    /// interrupted.
    private static func runToStatus() async -> Int32 {
        do {
            var command = try parseAsRoot(try CommandArguments.complete(Self.self))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let error as ProgramExit {
            if let message = error.message { Terminal.printError(message) }
            return error.status
        } catch let error as EngineError {
            Terminal.printError(error.description)
            return usageCodes.contains(error.code) ? 2 : 1
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error) == .success {
                print(text)
                return 0
            }
            Terminal.printError(text)
            return 2
        }
    }
}

/// Ends the program with a status, after what there was to say.
struct ProgramExit: Error {
    var status: Int32
    var message: String?
}
