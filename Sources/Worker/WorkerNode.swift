import Execution
import Logging
import Protocol
import Scheduling
import Shuffle
import Vocabulary

/// Runs tasks for a coordinator: carries out what its `TaskAgent` decides.
///
/// Compute happens on the pool's threads; this actor only takes messages, starts and stops attempts, and
/// tells the coordinator how they ended.
package actor WorkerNode {
    private var agent: TaskAgent
    let resources: WorkerResources
    private let pool: ComputePool
    private let line: any CoordinatorLine
    private let clock: @Sendable () -> Instant
    let logger: Logger
    /// The way to the storage that all nodes share, for copies of outputs; nil where there is none.
    let copies: CopyWriter?
    /// The tokens of jobs, as the shuffle port and the reader of outputs use them.
    private let tokens: ShuffleTokens
    private let disk: SpillDisk
    /// Called when the process is to end: with an error when the coordinator refused this worker.
    private let leave: @Sendable (EngineError?) -> Void
    var running: [AttemptID: TaskContext] = [:]
    private var startedAt: [AttemptID: Instant] = [:]
    /// Which try at its task each attempt is, for the log.
    private var tries: [AttemptID: Int] = [:]
    /// Orders of the message that is taken in. Those of launches that came before, or too late, go with it.
    private var orders: [AttemptID: TaskOrder] = [:]
    /// Attempts whose outputs go along with the reports of their end, with the most bytes of each.
    var carried: [AttemptID: Int] = [:]
    private var totals = AttemptTotals()
    private var timer: Task<Void, Never>?
    private var hasLeft = false
    /// A thread of the process has crashed: it ends by that, very soon.
    var hasCrashed = false
    /// Longest time that a worker told to stop stays, seconds.
    private let drainSeconds: Int64

    package init(
        identity: WorkerIdentity, settings: AgentSettings = AgentSettings(), resources: WorkerResources,
        pool: ComputePool, line: any CoordinatorLine,
        clock: @escaping @Sendable () -> Instant = NodeClock.now,
        logger: Logger = Logger(label: "etl-worker") { _ in SwiftLogNoOpLogHandler() },
        copies: CopyWriter? = nil, tokens: ShuffleTokens = ShuffleTokens(),
        leave: @escaping @Sendable (EngineError?) -> Void
    ) {
        agent = TaskAgent(identity, settings: settings, at: clock())
        drainSeconds = settings.drainMilliseconds / 1000
        self.resources = resources
        self.pool = pool
        self.line = line
        self.clock = clock
        self.logger = logger
        self.copies = copies
        self.tokens = tokens
        disk = SpillDisk(directory: resources.spillDirectory)
        self.leave = leave
    }

    /// Registers with the coordinator, and goes on saying so until it answers.
    package func start() { handle(.tick) }

    /// Takes a message of the coordinator, with an order for each launch in it.
    package func receive(
        _ message: CoordinatorMessage, orders sent: [TaskOrder], grants: JobGrants? = nil
    ) {
        if let grants {
            tokens.set(grants.tokens, isRequired: grants.isRequired)
            tokens.trim { neededJobs(grants) }
        }
        for (launch, order) in zip(message.launches, sent) { orders[launch.attempt] = order }
        if case .deliver(let delivery) = message {
            for command in delivery.commands {
                switch command {
                case .dropJob(let job, _): resources.sharedBuilds.drop { $0.job == job }
                case .endJob(let job): resources.holds.drop(job)
                default: break
                }
            }
        }
        handle(.message(message))
        orders = [:]
    }

    /// Orders that wait for their launch: none between messages.
    package var orderCount: Int { orders.count }

    /// Jobs that run or have outputs here, or are about to.
    private func neededJobs(_ grants: JobGrants) -> Set<JobID> {
        resources.store.jobs.union(grants.tokens.keys)
            .union(running.keys.map(\.task.stage.job)).union(orders.keys.map(\.task.stage.job))
    }

    /// Takes no more work, and leaves when nothing here is needed.
    package func drain() {
        handle(.drain)
        if hasLeft { return }
        let jobs = Set(agent.heldOutputs.map(\.attempt.task.stage.job)).count
        var why: [String] = []
        if !running.isEmpty { why.append("runs \(Counted.text(running.count, "task"))") }
        if jobs > 0 { why.append("holds outputs of \(Counted.text(jobs, "job"))") }
        logger.info(
            """
            stopping: \(why.isEmpty ? "tells the coordinator" : why.joined(separator: " and ")), and leaves \
            when it is not needed, at the latest in \(drainSeconds) s; a second signal ends it now
            """)
    }

    /// Reports that a reader found an output of this worker damaged or gone.
    package func outputLost(_ attempt: AttemptID) { handle(.outputLost(attempt)) }

    /// Says that an output of another worker's task is here now.
    func adopted(_ attempt: AttemptID) { handle(.adopted(attempt)) }

    /// Says that an output of another worker's task could not be had.
    func notAdopted(_ attempt: AttemptID) { handle(.notAdopted(attempt)) }

    /// Says that shared storage has a copy of an output.
    func stored(_ attempt: AttemptID) { handle(.stored(attempt)) }

    /// Says that an output could not be written to shared storage.
    func notStored(_ attempt: AttemptID) { handle(.notStored(attempt)) }

    /// Logs why outputs of the worker at an address could not be had.
    func adoptionFailed(_ address: String, _ error: any Error) {
        logger.warning(
            "outputs of a worker that leaves could not be taken over: \(message(of: error))",
            metadata: ["from": "\(address)"])
    }

    /// Whether the coordinator knows this worker.
    package var isRegistered: Bool { agent.isRegistered }
    /// Attempts that run here now.
    package var runningCount: Int { running.count }

    /// Says what the worker does now, and did since its start.
    package func activity() -> WorkerActivity {
        var sum = totals.counters
        for (attempt, context) in running { sum.add(counters(context, attempt)) }
        return WorkerActivity(
            state: !agent.isRegistered ? "registering" : agent.isDraining ? "draining" : "active",
            slots: agent.identity.slots, running: running.count,
            memoryLimitBytes: resources.budget.limitBytes, memoryUsedBytes: resources.budget.usedBytes,
            shuffleBytes: resources.store.byteCount, counters: sum, durations: totals.durations)
    }

    func handle(_ event: AgentEvent) {
        let now = clock()
        var actions: [AgentAction] = []
        if case .tick = event {
            for attempt in running.keys.sorted() {
                guard let context = running[attempt] else { continue }
                let progress = AttemptProgress(attempt: attempt, counters: counters(context, attempt))
                actions += agent.handle(.progress(progress), at: now)
            }
            let usage = AgentEvent.usage(
                memoryBytes: resources.budget.usedBytes, shuffleBytes: resources.store.byteCount)
            actions += agent.handle(usage, at: now)
            actions += agent.handle(.disk(isFull: disk.isFull()), at: now)
        }
        actions += agent.handle(event, at: now)
        for action in actions { perform(action) }
    }

    private func perform(_ action: AgentAction) {
        switch action {
        case .send(let message): line.send(message, carrying: outputs(for: message))
        case .start(let launch): start(launch)
        case .stop(let attempt): stop(attempt)
        case .adopt(let address, let outputs): adopt(outputs, from: address)
        case .store(let job, let attempts): store(attempts, job: job)
        case .drop(let attempt):
            carried[attempt] = nil
            resources.store.drop([attempt])
            resources.files.discard(attempt)
        case .forgetJobs: resources.holds.dropAll(running: running.keys)
        case .setTimer(let time): arm(time)
        case .leave:
            if hasCrashed { return }
            hasLeft = true
            leave(nil)
        case .refuse(let error): leave(error)
        }
    }

    private func arm(_ time: Instant) {
        timer?.cancel()
        let wait = max(0, time - clock())
        timer = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(wait))
            if !Task.isCancelled { await self?.handle(.tick) }
        }
    }

    // MARK: - Attempts

    private func start(_ launch: Launch) {
        let attempt = launch.attempt
        guard let order = orders.removeValue(forKey: attempt) else {
            handle(.ended(attempt, .failed(.error(.internal("attempt \(attempt) came without an order")))))
            return
        }
        var inputs: [StageID: [OutputAddress]] = [:]
        for input in launch.inputs {
            inputs[input.dependency.producer] = input.outputs.map {
                OutputAddress(
                    attempt: $0.attempt, address: $0.address, checksum: $0.checksum,
                    copyOfJob: $0.isStored ? order.jobID : nil, isWorkerGone: $0.isWorkerGone)
            }
        }
        let context = TaskContext(
            attempt: attempt, jobID: order.jobID, fragment: order.fragment, inputs: inputs,
            resources: resources)
        running[attempt] = context
        startedAt[attempt] = clock()
        tries[attempt] = order.attempt
        if order.carriedBytes > 0 { carried[attempt] = order.carriedBytes }
        pool.submit(TaskRun(context: context)) { end in
            Task { await self.ended(attempt, end) }
        }
    }

    private func stop(_ attempt: AttemptID) {
        guard let context = running[attempt] else {
            // Not started yet, or ended with its report under way: either way it is over here.
            handle(.ended(attempt, .stopped))
            return
        }
        context.cancel()
    }

    private func ended(_ attempt: AttemptID, _ end: TaskRun.Step) {
        guard let context = running.removeValue(forKey: attempt) else { return }
        var counters = counters(context, attempt)
        if case .finished(let result) = end {
            counters.operators = result.operators.map { OperatorCounters($0) }
        }
        startedAt[attempt] = nil
        tell(context, attempt, end, counters)
        tries[attempt] = nil
        switch end {
        case .finished: totals.add(.succeeded, counters)
        case .failed: totals.add(context.isCancelled ? .stopped : .failed, counters)
        case .ready, .blocked: break
        }
        switch end {
        case .finished(let result): handle(.ended(attempt, .completed(output(attempt, result, counters))))
        case .failed(let error):
            carried[attempt] = nil
            resources.store.drop([attempt])
            resources.files.discard(attempt)
            // Told before the failure: the next task would fail as well.
            if disk.isBlamed(for: error) { handle(.disk(isFull: disk.isFull(afterFailure: true))) }
            handle(.ended(attempt, context.isCancelled ? .stopped : .failed(failure(error))))
        case .ready, .blocked: break
        }
    }

    /// Logs how an attempt ended.
    private func tell(
        _ context: TaskContext, _ attempt: AttemptID, _ end: TaskRun.Step, _ counters: TaskCounters
    ) {
        let task = attempt.task
        var fields: Logger.Metadata = [
            "job": "\(context.jobID)", "stage": "\(task.stage.statement).\(task.stage.stage)",
            "task": .stringConvertible(Int(task.index)), "launch": "\(attempt.epoch)-\(attempt.number)",
            "milliseconds": .stringConvertible(counters.milliseconds),
        ]
        if let number = tries[attempt] { fields["attempt"] = .stringConvertible(number) }
        switch end {
        case .finished:
            fields["rowsIn"] = .stringConvertible(counters.rowsIn)
            fields["rowsOut"] = .stringConvertible(counters.rowsOut)
            logger.info("task done", metadata: fields)
        case .failed where context.isCancelled: logger.info("task stopped", metadata: fields)
        case .failed(let error):
            logger.warning("task failed: \(message(of: error))", metadata: fields)
        case .ready, .blocked: break
        }
    }

    private func counters(_ context: TaskContext, _ attempt: AttemptID) -> TaskCounters {
        let meter = context.counters
        return TaskCounters(
            rowsIn: meter.rowsIn.load(ordering: .relaxed), rowsOut: meter.rowsOut.load(ordering: .relaxed),
            bytesIn: meter.bytesIn.load(ordering: .relaxed),
            bytesOut: meter.bytesOut.load(ordering: .relaxed),
            spillBytes: meter.spillBytes.load(ordering: .relaxed),
            milliseconds: startedAt[attempt].map { Int(clock() - $0) } ?? 0,
            skippedParts: meter.skippedParts.load(ordering: .relaxed))
    }

    private func output(_ attempt: AttemptID, _ result: TaskResult, _ counters: TaskCounters) -> TaskOutput {
        TaskOutput(
            attempt: attempt, counters: counters, partitionBytes: result.partitionBytes,
            checksum: result.checksum,
            manifest: result.note.isEmpty ? FileManifest(files: result.files).wireBytes : result.note)
    }

    /// Returns an error's message in one line.
    func message(of error: any Error) -> String {
        switch error {
        case let error as FetchFailure: error.error.message
        case let error as EngineError: error.message
        default: "\(error)"
        }
    }

    private func failure(_ error: any Error) -> TaskFailure {
        switch error {
        case let error as FetchFailure: .fetchFailed(producer: error.producer, error.error)
        case let error as EngineError: error.code == "OUT_OF_MEMORY" ? .outOfMemory(error) : .error(error)
        default: .error(.internal("\(error)"))
        }
    }
}

extension OperatorCounters {
    fileprivate init(_ figures: OperatorFigures) {
        self.init(
            rows: figures.rows, microseconds: Int(figures.nanoseconds / 1000), peakBytes: figures.peakBytes,
            spillBytes: figures.spillBytes, tasks: figures.isPulled ? 1 : 0)
    }
}
