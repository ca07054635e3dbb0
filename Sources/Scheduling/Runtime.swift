import Vocabulary

/// Follows an attempt that runs on a worker, as far as the scheduler knows.
struct RunningAttempt: Sendable {
    let id: AttemptID
    let startedAt: Instant
    let memoryBytes: Int
    /// Place of its job's queue; nil for a job that is not known.
    var queue: Int?
    /// A cancel was sent; the slot is taken until the worker tells its end.
    var isCancelling = false
    var counters = TaskCounters()
}

/// Follows a worker with an open session.
///
/// ```
///            register                 drain, nothing needed
///  (unknown) ────────▶ active ──▶ draining ─────────▶ left
///      ▲                 │ lease, death, │
///      └── register ── lost ◀────────────┘  restart, connection closed
/// ```
struct WorkerLink: Sendable {
    let worker: WorkerID
    let identity: WorkerIdentity
    let session: UInt32
    var lastHeard: Instant
    var heardSentAt: Instant
    /// Since when its connection is closed; nil while it stands.
    var disconnectedAt: Instant?
    var isDraining: Bool
    /// Its disk for spills and outputs is full.
    var isDiskFull = false
    /// It gets no tasks until then: too many failed on it.
    var quarantinedUntil: Instant?
    /// Tasks that failed on it since one was done, each once, in the order of failures.
    var failedTasks: [TaskID] = []
    /// When the first of them failed, and when a task was last done here.
    var failedSince: Instant?
    var doneAt: Instant?
    /// How often it was quarantined without doing a task since.
    var quarantineCount = 0
    /// When an output of it was last handed over, and of which jobs. Looked up, never iterated.
    var movedAt: Instant?
    var movedJobs: Set<JobID> = []
    /// Bytes of outputs that it was ordered to adopt.
    var incomingBytes = 0
    var commands = Outbox<Command>()
    var reports = Inbox()
    /// A heartbeat waits for its reply.
    var owesReply = false
    var attempts: [RunningAttempt] = []
    var usedMemoryBytes = 0
    var shuffleBytes = 0
    /// Sum of what `attempts` reserve.
    var reservedBytes = 0

    /// Why it gets no tasks although it stays; nil when it does.
    var pause: WorkerPause? { isDiskFull ? .diskFull : quarantinedUntil != nil ? .quarantine : nil }
    /// Whether it may be given tasks at all.
    var takesTasks: Bool { !isDraining && pause == nil }
    var freeSlots: Int { !takesTasks ? 0 : max(0, identity.slots - attempts.count) }

    /// Whether `bytes`, clamped to the worker's memory, can be reserved now.
    func fits(_ bytes: Int) -> Bool {
        min(bytes, identity.memoryBytes) <= freeMemoryBytes
    }

    /// Memory that no attempt has reserved.
    var freeMemoryBytes: Int { identity.memoryBytes - reservedBytes }

    /// Takes over what a heartbeat says of the worker itself; an older one than the last says nothing new.
    mutating func take(_ heartbeat: Heartbeat, at now: Instant) {
        lastHeard = now
        disconnectedAt = nil
        owesReply = true
        commands.acknowledge(heartbeat.commandsSeen)
        guard heartbeat.sentAt >= heardSentAt else { return }
        heardSentAt = heartbeat.sentAt
        isDraining = isDraining || heartbeat.isDraining
        isDiskFull = heartbeat.isDiskFull
        usedMemoryBytes = heartbeat.usedMemoryBytes
        shuffleBytes = heartbeat.shuffleBytes
        for progress in heartbeat.progress {
            if let place = attempts.firstIndex(where: { $0.id == progress.attempt }) {
                attempts[place].counters = progress.counters
            }
        }
    }

    /// Returns the commands to send now; nil when there is nothing to say.
    mutating func takeDue() -> (first: UInt64, items: [Command])? {
        defer { owesReply = false }
        if owesReply { return commands.takeAll() }
        return commands.hasUnsent ? commands.takeUnsent() : nil
    }

    mutating func add(_ attempt: RunningAttempt) {
        attempts.append(attempt)
        reservedBytes += attempt.memoryBytes
    }

    /// Frees the attempt's slot and memory; nil when it does not run here.
    mutating func remove(_ id: AttemptID) -> RunningAttempt? {
        guard let place = attempts.firstIndex(where: { $0.id == id }) else { return nil }
        let attempt = attempts.remove(at: place)
        reservedBytes -= attempt.memoryBytes
        return attempt
    }
}

/// Follows a stage of an open statement.
struct StageRuntime: Sendable {
    /// Tasks to be launched, descending, so that the first is taken from the end.
    var pending: [UInt32]
    /// How long each finished task took, milliseconds, unordered.
    var durations: [Int64] = []
    var startedMilliseconds: Int64?
    var endedMilliseconds: Int64?
    var isReplanAsked = false
    /// Since when no task of it was launched although slots were free; nil when none was refused since.
    var unplacedSince: Instant?
    /// When an output of it last moved to another worker.
    var movedAt: Instant?
    /// Where most of each task's input lies; nil until its producers are complete.
    var nearest: [WorkerID?]?
    /// What every task reads; nil until one is launched, and again when a producer's outputs have changed.
    var inputs: [TaskInput]?

    init(_ record: StageRecord) {
        pending = []
        for (task, entry) in record.tasks.enumerated().reversed() where entry.output == nil {
            pending.append(UInt32(task))
        }
    }

    /// Puts a task back in its place; nothing when it is there.
    mutating func insert(_ task: UInt32) {
        let place = place(of: task)
        if place < pending.count, pending[place] == task { return }
        pending.insert(task, at: place)
    }

    /// Takes a task out of the queue; nothing when it is not there. Most come from near the end.
    mutating func remove(_ task: UInt32) {
        let place = place(of: task)
        if place < pending.count, pending[place] == task { pending.remove(at: place) }
    }

    /// Returns where the task is in the queue, or would be.
    private func place(of task: UInt32) -> Int {
        var low = 0
        var high = pending.count
        while low < high {
            let middle = (low + high) / 2
            if pending[middle] > task { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Follows a live job: what was asked for it, and the open statement's stages.
struct JobRuntime: Sendable {
    enum Asked: Sendable, Equatable {
        case nothing
        case plan(UInt32)
        case commit(UInt32)
    }

    var asked = Asked.nothing
    /// Stages of the open statement; empty between statements.
    var stages: [StageRuntime] = []
    /// Place of its queue once it has begun; nil while it waits for its turn.
    var queue: Int?
    /// Its share among the jobs of its queue.
    var share = FairShare(weight: 1)
    /// Attempts running for the job, those being cancelled too.
    var runningCount: Int { share.running }

    /// Changes a stage where it is; nothing when there is none.
    mutating func change(_ stage: StageID, _ change: (inout StageRuntime) -> Void) {
        if stage.index < stages.count { change(&stages[stage.index]) }
    }
}

/// Holds how long the result of an ended job is kept.
struct RetainedResult {
    var job: JobID
    var until: Instant
    /// A client was sent all of it, and comes again only when it lost the connection.
    var wasSent = false
}
