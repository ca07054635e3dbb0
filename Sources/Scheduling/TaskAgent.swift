import Vocabulary

/// Holds an agent's times, milliseconds.
package struct AgentSettings: Sendable, Hashable {
    package var heartbeatMilliseconds: Int64 = 1_000
    /// An agent whose messages went unanswered for so long stops its tasks: less than the scheduler's
    /// lease, so that nothing runs here once others have taken over.
    package var fenceMilliseconds: Int64 = 20_000
    /// A draining worker that was not released leaves after so long: what is left is made again elsewhere.
    package var drainMilliseconds: Int64 = 14_000
    /// Tasks that a draining worker runs after so long are stopped, for others to run: an eviction leaves
    /// 15 s in all.
    package var handBackMilliseconds: Int64 = 6_000
    /// A draining worker with nothing to hand over waits so long for the answer to a registration that it
    /// sent: the coordinator may have it already, and would give tasks to a worker that is gone.
    package var farewellMilliseconds: Int64 = 2_000

    package init() {}
}

/// Tells how an attempt on this worker came to its end.
package enum AttemptEnd: Sendable, Hashable {
    case completed(TaskOutput)
    case failed(TaskFailure)
    /// Stopped because `.stop` asked for it, or handed back.
    case stopped
}

/// Tells the agent what happened on its worker.
package enum AgentEvent: Sendable {
    case tick
    case message(CoordinatorMessage)
    case ended(AttemptID, AttemptEnd)
    case progress(AttemptProgress)
    /// Bytes now in use, for the next heartbeat.
    case usage(memoryBytes: Int, shuffleBytes: Int)
    /// A held output was found damaged or gone.
    case outputLost(AttemptID)
    /// Answers `.adopt` for an output that is here now.
    case adopted(AttemptID)
    /// Answers `.adopt` for an output that could not be had.
    case notAdopted(AttemptID)
    /// Answers `.store` for an output that shared storage has a copy of now.
    case stored(AttemptID)
    /// Answers `.store` for an output that could not be written there.
    case notStored(AttemptID)
    /// The disk for spills and outputs is full, or has space again.
    case disk(isFull: Bool)
    /// Take no more work, and leave when nothing here is needed.
    case drain
}

/// Asks the Worker to do something, in order.
package enum AgentAction: Sendable, Hashable {
    case send(WorkerMessage)
    case start(Launch)
    /// Answered by `.ended` with any end.
    case stop(AttemptID)
    /// Fetch outputs of other workers' tasks from an address; answered by `.adopted` or `.notAdopted` for
    /// each.
    case adopt(from: String, [TaskOutput])
    /// Write outputs to shared storage, under the id by which clients know their job; answered by `.stored`
    /// or `.notStored` for each.
    case store(job: String, [AttemptID])
    /// Delete what the attempt left.
    case drop(AttemptID)
    /// Let go of whatever is kept for any job: all that were known are of a log that was lost.
    case forgetJobs
    /// Call `handle(.tick)` at that time; replaces the timer before.
    case setTimer(Instant)
    /// End the process: drained and released.
    case leave
    /// End the process with this error.
    case refuse(EngineError)
}

/// Decides for a worker what it runs, holds and says: the pure half of the worker.
///
/// ```
///                 welcome (same session)
///  registering ───────────────────────────▶ registered ──released──▶ left
///    ▲      ▲                                │      │
///    │      └── register again, new epoch ───┘      │ 20 s unanswered
///    └── fence: stop all tasks, keep outputs ◀──────┘
/// ```
/// The fence runs from the sending of the last message that was answered, on this side's clock: the
/// scheduler's lease began later, so the fence always comes first.
package struct TaskAgent: Sendable {
    private enum Phase: Sendable { case registering, registered, left }

    /// An attempt that runs here.
    private struct Running: Sendable {
        let launch: Launch
        var isStopping = false
        var progress: TaskCounters?
    }

    package let identity: WorkerIdentity
    package let settings: AgentSettings
    private var phase = Phase.registering
    private var session: UInt32 = 0
    /// The highest epoch that was heard of, and that of the last welcome; 0 before the first.
    private var epoch: UInt32 = 0
    private var welcomedEpoch: UInt32 = 0
    /// The number of the log on which it was welcomed last; 0 for none.
    private var welcomedLog: UInt64 = 0
    /// The id given by the coordinator of this epoch; nil before the first welcome.
    package private(set) var worker: WorkerID?
    /// Sent until it is answered, unchanged: a session has one inventory.
    private var registration: Registration?
    private var lastAnsweredSentAt: Instant
    private var lastSentAt: Instant?
    private var running: [Running] = []
    private var held: [TaskOutput] = []
    /// Outputs that are being fetched from workers that leave.
    private var adopting: [TaskOutput] = []
    /// Outputs that are being written to shared storage, and those of which it has a copy.
    private var storing: Set<AttemptID> = []
    private var storedOutputs: Set<AttemptID> = []
    private var isDiskFull = false
    private var reports = Outbox<Report>()
    private var commands = Inbox()
    package private(set) var isDraining = false
    private var drainingSince: Instant?
    /// The timer that was set last while draining.
    private var wakesAt: Instant?
    private var usedMemoryBytes = 0
    private var shuffleBytes = 0
    private var actions: [AgentAction] = []

    package init(_ identity: WorkerIdentity, settings: AgentSettings = AgentSettings(), at now: Instant) {
        self.identity = identity
        self.settings = settings
        lastAnsweredSentAt = now
    }

    /// Attempts that take a slot, those being stopped too.
    package var runningAttempts: [AttemptID] { running.map(\.launch.attempt) }
    /// Sum of what the running attempts reserve.
    package var reservedBytes: Int { running.reduce(0) { $0 + $1.launch.memoryBytes } }
    /// Outputs held for readers.
    package var heldOutputs: [TaskOutput] { held }
    /// Whether the coordinator knows this session.
    package var isRegistered: Bool { phase == .registered }

    /// Takes an event at a time and returns what to do; the first is a `.tick`.
    package mutating func handle(_ event: AgentEvent, at now: Instant) -> [AgentAction] {
        actions = []
        if phase == .left { return [] }
        switch event {
        case .tick: break
        case .message(let message): hear(message, at: now)
        case .ended(let attempt, let end): ended(attempt, end)
        case .progress(let progress):
            if let place = running.firstIndex(where: { $0.launch.attempt == progress.attempt }) {
                running[place].progress = progress.counters
            }
        case .usage(let memory, let shuffle): (usedMemoryBytes, shuffleBytes) = (memory, shuffle)
        case .outputLost(let attempt):
            if let place = held.firstIndex(where: { $0.attempt == attempt }) {
                held.remove(at: place)
                reports.append(.outputLost(attempt))
            }
        case .adopted(let attempt): endAdoption(attempt, isHere: true)
        case .notAdopted(let attempt): endAdoption(attempt, isHere: false)
        case .stored(let attempt): endStoring(attempt, isThere: true)
        case .notStored(let attempt): endStoring(attempt, isThere: false)
        case .disk(let isFull):
            // Told at once: until then more tasks come.
            if isFull != isDiskFull { lastSentAt = nil }
            isDiskFull = isFull
        case .drain:
            if !isDraining { lastSentAt = nil }
            isDraining = true
            drainingSince = drainingSince ?? now
        }
        if isDoneDraining(at: now) {
            phase = .left
            actions.append(.leave)
            return actions
        }
        if let drainingSince, now - drainingSince >= settings.handBackMilliseconds {
            for place in running.indices { stop(place) }
        }
        if now - lastAnsweredSentAt >= settings.fenceMilliseconds { fence() }
        speak(at: now)
        armForDraining(at: now)
        return actions
    }

    /// Has the timer ring also when tasks are handed back and when the time to leave has come, not up to a
    /// heartbeat later: an eviction kills a second after that.
    private mutating func armForDraining(at now: Instant) {
        guard let drainingSince, let lastSentAt, phase != .left else { return }
        var next = lastSentAt + settings.heartbeatMilliseconds
        let limits = [
            settings.farewellMilliseconds, settings.handBackMilliseconds, settings.drainMilliseconds,
        ]
        for limit in limits where drainingSince + limit > now {
            next = min(next, drainingSince + limit)
        }
        if next == wakesAt { return }
        wakesAt = next
        actions.append(.setTimer(next))
    }

    /// Whether a draining worker need not wait for its release: nobody relies on it, or its time is over.
    private func isDoneDraining(at now: Instant) -> Bool {
        guard let drainingSince, phase != .left else { return false }
        let isFree = phase == .registering && running.isEmpty && held.isEmpty
        if isFree, registration == nil { return true }
        return now - drainingSince >= (isFree ? settings.farewellMilliseconds : settings.drainMilliseconds)
    }

    // MARK: speaking

    private mutating func speak(at now: Instant) {
        if phase == .left { return }
        let isDue = lastSentAt.map { now - $0 >= settings.heartbeatMilliseconds } ?? true
        switch phase {
        case .registering:
            if registration == nil { openSession(at: now) } else if !isDue { return }
            registration?.sentAt = now
            if let registration { send(.register(registration), at: now) }
        case .registered:
            if isDue {
                send(.heartbeat(heartbeat(reports.takeAll(), at: now)), at: now)
            } else if reports.hasUnsent {
                actions.append(.send(.heartbeat(heartbeat(reports.takeUnsent(), at: now))))
            }
        case .left: break
        }
    }

    private mutating func send(_ message: WorkerMessage, at now: Instant) {
        lastSentAt = now
        actions.append(.send(message))
        if !isDraining { actions.append(.setTimer(now + settings.heartbeatMilliseconds)) }
    }

    private func heartbeat(_ batch: (first: UInt64, items: [Report]), at now: Instant) -> Heartbeat {
        Heartbeat(
            life: identity.life, session: session, sentAt: now, isDraining: isDraining,
            commandsSeen: commands.seen, firstReport: batch.first, reports: batch.items,
            progress: running.compactMap { entry in
                entry.progress.map { AttemptProgress(attempt: entry.launch.attempt, counters: $0) }
            },
            usedMemoryBytes: usedMemoryBytes, shuffleBytes: shuffleBytes, isDiskFull: isDiskFull)
    }

    /// Begins a session: the inventory takes the place of reports of finished and stopped attempts; failures
    /// that were never acknowledged, and losses, come along.
    private mutating func openSession(at now: Instant) {
        session += 1
        let failures = reports.unseen.filter { if case .failed = $0 { true } else { false } }
        reports = Outbox()
        commands = Inbox()
        registration = Registration(
            identity: identity, session: session, sentAt: now, isDraining: isDraining,
            running: runningAttempts, outputs: held, reports: failures, heardEpoch: epoch,
            welcomedEpoch: welcomedEpoch, welcomedLog: welcomedLog)
    }

    /// Leaves the session for a new one.
    private mutating func registerAgain() {
        phase = .registering
        lastSentAt = nil
    }

    private mutating func fence() {
        for place in running.indices { stop(place) }
        if phase == .registered { registerAgain() }
    }

    private mutating func stop(_ place: Int) {
        if running[place].isStopping { return }
        running[place].isStopping = true
        actions.append(.stop(running[place].launch.attempt))
    }

    // MARK: hearing

    private mutating func hear(_ message: CoordinatorMessage, at now: Instant) {
        // An older session: void.
        guard message.session == session else { return }
        guard message.epoch >= epoch else { return hearOlder(message) }
        switch message {
        case .welcome(let started, _, let id, let heardSentAt, let isStateNew, let log):
            let isKnown = started == epoch && id == worker
            epoch = started
            lastAnsweredSentAt = max(lastAnsweredSentAt, heardSentAt)
            if phase == .registered {
                // An older copy of the registration opened this session elsewhere: its inventory is stale.
                if !isKnown { registerAgain() }
                return
            }
            phase = .registered
            (welcomedEpoch, welcomedLog) = (started, log)
            if isStateNew { actions.append(.forgetJobs) }
            worker = id
            registration = nil
            lastSentAt = nil
        case .deliver(let delivery):
            guard phase == .registered else { return }
            if delivery.epoch > epoch {
                epoch = delivery.epoch
                return registerAgain()
            }
            lastAnsweredSentAt = max(lastAnsweredSentAt, delivery.heardSentAt)
            reports.acknowledge(delivery.reportsSeen)
            if let new = commands.accept(first: delivery.firstCommand, count: delivery.commands.count) {
                for command in delivery.commands[new] { obey(command) }
            }
        case .registerAgain(let started, _):
            epoch = started
            if phase == .registered { registerAgain() }
        case .released:
            for place in running.indices { stop(place) }
            // Outputs for readers go with the process. Files that tasks wrote stay: the commit of their
            // statement, which may be yet to come, publishes them.
            held = []
            phase = .left
            actions.append(.leave)
        case .refused(_, _, let error):
            phase = .left
            actions.append(.refuse(error))
        }
    }

    /// Obeys no older coordinator; but one that does not know this session may be the only one that is left:
    /// it is told the epoch that was heard of, and begins one that is higher if it is.
    private mutating func hearOlder(_ message: CoordinatorMessage) {
        if case .registerAgain = message, phase == .registered { registerAgain() }
    }

    private mutating func obey(_ command: Command) {
        switch command {
        case .launch(let launch) where isDraining: reports.append(.stopped(launch.attempt))
        case .launch(let launch):
            running.append(Running(launch: launch))
            actions.append(.start(launch))
        case .cancel(let attempt):
            if let place = running.firstIndex(where: { $0.launch.attempt == attempt }) { stop(place) }
        case .drop(let attempts): drop { attempts.contains($0) }
        case .adopt(let address, let outputs): adopt(outputs, from: address)
        case .store(let job, let attempts): store(attempts, of: job)
        case .dropJob(let job, let kept): drop { $0.task.stage.job == job && $0.task.stage != kept }
        case .endJob: break
        }
    }

    private mutating func drop(_ isUnwanted: (AttemptID) -> Bool) {
        for output in held where isUnwanted(output.attempt) { actions.append(.drop(output.attempt)) }
        held.removeAll { isUnwanted($0.attempt) }
        storedOutputs = storedOutputs.filter { !isUnwanted($0) }
        adopting.removeAll { isUnwanted($0.attempt) }
    }

    // MARK: outputs of others

    private mutating func adopt(_ outputs: [TaskOutput], from address: String) {
        var new: [TaskOutput] = []
        for output in outputs {
            if held.contains(where: { $0.attempt == output.attempt }) {
                reports.append(.adopted(output))
            } else if !adopting.contains(where: { $0.attempt == output.attempt }) {
                new.append(output)
            }
        }
        adopting += new
        if !new.isEmpty { actions.append(.adopt(from: address, new)) }
    }

    private mutating func endAdoption(_ attempt: AttemptID, isHere: Bool) {
        guard let place = adopting.firstIndex(where: { $0.attempt == attempt }) else {
            // Dropped meanwhile.
            if isHere { actions.append(.drop(attempt)) }
            return
        }
        let output = adopting.remove(at: place)
        if isHere { held.append(output) }
        reports.append(isHere ? .adopted(output) : .notAdopted(attempt))
    }

    // MARK: copies in shared storage

    /// Begins to write outputs that are held; an order that comes again, in a new session, is answered again.
    private mutating func store(_ attempts: [AttemptID], of job: String) {
        var new: [AttemptID] = []
        for attempt in attempts {
            if storedOutputs.contains(attempt) {
                reports.append(.stored(attempt))
            } else if !held.contains(where: { $0.attempt == attempt }) {
                reports.append(.notStored(attempt))
            } else if storing.insert(attempt).inserted {
                new.append(attempt)
            }
        }
        if !new.isEmpty { actions.append(.store(job: job, new)) }
    }

    /// Tells of a copy also when the output was dropped meanwhile: then the copy has to go, too.
    private mutating func endStoring(_ attempt: AttemptID, isThere: Bool) {
        storing.remove(attempt)
        if isThere, held.contains(where: { $0.attempt == attempt }) { storedOutputs.insert(attempt) }
        reports.append(isThere ? .stored(attempt) : .notStored(attempt))
    }

    // MARK: attempts

    private mutating func ended(_ attempt: AttemptID, _ end: AttemptEnd) {
        guard let place = running.firstIndex(where: { $0.launch.attempt == attempt }) else { return }
        let wasStopping = running.remove(at: place).isStopping
        switch end {
        case .completed where wasStopping:
            actions.append(.drop(attempt))
            reports.append(.stopped(attempt))
        case .completed(let output):
            held.append(output)
            reports.append(.completed(output))
        case .failed where wasStopping: reports.append(.stopped(attempt))
        case .failed(let failure): reports.append(.failed(attempt, failure))
        case .stopped: reports.append(.stopped(attempt))
        }
    }
}
