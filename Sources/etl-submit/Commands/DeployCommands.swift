import ArgumentParser
import Pipelines
import Protocol
import Vocabulary

/// Has a coordinator run a pipeline by its schedule.
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Has the coordinator run a pipeline by its schedule.",
        usage: "etl-submit deploy DIRECTORY [options]")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory: String
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions
    @Option(
        parsing: .upToNextOption,
        help: .init("Values for {{ var('name') }}, as name=value.", valueName: "name=value"))
    var vars: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init("Settings for the jobs, as spark.sql.shuffle.partitions=8.", valueName: "name=value"))
    var conf: [String] = []

    func run() async throws {
        let service = try connection.requireRemote()
        let pairs = try JobOptions.pairs(vars, flag: "--vars")
        let place = PipelinePlace.directory(directory)
        // The name stands in the file alone; what else is wrong in it the coordinator says.
        let name = try PipelineLoader.name(in: place)
        let pipeline = RemotePipeline(
            service, place, PipelineOptions.none, vars: pairs,
            conf: Dictionary(try JobOptions.pairs(conf, flag: "--conf")) { $1 })
        let before = try await service.pipelines().first { $0.name == name }
        let status = try await pipeline.deploy(as: name)
        if let before, before.bundle != status.bundle {
            Terminal.printNote("replaces the deployment of \(before.deployedAt)")
        }
        print(DeployText.pipeline(status))
    }
}

/// Keeps a pipeline's scheduled runs from beginning.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Keeps a deployed pipeline's scheduled runs from beginning.",
        usage: "etl-submit pause NAME [options]")

    @Argument(help: "The pipeline's name, or directory with etl.yml.") var name: String
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        print(
            DeployText.pipeline(try await connection.requireRemote().pause(PipelinePlace.deployedName(name))))
    }
}

/// Lets a paused pipeline run again.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused pipeline run by its schedule again.",
        usage: "etl-submit resume NAME [options]")

    @Argument(help: "The pipeline's name, or directory with etl.yml.") var name: String
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        print(
            DeployText.pipeline(try await connection.requireRemote().resume(PipelinePlace.deployedName(name)))
        )
    }
}

/// Takes a pipeline off its schedule for good.
struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes a deployed pipeline; its tables and runs stay.",
        usage: "etl-submit remove NAME [options]",
        discussion: "Runs that were accepted before, of a backfill too, still run; cancel ends one.")

    @Argument(help: "The pipeline's name, or directory with etl.yml.") var name: String
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let status = try await connection.requireRemote().remove(PipelinePlace.deployedName(name))
        var text = "pipeline \(status.name) is removed"
        if status.activeRuns > 0 {
            let runs = Counted.text(status.activeRuns, "run")
            text += "; still to end: \(runs) (etl-submit list shows them, cancel ends one)"
        }
        Terminal.printNote(text)
    }
}

/// Lists the runs of a pipeline.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists a pipeline's runs, newest first.",
        usage: "etl-submit runs [NAME] [options]",
        discussion: """
            With a coordinator: its runs of the pipeline, or without a name all deployed pipelines. Without \
            a coordinator: the runs that etl-submit itself made of the directory.
            """)

    @Argument(help: "The pipeline's name, or directory with etl.yml.") var name: String?
    @Option(help: .init("Show one run with its steps and tests.", valueName: "id")) var run: String?
    @Option(
        help: .init("Folder of the pipeline's state, where it was moved with --state.", valueName: "folder"))
    var state: String?
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        if let service = try connection.remote() {
            if let run { return print(DeployText.run(try await service.run(run))) }
            guard let name else {
                let pipelines = try await service.pipelines()
                if pipelines.isEmpty { return Terminal.printNote("No pipeline is deployed.") }
                return print(DeployText.pipelines(pipelines))
            }
            let deployed = try PipelinePlace.deployedName(name)
            return print(DeployText.runs(try await service.runs(of: deployed)))
        }
        let runs = RunFile.runs(in: try local())
        guard let run else {
            if runs.isEmpty { return Terminal.printNote("It has not run yet.") }
            return print(PipelineText.history(runs))
        }
        guard let record = runs.first(where: { $0.header.id == run }) else {
            throw EngineError.user("RUN_NOT_FOUND", "There is no run with this id: \(run)")
        }
        print(PipelineText.run(record))
    }

    /// Returns where the state of the directory's runs is. A bare name is likelier that of a deployed
    /// pipeline.
    private func local() throws -> String {
        do { return try PipelinePlace.existingState(of: name ?? ".", movedTo: state) } catch {
            guard var error = error as? EngineError, let name, state == nil, !name.contains("/") else {
                throw error
            }
            error.remedy =
                "Runs of a deployed pipeline are listed with --coordinator URL, or with ETL_COORDINATOR set."
            throw error
        }
    }
}

/// Runs past intervals.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Runs the intervals of a stretch of time that did not run yet.",
        usage: "etl-submit backfill NAME --from TIME --to TIME [options]")

    @Argument(help: "The pipeline's name, or directory with etl.yml.") var name: String
    @Option(help: .init("Start of the stretch, as 2024-01-01 or 2024-01-01T06:00, UTC.", valueName: "time"))
    var from: String
    @Option(
        help: .init("End of the stretch, UTC: intervals that begin before it are run.", valueName: "time"))
    var to: String
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        let service = try connection.requireRemote()
        let pipeline = try PipelinePlace.deployedName(name)
        let runs = try await service.backfill(pipeline, BackfillRequest(from: from, to: to))
        if !runs.isEmpty { print(DeployText.runs(runs)) }
        // The service has read both before.
        let stretch = (CivilTime.parse(from) ?? 0)..<max(CivilTime.parse(from) ?? 0, CivilTime.parse(to) ?? 0)
        let new = Set(runs.map(\.id))
        let before = try await service.runs(of: pipeline).filter {
            guard let start = CivilTime.parse($0.intervalStart) else { return false }
            return stretch.contains(start) && !new.contains($0.id)
        }
        let now = Int(NodeClock.moment().wallMilliseconds / 60_000)
        for line in DeployText.backfill(runs, before, stretch, now: now) { Terminal.printNote(line) }
    }
}

/// Shows deployed pipelines and their runs.
enum DeployText {
    static func pipeline(_ status: PipelineStatus) -> String {
        var text = "pipeline \(status.name) is \(status.state)"
        if let schedule = status.schedule { text += ", schedule \(schedule)" }
        if let start = status.nextIntervalStart, let end = status.nextIntervalEnd {
            text += "; next run covers \(start) to \(end)"
        }
        return text
    }

    /// Says what a backfill of a stretch of minutes asked for, and what it did not: `before` are the other
    /// runs of intervals in the stretch, newest first.
    static func backfill(
        _ new: [RunStatus], _ before: [RunStatus], _ stretch: Range<Int>, now: Int
    ) -> [String] {
        func interval(_ run: RunStatus) -> String { "\(run.intervalStart) to \(run.intervalEnd)" }
        var seen = Set(new.map(interval))
        // A later run of an interval, such as a retry, tells how it stands.
        let latest = before.filter { $0.kind != "test" && seen.insert(interval($0)).inserted }
        let failed = latest.filter { $0.state == .failed || $0.state == .cancelled }
        var head = "\(Counted.text(new.count, "new run")), "
        head += "\(Counted.text(latest.count - failed.count, "interval")) ran already"
        if !failed.isEmpty { head += ", \(failed.count) failed or cancelled and not run again" }
        var lines = [head]
        for run in failed.reversed() {
            lines.append("\(run.state.rawValue) \(interval(run)): etl-submit retry \(run.id)")
        }
        if stretch.upperBound > now {
            lines.append(
                stretch.lowerBound >= now
                    ? "The stretch is in the future: an interval runs once it is over."
                    : "Intervals of the stretch that are not over yet run once they are, by the schedule.")
        } else if new.isEmpty, latest.isEmpty {
            lines.append("No interval of the schedule begins in the stretch.")
        }
        return lines
    }

    static func pipelines(_ all: [PipelineStatus]) -> String {
        PipelineText.columns(
            [["NAME", "STATE", "SCHEDULE", "NEXT INTERVAL", "ACTIVE", "LAST RUN"]]
                + all.map {
                    [
                        $0.name, $0.state, $0.schedule ?? "", $0.nextIntervalStart ?? "", "\($0.activeRuns)",
                        $0.lastRun.map { "\($0.state.rawValue) \($0.id)" } ?? "",
                    ]
                })
    }

    static func runs(_ runs: [RunStatus]) -> String {
        PipelineText.columns(
            [["RUN", "KIND", "STATE", "INTERVAL START", "INTERVAL END", "SUBMITTED", "FINISHED"]]
                + runs.map {
                    [
                        $0.id, $0.kind, $0.state.rawValue, $0.intervalStart, $0.intervalEnd, $0.submittedAt,
                        $0.finishedAt ?? "",
                    ]
                })
    }

    static func run(_ run: RunStatus) -> String {
        "run \(run.id) of \(run.pipeline), \(run.kind), \(run.state.rawValue)\n"
            + PipelineText.table(run.steps, run.tests)
    }
}
