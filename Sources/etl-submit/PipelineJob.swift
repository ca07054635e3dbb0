import Cluster
import Pipelines
import Protocol
import Settings
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the directory that a pipeline is in.
enum PipelinePlace {
    /// Says whether a job's name is that of a pipeline: a directory, or its etl.yml.
    static func isPipeline(_ name: String) -> Bool {
        var information = stat()
        guard stat(name, &information) == 0 else { return name == "etl.yml" || name.hasSuffix("/etl.yml") }
        return information.st_mode & S_IFMT == S_IFDIR || name == "etl.yml" || name.hasSuffix("/etl.yml")
    }

    /// Returns the directory that a name stands for.
    static func directory(_ name: String) -> String {
        var folder = name
        if name == "etl.yml" { folder = "." }
        if name.hasSuffix("/etl.yml") { folder = String(name.dropLast("/etl.yml".count)) }
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        return folder.isEmpty ? "/" : folder
    }

    /// Returns where the state of the pipeline of a name is, unless it was moved.
    static func state(of name: String, movedTo state: String?) -> String {
        state ?? directory(name) + "/.millrace"
    }

    /// Returns where the state of a pipeline is that is there. Throws `USAGE` when neither the
    /// pipeline nor the folder that was named exists: a typing error is no pipeline without runs.
    static func existingState(of name: String, movedTo state: String?) throws -> String {
        if let state {
            if access(state, F_OK) == 0 { return state }
            throw EngineError.user("USAGE", "There is no state of a pipeline here: \(state)")
        }
        let directory = PipelinePlace.directory(name)
        guard hasPipeline(directory) else { throw missing(directory) }
        return directory + "/.millrace"
    }

    /// Returns the error that a directory holds no pipeline.
    static func missing(_ directory: String) -> EngineError {
        .user(
            "USAGE", "There is no etl.yml in the directory: \(directory)",
            remedy: "`etl-submit init` writes a working example.")
    }

    /// Returns the name of a deployed pipeline: the word itself, or what the etl.yml of that directory says.
    static func deployedName(_ word: String) throws -> String {
        guard isPipeline(word), hasPipeline(directory(word)) else {
            if word.contains("/") { throw missing(directory(word)) }
            return word
        }
        return try PipelineLoader.name(in: directory(word))
    }

    /// Says whether a directory holds a pipeline.
    static func hasPipeline(_ directory: String) -> Bool { access(directory + "/etl.yml", R_OK) == 0 }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }
}

/// Runs a pipeline in the cluster inside this process.
struct PipelineJob {
    let directory: String
    let pipeline: Pipeline
    let header: RunHeader
    /// The state's folder as it is named once the program is in the pipeline's directory.
    private let statePath: String

    /// Reads the pipeline. `retrying`: go on with what the last run did not do. Throws with file and place of
    /// what is wrong.
    init(
        _ name: String, _ options: PipelineOptions, vars: [(String, String)], conf: [(String, String)],
        testsOnly: Bool = false, retrying: Bool = false
    ) async throws {
        directory = PipelinePlace.directory(name)
        guard access(directory + "/etl.yml", F_OK) == 0 else { throw PipelinePlace.missing(directory) }
        statePath = options.state.map(PipelinePlace.absolute) ?? ".millrace"
        let state = statePath.hasPrefix("/") ? statePath : directory + "/.millrace"
        let now = NodeClock.moment().wallMilliseconds
        let minutes = Int(now / 60_000)
        var header = RunHeader(
            id: RunIdentity.new(milliseconds: now), pipeline: "", acceptedAt: now, intervalStart: minutes,
            intervalEnd: minutes, select: options.select, exclude: options.exclude,
            vars: Dictionary(vars) { $1 }, conf: Dictionary(conf) { $1 }, fullRefresh: options.fullRefresh,
            testsOnly: testsOnly)
        try header.takeInterval(from: options.eventTimeStart, to: options.eventTimeEnd)
        if retrying { try PipelineJob.goOn(&header, state) }
        let first = try await PipelineJob.load(directory, header, state)
        if let schedule = first.schedule, !retrying, !header.isBackfill {
            let interval = schedule.latestInterval(now: minutes)
            (header.intervalStart, header.intervalEnd) = (interval.start, interval.end)
            pipeline = try await PipelineJob.load(directory, header, state)
        } else {
            pipeline = first
        }
        header.pipeline = pipeline.name
        self.header = header
        _ = try pipeline.chosen(select: header.select, exclude: header.exclude)
    }

    private static func load(
        _ directory: String, _ header: RunHeader, _ state: String
    ) async throws -> Pipeline {
        let context = RunContext(header, hasTable: { StateFolder.hasTable($0.folder, in: state) })
        return try await PipelineLoader.load(
            listing: { try await PipelineJob.tables($0, conf: header.conf, directory) }
        ) {
            var loader = PipelineLoader(
                directory: directory, vars: header.vars, run: context, environment: PipelinePlace.environment)
            loader.takeMail(of: PipelinePlace.environment)
            return loader
        }
    }

    /// Asks a database for its tables, from the pipeline's directory as its runs do.
    private static func tables(
        _ request: CatalogRequest, conf: [String: String], _ directory: String
    ) async throws -> [CatalogTable] {
        let here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(here) }
        guard here >= 0, chdir(directory) == 0 else { throw PipelinePlace.missing(directory) }
        defer { _ = fchdir(here) }
        let cluster = try await EmbeddedCluster()
        return try await CatalogJob(cluster.service, conf: conf).tables(request)
    }

    /// Makes a header that goes on with the last run of the pipeline.
    private static func goOn(_ header: inout RunHeader, _ state: String) throws {
        guard let last = RunFile.runs(in: state).last(where: { !$0.header.testsOnly }) else {
            throw EngineError.user(
                "RUN_NOT_FOUND", "This pipeline has not run yet, so nothing can be retried")
        }
        guard last.state != .succeeded else {
            throw EngineError.user("RUN_SUCCEEDED", "The last run has succeeded: \(last.header.id)")
        }
        header.goOn(with: last)
        (header.intervalStart, header.intervalEnd) = (last.header.intervalStart, last.header.intervalEnd)
        header.onlyInterval = last.header.isBackfill ? true : nil
        header.select = last.header.select
        header.exclude = last.header.exclude
        header.fullRefresh = last.header.fullRefresh
        header.vars = last.header.vars.merging(header.vars) { $1 }
        header.conf = last.header.conf.merging(header.conf) { $1 }
    }

    /// Runs the steps, or only their tests. Throws `ProgramExit` when one failed.
    func run(progress: ProgressForm) async throws {
        guard chdir(directory) == 0 else {
            throw EngineError.user(
                "PIPELINE_FILE",
                "Cannot go to the directory \(directory): \(String(cString: strerror(errno)))")
        }
        let state = try StateFolder(statePath)
        let cluster = try await EmbeddedCluster()
        let service = cluster.service
        let control = RunControl()
        let display = ProgressDisplay(progress)
        let run = try PipelineRun(
            pipeline, record: RunRecord(header), tables: state.tables, service: service, control: control,
            journal: try RunFile(header, in: state),
            warn: { text in display.apart { Terminal.printWarning(text) } },
            say: { text in display.apart { PipelineText.show("info", text, progress) } },
            report: { fact, record in display.apart { PipelineText.show(fact, record, progress) } })
        let interruption = Interruption([SIGINT, SIGTERM]) {
            // The terminal has written ^C.
            if Terminal.errorIsTerminal { display.apart { Terminal.write("\n") } }
            Task { for id in (try? await run.cancel()) ?? [] { _ = try? await service.cancel(id) } }
        }
        let watching = Task { await PipelineJob.watch(control, service, progress, display) }
        let record = try await run.run()
        watching.cancel()
        display.stop()
        // What failed or cancelled jobs may still write goes before the program does.
        for id in await run.failedJobs { await cluster.settle(id) }
        state.tables.discardAll(run: header.id)
        let text = "Pipeline \(pipeline.name): \(record.summary.text)"
        let remedy = header.testsOnly ? "" : "\nGo on from there with: etl-submit retry \(directory)"
        if let status = interruption.status {
            Terminal.printNote("Interrupted: the run was cancelled.")
            if progress != .none { Terminal.printNote(text + remedy) }
            throw ProgramExit(status: status)
        }
        interruption.end()
        if !record.summary.isSuccess { throw ProgramExit(status: 1, message: text + remedy) }
        if progress != .none { Terminal.printNote(text) }
    }

    /// Time between two looks at the jobs of the steps, milliseconds.
    private static let lookMilliseconds = 500

    /// Shows on a terminal how the jobs come along that are at work, until the task is cancelled.
    private static func watch(
        _ control: RunControl, _ service: any JobService, _ progress: ProgressForm, _ display: ProgressDisplay
    ) async {
        guard progress == .auto, Terminal.errorIsTerminal else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(lookMilliseconds))
            var stages: [StageStatus] = []
            var last: JobStatus?
            for id in control.runningJobs {
                guard let job = try? await service.job(id), let own = try? await service.stages(id) else {
                    continue
                }
                last = job
                stages += own.map { stage in
                    var named = stage
                    named.name = "\(job.name): \(stage.name)"
                    return named
                }
            }
            if let last, !Task.isCancelled { display.show(last, stages: stages) }
        }
    }
}

/// Says what a pipeline does in words.
enum PipelineText {
    static func show(_ fact: RunFact, _ record: RunRecord, _ progress: ProgressForm) {
        if case .ended = fact { return }
        if let line = RunText.line(fact, of: record) { show(line.level, line.text, progress) }
    }

    /// Writes a line of a run's log: what follows its first line is an error.
    static func show(_ level: String, _ text: String, _ progress: ProgressForm) {
        guard level == "error" || progress != .none else { return }
        let parts = text.split(separator: "\n", maxSplits: 1)
        Terminal.printNote(parts.first.map(String.init) ?? "")
        if parts.count > 1 { Terminal.printError(String(parts[1])) }
    }

    /// Returns the runs that are kept, newest first.
    static func history(_ runs: [RunRecord]) -> String {
        var rows = [["RUN", "KIND", "STATE", "STARTED", "SECONDS", "STEPS"]]
        for run in runs.reversed() {
            let seconds = run.endedAt.map { Double($0 - run.header.acceptedAt) / 1000 }
            let state = run.endedAt == nil ? "interrupted" : run.state.rawValue
            rows.append([
                run.header.id, run.header.testsOnly ? "test" : run.header.kind.rawValue, state,
                TimeText.rfc3339(run.header.acceptedAt), seconds.map { "\($0)" } ?? "", run.summary.text,
            ])
        }
        return columns(rows)
    }

    /// Returns one run in full: its steps with rows in and out, and its tests.
    static func run(_ run: RunRecord) -> String {
        let steps = run.order.compactMap { name in
            run.steps[name].map { step in
                RunStatus.Step(
                    name: name, kind: run.kinds[name] ?? "step",
                    state: run.kept.contains(name) ? "kept" : step.state.rawValue,
                    attempts: step.attempt, rowsIn: step.rowsIn, rowsOut: step.rowsOut, seconds: step.seconds,
                    dependencies: run.parents[name] ?? [], error: step.error)
            }
        }
        let tests = run.tests.map {
            RunStatus.Test(
                name: $0.name, step: $0.step, outcome: $0.outcome.rawValue, failures: $0.failures,
                found: $0.found)
        }
        return table(steps, tests)
    }

    /// Returns the steps and tests of a run, here or on a coordinator.
    static func table(_ steps: [RunStatus.Step], _ tests: [RunStatus.Test]) -> String {
        var text = columns(
            [["STEP", "STATE", "TRIES", "ROWS IN", "ROWS OUT", "SECONDS"]]
                + steps.map {
                    [
                        $0.name, $0.state, "\($0.attempts)", "\($0.rowsIn)", "\($0.rowsOut)",
                        "\(($0.seconds * 100).rounded() / 100)",
                    ]
                })
        if !tests.isEmpty {
            text += "\n\n"
            text += columns(
                [["TEST", "OF STEP", "OUTCOME", "FOUND"]]
                    + tests.map {
                        [
                            $0.name, $0.step, $0.outcome,
                            $0.found ?? ($0.failures > 0 ? "\($0.failures) wrong" : ""),
                        ]
                    })
        }
        for step in steps where step.state == "failed" {
            if let error = step.error { text += "\n\nfailed  \(step.name)\n\(error.engineError.description)" }
        }
        return text
    }

    /// Lays rows out in columns.
    static func columns(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            return line
        }
        .joined(separator: "\n")
    }
}
