import ArgumentParser
import Cluster
import Protocol
import Settings
import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a job and follows it to its end.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a job (the default command).",
        discussion: """
            JOB is a file of SQL statements separated by `;`, or is given as -e \"SQL\", or is a pipeline: \
            a directory with etl.yml, or that file.
            """)

    @OptionGroup var job: JobOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var pipeline: PipelineOptions

    @Flag(help: "Print the job's id and leave it to the cluster.")
    var detach = false

    @Option(help: "Form of the rows of the last SELECT: table, json (lines), csv, none.")
    var output = OutputForm.table

    @Option(help: "Progress on standard error: auto (live on a terminal), plain (lines), none.")
    var progress = ProgressForm.auto

    func run() async throws {
        if let name = job.job, job.sql == nil, PipelinePlace.isPipeline(name) {
            return try await runPipeline(name)
        }
        try pipeline.refuse()
        let request = try job.request()
        if let remote = try connection.remote() {
            try await runRemote(request, remote)
        } else {
            if detach {
                throw EngineError.user(
                    "USAGE", "--detach needs a coordinator: a local job ends with this program",
                    remedy: "Give --coordinator URL.")
            }
            try await runLocal(request)
        }
    }

    private func runPipeline(_ name: String) async throws {
        let vars = try JobOptions.pairs(job.vars, flag: "--vars")
        let conf = try JobOptions.pairs(job.conf, flag: "--conf")
        try RunCommand.refuse(
            ["--output"], "a pipeline prints no rows: its tables are read with SELECT")
        if let remote = try connection.remote() {
            let request = RemotePipeline(
                remote, PipelinePlace.directory(name), pipeline, vars: vars, conf: Dictionary(conf) { $1 })
            return try await request.submit(
                testsOnly: false, id: job.id, name: job.name, detach: detach, progress: progress)
        }
        if detach {
            throw EngineError.user(
                "USAGE", "--detach needs a coordinator: a local run ends with this program",
                remedy: "Give --coordinator URL.")
        }
        try RunCommand.refuse(
            ["--id", "--name"], "runs of a pipeline in this process have an id of their own")
        try await PipelineJob(name, pipeline, vars: vars, conf: conf).run(progress: progress)
    }

    /// Throws when flags are typed that would change nothing; in the config file they may stay.
    private static func refuse(_ flags: [String], _ why: String) throws {
        for flag in flags
        where CommandLine.arguments.contains(where: { $0 == flag || $0.hasPrefix(flag + "=") }) {
            throw EngineError.user("USAGE", "\(flag) is not for this job: \(why)")
        }
    }

    private func runLocal(_ request: JobRequest) async throws {
        let cluster = try await EmbeddedCluster()
        let service = cluster.service
        let status = try await service.submit(request)
        let interruption = Interruption([SIGINT, SIGTERM]) {
            Task { _ = try? await service.cancel(status.id) }
        }
        let follower = JobFollower(service: service, progress: progress, output: output)
        do {
            try await follower.follow(status)
        } catch {
            await cluster.settle(status.id)
            throw interruption.status.map { ProgramExit(status: $0) } ?? error
        }
        interruption.end()
    }

    private func runRemote(_ request: JobRequest, _ service: any JobService) async throws {
        let status = try await Submission.send(request, to: service)
        if detach {
            print(status.id)
            return
        }
        Terminal.printNote("job \(status.id)")
        let follower = JobFollower(service: service, progress: progress, output: output)
        let farewell = Farewell(service: service, id: status.id, display: follower.display)
        let interruption = Interruption { Task { await farewell.say() } }
        do {
            try await follower.follow(status)
        } catch {
            // What the user asked for is no failure to tell of: the farewell ends the program.
            if farewell.isCancelling { try await Task.sleep(for: .seconds(Farewell.patienceSeconds)) }
            throw error
        }
        interruption.end()
    }
}

/// The flags that say what to run.
struct JobOptions: ParsableArguments {
    @Argument(help: "File of SQL statements, or directory of a pipeline.", completion: .file())
    var job: String?

    // Whatever follows is the text: it may begin with a comment's `--`.
    @Option(
        name: [.customShort("e")], parsing: .unconditional, help: "SQL statements to run instead of a file's."
    )
    var sql: String?

    @Option(help: "Name shown for the job.")
    var name: String?

    @Option(help: "Id for the job (a UUID); submitting the same job with it again is harmless.")
    var id: String?

    @Option(parsing: .upToNextOption, help: "Values for ${name} in the text, as name=value.")
    var vars: [String] = []

    @Option(parsing: .upToNextOption, help: "Settings for the job, as spark.sql.shuffle.partitions=8.")
    var conf: [String] = []

    /// Both flags take one value or several, and the job may follow them: what holds no `=` is the job.
    mutating func validate() throws {
        if job == nil, sql == nil, let last = conf.last, !last.contains("=") {
            job = conf.removeLast()
        } else if job == nil, sql == nil, let last = vars.last, !last.contains("=") {
            job = vars.removeLast()
        }
    }

    /// Returns the request to submit. Throws when there is no job or two, the file cannot be read or a pair
    /// is malformed. (Checked here and not in `validate`, which would come before unknown flags are told.)
    func request() throws -> JobRequest {
        if let job, sql != nil {
            throw EngineError.user("USAGE", "Give a file of SQL or -e \"SQL\", not both: \(job)")
        }
        if job == nil, sql == nil {
            throw EngineError.user(
                "USAGE", "There is no job to run",
                remedy: "Give a file of SQL, or -e \"SQL\"; etl-submit --help shows more.")
        }
        var text = try sql ?? JobOptions.read(job ?? "")
        for (key, value) in try JobOptions.pairs(vars, flag: "--vars") {
            text = text.replacing("${\(key)}", with: value)
        }
        try TextVariables.check(text)
        return JobRequest(
            id: id, name: name ?? job.map { String($0.split(separator: "/").last ?? "") }, sql: text,
            file: job,
            conf: Dictionary(try JobOptions.pairs(conf, flag: "--conf")) { $1 })
    }

    static func pairs(_ items: [String], flag: String) throws -> [(String, String)] {
        try items.map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw EngineError.user("USAGE", "\(flag) takes name=value, not \(item)")
            }
            return (String(parts[0]), String(parts[1]))
        }
    }

    private static func read(_ path: String) throws -> String {
        do throws(TextFile.Failure) { return try TextFile.read(path, limitBytes: Limits.sqlBytes) } catch {
            if case .tooLong = error {
                throw EngineError.user(
                    "SQL_TOO_LONG",
                    "The job's text is longer than \(ByteSize.format(Limits.sqlBytes)): \(path)",
                    remedy:
                        "Split it into several jobs, or put long lists into a file and join with it.")
            }
            throw EngineError.user(
                "USAGE", "Cannot read the job \(path): \(error.reason)",
                remedy: "Give a file of SQL statements, or -e \"SQL\".")
        }
    }
}
