// What REST answers around lists and texts: objects, so that fields can be added.

/// Answers `GET /api/v1/jobs`.
package struct JobList: Codable, Sendable {
    package var jobs: [JobStatus]
    /// What to give as `after` for the jobs that come next; nil after the last.
    package var next: String?

    package init(_ jobs: [JobStatus], next: String? = nil) {
        self.jobs = jobs
        self.next = next
    }
}

/// Says which jobs a list is to hold.
package struct JobQuery: Sendable, Hashable {
    package static let unfinished: Set<JobState> = [.queued, .running]
    /// Jobs of one answer that are given at most.
    package static let greatestLimit = 1000

    /// States to list; nil: all.
    package var states: Set<JobState>?
    package var limit: Int
    /// Id of the last job of the page before.
    package var after: String?

    package init(states: Set<JobState>? = nil, limit: Int = 100, after: String? = nil) {
        self.states = states
        self.limit = max(1, min(limit, JobQuery.greatestLimit))
        self.after = after
    }
}

/// Answers `GET /api/v1/jobs/{id}/stages`.
package struct StageList: Codable, Sendable {
    package var stages: [StageStatus]
    package init(_ stages: [StageStatus]) { self.stages = stages }
}

/// Answers `GET /api/v1/jobs/{id}/tasks`.
package struct TaskList: Codable, Sendable {
    package var tasks: [TaskStatus]
    package init(_ tasks: [TaskStatus]) { self.tasks = tasks }
}

/// Answers `GET /api/v1/jobs/{id}/logs`.
package struct LogList: Codable, Sendable {
    package var lines: [LogLine]
    package init(_ lines: [LogLine]) { self.lines = lines }
}

/// Answers `GET /api/v1/workers`.
package struct WorkerList: Codable, Sendable {
    package var workers: [WorkerStatus]
    package init(_ workers: [WorkerStatus]) { self.workers = workers }
}

/// Answers `GET /api/v1/jobs/{id}/plan` and `POST /api/v1/explain`.
package struct PlanText: Codable, Sendable {
    package var plan: String
    package init(_ plan: String) { self.plan = plan }
}

/// Answers `GET /api/v1/jobs/{id}/source`: the job's text, statement by statement.
package struct JobSource: Codable, Sendable, Hashable {
    /// Holds one statement as the user wrote it, with the comments before it.
    package struct Statement: Codable, Sendable, Hashable {
        package var text: String
        /// Line of its first word, from 1.
        package var line: Int
        /// `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
        package var state: String
        /// Where the text says what a stage does; nil as none.
        package var marks: [Mark]?

        package init(text: String, line: Int, state: String, marks: [Mark]? = nil) {
            self.text = text
            self.line = line
            self.state = state
            self.marks = marks
        }
    }

    /// Says that a stretch of a statement's text asks for an operator of a stage.
    package struct Mark: Codable, Sendable, Hashable {
        /// `statement.stage`.
        package var stage: String
        /// In UTF-16 units from the text's start.
        package var start: Int
        package var end: Int

        package init(stage: String, start: Int, end: Int) {
            self.stage = stage
            self.start = start
            self.end = end
        }
    }

    package var file: String
    package var statements: [Statement]

    package init(file: String, statements: [Statement]) {
        self.file = file
        self.statements = statements
    }
}

/// Answers `GET /api/v1/jobs/{id}/timeline`: when each task ran, and where. Compact, as a job may have tens
/// of thousands of tasks and a page asks for what changed twice a second.
package struct Timeline: Codable, Sendable, Hashable {
    /// Names the places of a row of `spans`.
    package enum Column: Int, CaseIterable, Sendable {
        /// Places in `stages` and `workers`.
        case stage, task, worker
        /// Milliseconds since `origin`; the end is -1 while the task runs.
        case start, end
        case attempts, rowsIn
    }

    /// When the job started, milliseconds since 1970.
    package var origin: Int64
    /// Give it as `since` to be told what changed after this answer.
    package var until: Int64
    package var stages: [String]
    /// Addresses of the workers of this answer, by their place as text.
    package var workers: [String: String]
    /// Finished tasks, one row of numbers each, in the order of `Column`.
    package var finished: [[Int64]]
    /// All tasks that run now.
    package var running: [[Int64]]
    /// Attempts that failed, their number among their task's failures in the place of `attempts`, and those
    /// that ended after another one at their task; and why, one text each. Nil from coordinators that do not
    /// tell.
    package var failed: [[Int64]]?
    package var reasons: [String]?

    package init(
        origin: Int64, until: Int64, stages: [String], workers: [String: String], finished: [[Int64]],
        running: [[Int64]], failed: [[Int64]]? = nil, reasons: [String]? = nil
    ) {
        self.origin = origin
        self.until = until
        self.stages = stages
        self.workers = workers
        self.finished = finished
        self.running = running
        self.failed = failed
        self.reasons = reasons
    }
}
