/// Asks for a job: the body of `POST /api/v1/jobs`.
package struct JobRequest: Codable, Sendable, Hashable {
    /// UUID chosen by the client, which makes the submission idempotent; nil: the coordinator chooses.
    package var id: String?
    package var name: String?
    /// Statements, separated by `;`.
    package var sql: String
    /// Name of the file that the text came from, for messages.
    package var file: String?
    /// Settings, `spark.*` and `etl.*`.
    package var conf: [String: String]?
    /// A pipeline to run in place of `sql`, which is empty then.
    package var pipeline: PipelineRequest?
    /// The run of a pipeline that the job is part of; such jobs are not listed.
    package var parent: String?
    /// The step of that run.
    package var step: String?

    package init(
        id: String? = nil, name: String? = nil, sql: String, file: String? = nil,
        conf: [String: String]? = nil, pipeline: PipelineRequest? = nil, parent: String? = nil,
        step: String? = nil
    ) {
        self.id = id
        self.name = name
        self.sql = sql
        self.file = file
        self.conf = conf
        self.pipeline = pipeline
        self.parent = parent
        self.step = step
    }
}

/// Names where a job is in its life.
package enum JobState: String, Codable, Sendable, Hashable {
    case queued, running, succeeded, failed, cancelled

    package var isEnd: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// Says how a job stands. Times are RFC 3339 in UTC.
package struct JobStatus: Codable, Sendable, Hashable {
    /// Counts the job's stages, of all statements planned so far.
    package struct StageCounts: Codable, Sendable, Hashable {
        package var total: Int
        package var done: Int
        package var running: Int

        package init(total: Int, done: Int, running: Int) {
            self.total = total
            self.done = done
            self.running = running
        }
    }

    package var id: String
    package var name: String
    package var state: JobState
    package var submittedAt: String
    package var startedAt: String?
    package var finishedAt: String?
    /// Share of tasks that are done, 0 to 1.
    package var progress: Double
    package var stages: StageCounts
    package var error: JobFailure?
    /// Grows with every change; for `waitForChange`.
    package var version: Int
    /// Whether the job's last statement gives rows.
    package var hasResult: Bool
    /// Whether that result is the text of EXPLAIN, one row of one column; nil stands for false.
    package var resultIsPlan: Bool?
    /// Notes for the user that are no errors: unknown settings, ignored clauses.
    package var warnings: [String]
    /// What programs and databases said of its work, line by line; nil where none said anything.
    package var messages: [String]?
    /// Name of the pipeline that the job is a run of; its steps are shown as stages.
    package var pipeline: String?
    /// Of a job that is part of a run: the run's id and its step's name.
    package var parent: String?
    package var step: String?
    /// What the job's time goes into: a skewed partition, waiting for slots, spilling, reading. Nil before
    /// there is anything to say.
    package var why: String?
    /// Statements that are done, of all; nil from coordinators that do not tell.
    package var statements: StatementCounts?
    /// The queue that the job is in; nil of a pipeline's run.
    package var queue: String?

    /// Counts the job's statements.
    package struct StatementCounts: Codable, Sendable, Hashable {
        package var total: Int
        package var done: Int

        package init(total: Int, done: Int) {
            self.total = total
            self.done = done
        }
    }

    package init(
        id: String, name: String, state: JobState, submittedAt: String, startedAt: String? = nil,
        finishedAt: String? = nil, progress: Double = 0, stages: StageCounts, error: JobFailure? = nil,
        version: Int = 0, hasResult: Bool = false, resultIsPlan: Bool? = nil, warnings: [String] = [],
        why: String? = nil, statements: StatementCounts? = nil, pipeline: String? = nil,
        parent: String? = nil, step: String? = nil, queue: String? = nil, messages: [String]? = nil
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.submittedAt = submittedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.progress = progress
        self.stages = stages
        self.error = error
        self.version = version
        self.hasResult = hasResult
        self.resultIsPlan = resultIsPlan
        self.warnings = warnings
        self.messages = messages
        self.pipeline = pipeline
        self.parent = parent
        self.step = step
        self.why = why
        self.queue = queue
        self.statements = statements
    }
}

/// Says why a job failed.
package struct JobFailure: Codable, Sendable, Hashable {
    package var code: String
    package var message: String
    package var remedy: String?
    package var file: String?
    package var line: Int?
    package var column: Int?
    package var lineText: String?
    /// The column within `lineText`, of which a long line's is a stretch; nil as `column`.
    package var lineTextColumn: Int?
    package var length: Int?
    /// `user`, `data`, `system` or `internal`.
    package var blame: String

    package init(
        code: String, message: String, remedy: String? = nil, file: String? = nil, line: Int? = nil,
        column: Int? = nil, lineText: String? = nil, lineTextColumn: Int? = nil, length: Int? = nil,
        blame: String
    ) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.file = file
        self.line = line
        self.column = column
        self.lineText = lineText
        self.lineTextColumn = lineTextColumn
        self.length = length
        self.blame = blame
    }
}

/// Says how a stage stands.
package struct StageStatus: Codable, Sendable, Hashable {
    /// Counts the tasks of a stage by state.
    package struct TaskCounts: Codable, Sendable, Hashable {
        package var total: Int
        package var done: Int
        package var running: Int
        package var failed: Int
        /// Attempts that ended beyond each task's first; nil as 0.
        package var retried: Int?

        package init(total: Int, done: Int, running: Int, failed: Int, retried: Int? = nil) {
            self.total = total
            self.done = done
            self.running = running
            self.failed = failed
            self.retried = retried
        }
    }

    /// `statement.stage`, both from 0.
    package var id: String
    package var name: String
    /// `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    package var state: String
    package var tasks: TaskCounts
    package var rowsIn: Int
    package var rowsOut: Int
    package var bytesIn: Int
    package var bytesOut: Int
    package var shuffleBytes: Int
    package var spillBytes: Int
    /// Longest task's time over the median task's; 1 when even, 0 before two tasks are done.
    package var skew: Double
    package var seconds: Double
    /// Ids of the stages that it reads; nil as none.
    package var dependsOn: [String]?
    /// The task that took longest, or takes longest already, with its place from 0; nil before two began.
    package var slowest: SlowTask?
    /// Seconds until the last task's end, by the time that its tasks took so far; nil where not known.
    package var etaSeconds: Double?

    /// Names a stage's slowest task.
    package struct SlowTask: Codable, Sendable, Hashable {
        package var task: Int
        package var seconds: Double
        package var medianSeconds: Double
        package var worker: String
        package var isRunning: Bool

        package init(task: Int, seconds: Double, medianSeconds: Double, worker: String, isRunning: Bool) {
            self.task = task
            self.seconds = seconds
            self.medianSeconds = medianSeconds
            self.worker = worker
            self.isRunning = isRunning
        }
    }

    package init(
        id: String, name: String, state: String, tasks: TaskCounts, rowsIn: Int = 0, rowsOut: Int = 0,
        bytesIn: Int = 0, bytesOut: Int = 0, shuffleBytes: Int = 0, spillBytes: Int = 0, skew: Double = 0,
        seconds: Double = 0, dependsOn: [String]? = nil, slowest: SlowTask? = nil, etaSeconds: Double? = nil
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.tasks = tasks
        self.rowsIn = rowsIn
        self.rowsOut = rowsOut
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.shuffleBytes = shuffleBytes
        self.spillBytes = spillBytes
        self.skew = skew
        self.seconds = seconds
        self.dependsOn = dependsOn
        self.slowest = slowest
        self.etaSeconds = etaSeconds
    }
}

/// Says how one task of a stage stands.
package struct TaskStatus: Codable, Sendable, Hashable {
    /// `statement.stage`.
    package var stage: String
    package var index: Int
    /// `waiting`, `running`, `succeeded` or `failed`.
    package var state: String
    package var attempts: Int
    /// Address of the worker that runs or ran it.
    package var worker: String?
    package var error: String?
    /// Of the attempt that runs or succeeded; nil for tasks that wait, and after a failure.
    package var startedAt: String?
    package var finishedAt: String?
    package var seconds: Double?
    package var rowsIn: Int?
    package var rowsOut: Int?
    package var bytesIn: Int?
    package var bytesOut: Int?
    package var spillBytes: Int?
    /// True where shared storage has a copy of its output.
    package var isStored: Bool?

    package init(
        stage: String, index: Int, state: String, attempts: Int, worker: String? = nil, error: String? = nil
    ) {
        self.stage = stage
        self.index = index
        self.state = state
        self.attempts = attempts
        self.worker = worker
        self.error = error
    }
}

/// Holds one line of a job's log.
package struct LogLine: Codable, Sendable, Hashable {
    /// RFC 3339.
    package var time: String
    /// `info`, `warning` or `error`.
    package var level: String
    package var message: String
    /// `statement.stage` and the task's place, both from 0, where the line is about a task.
    package var stage: String?
    package var task: Int?
    /// Which try at the task the line is about, from 1.
    package var attempt: Int?
    /// Address of the worker that the line is about.
    package var worker: String?

    package init(
        time: String, level: String, message: String, stage: String? = nil, task: Int? = nil,
        attempt: Int? = nil, worker: String? = nil
    ) {
        self.time = time
        self.level = level
        self.message = message
        self.stage = stage
        self.task = task
        self.attempt = attempt
        self.worker = worker
    }
}
