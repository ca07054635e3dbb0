@testable import Scheduling

// The cases of facts and messages, as Swift does not list those that carry values. Each switch is exhaustive:
// a new case does not build before it stands here, and the tests fail before their corpus holds one.

enum FactKind: CaseIterable {
    case epochStarted, jobAccepted, statementPlanned, stagesReplanned, taskCompleted, outputLost, taskFailed,
        commitStarted, statementCommitted, cancelRequested, jobEnded, jobCleaned, resultsReleased,
        workerRegistered, workerLost, outputMoved, outputStored, storedOutputsRemoved, resultsSent,
        jobForgotten, attemptOutrun, losersLeft, losersCleaned, workerForgotten, coordinatorCrashed,
        logNamed

    init(_ fact: Fact) {
        self =
            switch fact {
            case .epochStarted: .epochStarted
            case .logNamed: .logNamed
            case .jobAccepted: .jobAccepted
            case .statementPlanned: .statementPlanned
            case .stagesReplanned: .stagesReplanned
            case .taskCompleted: .taskCompleted
            case .outputLost: .outputLost
            case .taskFailed: .taskFailed
            case .commitStarted: .commitStarted
            case .statementCommitted: .statementCommitted
            case .cancelRequested: .cancelRequested
            case .jobEnded: .jobEnded
            case .jobCleaned: .jobCleaned
            case .resultsReleased: .resultsReleased
            case .workerRegistered: .workerRegistered
            case .workerLost: .workerLost
            case .outputMoved: .outputMoved
            case .outputStored: .outputStored
            case .storedOutputsRemoved: .storedOutputsRemoved
            case .resultsSent: .resultsSent
            case .jobForgotten: .jobForgotten
            case .attemptOutrun: .attemptOutrun
            case .losersLeft: .losersLeft
            case .losersCleaned: .losersCleaned
            case .workerForgotten: .workerForgotten
            case .coordinatorCrashed: .coordinatorCrashed
            }
    }
}

enum FailureKind: CaseIterable {
    case error, fetchFailed, outOfMemory, workerLost

    init(_ failure: TaskFailure) {
        self =
            switch failure {
            case .error: .error
            case .fetchFailed: .fetchFailed
            case .outOfMemory: .outOfMemory
            case .workerLost: .workerLost
            }
    }
}

enum OutcomeKind: CaseIterable {
    case succeeded, failed, cancelled

    init(_ outcome: JobOutcome) {
        self =
            switch outcome {
            case .succeeded: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }
}

enum CommandKind: CaseIterable {
    case launch, cancel, drop, dropJob, endJob, adopt, store

    init(_ command: Command) {
        self =
            switch command {
            case .launch: .launch
            case .cancel: .cancel
            case .drop: .drop
            case .dropJob: .dropJob
            case .endJob: .endJob
            case .adopt: .adopt
            case .store: .store
            }
    }
}

enum ReportKind: CaseIterable {
    case completed, failed, stopped, outputLost, adopted, notAdopted, stored, notStored

    init(_ report: Report) {
        self =
            switch report {
            case .completed: .completed
            case .failed: .failed
            case .stopped: .stopped
            case .outputLost: .outputLost
            case .adopted: .adopted
            case .notAdopted: .notAdopted
            case .stored: .stored
            case .notStored: .notStored
            }
    }
}

enum WorkerMessageKind: CaseIterable {
    case register, heartbeat

    init(_ message: WorkerMessage) {
        self =
            switch message {
            case .register: .register
            case .heartbeat: .heartbeat
            }
    }
}

enum CoordinatorMessageKind: CaseIterable {
    case welcome, deliver, registerAgain, released, refused

    init(_ message: CoordinatorMessage) {
        self =
            switch message {
            case .welcome: .welcome
            case .deliver: .deliver
            case .registerAgain: .registerAgain
            case .released: .released
            case .refused: .refused
            }
    }
}

/// The cases of an enumeration of small numbers, without a list of them.
func everyCase<Value: RawRepresentable<UInt32>>(_ type: Value.Type) -> Set<Value> where Value: Hashable {
    Set((0..<256).compactMap { Value(rawValue: $0) })
}
