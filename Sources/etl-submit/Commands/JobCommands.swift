import ArgumentParser
import Protocol
import Settings
import Vocabulary

/// Shows how a job stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how a job stands, or the cluster when no job is named.",
        usage: "etl-submit status [JOB_ID] [options]")

    @Argument(help: "The job's id.") var jobID: String?
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let service = try connection.requireRemote()
        guard let jobID else {
            print(StatusText.cluster(try await service.cluster(), workers: try await service.workers()))
            return
        }
        let status = try await CoordinatorPatience.first { try await service.job(jobID) }
        print(StatusText.job(status, stages: try await service.stages(jobID)))
        if [.failed, .cancelled].contains(status.state) { throw ProgramExit(status: 1, message: nil) }
    }
}

/// Lists jobs.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists jobs that have not ended.", usage: "etl-submit list [options]")

    @Flag(help: "List those that have ended too.") var all = false
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let jobs = try await connection.requireRemote().jobs(all: all)
        guard jobs.isEmpty else { return print(StatusText.list(jobs)) }
        Terminal.printNote(
            all ? "There are no jobs." : "No job runs or waits; list --all shows those that have ended.")
    }
}

/// Cancels a job.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels a job.", usage: "etl-submit cancel JOB_ID [options]")

    @Argument(help: "The job's id.") var jobID: String
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let status = try await connection.requireRemote().cancel(jobID)
        let state =
            !status.state.isEnd
            ? "is asked to end"
            : status.state == .cancelled ? "is cancelled" : "has ended already: \(status.state.rawValue)"
        Terminal.printNote("job \(status.id) \(state)")
    }
}

/// Prints a job's log.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Prints a job's log.", usage: "etl-submit logs JOB_ID [options]")

    @Argument(help: "The job's id.") var jobID: String
    @Flag(name: .shortAndLong, help: "Go on printing until the job ends.") var follow = false
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let service = try connection.requireRemote()
        let (line, display) = (CoordinatorPatience(), ProgressDisplay(.plain))
        var status = try await CoordinatorPatience.first { try await service.job(jobID) }
        var next = 0
        while true {
            let from = next
            let lines = try await line.call(display) { try await service.logs(jobID, from: from) }
            next += lines.count
            var out: [UInt8] = []
            for line in lines { out += Array("\(line.time) \(line.level) \(line.message)\n".utf8) }
            // Lines go out as they come, to a pipe too.
            try StandardOutput.flush(&out)
            if !follow || (status.state.isEnd && lines.isEmpty) { return }
            let known = status
            if known.state.isEnd { continue }
            status = try await line.call(display) {
                try await service.waitForChange(jobID, after: known.version, milliseconds: 2000)
            }
        }
    }
}

/// Follows a job that was submitted before.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Follows a job to its end and prints its rows.",
        usage: "etl-submit wait JOB_ID [options]")

    @Argument(help: "The job's id.") var jobID: String
    @Option(
        help: .init("Form of the rows of the last SELECT: table, json (lines), csv, none.", valueName: "form")
    )
    var output = OutputForm.table
    @Option(
        help: .init(
            "Progress on standard error: auto (live on a terminal), plain (lines), none.", valueName: "form"))
    var progress = ProgressForm.auto
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let service = try connection.requireRemote()
        let status = try await CoordinatorPatience.first(progress) { try await service.job(jobID) }
        if status.pipeline != nil {
            return try await RunFollower(service: service, progress: progress).follow(status)
        }
        try await JobFollower(service: service, progress: progress, output: output).follow(status)
    }
}

/// Submits a finished job again, or goes on with a pipeline.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Submits a finished job again, as a new job; a pipeline goes on where it failed.",
        usage: "etl-submit retry JOB_ID | DIRECTORY [options]",
        discussion: """
            JOB_ID, with a coordinator: a job runs again from its beginning; of a pipeline's run only what \
            was not done, with the files that it had.

            DIRECTORY, with or without a coordinator: what the pipeline's last run did not do, with the \
            files as they are now. --state as for that run.
            """)

    @Argument(help: "The job's id, or directory of a pipeline.") var job: String
    @Option(
        help: .init(
            "Run on the coordinator to go on with, instead of the directory's last one.", valueName: "id"))
    var run: String?
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions
    @OptionGroup(visibility: .hidden) var pipeline: PipelineOptions
    @Flag(help: "Print the new run's id and leave it to the cluster; of a job by its id this is so anyway.")
    var detach = false
    @Option(help: .init("Progress on standard error: auto, plain, none.", valueName: "form"))
    var progress = ProgressForm.auto

    func run() async throws {
        guard PipelinePlace.isPipeline(job) else {
            try pipeline.refuse()
            if run != nil { throw EngineError.user("USAGE", "--run goes with a directory, not with an id") }
            if try connection.remote() == nil { throw MissingJob.pipelineError(job) }
            return print(try await connection.requireRemote().retry(job).id)
        }
        let isTimed = pipeline.eventTimeStart != nil || pipeline.eventTimeEnd != nil
        if !pipeline.select.isEmpty || !pipeline.exclude.isEmpty || pipeline.fullRefresh || isTimed {
            throw EngineError.user("USAGE", "A retry runs what the last run was asked for, and nothing else")
        }
        if let remote = try connection.remote() {
            return try await RemotePipeline(remote, job, pipeline, vars: [], conf: [:])
                .retry(run, detach: detach, progress: progress)
        }
        if detach { throw RunCommand.detachesNothing("run") }
        if run != nil {
            throw EngineError.user(
                "USAGE", "--run is for runs on a coordinator: without one the last run is gone on with")
        }
        try await PipelineJob(job, pipeline, vars: [], conf: [], retrying: true).run(progress: progress)
    }
}

/// Prints a job's plans without running it.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Prints a job's plans without running it; of a pipeline what `plan` prints.",
        usage: "etl-submit explain JOB [options]")

    @OptionGroup var job: JobOptions
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        if let name = job.job, job.sql == nil, PipelinePlace.isPipeline(name) {
            let pipeline = try await PipelineJob(
                name, PipelineOptions.none, vars: try JobOptions.pairs(job.vars, flag: "--vars"), conf: [])
            return print(try PipelineText.plan(pipeline.pipeline, pipeline.header), terminator: "")
        }
        let (request, script) = try job.request()
        let service: any JobService
        if let remote = try connection.remote() {
            service = remote
        } else {
            service = try await connection.embedded()
        }
        print(try await script.locating { try await service.explain(request) })
    }
}
