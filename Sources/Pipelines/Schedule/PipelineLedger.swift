import Protocol

/// Says when a deployed pipeline runs, as its `etl.yml` said it.
package struct ScheduleText: Codable, Sendable, Hashable {
    package var cron: String
    package var timezone: String
    /// Local minutes of the zone (`CivilTime`).
    package var start: Int?
    package var end: Int?
    package var catchup: Bool

    package init(cron: String, timezone: String, start: Int?, end: Int?, catchup: Bool) {
        self.cron = cron
        self.timezone = timezone
        self.start = start
        self.end = end
        self.catchup = catchup
    }

    /// Returns the schedule. Throws `PIPELINE_FORMAT` or `INVALID_TIMEZONE` when the text means nothing here.
    func parsed() throws -> PipelineSchedule {
        try PipelineSchedule(cron, timezone: timezone, start: start, end: end, catchup: catchup)
    }
}

/// Holds a pipeline that a coordinator runs by its schedule.
package struct Deployment: Codable, Sendable, Hashable {
    package var name: String
    package var bundle: String
    package var vars: [String: String]
    package var conf: [String: String]
    package var schedule: ScheduleText?
    package var maxActiveRuns: Int
    /// Milliseconds since 1970.
    package var deployedAt: Int64

    package init(
        name: String, bundle: String, vars: [String: String], conf: [String: String],
        schedule: ScheduleText?, maxActiveRuns: Int, deployedAt: Int64
    ) {
        self.name = name
        self.bundle = bundle
        self.vars = vars
        self.conf = conf
        self.schedule = schedule
        self.maxActiveRuns = maxActiveRuns
        self.deployedAt = deployedAt
    }
}

/// Tells one thing that a coordinator keeps about pipelines.
package enum PipelineFact: Codable, Sendable, Hashable {
    case deployed(Deployment)
    case paused(String)
    /// With its time, milliseconds since 1970; earlier versions kept none.
    case resumed(String, at: Int64? = nil)
    case removed(String)
    case accepted(RunHeader)
    case run(id: String, RunEntry)
}

/// Holds all deployed pipelines and all runs: the sum of the facts, and the decisions that follow from it.
/// Pure: time is passed in. **Invariant:** a scheduled interval has one run, whose id follows from the
/// pipeline and the interval, so neither a restart nor a second deployment runs it again.
package struct PipelineLedger: Sendable {
    package private(set) var deployments: [String: Deployment] = [:]
    package private(set) var paused: Set<String> = []
    package private(set) var runs: [String: RunRecord] = [:]
    /// Ids of the runs as they were accepted.
    package private(set) var order: [String] = []
    /// Runs that have not ended, or owe alerts, as they were accepted.
    package private(set) var open: [String] = []
    private var schedules: [String: PipelineSchedule] = [:]
    /// Since when pipelines run by their schedules, milliseconds since 1970.
    private var activeSince: [String: Int64] = [:]
    /// The last interval that was scheduled; it outlives a deployment.
    private var last: [String: PipelineSchedule.Interval] = [:]

    package init() {}

    /// Takes a fact in.
    package mutating func apply(_ fact: PipelineFact) {
        switch fact {
        case .deployed(let deployment):
            deployments[deployment.name] = deployment
            // One that a later version wrote may have no meaning here: it runs by hand alone.
            schedules[deployment.name] = try? deployment.schedule?.parsed()
            if activeSince[deployment.name] == nil { activeSince[deployment.name] = deployment.deployedAt }
        case .paused(let name): paused.insert(name)
        case .resumed(let name, let time):
            paused.remove(name)
            activeSince[name] = time ?? .max
        case .removed(let name):
            deployments[name] = nil
            schedules[name] = nil
            activeSince[name] = nil
            paused.remove(name)
        case .accepted(let header):
            if runs[header.id] != nil { return }
            runs[header.id] = RunRecord(header)
            order.append(header.id)
            open.append(header.id)
            if header.kind == .scheduled {
                last[header.pipeline] = .init(start: header.intervalStart, end: header.intervalEnd)
            }
        case .run(let id, let entry):
            runs[id]?.apply(entry)
            if runs[id]?.isClosed == true { open.removeAll { $0 == id } }
        }
    }

    /// Lists the runs that may be forgotten, oldest first, so that the newest `count` are kept, and of each
    /// pipeline the newest and what says which intervals have run.
    package func forgettable(beyond count: Int) -> [String] {
        guard order.count > count else { return [] }
        var newest: [String: String] = [:]
        for id in order { if let name = runs[id]?.header.pipeline { newest[name] = id } }
        return order.dropLast(count).filter { id in
            guard let run = runs[id], run.isClosed, newest[run.header.pipeline] != id else { return false }
            let header = run.header
            guard header.kind == .scheduled || header.kind == .backfill else { return true }
            // Intervals up to the last one that was scheduled are not scheduled again.
            guard let last = last[header.pipeline], header.intervalEnd <= last.end else { return false }
            return header.intervalStart != last.start || header.intervalEnd != last.end
        }
    }

    /// Forgets a run that `forgettable` has listed.
    package mutating func forget(_ id: String) {
        runs[id] = nil
        order.removeAll { $0 == id }
    }

    /// Returns the id of the run of an interval.
    package static func id(of pipeline: String, _ interval: PipelineSchedule.Interval) -> String {
        RunIdentity.derived(["scheduled", pipeline, "\(interval.start)", "\(interval.end)"])
    }

    private func header(
        _ deployment: Deployment, _ interval: PipelineSchedule.Interval, _ kind: RunHeader.Kind, at: Int64
    ) -> RunHeader {
        RunHeader(
            id: PipelineLedger.id(of: deployment.name, interval), pipeline: deployment.name, kind: kind,
            acceptedAt: at, intervalStart: interval.start, intervalEnd: interval.end, vars: deployment.vars,
            conf: deployment.conf, bundle: deployment.bundle, maxActiveRuns: deployment.maxActiveRuns)
    }

    /// Returns the interval that a pipeline runs next.
    package func nextInterval(of name: String, now: Int) -> PipelineSchedule.Interval? {
        schedules[name]?.nextInterval(after: last[name], now: now)
    }

    /// Returns the next scheduled run that is due, to be accepted; ask again until there is none. A pipeline
    /// has at most `max_active_runs` runs waiting or at work, so that a long stretch that was missed comes
    /// piece by piece. `now` in milliseconds since 1970.
    package func due(now: Int64) -> RunHeader? {
        let minutes = Int(now / 60_000)
        for name in deployments.keys.sorted() where !paused.contains(name) {
            guard let deployment = deployments[name], let schedule = schedules[name] else { continue }
            let waiting = open.count { runs[$0]?.header.pipeline == name }
            if waiting >= deployment.maxActiveRuns { continue }
            var before = last[name]
            while let next = schedule.nextInterval(after: before, now: minutes), next.end <= minutes {
                var header = header(deployment, next, .scheduled, at: now)
                let end = Int64(next.end) * 60_000
                if let since = activeSince[name], end >= since { header.scheduledFor = end }
                if runs[header.id] == nil { return header }
                // A backfill, or a deployment before, ran it.
                if before == next { break }
                before = next
            }
        }
        return nil
    }

    /// Returns when a run becomes due next, milliseconds since 1970; nil when none does.
    package func nextDue(now: Int64) -> Int64? {
        let minutes = Int(now / 60_000)
        return deployments.keys.filter { !paused.contains($0) }
            .compactMap { nextInterval(of: $0, now: minutes)?.end }
            .filter { $0 > minutes }.min().map { Int64($0) * 60_000 }
    }

    /// Returns the runs of a stretch of time that were not accepted yet. Minutes since 1970 UTC.
    package func backfill(_ name: String, from: Int, to: Int, limit: Int, now: Int64) -> [RunHeader] {
        guard let deployment = deployments[name], let schedule = schedules[name] else { return [] }
        return schedule.intervals(from: from, to: to, now: Int(now / 60_000), limit: limit)
            .map { header(deployment, $0, .backfill, at: now) }
            .filter { runs[$0.id] == nil }
    }

    /// Returns the runs that may begin now, `active` being at work: in the order in which they were accepted,
    /// of each pipeline as many as its `max_active_runs` lets, none before an earlier one. What goes on with
    /// an earlier run begins when no other is at work: which tables it finds must not change meanwhile.
    package func startable(active: Set<String>) -> [String] {
        var busy: [String: Int] = [:]
        for id in active { if let name = runs[id]?.header.pipeline { busy[name, default: 0] += 1 } }
        var found: [String] = []
        var full = Set<String>()
        for id in open where !active.contains(id) {
            guard let header = runs[id]?.header, !full.contains(header.pipeline) else { continue }
            let most = header.kind == .retry && !header.kept.isEmpty ? 1 : header.maxActiveRuns
            guard busy[header.pipeline, default: 0] < most else {
                full.insert(header.pipeline)
                continue
            }
            busy[header.pipeline, default: 0] += 1
            found.append(id)
        }
        return found
    }
}
