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
              etl-submit -e 'SELECT country, count(*) FROM json.`events/` GROUP BY country'
            With one, the job survives this program:
              etl-submit job.sql --coordinator https://etl.example.com:7077
            """,
        version: ProgramVersion.text,
        subcommands: [
            RunCommand.self, StatusCommand.self, ListCommand.self, CancelCommand.self, LogsCommand.self,
            WaitCommand.self, RetryCommand.self, ExplainCommand.self, InitCommand.self, SchemaCommand.self,
            PlanCommand.self, TestCommand.self, StateCommand.self, DocsCommand.self, DeployCommand.self,
            PauseCommand.self,
            ResumeCommand.self, RemoveCommand.self, RunsCommand.self, BackfillCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() async {
        // A file beyond the limit of the process is a full disk, not the end of the program.
        signal(SIGXFSZ, SIG_IGN)
        CrashReport.install(program: "etl-submit")
        let status = await ProgramEntry.run(Self.self) { Terminal.printError($0) }
        fflush(nil)
        // Not `exit`: threads of the embedded cluster may still be ending.
        _exit(status)
    }
}
