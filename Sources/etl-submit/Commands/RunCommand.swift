import ArgumentParser
import Cluster
import Pipelines
import Protocol
import Settings
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a job and follows it to its end.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a job (the default command).",
        usage: "etl-submit [run] JOB [options]",
        discussion: """
            JOB is a file of SQL statements separated by `;`, -e \"SQL\", or a pipeline: a directory with \
            etl.yml, or that file.

            --output json prints timestamps and binary values as the table does (2020-01-01 00:00:00, hex), \
            not as files that are written USING json have them (ISO 8601, Base64).
            """)

    @OptionGroup var job: JobOptions
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions
    @OptionGroup(title: "Pipelines") var pipeline: PipelineOptions

    @Flag(help: "Print the job's id and leave it to the cluster.")
    var detach = false

    @Option(
        help: .init("Form of the rows of the last SELECT: table, json (lines), csv, none.", valueName: "form")
    )
    var output = OutputForm.table

    @Option(
        help: .init(
            "Progress on standard error: auto (live on a terminal), plain (lines), none.", valueName: "form"))
    var progress = ProgressForm.auto

    func run() async throws {
        if let name = job.job, job.sql == nil, PipelinePlace.isPipeline(name) {
            return try await runPipeline(name)
        }
        try pipeline.refuse()
        let (request, script) = try job.request()
        if let remote = try connection.remote() {
            try await runRemote(request, script, remote)
        } else {
            if detach { throw RunCommand.detachesNothing("job") }
            try await runLocal(request, script)
        }
    }

    private func runPipeline(_ name: String) async throws {
        let vars = try JobOptions.pairs(job.vars, flag: "--vars")
        let conf = try job.settings()
        if output != .none {
            try RunCommand.refuse(
                ["--output"], "a pipeline prints no rows: its tables are read with SELECT")
        }
        if let remote = try connection.remote() {
            let request = RemotePipeline(
                remote, PipelinePlace.directory(name), pipeline, vars: vars, conf: Dictionary(conf) { $1 })
            do {
                return try await request.submit(
                    testsOnly: false, id: job.id, name: job.name, detach: detach, progress: progress)
            } catch {
                throw RunCommand.explained(error)
            }
        }
        if detach { throw RunCommand.detachesNothing("run") }
        try RunCommand.refuse(
            ["--id", "--name"], "runs of a pipeline in this process have an id of their own")
        let job: PipelineJob
        do { job = try await PipelineJob(name, pipeline, vars: vars, conf: conf) } catch {
            throw RunCommand.explained(error)
        }
        try await job.run(progress: progress)
    }

    /// Returns the error that nothing here could be left to go on.
    static func detachesNothing(_ what: String) -> EngineError {
        .user(
            "USAGE", "--detach needs a coordinator: a local \(what) ends with this program",
            remedy: "Give --coordinator URL.")
    }

    /// Says of a value for a variable that no file reads where it came from, if it was not typed.
    private static func explained(_ error: any Error) -> any Error {
        guard var error = error as? EngineError, error.code == "PIPELINE_FORMAT",
            error.message.hasPrefix("No file of the pipeline reads"),
            !CommandLine.arguments.contains(where: { $0 == "--vars" || $0.hasPrefix("--vars=") })
        else { return error }
        error.remedy = "It was given by ETL_VARS, or by vars in the file that --config or ETL_CONFIG names."
        return error
    }

    /// Throws when flags are typed that would change nothing; in the config file they may stay.
    private static func refuse(_ flags: [String], _ why: String) throws {
        for flag in flags
        where CommandLine.arguments.contains(where: { $0 == flag || $0.hasPrefix(flag + "=") }) {
            throw EngineError.user("USAGE", "\(flag) is not for this job: \(why)")
        }
    }

    private func runLocal(_ request: JobRequest, _ script: JobScript) async throws {
        let cluster = try await EmbeddedCluster()
        let service = cluster.service
        let status = try await script.locating { try await service.submit(request) }
        let interruption = Interruption([SIGINT, SIGTERM]) {
            Task { _ = try? await service.cancel(status.id) }
        }
        let follower = JobFollower(service: service, progress: progress, output: output, script: script)
        do {
            try await follower.follow(status)
        } catch {
            await cluster.settle(status.id)
            guard let signal = interruption.status else { throw error }
            Terminal.printNote("Interrupted: the job was cancelled.")
            throw ProgramExit(status: signal)
        }
        interruption.end()
    }

    private func runRemote(
        _ request: JobRequest, _ script: JobScript, _ service: any JobService
    ) async throws {
        let follower = JobFollower(service: service, progress: progress, output: output, script: script)
        let status = try await script.locating {
            try await Submission.send(request, to: service, display: follower.display)
        }
        if detach {
            print(status.id)
            return
        }
        Terminal.printNote("job \(status.id)")
        try await Farewell.following(status, of: service, display: follower.display) {
            try await follower.follow(status)
        }
    }
}

/// The flags that say what to run.
struct JobOptions: ParsableArguments {
    @Argument(help: "File of SQL statements, or directory of a pipeline.", completion: .file())
    var job: String?

    // Whatever follows is the text: it may begin with a comment's `--`.
    @Option(
        name: [.customShort("e")], parsing: .unconditional,
        help: .init("SQL statements to run instead of a file's.", valueName: "sql"))
    var sql: String?

    @Option(help: "Name shown for the job.")
    var name: String?

    @Option(
        help: .init(
            "Id for the job (a UUID); submitting the same job with it again is harmless.", valueName: "uuid"))
    var id: String?

    @Option(
        parsing: .upToNextOption,
        help: .init("Values for ${name} in the text, as name=value.", valueName: "name=value"))
    var vars: [String] = []

    @Option(help: .init("Queue of the cluster that the job is in (default: default).", valueName: "name"))
    var queue: String?

    @Option(
        parsing: .upToNextOption,
        help: .init("Settings for the job, as spark.sql.shuffle.partitions=8.", valueName: "name=value"))
    var conf: [String] = []

    /// Both flags take one value or several, and the job may follow them: what holds no `=` is the job.
    mutating func validate() throws {
        if job == nil, sql == nil, let last = conf.last, !last.contains("=") {
            job = conf.removeLast()
        } else if job == nil, sql == nil, let last = vars.last, !last.contains("=") {
            job = vars.removeLast()
        }
    }

    /// Returns the request to submit, and its text as it was written. Throws when there is no job or two, the
    /// file cannot be read or a pair is malformed. (Checked here and not in `validate`, which would come
    /// before unknown flags are told.)
    func request() throws -> (JobRequest, JobScript) {
        if let job, sql != nil {
            throw EngineError.user("USAGE", "Give a file of SQL or -e \"SQL\", not both: \(job)")
        }
        if job == nil, sql == nil {
            throw EngineError.user(
                "USAGE", "There is no job to run",
                remedy: "Give a file of SQL, or -e \"SQL\"; etl-submit --help shows more.")
        }
        if let sql { try JobScript.checkArgument(sql, in: JobScript.arguments()) }
        let written = try sql ?? JobScript.read(job ?? "")
        let values = Dictionary(try JobOptions.pairs(vars, flag: "--vars")) { $1 }
        try TextVariables.check(written, values: values, file: job ?? JobScript.commandLine)
        let script = JobScript(written, values: values)
        let request = JobRequest(
            id: id, name: name ?? job.map { String($0.split(separator: "/").last ?? "") }, sql: script.text,
            file: job,
            conf: Dictionary(try settings()) { $1 })
        return (request, script)
    }

    /// Returns the settings for the job, in order: those of flags of their own come last.
    func settings() throws -> [(String, String)] {
        try JobOptions.pairs(conf, flag: "--conf") + (queue.map { [(JobOptions.queueSetting, $0)] } ?? [])
    }

    /// What `--queue` sets.
    private static let queueSetting = "spark.scheduler.pool"

    static func pairs(_ items: [String], flag: String) throws -> [(String, String)] {
        try items.flatMap { item in
            if flag == "--vars", item.hasPrefix("{") { return try GivenVariables.read(item) }
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw EngineError.user("USAGE", "\(flag) takes name=value, not \(item)")
            }
            return [(String(parts[0]), String(parts[1]))]
        }
    }
}
