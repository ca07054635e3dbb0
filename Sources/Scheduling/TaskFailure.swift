import Vocabulary

/// Says why an attempt failed; it decides whether and where the task is tried again.
package enum TaskFailure: Sendable, Hashable {
    /// The task threw. Blame user or data ends the job at once; system is tried again, internal once.
    case error(EngineError)
    /// The output of `producer` could not be had (its worker gone, or the block damaged): the producer runs
    /// again.
    case fetchFailed(producer: AttemptID, EngineError)
    /// The memory did not suffice: tried again with twice as much, counted apart.
    case outOfMemory(EngineError)
    /// The worker was lost while the attempt ran.
    case workerLost(WorkerLoss)

    /// Returns the failure of a task over which its worker crashed.
    package static var crash: TaskFailure {
        .error(
            EngineError(
                .internal, crashCode, "The worker crashed as it ran this task",
                remedy: "Report it with the statement, and with the line that the worker wrote as it "
                    + "crashed. Other jobs are not concerned."))
    }

    private static let crashCode = "TASK_CRASHED"

    /// Whether the worker crashed over the task, and said so.
    var isCrash: Bool {
        if case .error(let error) = self { error.code == Self.crashCode } else { false }
    }

    /// The error to show if the job ends of it.
    package var error: EngineError {
        switch self {
        case .error(let error), .fetchFailed(_, let error), .outOfMemory(let error): error
        case .workerLost(let loss):
            .system(
                "WORKER_LOST", "The worker running the task was lost: \(loss.reason)",
                remedy: "See the worker's log; a task that kills its worker often lacks memory.")
        }
    }
}

/// Says how a worker was lost.
package enum WorkerLoss: UInt32, Sendable, Hashable {
    /// No heartbeat during a whole lease.
    case leaseExpired
    /// Another process registered at its address.
    case replaced
    /// It was seen to die: its process ended, its connection was refused.
    case died
    /// It drained and left.
    case left
    /// Its connection closed and no other was opened.
    case disconnected

    /// Reads well after a colon.
    package var reason: String {
        switch self {
        case .leaseExpired: "it sent no heartbeat during its lease"
        case .replaced: "its process was restarted"
        case .died: "its process died"
        case .left: "it left the cluster"
        case .disconnected: "its connection closed"
        }
    }
}

/// Remembers one failed attempt of a task.
package struct FailureRecord: Sendable, Hashable {
    package var attempt: AttemptID
    package var worker: WorkerID
    package var failure: TaskFailure
    /// When it ran, wall-clock milliseconds since 1970; 0 in logs of builds that did not keep it.
    package var startedMilliseconds: Int64 = 0
    package var endedMilliseconds: Int64 = 0
}
