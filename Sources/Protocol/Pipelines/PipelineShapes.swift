/// Asks for a run of a pipeline whose directory was stored as a bundle: part of a `JobRequest`.
package struct PipelineRequest: Codable, Sendable, Hashable {
    /// SHA-256 of the bundle, hexadecimal.
    package var bundle: String
    package var select: [String]?
    package var exclude: [String]?
    package var vars: [String: String]?
    package var fullRefresh: Bool?
    package var testsOnly: Bool?
    /// Both for a run that makes this stretch of time again, in UTC; its end is not in it.
    package var eventTimeStart: String?
    package var eventTimeEnd: String?
    /// A run of the same pipeline to go on with, with this bundle's files: what it had done is not run again,
    /// and all else is as it was asked for. Only `vars` and the job's `conf` may be given anew beside it.
    package var retryOf: String?

    package init(
        bundle: String, select: [String]? = nil, exclude: [String]? = nil, vars: [String: String]? = nil,
        fullRefresh: Bool? = nil, testsOnly: Bool? = nil, eventTimeStart: String? = nil,
        eventTimeEnd: String? = nil, retryOf: String? = nil
    ) {
        self.bundle = bundle
        self.select = select
        self.exclude = exclude
        self.vars = vars
        self.fullRefresh = fullRefresh
        self.testsOnly = testsOnly
        self.eventTimeStart = eventTimeStart
        self.eventTimeEnd = eventTimeEnd
        self.retryOf = retryOf
    }
}

/// Asks to run a pipeline by its schedule: the body of `PUT /api/v1/pipelines/{name}`.
package struct DeployRequest: Codable, Sendable, Hashable {
    package var bundle: String
    package var vars: [String: String]?
    package var conf: [String: String]?

    package init(bundle: String, vars: [String: String]? = nil, conf: [String: String]? = nil) {
        self.bundle = bundle
        self.vars = vars
        self.conf = conf
    }
}

/// Asks for the runs of past intervals: the body of `POST /api/v1/pipelines/{name}/backfill`.
package struct BackfillRequest: Codable, Sendable, Hashable {
    /// Dates or times, UTC; intervals that begin from `from` on and end by `to`.
    package var from: String
    package var to: String

    package init(from: String, to: String) {
        self.from = from
        self.to = to
    }
}

/// Says how much of a bundle is stored.
package struct BundleStatus: Codable, Sendable, Hashable {
    package var bundle: String
    package var isComplete: Bool

    package init(bundle: String, isComplete: Bool) {
        self.bundle = bundle
        self.isComplete = isComplete
    }
}

/// Says how a deployed pipeline stands. Times are RFC 3339 in UTC.
package struct PipelineStatus: Codable, Sendable, Hashable {
    package var name: String
    /// `active` or `paused`.
    package var state: String
    package var schedule: String?
    /// The zone in which the schedule's times are.
    package var timezone: String?
    package var bundle: String
    package var deployedAt: String
    /// The interval that runs next; nil when none does.
    package var nextIntervalStart: String?
    package var nextIntervalEnd: String?
    package var activeRuns: Int
    package var lastRun: RunStatus?
    /// The latest runs, newest first, a dozen at most.
    package var recentRuns: [RecentRun]?

    /// Says when a run was, and how it ended.
    package struct RecentRun: Codable, Sendable, Hashable {
        package var id: String
        package var kind: String
        package var state: JobState
        package var submittedAt: String
        package var startedAt: String?
        package var finishedAt: String?

        package init(_ run: RunStatus) {
            id = run.id
            kind = run.kind
            state = run.state
            submittedAt = run.submittedAt
            startedAt = run.startedAt
            finishedAt = run.finishedAt
        }
    }

    package init(
        name: String, state: String, schedule: String?, timezone: String?, bundle: String,
        deployedAt: String, nextIntervalStart: String?, nextIntervalEnd: String?, activeRuns: Int,
        newestRuns recentRuns: [RunStatus]
    ) {
        self.name = name
        self.state = state
        self.schedule = schedule
        self.timezone = timezone
        self.bundle = bundle
        self.deployedAt = deployedAt
        self.nextIntervalStart = nextIntervalStart
        self.nextIntervalEnd = nextIntervalEnd
        self.activeRuns = activeRuns
        self.lastRun = recentRuns.first
        self.recentRuns = recentRuns.map { RecentRun($0) }
    }
}

/// Says how a run of a pipeline stands. Times are RFC 3339 in UTC.
package struct RunStatus: Codable, Sendable, Hashable {
    /// Says how a step stands.
    package struct Step: Codable, Sendable, Hashable {
        package var name: String
        /// `extract`, `transform`, `model`, `seed` or `load`.
        package var kind: String
        /// `waiting`, `running`, `succeeded`, `failed`, `skipped` or `cancelled`.
        package var state: String
        package var attempts: Int
        package var rowsIn: Int
        package var rowsOut: Int
        package var seconds: Double
        package var dependencies: [String]
        package var error: JobFailure?
        /// When its first try began, and when the step ended.
        package var startedAt: String?
        package var finishedAt: String?
        /// Ids of the jobs that did its work so far, in their order.
        package var jobs: [String]?
        /// Share of the tasks that are done, of the job that is at work; nil while none is.
        package var progress: Double?

        package init(
            name: String, kind: String, state: String, attempts: Int, rowsIn: Int, rowsOut: Int,
            seconds: Double, dependencies: [String], error: JobFailure?, startedAt: String? = nil,
            finishedAt: String? = nil, jobs: [String]? = nil, progress: Double? = nil
        ) {
            self.name = name
            self.kind = kind
            self.state = state
            self.attempts = attempts
            self.rowsIn = rowsIn
            self.rowsOut = rowsOut
            self.seconds = seconds
            self.dependencies = dependencies
            self.error = error
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.jobs = jobs
            self.progress = progress
        }
    }

    /// Says how a test ended.
    package struct Test: Codable, Sendable, Hashable {
        package var name: String
        package var step: String
        /// `pass`, `warn`, `fail` or `skip`.
        package var outcome: String
        package var failures: Int
        /// What was found, where that tells more: `3 rows, at least 10 wanted`.
        package var found: String?

        package init(name: String, step: String, outcome: String, failures: Int, found: String? = nil) {
            self.name = name
            self.step = step
            self.outcome = outcome
            self.failures = failures
            self.found = found
        }
    }

    package var id: String
    package var pipeline: String
    /// `manual`, `scheduled`, `backfill` or `retry`; `test` for one that only tests.
    package var kind: String
    package var state: JobState
    package var submittedAt: String
    package var startedAt: String?
    package var finishedAt: String?
    package var intervalStart: String
    package var intervalEnd: String
    package var retryOf: String?
    package var error: JobFailure?
    package var steps: [Step]
    package var tests: [Test]

    package init(
        id: String, pipeline: String, kind: String, state: JobState, submittedAt: String, startedAt: String?,
        finishedAt: String?, intervalStart: String, intervalEnd: String, retryOf: String?,
        error: JobFailure?, steps: [Step], tests: [Test]
    ) {
        self.id = id
        self.pipeline = pipeline
        self.kind = kind
        self.state = state
        self.submittedAt = submittedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.intervalStart = intervalStart
        self.intervalEnd = intervalEnd
        self.retryOf = retryOf
        self.error = error
        self.steps = steps
        self.tests = tests
    }
}

/// Answers `GET /api/v1/pipelines`.
package struct PipelineList: Codable, Sendable {
    package var pipelines: [PipelineStatus]
    package init(_ pipelines: [PipelineStatus]) { self.pipelines = pipelines }
}

/// Answers `GET /api/v1/pipelines/{name}/runs`.
package struct RunList: Codable, Sendable {
    package var runs: [RunStatus]
    package init(_ runs: [RunStatus]) { self.runs = runs }
}
