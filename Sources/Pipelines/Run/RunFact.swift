import Protocol
import Vocabulary

/// Says what a run was asked for; the first thing that is kept of it.
package struct RunHeader: Codable, Sendable, Hashable {
    /// What made the run begin.
    package enum Kind: String, Codable, Sendable, Hashable {
        case manual, scheduled, backfill, retry
    }

    /// UUID; that of a scheduled run follows from the pipeline and the interval.
    package var id: String
    package var pipeline: String
    package var kind: Kind
    /// Milliseconds since 1970.
    package var acceptedAt: Int64
    /// When a run fell due by its schedule, milliseconds since 1970; nil for what was asked for, and for
    /// intervals that were over before the pipeline was deployed or resumed.
    package var scheduledFor: Int64?
    /// Start and end of the data interval, minutes since 1970 UTC.
    package var intervalStart: Int
    package var intervalEnd: Int
    /// True for runs that make this very interval again, as retries of backfills.
    package var onlyInterval: Bool?
    package var select: [String]
    package var exclude: [String]
    package var vars: [String: String]
    package var conf: [String: String]
    package var fullRefresh: Bool
    package var testsOnly: Bool
    /// Digest of the bundle that holds the pipeline's directory; nil in one process.
    package var bundle: String?
    /// The run that this one goes on with, and the steps that it had done.
    package var retryOf: String?
    package var kept: [String]
    /// The runs that made the tables of those steps: the one before, and those which that went on with. Nil
    /// in headers of earlier versions.
    package var makers: [String]?
    /// What those steps were made from, by their names; nil in headers of earlier versions.
    package var definitions: [String: String]?
    /// Runs of the pipeline that may be at work at the same time.
    package var maxActiveRuns: Int

    /// From when on a deadline counts: when the run fell due, else when it was asked for.
    package var dueAt: Int64 { scheduledFor ?? acceptedAt }

    /// Whether the run makes its interval again and nothing else.
    package var isBackfill: Bool { kind == .backfill || onlyInterval == true }

    /// Has the run make an interval that somebody asked for. Throws `USAGE` when it is none.
    package mutating func takeInterval(from start: String?, to end: String?) throws {
        guard start != nil || end != nil else { return }
        guard let from = start.flatMap(CivilTime.parse), let to = end.flatMap(CivilTime.parse), from < to
        else {
            throw EngineError.user(
                "USAGE",
                "--event-time-start and --event-time-end are two times, the earlier first: "
                    + "\(start ?? "none"), \(end ?? "none")",
                remedy: "Give both, such as 2024-01-01 and 2024-02-01, or 2024-01-01T06:00 (UTC).")
        }
        (intervalStart, intervalEnd, onlyInterval) = (from, to, true)
    }

    /// Has the run go on with an earlier one: steps that were done there stay done.
    package mutating func goOn(with earlier: RunRecord) {
        let before = earlier.header
        kind = .retry
        scheduledFor = nil
        retryOf = before.id
        kept = earlier.state == .succeeded || before.testsOnly ? [] : earlier.doneSteps
        definitions = earlier.definitions.filter { kept.contains($0.key) }
        makers = [before.id] + (before.makers ?? before.retryOf.map { [$0] } ?? [])
    }

    package init(
        id: String, pipeline: String, kind: Kind = .manual, acceptedAt: Int64, intervalStart: Int,
        intervalEnd: Int, select: [String] = [], exclude: [String] = [], vars: [String: String] = [:],
        conf: [String: String] = [:], fullRefresh: Bool = false, testsOnly: Bool = false,
        bundle: String? = nil, retryOf: String? = nil, kept: [String] = [], maxActiveRuns: Int = 1
    ) {
        self.id = id
        self.pipeline = pipeline
        self.kind = kind
        self.acceptedAt = acceptedAt
        self.intervalStart = intervalStart
        self.intervalEnd = intervalEnd
        self.select = select
        self.exclude = exclude
        self.vars = vars
        self.conf = conf
        self.fullRefresh = fullRefresh
        self.testsOnly = testsOnly
        self.bundle = bundle
        self.retryOf = retryOf
        self.kept = kept
        self.maxActiveRuns = maxActiveRuns
    }
}

/// Says how a test ended.
package enum TestOutcome: String, Codable, Sendable, Hashable {
    case pass, warn, fail
    /// A table that the test reads was not made.
    case skip
}

/// Tells one thing that happened in a run. Facts are kept in order, and a run goes on from them.
package enum RunFact: Codable, Sendable, Hashable {
    /// The run begins to work; `tables` are those that were published before.
    /// `kinds`, `parents` and `definitions` (what each is made from, as a digest) are those of `steps`, in
    /// their order. `remade` are steps that an earlier run had done, and which are made again: they or what
    /// they read were changed since, or other runs have replaced their tables.
    case began(
        tables: [String], steps: [String], kinds: [String] = [], parents: [[String]] = [],
        remade: [String]? = nil, definitions: [String]? = nil)
    case stepStarted(step: String, attempt: Int)
    /// The step's table is written aside. `columns` are its columns with their types.
    case stepMade(step: String, rowsIn: Int, rowsOut: Int, columns: [ColumnFact])
    /// `found` says what was found where that tells more than a number of wrong rows.
    case tested(step: String, test: String, outcome: TestOutcome, failures: Int, found: String? = nil)
    case stepDone(step: String, seconds: Double)
    case stepRetrying(step: String, attempt: Int, afterSeconds: Double, error: JobFailure)
    case stepFailed(step: String, error: JobFailure)
    /// A step that did not run since one that it needs failed.
    case stepSkipped(step: String)
    case cancelled
    /// `error` is set when the run could not work at all.
    case ended(state: JobState, error: JobFailure?)
    /// All that was owed after the end, alerts among it, is done.
    case closed
    /// An alert is about to be sent; it is never sent again.
    case alerting(rule: Int, event: String)
    case alerted(rule: Int, event: String, to: String, error: JobFailure?)
}

/// Names a column of a table with its type, as Spark writes it.
package struct ColumnFact: Codable, Sendable, Hashable {
    package var name: String
    package var type: String

    package init(name: String, type: String) {
        self.name = name
        self.type = type
    }
}

/// A fact with its time, milliseconds since 1970.
package struct RunEntry: Codable, Sendable, Hashable {
    package var at: Int64
    package var fact: RunFact

    package init(at: Int64, fact: RunFact) {
        self.at = at
        self.fact = fact
    }
}
