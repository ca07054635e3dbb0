/// Numbers a job inside one coordinator's log; outside, a job is its UUIDv7.
package struct JobID: DenseID {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Numbers one life of a worker process as the coordinator knows it; a restarted worker gets another.
package struct WorkerID: DenseID {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Names a stage of one statement of a job.
package struct StageKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var job: JobID
    /// 0-based position of the statement in its job.
    package var statement: UInt32
    package var stage: StageID

    package init(job: JobID, statement: UInt32, stage: StageID) {
        self.job = job
        self.statement = statement
        self.stage = stage
    }
    package static func < (a: StageKey, b: StageKey) -> Bool {
        (a.job, a.statement, a.stage) < (b.job, b.statement, b.stage)
    }
    package var description: String { "\(job).\(statement).\(stage)" }
}

/// Names a task: one partition of a stage's work.
package struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var stage: StageKey
    /// 0-based position of the task in its stage.
    package var index: UInt32

    package init(stage: StageKey, index: UInt32) {
        self.stage = stage
        self.index = index
    }
    package static func < (a: TaskID, b: TaskID) -> Bool { (a.stage, a.index) < (b.stage, b.index) }
    package var description: String { "\(stage).\(index)" }
}

/// Names one try at a task. Never reused: the epoch is the coordinator's start that launched it, and the
/// number counts launches within that epoch. Prints as `job.statement.stage.task@epoch-number`.
package struct AttemptID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var task: TaskID
    package var epoch: UInt32
    package var number: UInt32

    package init(task: TaskID, epoch: UInt32, number: UInt32) {
        self.task = task
        self.epoch = epoch
        self.number = number
    }
    package static func < (a: AttemptID, b: AttemptID) -> Bool {
        (a.task, a.epoch, a.number) < (b.task, b.epoch, b.number)
    }
    package var description: String { "\(task)@\(epoch)-\(number)" }
}
