import Vocabulary

// What agents and the scheduler say to each other. In one session each side numbers what must arrive
// (reports, commands) from 1, sends it until it is acknowledged, and takes it in order: loss, doubling and
// reordering in between are harmless. A session begins with a registration and its inventory, so nothing
// older matters.
//
//        agent                               scheduler
//          │ register(session 7, inventory)      │
//          ├────────────────────────────────────▶│
//          │            welcome(epoch, session 7)│
//          │◀────────────────────────────────────┤
//          │     delivery(commands 1…2, seen 0)  │
//          │◀────────────────────────────────────┤
//          │ heartbeat(reports 1…1, seen 2)      │
//          ├────────────────────────────────────▶│
//          │             delivery(none, seen 1)  │
//          │◀────────────────────────────────────┤

/// Tells where the output of a producer task lies.
package struct OutputLocation: Sendable, Hashable {
    package var attempt: AttemptID
    package var worker: WorkerID
    /// Address of that worker.
    package var address: String
    /// For the reader to check what it fetched.
    package var checksum: UInt64
    /// Whether shared storage has a copy, for when the worker does not answer.
    package var isStored = false
    /// Whether the worker is gone, so that only the copy is left.
    package var isWorkerGone = false
}

/// Lists the outputs that a task reads from one producer stage, in the order of the producer's tasks.
package struct TaskInput: Sendable, Hashable {
    package var dependency: StageDependency
    package var outputs: [OutputLocation]
}

/// Orders a worker to run an attempt.
package struct Launch: Sendable, Hashable {
    package var attempt: AttemptID
    /// Bytes reserved for it on the worker's account.
    package var memoryBytes: Int
    package var inputs: [TaskInput]

    /// Outputs that it reads of which shared storage has a copy, each once, and whether that is all there is.
    var storedInputs: [StoredInput] {
        get {
            inputs.flatMap(\.outputs).filter(\.isStored).map {
                StoredInput(attempt: $0.attempt, isWorkerGone: $0.isWorkerGone)
            }
        }
        set {
            let stored = Dictionary(newValue.map { ($0.attempt, $0.isWorkerGone) }) { first, _ in first }
            for input in inputs.indices {
                for place in inputs[input].outputs.indices {
                    guard let isGone = stored[inputs[input].outputs[place].attempt] else { continue }
                    inputs[input].outputs[place].isStored = true
                    inputs[input].outputs[place].isWorkerGone = isGone
                }
            }
        }
    }
}

extension Launch {
    /// Names no copies in shared storage, for a worker that does not know of them.
    mutating func forgetCopies() {
        for input in inputs.indices {
            for place in inputs[input].outputs.indices {
                inputs[input].outputs[place].isStored = false
                inputs[input].outputs[place].isWorkerGone = false
            }
        }
    }
}

/// Says of an output that a task reads that shared storage has a copy.
struct StoredInput: Sendable, Hashable {
    var attempt: AttemptID
    var isWorkerGone: Bool
}

/// Orders a worker to do something; delivered once and in order.
package enum Command: Sendable, Hashable {
    case launch(Launch)
    /// Stops an attempt; answered by its end, whichever it is.
    case cancel(AttemptID)
    /// Deletes single outputs.
    case drop([AttemptID])
    /// Deletes all outputs of a job but those of one stage.
    case dropJob(JobID, keeping: StageKey?)
    /// Fetches outputs from the worker at an address, which leaves, and holds them from then on; answered by
    /// a report for each.
    case adopt(from: String, [TaskOutput])
    /// Writes outputs to shared storage, under the id by which clients know the job; answered by a report for
    /// each.
    case store(job: String, [AttemptID])
    /// Says that a job has ended: what the worker holds open for it, such as a connection, is let go.
    case endJob(JobID)
}

/// Tells how an attempt ended; delivered once and in order.
package enum Report: Sendable, Hashable {
    case completed(TaskOutput)
    case failed(AttemptID, TaskFailure)
    /// Stopped on command, or handed back by a worker that drains.
    case stopped(AttemptID)
    /// An output that the worker held is gone or damaged.
    case outputLost(AttemptID)
    /// The worker holds an output that another one made.
    case adopted(TaskOutput)
    /// An output could not be fetched from who leaves.
    case notAdopted(AttemptID)
    /// Shared storage has a copy of the output.
    case stored(AttemptID)
    /// The output could not be written to shared storage.
    case notStored(AttemptID)

    package var attempt: AttemptID {
        switch self {
        case .completed(let output), .adopted(let output): output.attempt
        case .failed(let attempt, _), .stopped(let attempt), .outputLost(let attempt),
            .notAdopted(let attempt), .stored(let attempt), .notStored(let attempt):
            attempt
        }
    }
}

/// Counts how far a running attempt has come; the latest one stands.
package struct AttemptProgress: Sendable, Hashable {
    package var attempt: AttemptID
    package var counters: TaskCounters

    package init(attempt: AttemptID, counters: TaskCounters) {
        self.attempt = attempt
        self.counters = counters
    }
}

/// Opens a session: what the worker is, runs and holds at this point.
package struct Registration: Sendable, Hashable {
    package var identity: WorkerIdentity
    /// Grows with each session of one life.
    package var session: UInt32
    package var sentAt: Instant
    package var isDraining: Bool
    package var running: [AttemptID]
    package var outputs: [TaskOutput]
    /// Failures not acknowledged in an earlier session.
    package var reports: [Report]
    /// The highest epoch that the worker has heard of, and that of its last welcome; 0 for none.
    package var heardEpoch: UInt32 = 0
    package var welcomedEpoch: UInt32 = 0
    /// The number of the log on which it was welcomed last; 0 for none.
    package var welcomedLog: UInt64 = 0
}

/// Renews the lease, acknowledges commands, and carries reports.
package struct Heartbeat: Sendable, Hashable {
    package var life: WorkerLife
    package var session: UInt32
    package var sentAt: Instant
    package var isDraining: Bool
    /// Number of the last command taken.
    package var commandsSeen: UInt64
    /// Number of the first report below.
    package var firstReport: UInt64
    package var reports: [Report]
    package var progress: [AttemptProgress]
    package var usedMemoryBytes: Int
    package var shuffleBytes: Int
    /// The disk for spills and outputs is full: no task would get far here.
    package var isDiskFull = false
}

/// Speaks from an agent to the scheduler.
package enum WorkerMessage: Sendable, Hashable {
    case register(Registration)
    case heartbeat(Heartbeat)
}

extension WorkerMessage {
    /// Notes of every finished output of which the message tells whether its bytes came along.
    package mutating func markLogged(_ isCarried: (TaskOutput) -> Bool) {
        func marked(_ reports: [Report]) -> [Report] {
            reports.map { report in
                guard case .completed(var output) = report else { return report }
                output.isInLog = isCarried(output)
                return .completed(output)
            }
        }
        switch self {
        case .heartbeat(var heartbeat):
            heartbeat.reports = marked(heartbeat.reports)
            self = .heartbeat(heartbeat)
        case .register(var registration):
            for place in registration.outputs.indices {
                registration.outputs[place].isInLog = isCarried(registration.outputs[place])
            }
            self = .register(registration)
        }
    }

    /// Attempts whose outputs the message tells of as finished or held.
    package var outputs: [AttemptID] {
        switch self {
        case .heartbeat(let heartbeat):
            heartbeat.reports.compactMap {
                if case .completed(let output) = $0 { output.attempt } else { nil }
            }
        case .register(let registration): registration.outputs.map(\.attempt)
        }
    }
}

/// Carries commands and acknowledges reports.
package struct Delivery: Sendable, Hashable {
    package var epoch: UInt32
    package var session: UInt32
    package var firstCommand: UInt64
    package var commands: [Command]
    /// Number of the last report taken.
    package var reportsSeen: UInt64
    /// `sentAt` of the latest message heard: the agent's lease runs from there, on its own clock.
    package var heardSentAt: Instant
}

/// Speaks from the scheduler to an agent.
package enum CoordinatorMessage: Sendable, Hashable {
    /// `isStateNew`: who welcomed the worker before had another log, which is lost, so that all jobs that
    /// the worker has known are over. `log` is the number of this one's log; 0 for workers that do not tell
    /// it again.
    case welcome(
        epoch: UInt32, session: UInt32, worker: WorkerID, heardSentAt: Instant, isStateNew: Bool = false,
        log: UInt64 = 0)
    case deliver(Delivery)
    /// The coordinator does not know this session: register anew.
    case registerAgain(epoch: UInt32, session: UInt32)
    /// A draining worker is needed no more.
    case released(epoch: UInt32, session: UInt32)
    /// The worker may not take part; it ends with this error.
    case refused(epoch: UInt32, session: UInt32, EngineError)

    package var epoch: UInt32 {
        switch self {
        case .welcome(let epoch, _, _, _, _, _), .registerAgain(let epoch, _), .released(let epoch, _),
            .refused(let epoch, _, _):
            epoch
        case .deliver(let delivery): delivery.epoch
        }
    }

    package var session: UInt32 {
        switch self {
        case .welcome(_, let session, _, _, _, _), .registerAgain(_, let session), .released(_, let session),
            .refused(_, let session, _):
            session
        case .deliver(let delivery): delivery.session
        }
    }
}
