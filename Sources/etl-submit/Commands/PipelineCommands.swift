import ArgumentParser
import Pipelines
import Protocol
import Vocabulary

/// The flags of pipelines.
struct PipelineOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("s")], parsing: .upToNextOption,
        help: """
            Steps of a pipeline to run: name, +name, name+, @name, tag:t, path:p, test_type:t; all by default.
            """)
    var select: [String] = []

    @Option(parsing: .upToNextOption, help: "Steps of a pipeline to leave out.")
    var exclude: [String] = []

    @Flag(help: "Make incremental models anew.")
    var fullRefresh = false

    @Option(help: "Make a stretch of time again, as microbatch models: where it begins, in UTC.")
    var eventTimeStart: String?

    @Option(help: "Where that stretch of time ends; the end is not in it.")
    var eventTimeEnd: String?

    @Option(help: "Folder for a pipeline's state; .millrace beside etl.yml by default.")
    var state: String?

    /// No flags at all.
    static var none: PipelineOptions {
        var options = PipelineOptions()
        options.select = []
        options.exclude = []
        options.fullRefresh = false
        options.eventTimeStart = nil
        options.eventTimeEnd = nil
        options.state = nil
        return options
    }

    /// Throws when flags of pipelines are typed for another job; in the config file they may stay.
    func refuse() throws {
        let flags = [
            "--select", "-s", "--exclude", "--full-refresh", "--event-time-start", "--event-time-end",
            "--state",
        ]
        if let flag = CommandLine.arguments.first(where: flags.contains) {
            throw EngineError.user("USAGE", "\(flag) is for pipelines: directories with etl.yml")
        }
    }
}

/// Writes a pipeline to begin with.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a working example of a pipeline into a directory.")

    @Argument(help: "Directory to write into, made where it is missing.", completion: .directory)
    var directory = "."

    func run() async throws {
        try ExamplePipeline.write(into: directory)
        Terminal.printNote("Run it with: etl-submit \(directory)")
    }
}

/// Prints the JSON Schema of `etl.yml`.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the JSON Schema of etl.yml, for editors.",
        discussion: "Of a directory with a dbt project it knows the tests that are the project's own, too.")

    @Argument(help: "Directory with etl.yml; the schema of all by default.", completion: .directory)
    var directory: String?

    func run() async throws {
        var schema = PipelineSchema()
        if let directory {
            let folder = PipelinePlace.directory(directory)
            guard PipelinePlace.hasPipeline(folder) else { throw PipelinePlace.missing(folder) }
            let now = NodeClock.moment().wallMilliseconds
            let header = RunHeader(
                id: "", pipeline: "", acceptedAt: now, intervalStart: Int(now / 60_000),
                intervalEnd: Int(now / 60_000))
            schema = try PipelineLoader(
                directory: folder, run: RunContext(header, hasTable: { _ in false }),
                environment: PipelinePlace.environment
            ).schema()
        }
        print(schema.text, terminator: "")
    }
}

/// Shows what a pipeline would do.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows a pipeline's steps, their queries, tests and what they write, without running.")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory = "."
    @OptionGroup var pipeline: PipelineOptions
    @OptionGroup var connection: ConnectionOptions
    @Option(parsing: .upToNextOption, help: "Values for {{ var('name') }}, as name=value.")
    var vars: [String] = []

    func run() async throws {
        let job = try await PipelineJob(
            directory, pipeline, vars: try JobOptions.pairs(vars, flag: "--vars"), conf: [])
        print(try PipelineText.plan(job.pipeline, job.header), terminator: "")
        // After the plan, which shows what the templates made of the queries.
        try job.pipeline.checkSyntax()
    }
}

/// Tests what a pipeline has published.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Runs a pipeline's tests on its published tables.")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory = "."
    @OptionGroup var pipeline: PipelineOptions
    @OptionGroup var connection: ConnectionOptions
    @Option(parsing: .upToNextOption, help: "Values for {{ var('name') }}, as name=value.")
    var vars: [String] = []
    @Option(help: "Results on standard error: auto, plain, none.")
    var progress = ProgressForm.auto

    func run() async throws {
        let pairs = try JobOptions.pairs(vars, flag: "--vars")
        if let remote = try connection.remote() {
            return try await RemotePipeline(remote, directory, pipeline, vars: pairs, conf: [:])
                .submit(testsOnly: true, id: nil, name: nil, detach: false, progress: progress)
        }
        let job = try await PipelineJob(directory, pipeline, vars: pairs, conf: [], testsOnly: true)
        try await job.run(progress: progress)
    }
}
