import Plans
import Scheduling
import Vocabulary

/// Holds what a worker needs to run an attempt beside the places of its inputs: sent along with every launch.
package struct TaskOrder: Sendable, Hashable {
    /// The job's id as users know it.
    package var jobID: String
    package var fragment: TaskFragment
    /// Which try at the task it is, from 1; nil from a coordinator of an earlier version.
    package var attempt: Int?

    package init(jobID: String, fragment: TaskFragment, attempt: Int? = nil) {
        self.jobID = jobID
        self.fragment = fragment
        self.attempt = attempt
    }
}

/// Carries messages from the coordinator to one worker; in process, or over HTTP/2.
///
/// Messages may be lost (the connection broke): both sides' protocols repeat what was not acknowledged.
package protocol WorkerLine: AnyObject, Sendable {
    /// Sends a message, with one order for each launch in it, in their order.
    func send(_ message: CoordinatorMessage, orders: [TaskOrder])
}

/// Carries messages from a worker to the coordinator; in process, or over HTTP/2. May lose messages.
package protocol CoordinatorLine: Sendable {
    func send(_ message: WorkerMessage)
}

extension CoordinatorMessage {
    /// The launches that the message orders, in order.
    package var launches: [Launch] {
        guard case .deliver(let delivery) = self else { return [] }
        return delivery.commands.compactMap { if case .launch(let launch) = $0 { launch } else { nil } }
    }
}
