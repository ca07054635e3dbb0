import Foundation
import Pipelines
import Protocol
import Storage
import Vocabulary

/// Runs pipelines on a coordinator, beside its jobs: takes bundles, keeps schedules, and drives runs whose
/// steps are jobs of the `CoordinatorNode`.
///
/// ```
/// request, time ─▶ PipelineLedger ─▶ facts ─▶ the node's log (durable) ─▶ runs begin, go on, end
/// ```
/// After a restart the facts are folded and every open run goes on: finished steps stay finished, and the job
/// of a step that was at work is followed, as its id follows from the run, the step and the try.
package actor PipelineHost {
    let node: CoordinatorNode
    let settings: PipelineSettings
    let bundles: BundleDesk
    let clock: @Sendable () -> Moment
    var ledger = PipelineLedger()
    var books: [String: RunBook] = [:]
    var runTimes = SubmissionTimes()
    var active: [String: ActiveRun] = [:]
    /// Turns of the pipelines that have runs at work.
    private var turns: [String: TableTurns] = [:]
    private var waiterNumber: UInt64 = 0
    private var timer: Task<Void, Never>?
    private var isPumping = false
    private var mustPumpAgain = false
    let carrier: any AlertCarrier
    /// Alerts that this actor has begun to send, by run, as `rule:event`.
    var claimedAlerts: [String: Set<String>] = [:]
    /// Rules of pipelines whose runs wait, as they were read last.
    var waitingRules: [AlertSource: [AlertRule]] = [:]

    /// A run that is at work.
    struct ActiveRun {
        var control: RunControl
        /// nil while the pipeline is being read.
        var run: PipelineRun?
    }

    package init(
        node: CoordinatorNode, settings: PipelineSettings, carrier: (any AlertCarrier)? = nil,
        clock: @escaping @Sendable () -> Moment = NodeClock.moment
    ) {
        self.node = node
        self.settings = settings
        self.clock = clock
        self.carrier = carrier ?? OutsideCarrier(rules: settings.outside)
        bundles = BundleDesk(BundleStore(stateDirectory: settings.stateDirectory))
    }

    /// Folds what the log holds and goes on with all runs. Call it once the node has started. Throws
    /// `CORRUPT_LOG` (system).
    package func start() async throws {
        for bytes in await node.takePipelineRecords() {
            guard let fact = try? JSONDecoder().decode(PipelineFact.self, from: Data(bytes)) else {
                throw EngineError.system(
                    "CORRUPT_LOG", "The log has a record about pipelines that cannot be read",
                    remedy: "Start the coordinator version that wrote the log, or a newer one.")
            }
            take(fact)
        }
        await trimHistory()
        await cleanBundles(isStart: true)
        Task { await pump() }
    }

    // MARK: facts

    var now: Int64 { clock().wallMilliseconds }

    /// Makes a fact durable, and takes it in.
    func keep(_ fact: PipelineFact) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        await node.keep([.pipeline([UInt8](try encoder.encode(fact)))])
        take(fact)
        if case .run(let id, let entry) = fact, case .ended(let state, _) = entry.fact,
            let header = ledger.runs[id]?.header
        {
            await node.runEnded(state, entry.at - header.acceptedAt)
        }
    }

    private func take(_ fact: PipelineFact) {
        ledger.apply(fact)
        switch fact {
        case .accepted(let header):
            if books[header.id] != nil { return }
            let book = RunBook(id: header.id)
            book.note("info", "accepted", at: header.acceptedAt)
            books[header.id] = book
        case .run(let id, let entry):
            guard let book = books[id], let record = ledger.runs[id] else { return }
            if let line = RunText.line(entry.fact, of: record) {
                book.note(line.level, line.text, at: entry.at)
            }
            book.changed()
        default: break
        }
    }

    // MARK: work

    /// Accepts the runs that are due and begins those that may begin; then waits for the next one.
    func pump() async {
        mustPumpAgain = true
        if isPumping { return }
        isPumping = true
        while mustPumpAgain {
            mustPumpAgain = false
            do {
                while let header = ledger.due(now: now) { try await keep(.accepted(header)) }
            } catch {
                // A fact that cannot be written as JSON; the log's own failures end the process.
                break
            }
            for id in ledger.startable(active: Set(active.keys)) { begin(id) }
        }
        isPumping = false
        await tellDeadlines()
        arm()
    }

    /// Longest sleep, so that a clock that is set forward is noticed, milliseconds.
    private static let longestSleep: Int64 = 30_000

    private func arm() {
        timer?.cancel()
        let next = [ledger.nextDue(now: now), nextDeadline].compactMap { $0 }.min()
        guard !ledger.deployments.isEmpty || next != nil else { return }
        let wait = min((next ?? .max) - now, PipelineHost.longestSleep)
        timer = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(max(1, wait)))
            if !Task.isCancelled { await self?.pump() }
        }
    }

    private func begin(_ id: String) {
        guard let header = ledger.runs[id]?.header else { return }
        let control = RunControl()
        active[id] = ActiveRun(control: control)
        let turns = turns[header.pipeline] ?? TableTurns()
        self.turns[header.pipeline] = turns
        turns.join(id)
        Task {
            do {
                try await work(header, control, turns)
            } catch {
                try? await end(id, .failed, EngineError(wrapping: error))
            }
            active[id] = nil
            claimedAlerts[id] = nil
            turns.leave(id)
            if turns.isEmpty { self.turns[header.pipeline] = nil }
            await pump()
            await trimHistory()
            await cleanBundles()
        }
    }

    private func end(_ id: String, _ state: Protocol.JobState, _ error: EngineError?) async throws {
        guard let record = ledger.runs[id], !record.isClosed else { return }
        if !record.state.isEnd {
            let fact = RunFact.ended(state: state, error: error.map { JobFailure($0) })
            try await keep(.run(id: id, RunEntry(at: now, fact: fact)))
        }
        try await tellEnd(id)
        try await keep(.run(id: id, RunEntry(at: now, fact: .closed)))
    }

    /// Reads the pipeline and runs what is left of the run.
    private func work(_ header: RunHeader, _ control: RunControl, _ turns: TableTurns) async throws {
        guard let record = ledger.runs[header.id] else { return }
        if record.isCancelled, record.tables == nil { return try await end(header.id, .cancelled, nil) }
        let tables = try tables(of: header.pipeline)
        if record.tables == nil { try await waitForTables(header.id, turns, tables, control) }
        let published = record.tables
        let pipeline = try await load(header, isAtWork: true) { table in
            // What was published when the run began, also when it goes on after a restart.
            published.map { $0.contains(table.step) } ?? tables.hasTable(table.folder)
        }
        guard let record = ledger.runs[header.id], !record.isCancelled || record.tables != nil else {
            return try await end(header.id, .cancelled, nil)
        }
        let run = try PipelineRun(
            pipeline, record: claimed(record), tables: tables, service: node, control: control,
            journal: HostJournal(host: self, id: header.id), turns: turns,
            carrier: carrier, clock: { [clock] in clock().wallMilliseconds },
            warn: { [weak self] text in Task { await self?.note(header.id, "warning", text) } },
            say: { [weak self] text in Task { await self?.note(header.id, "info", text) } },
            report: { _, _ in })
        active[header.id]?.run = run
        _ = try await node.environment.crashes.piping(PipelineHost.mark(header)) { try await run.run() }
    }

    /// Time between two looks at earlier runs, milliseconds.
    private static let turnMilliseconds = 50

    /// Waits until every table that earlier runs are still to make has been made before: a run that began
    /// without would take the second run of an incremental model for its first.
    private func waitForTables(
        _ id: String, _ turns: TableTurns, _ tables: TableFolder, _ control: RunControl
    ) async throws {
        var seen = -1
        while !control.isCancelled {
            let version = turns.version
            if version != seen, let names = turns.tablesToCome(before: id),
                names.allSatisfy({ tables.hasTable($0) })
            {
                return
            }
            seen = version
            try await Task.sleep(for: .milliseconds(PipelineHost.turnMilliseconds))
        }
    }

    func note(_ id: String, _ level: String, _ text: String) {
        books[id]?.note(level, text, at: now)
        books[id]?.changed()
    }

    /// Folder of the pipelines' tables, below the cluster's storage.
    private static let folder = "millrace-pipelines"

    func tables(of pipeline: String) throws -> TableFolder {
        let place = "\(PipelineHost.folder)/\(pipeline)"
        return TableFolder(
            place: place, root: try settings.rules.resolve(place), durable: true,
            in: try settings.rules.tree(of: place))
    }

    /// Seconds for which whoever submits or deploys a pipeline waits for a database to list its tables.
    private static let listingSeconds = 60

    /// Reads the pipeline of a run from its bundle, beside the actor. Throws what is wrong in it. `isAtWork`:
    /// for a run that was accepted, which waits as long as it takes.
    func load(
        _ header: RunHeader, isAtWork: Bool = false, hasTable: @escaping @Sendable (TableName) -> Bool
    ) async throws -> Pipeline {
        guard let digest = header.bundle else { throw EngineError.internal("a run without its bundle") }
        let settings = settings
        let bundles = bundles.store
        let catalogs = CatalogJob(
            node, conf: header.conf, seconds: isAtWork ? nil : PipelineHost.listingSeconds)
        return try await node.environment.crashes.piping(PipelineHost.mark(header)) {
            let directory = try bundles.directory(digest)
            let name = try PipelineLoader.name(in: directory, shownAs: ".")
            let place = "\(PipelineHost.folder)/\(name)/files/\(digest)"
            let root = try settings.rules.resolve(place)
            let files = BundleFiles(
                directory: directory, place: place, root: root,
                storage: try settings.rules.fileSystem(of: root))
            let context = RunContext(header, hasTable: hasTable, place: { try files.resolve($0) })
            return try await PipelineLoader.load(listing: catalogs.tables) {
                var loader = PipelineLoader(
                    directory: directory, shownAs: ".", vars: header.vars, run: context,
                    environment: { settings.variable($0) })
                loader.isHidden = { settings.hides($0) }
                loader.takeMail(of: settings.environment)
                return loader
            }
        }
    }

    /// Names a pipeline as crashes of coordinators are counted: its files, and what is filled in there. All
    /// of its runs count together, as a schedule makes new ones for ever.
    static func mark(_ header: RunHeader) -> CrashMark {
        let vars = header.vars.sorted { $0.key < $1.key }.map { "\u{0}\($0.key)=\($0.value)" }
        return CrashMark(digest: JobIdentity.digest(of: (header.bundle ?? "") + vars.joined()))
    }

    // MARK: cancelling and waiting

    /// Cancels a run.
    func cancelRun(_ id: String) async throws {
        guard let record = ledger.runs[id], !record.state.isEnd else { return }
        if let run = active[id]?.run {
            for job in try await run.cancel() { _ = try? await node.cancel(job) }
            return
        }
        _ = active[id]?.control.cancel()
        if !record.isCancelled { try await keep(.run(id: id, RunEntry(at: now, fact: .cancelled))) }
        // One that is being read ends itself.
        guard active[id] == nil else { return }
        active[id] = ActiveRun(control: RunControl())
        try await keep(.run(id: id, RunEntry(at: now, fact: .ended(state: .cancelled, error: nil))))
        // Who cancels does not wait until all are told of it.
        Task {
            try? await end(id, .cancelled, nil)
            active[id] = nil
            claimedAlerts[id] = nil
            await pump()
        }
    }

    /// Waits until the run's version passes `version`, or for `milliseconds`.
    func waitForChange(_ book: RunBook, after version: Int, milliseconds: Int) async {
        guard book.version <= version, milliseconds > 0 else { return }
        waiterNumber += 1
        let (id, number) = (book.id, waiterNumber)
        let timeout = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(milliseconds))
            await self?.release(id, number)
        }
        await withCheckedContinuation { book.waiters[number] = $0 }
        timeout.cancel()
    }

    private func release(_ id: String, _ number: UInt64) {
        books[id]?.waiters.removeValue(forKey: number)?.resume()
    }
}

/// Keeps a run's facts in the coordinator's log.
struct HostJournal: RunJournal {
    let host: PipelineHost
    let id: String

    func append(_ entry: RunEntry) async throws { try await host.keep(.run(id: id, entry)) }
}
