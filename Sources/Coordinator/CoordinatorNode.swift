import Columns
import Logging
import Planner
import Plans
import Protocol
import Scheduling
import Shuffle
import Storage
import Vocabulary

/// Carries out what the `JobScheduler` decides: plans, launches, publishes, and tells clients.
///
/// ```
/// request, message, timer ─▶ event ─▶ JobScheduler ─▶ facts ─▶ log (durable) ─▶ actions ─▶ effects
/// ```
/// Decisions are the scheduler's; this actor turns requests into events, facts into log records and actions
/// into effects. Effects of a decision start only after its facts are durable, and in the order of decisions.
package actor CoordinatorNode {
    var scheduler: JobScheduler
    var books: [JobID: JobBook] = [:]
    var jobTimes = SubmissionTimes()
    /// Jobs that are parts of a pipeline's run, by the run's id.
    var runParts: [String: [JobID]] = [:]
    private var lines: [WorkerLife: any WorkerLine] = [:]
    private var submissions: [String: [CheckedContinuation<Void, any Error>]] = [:]
    private var queue: [Entry] = []
    /// Facts about pipelines that the log held at the start.
    var pipelineRecords: [[UInt8]] = []
    private var isWriting = false
    private var timer: Task<Void, Never>?
    private var waiterNumber: UInt64 = 0
    /// Notes of the decision at hand, to be written with its facts.
    var noted: [LogRecord] = []
    /// Workers that have registered with this process; others are known from the log alone.
    var met: Set<WorkerLife> = []
    var measured = NodeLatencies()
    /// What changed since history was trimmed last, and whether that is under way.
    var historyChanges = 0
    var isTrimming = false
    let environment: CoordinatorEnvironment
    /// Makes the tokens of jobs; nil before the log was read.
    var secret: JobSecret?
    /// Workers that take part and know of no tokens.
    var tokenless: Set<WorkerLife> = []

    /// What is to be written, and what follows once it is durable.
    private struct Entry {
        var records: [LogRecord]
        var actions: [Action] = []
        var waiting: CheckedContinuation<Void, Never>?
    }

    package init(environment: CoordinatorEnvironment, settings: SchedulerSettings = SchedulerSettings()) {
        self.environment = environment
        scheduler = JobScheduler(settings: settings)
    }

    /// Folds the log and begins to work. `crashedAt` is what the last life crashed over, if it did. Throws
    /// when the log cannot be read.
    package func start(crashedAt work: CrashReport.Work? = nil) async throws {
        let records = try environment.log.load()
        for case .fact(let fact) in records { scheduler.apply(fact) }
        if let (job, statement) = work?.statement {
            // Durable before the job is looked at: this life may end of it as well.
            let decision = scheduler.handle(.crashed(job, statement: statement), at: environment.clock())
            let facts = decision.facts.compactMap(LogRecord.init)
            if !facts.isEmpty, environment.log.isDurable { try await environment.log.append(facts) }
        }
        try await prepareTokens(records)
        try recover(records)
        handle(.started)
        trimHistory()
    }

    /// How long tasks, jobs and the coordinator's own steps took.
    package func latencies() -> [LatencyFamily] { measured.families }

    // MARK: - Workers

    /// Takes a worker's message, with the bytes of outputs that came along; answers to it, and later orders,
    /// go by `line`.
    package func receive(
        _ message: WorkerMessage, from line: any WorkerLine, carrying outputs: [CarriedOutput] = []
    ) {
        switch message {
        case .register(let registration):
            lines[registration.identity.life] = line
            // Lives that were refused are in no ledger.
            if met.count > 2 * scheduler.ledger.workers.keptCount + 1024 {
                met = met.filter { scheduler.ledger.worker($0) != nil }
            }
            met.insert(registration.identity.life)
        case .heartbeat(let heartbeat): lines[heartbeat.life] = line
        }
        let carried = whole(outputs)
        var message = message
        if !carried.isEmpty { message.markLogged { carried[$0.attempt]?.checksum == $0.checksum } }
        handle(.message(message), carrying: carried)
    }

    /// Notes that the connection behind `line` is closed; another one of the same worker may stand already.
    package func closed(_ line: any WorkerLine) {
        for (life, current) in lines where current === line {
            lines[life] = nil
            handle(.disconnected(life))
        }
    }

    // MARK: - Events and effects

    /// Lets the scheduler decide, and carries the decision out.
    func handle(
        _ event: Event, before records: [LogRecord] = [], carrying outputs: [AttemptID: WholeOutput] = [:]
    ) {
        // Planning again reaches nobody outside: its facts go into the log with those that it comes of.
        for stage in decide(event, before: records, carrying: outputs) { replan(after: stage) }
    }

    /// Carries out what the scheduler decides, but for stages after which it asks for another plan: those are
    /// returned.
    private func decide(
        _ event: Event, before records: [LogRecord], carrying outputs: [AttemptID: WholeOutput]
    ) -> [StageKey] {
        let moment = environment.clock()
        let decision = scheduler.handle(event, at: moment)
        measured.observe(decision.facts, scheduler.ledger) { books[$0]?.request.parent != nil }
        noteTokens(decision.facts)
        note(decision, at: moment.wallMilliseconds)
        let notes = noted
        noted = []
        let forgotten = forget(decision.facts)
        defer { noteHistory(decision.facts) }
        let complete = decision.actions.compactMap { action -> StageKey? in
            if case .replan(let stage) = action { stage } else { nil }
        }
        guard environment.log.isDurable else {
            for action in decision.actions { perform(action) }
            return complete
        }
        let results = resultRecords(for: decision.facts, outputs)
        let facts = decision.facts.compactMap(LogRecord.init)
        enqueue(
            Entry(records: records + results + facts + notes + forgotten, actions: decision.actions))
        return complete
    }

    private func enqueue(_ entry: Entry) {
        queue.append(entry)
        if !isWriting {
            isWriting = true
            Task { await drainQueue() }
        }
    }

    /// Keeps records that no job's decision brings; durable when this returns, with all before them.
    func keep(_ records: [LogRecord]) async {
        guard environment.log.isDurable else { return }
        await withCheckedContinuation { continuation in
            enqueue(Entry(records: records, waiting: continuation))
        }
    }

    /// Hands out the facts about pipelines that the log held, once.
    func takePipelineRecords() -> [[UInt8]] {
        defer { pipelineRecords = [] }
        return pipelineRecords
    }

    /// Writes all that is queued with one flush, then acts; again until nothing is queued.
    private func drainQueue() async {
        while !queue.isEmpty {
            let batch = queue
            queue = []
            let records = batch.flatMap(\.records)
            if !records.isEmpty {
                let begin = ContinuousClock.now
                do {
                    try await environment.log.append(records)
                    measured.appends.observe((ContinuousClock.now - begin) / .seconds(1))
                } catch {
                    // What is not durable must not be acted on: the process ends and recovers from its log.
                    environment.fail(error)
                    return
                }
            }
            for entry in batch {
                for action in entry.actions { perform(action) }
                entry.waiting?.resume()
            }
        }
        isWriting = false
    }

    private func perform(_ action: Action) {
        switch action {
        case .planStatement(let job, let statement): plan(job, statement)
        // Was done with the decision.
        case .replan: break
        case .commit(let manifest): commit(manifest)
        case .clean(let job, let statement): clean(job, statement)
        case .removeStoredOutputs(let job): removeCopies(of: job)
        case .send(_, let life, let message), .reply(let life, let message):
            guard let orders = orders(for: message) else { return }
            lines[life]?.send(message, orders: orders, grants: grants(for: message))
        case .setTimer(let time): arm(time)
        case .jobChanged(let job): books[job]?.changed()
        case .submitted(let job, _):
            if let book = books[job] { answerSubmission(book.externalID, with: nil) }
        case .refused: break
        case .workerChanged(let worker): notePause(of: worker)
        }
    }

    private func arm(_ time: Instant) {
        timer?.cancel()
        let wait = max(0, time - environment.clock().monotonic)
        timer = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(wait))
            if !Task.isCancelled { await self?.handle(.tick) }
        }
    }

    /// Makes the order of each launch in a message, from the plan of its statement; nil where one has none: a
    /// message without it would give the others each the order of another.
    private func orders(for message: CoordinatorMessage) -> [TaskOrder]? {
        var orders: [TaskOrder] = []
        for launch in message.launches {
            let task = launch.attempt.task
            guard let book = books[task.stage.job], let graph = book.graph(task.stage.statement),
                let stage = graph.stages.first(where: { $0.id == task.stage.stage })
            else { return nil }
            let index = Int(task.index)
            let order = TaskOrder(
                jobID: book.externalID,
                fragment: TaskFragment(
                    stage: stage.id, taskIndex: index, taskCount: stage.taskCount, plan: stage.plan,
                    output: stage.output, splits: index < stage.splits.count ? stage.splits[index] : [],
                    settings: book.session.settings(of: task.stage.statement),
                    measuresOperators: book.isAnalysed(task.stage.statement)),
                attempt: scheduler.tryNumber(of: task), carriedBytes: carriedBytes(of: task))
            orders.append(order)
        }
        return orders
    }

    // MARK: - Submission

    /// Waits until the submission is durable.
    func submitted(_ externalID: String, _ begin: () -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            submissions[externalID, default: []].append(continuation)
            begin()
        }
    }

    func answerSubmission(_ externalID: String, with error: EngineError?) {
        for waiting in submissions.removeValue(forKey: externalID) ?? [] {
            if let error { waiting.resume(throwing: error) } else { waiting.resume() }
        }
    }

    // MARK: - Waiting for changes

    /// Waits until the job's version passes `version`, or for `milliseconds`.
    func waitForChange(_ book: JobBook, after version: Int, milliseconds: Int) async {
        guard book.version <= version, milliseconds > 0 else { return }
        waiterNumber += 1
        let number = waiterNumber
        let job = book.id
        let timeout = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(milliseconds))
            await self?.release(job, waiter: number)
        }
        await withCheckedContinuation { continuation in
            book.waiters.append(JobBook.Waiter(id: number, continuation: continuation))
        }
        timeout.cancel()
    }

    private func release(_ job: JobID, waiter: UInt64) {
        guard let book = books[job], let place = book.waiters.firstIndex(where: { $0.id == waiter }) else {
            return
        }
        book.waiters.remove(at: place).continuation.resume()
    }
}
