import ArgumentParser
import Pipelines
import Protocol
import Vocabulary

/// The flags of pipelines.
struct PipelineOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("s")], parsing: .upToNextOption,
        help: .init(
            """
            Steps to take: name, +name, name+, @name, tag:t, path:p, config.x:v, test_type:t; all by default.
            """, valueName: "selector"))
    var select: [String] = []

    @Option(
        parsing: .upToNextOption, help: .init("Steps to leave out.", valueName: "selector"))
    var exclude: [String] = []

    @Flag(help: "Make incremental models anew, from all rows.")
    var fullRefresh = false

    @Option(help: .init("First time of a stretch that microbatch models make again, UTC.", valueName: "time"))
    var eventTimeStart: String?

    @Option(help: .init("End of that stretch, itself not in it.", valueName: "time"))
    var eventTimeEnd: String?

    @Option(
        help: .init(
            "Folder for a pipeline's state; .millrace beside etl.yml by default.", valueName: "folder"))
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
        commandName: "init", abstract: "Writes a working example of a pipeline into a directory.",
        usage: "etl-submit init [DIRECTORY]")

    @Argument(help: "Directory to write into, made where it is missing.", completion: .directory)
    var directory = "."

    func run() async throws {
        try ExamplePipeline.write(into: directory)
        Terminal.printNote(
            "\(directory) has etl.yml, its schema for editors, and example data, models and tests. "
                + "Run it with: etl-submit \(directory)")
    }
}

/// Prints the JSON Schema of `etl.yml`.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the JSON Schema of etl.yml, for editors.",
        usage: "etl-submit schema [DIRECTORY]",
        discussion: "With a directory, the tests that its dbt project defines are known, too.")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
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
        abstract: "Shows a pipeline's steps, their queries, tests and what they write, without running.",
        usage: "etl-submit plan [DIRECTORY] [options]")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory = "."
    @OptionGroup(title: "Pipelines") var pipeline: PipelineOptions
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions
    @Option(
        parsing: .upToNextOption,
        help: .init("Values for {{ var('name') }}, as name=value.", valueName: "name=value"))
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
        commandName: "test", abstract: "Runs a pipeline's tests on its published tables.",
        usage: "etl-submit test [DIRECTORY] [options]")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory = "."
    @OptionGroup(title: "Pipelines") var pipeline: PipelineOptions
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions
    @Option(
        parsing: .upToNextOption,
        help: .init("Values for {{ var('name') }}, as name=value.", valueName: "name=value"))
    var vars: [String] = []
    @Option(help: .init("Results on standard error: auto, plain, none.", valueName: "form"))
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
