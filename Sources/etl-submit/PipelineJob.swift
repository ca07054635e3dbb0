import Cluster
import Pipelines
import Protocol
import Settings
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a pipeline in the cluster inside this process.
struct PipelineJob {
    let directory: String
    let pipeline: Pipeline
    /// Names of the steps to run.
    let chosen: Set<String>
    private let statePath: String
    private let conf: [String: String]

    /// Says whether a job's name is that of a pipeline: a directory, or its etl.yml.
    static func isPipeline(_ name: String) -> Bool {
        var information = stat()
        guard stat(name, &information) == 0 else { return name == "etl.yml" || name.hasSuffix("/etl.yml") }
        return information.st_mode & S_IFMT == S_IFDIR || name == "etl.yml" || name.hasSuffix("/etl.yml")
    }

    /// Reads the pipeline. Throws with file and place of what is wrong.
    init(
        _ name: String, _ options: PipelineOptions, _ connection: ConnectionOptions,
        vars: [(String, String)], conf: [(String, String)]
    ) throws {
        if !connection.local, connection.coordinator != nil {
            throw PipelineJob.unsupported("--coordinator")
        }
        var folder = name
        if name == "etl.yml" { folder = "." }
        if name.hasSuffix("/etl.yml") { folder = String(name.dropLast("/etl.yml".count)) }
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        directory = folder.isEmpty ? "/" : folder
        var loader = PipelineLoader(
            directory: directory, vars: Dictionary(vars) { $1 },
            environment: { name in getenv(name).map { String(cString: $0) } })
        pipeline = try loader.load()
        chosen =
            options.select.isEmpty
            ? Set(pipeline.steps.map(\.name)) : try StepSelector.select(options.select, from: pipeline.steps)
        self.conf = Dictionary(conf) { $1 }
        statePath = options.state.map(PipelineJob.absolute) ?? ".millrace"
    }

    static func unsupported(_ flag: String) -> EngineError {
        .user(
            "USAGE", "Pipelines run in this process only, so far: \(flag) cannot be used with them",
            remedy: "Leave it out, or give --local.")
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }

    /// Runs the steps, or only their tests. Throws `ProgramExit` when one failed.
    func run(testsOnly: Bool, progress: ProgressForm) async throws {
        guard chdir(directory) == 0 else {
            throw EngineError.user(
                "PIPELINE_FILE",
                "Cannot go to the directory \(directory): \(String(cString: strerror(errno)))")
        }
        let state = try StateFolder(statePath)
        let cluster = try await EmbeddedCluster()
        let service = cluster.service
        let current = CurrentJob()
        let interruption = Interruption { _ in
            let id = current.cancel()
            Task { if let id { _ = try? await service.cancel(id) } }
        }
        let run = PipelineRun(
            pipeline, state: state, service: service, current: current, conf: conf,
            settle: { await cluster.settle($0) }, report: { PipelineText.show($0, progress) })
        let summary: RunSummary
        do {
            summary = testsOnly ? try await run.test(chosen) : try await run.run(chosen)
        } catch {
            throw interruption.hasHappened ? ProgramExit(status: 130) : error
        }
        if interruption.hasHappened { throw ProgramExit(status: 130) }
        interruption.end()
        let text = PipelineText.summary(pipeline.name, summary)
        if !summary.isSuccess { throw ProgramExit(status: 1, message: text) }
        if progress != .none { Terminal.printNote(text) }
    }
}

/// Says what a pipeline does in words.
enum PipelineText {
    static func show(_ event: RunEvent, _ progress: ProgressForm) {
        switch event {
        case .failed(let step, let error):
            Terminal.printNote("failed  \(step)")
            return Terminal.printError(error.description)
        case .tested(let test, .fail(let count)):
            return Terminal.printNote("FAIL    test \(test): \(count) wrong")
        case .tested(let test, .warn(let count)):
            return Terminal.printNote("warn    test \(test): \(count) wrong")
        default: break
        }
        if progress == .none { return }
        switch event {
        case .finished(let step, let kind, let rowsIn, let rowsOut, let seconds):
            let time = (seconds * 100).rounded() / 100
            Terminal.printNote("done    \(kind) \(step): \(rowsIn) rows in, \(rowsOut) rows out, \(time) s")
        case .tested(let test, _): Terminal.printNote("pass    test \(test)")
        case .retrying(let step, let attempt, let delay, let error):
            Terminal.printNote("again   \(step): try \(attempt) after \(delay) s; \(error.message)")
        case .skipped(let step): Terminal.printNote("skipped \(step): a step that it needs failed")
        case .failed: break
        }
    }

    static func summary(_ name: String, _ summary: RunSummary) -> String {
        "Pipeline \(name): \(summary.succeeded) steps done, \(summary.failed) failed, "
            + "\(summary.skipped) skipped; \(summary.testsPassed) tests passed, "
            + "\(summary.testsWarned) warned, \(summary.testsFailed) failed."
    }

    /// Returns the steps in order, with what they read, their queries and tests.
    static func plan(_ pipeline: Pipeline, chosen: Set<String>, now: Int) -> String {
        var text = "Pipeline \(pipeline.name)\n"
        if let next = pipeline.schedule?.nextInterval(after: nil, now: now) {
            text += "Next interval: \(CivilTime.text(next.start))Z to \(CivilTime.text(next.end))Z\n"
        }
        for step in pipeline.steps where chosen.contains(step.name) {
            text += "\n\(step.kind) \(step.name) (\(step.file))"
            let above = Set(step.dependencies).sorted()
            if !above.isEmpty { text += " after \(above.joined(separator: ", "))" }
            text += "\n"
            for relation in step.relations where relation.step == nil {
                text += "    reads \(relation.definition)\n"
            }
            for line in step.sql.split(separator: "\n") { text += "    | \(line)\n" }
            for test in step.tests { text += "    test \(test.name)\n" }
            if let write = step.write { text += "    writes \(write.format) to \(write.path)\n" }
        }
        return text
    }
}
