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
    /// Most bytes of its output, packed, that are to come along with the report of its end; 0 for none.
    package var carriedBytes: Int

    package init(jobID: String, fragment: TaskFragment, attempt: Int? = nil, carriedBytes: Int = 0) {
        self.jobID = jobID
        self.fragment = fragment
        self.attempt = attempt
        self.carriedBytes = carriedBytes
    }
}

/// Holds the tokens of jobs by which their outputs are read: sent along with what has a worker read or hold
/// them.
package struct JobGrants: Sendable, Hashable {
    /// Whether every worker knows of tokens, so that nothing is to be read without.
    package var isRequired: Bool
    package var tokens: [JobID: [UInt8]]

    package init(isRequired: Bool = true, tokens: [JobID: [UInt8]] = [:]) {
        self.isRequired = isRequired
        self.tokens = tokens
    }
}

/// Carries messages from the coordinator to one worker; in process, or over HTTP/2.
///
/// Messages may be lost (the connection broke): both sides' protocols repeat what was not acknowledged.
package protocol WorkerLine: AnyObject, Sendable {
    /// Sends a message, with one order for each launch in it, in their order.
    func send(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants)
}

/// Carries messages from a worker to the coordinator; in process, or over HTTP/2. May lose messages.
package protocol CoordinatorLine: Sendable {
    /// Sends a message, with the bytes of some of the outputs that it tells of.
    func send(_ message: WorkerMessage, carrying outputs: [CarriedOutput])
}

/// Carries the bytes of a small output, as `ShuffleOutput.packed` gives them.
package struct CarriedOutput: Sendable, Hashable {
    package var attempt: AttemptID
    package var bytes: [UInt8]

    package init(attempt: AttemptID, bytes: [UInt8]) {
        self.attempt = attempt
        self.bytes = bytes
    }
}

extension CoordinatorMessage {
    /// The launches that the message orders, in order.
    package var launches: [Launch] {
        guard case .deliver(let delivery) = self else { return [] }
        return delivery.commands.compactMap { if case .launch(let launch) = $0 { launch } else { nil } }
    }
}
