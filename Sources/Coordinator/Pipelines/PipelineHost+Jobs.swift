import Pipelines
import Protocol
import Vocabulary

// Runs as jobs: what is asked about a run is answered here, all else by the node.
extension PipelineHost: JobService {
    package func submit(_ request: JobRequest) async throws -> JobStatus {
        guard let wanted = request.pipeline else {
            // Runs hand the jobs of their steps to the node themselves: no client's job is hidden as one.
            var job = request
            job.parent = nil
            job.step = nil
            return try await node.submit(job)
        }
        let id = try JobIdentity.id(of: request)
        guard request.sql.isEmpty else {
            throw EngineError.user("INVALID_REQUEST", "A job is SQL or a pipeline, not both")
        }
        let minutes = Int(now / 60_000)
        var header = RunHeader(
            id: id, pipeline: "", acceptedAt: now, intervalStart: minutes, intervalEnd: minutes,
            select: wanted.select ?? [], exclude: wanted.exclude ?? [], vars: wanted.vars ?? [:],
            conf: request.conf ?? [:], fullRefresh: wanted.fullRefresh ?? false,
            testsOnly: wanted.testsOnly ?? false, bundle: wanted.bundle)
        try header.takeInterval(from: wanted.eventTimeStart, to: wanted.eventTimeEnd)
        if let earlier = wanted.retryOf { try goOn(&header, with: earlier) }
        if let known = ledger.runs[id] {
            guard PipelineHost.isSame(known.header, header) else {
                throw EngineError.user(
                    "JOB_ID_CONFLICT", "Another job was submitted with this id: \(id)",
                    remedy: "Leave out --id, or choose another.")
            }
            return try await job(id)
        }
        if (try? await node.job(id)) != nil {
            throw EngineError.user("JOB_ID_CONFLICT", "Another job was submitted with this id: \(id)")
        }
        // Read before it is accepted, so that mistakes are the answer.
        let pipeline = try await load(header) { _ in false }
        _ = try pipeline.chosen(select: header.select, exclude: header.exclude)
        if !header.testsOnly { try pipeline.checkOutside(settings.outside) }
        if header.kind == .retry, header.pipeline != pipeline.name {
            throw EngineError.user(
                "INVALID_REQUEST",
                "The files are of the pipeline \(pipeline.name), the run is of another: \(header.pipeline)")
        }
        header.pipeline = pipeline.name
        header.maxActiveRuns = pipeline.maxActiveRuns
        if header.kind != .retry, !header.isBackfill,
            let interval = pipeline.schedule?.latestInterval(now: minutes)
        {
            (header.intervalStart, header.intervalEnd) = (interval.start, interval.end)
        }
        if ledger.runs[id] == nil { try await keep(.accepted(header)) }
        await pump()
        return try await job(id)
    }

    /// Has a run go on with an earlier one that failed, with the files of its own bundle.
    private func goOn(_ header: inout RunHeader, with earlier: String) throws {
        guard let record = ledger.runs[earlier] else {
            throw EngineError.user(
                "JOB_NOT_FOUND", "There is no run of a pipeline with this id: \(earlier)")
        }
        guard record.state.isEnd else {
            throw EngineError.user(
                "JOB_NOT_FINISHED", "Only a finished run can be gone on with: \(earlier)")
        }
        guard record.state != .succeeded else {
            throw EngineError.user(
                "RUN_SUCCEEDED", "The run has succeeded, so nothing of it is left to do: \(earlier)",
                remedy: "Run the pipeline anew, or name a run that failed with --run.")
        }
        let before = record.header
        header.pipeline = before.pipeline
        header.goOn(with: record)
        (header.intervalStart, header.intervalEnd) = (before.intervalStart, before.intervalEnd)
        header.onlyInterval = before.isBackfill ? true : nil
        (header.select, header.exclude) = (before.select, before.exclude)
        (header.fullRefresh, header.testsOnly) = (before.fullRefresh, before.testsOnly)
        header.vars = before.vars.merging(header.vars) { $1 }
        header.conf = before.conf.merging(header.conf) { $1 }
    }

    /// Whether two submissions under one id ask for the same.
    private static func isSame(_ a: RunHeader, _ b: RunHeader) -> Bool {
        a.bundle == b.bundle && a.retryOf == b.retryOf && a.select == b.select && a.exclude == b.exclude
            && a.vars == b.vars
            && a.conf == b.conf && a.fullRefresh == b.fullRefresh && a.testsOnly == b.testsOnly
            && a.onlyInterval == b.onlyInterval
            && (a.onlyInterval == nil || (a.intervalStart, a.intervalEnd) == (b.intervalStart, b.intervalEnd))
    }

    package func job(_ id: String) async throws -> JobStatus {
        guard ledger.runs[id] != nil else { return try await node.job(id) }
        let parts = await node.parts(ofRun: id)
        guard let record = ledger.runs[id] else { throw EngineError.internal("a run was forgotten") }
        var status = status(of: record)
        status.why = why(record, parts)
        return status
    }

    /// Merges the runs with the node's jobs, newest first. A page costs what it holds: both are walked from
    /// where the page before ended.
    package func jobs(_ query: JobQuery) async throws -> JobList {
        let ids = ledger.order
        runTimes.extend(to: ids.count) { ledger.runs[ids[$0]]?.header.acceptedAt ?? 0 }
        var end = ids.count
        var bound: SubmissionTimes.Bound?
        if let after = query.after {
            if let accepted = ledger.runs[after]?.header.acceptedAt {
                // Its time is its own or, where the clock was set back, a later one.
                end = ids[runTimes.end(.before(accepted))...].firstIndex(of: after) ?? 0
                bound = .upTo(runTimes[end])
            } else {
                let time = try await node.submissionTime(of: after)
                end = runTimes.end(.before(time))
            }
        }
        var jobs = try await node.listed(query, bound)[...]
        var found: [JobStatus] = []
        while found.count <= query.limit {
            // Of the same time, runs come first: `bound` above and `end` say the same.
            if end > 0, runTimes[end - 1] >= jobs.first?.time ?? .min {
                end -= 1
                guard let record = ledger.runs[ids[end]] else { continue }
                if let states = query.states, !states.contains(record.state) { continue }
                found.append(status(of: record))
            } else if let next = jobs.popFirst() {
                found.append(next.status)
            } else {
                return JobList(found)
            }
        }
        found.removeLast()
        return JobList(found, next: found.last?.id)
    }

    /// Steps of a run, shown as stages.
    package func stages(_ id: String) async throws -> [StageStatus] {
        guard ledger.runs[id] != nil else { return try await node.stages(id) }
        let work = await node.work(ofRun: id)
        guard let record = ledger.runs[id] else { throw EngineError.internal("a run was forgotten") }
        return record.order.enumerated().map { place, name in
            let done = work[name] ?? StageWork()
            let step = record.steps[name] ?? RunRecord.Step()
            let isOver = step.state != .waiting && step.state != .running
            return StageStatus(
                id: "0.\(place)", name: "\(record.kinds[name] ?? "step") \(name)",
                state: step.state == .skipped ? "cancelled" : step.state.rawValue,
                tasks: .init(
                    total: 1, done: step.state == .succeeded ? 1 : 0, running: step.state == .running ? 1 : 0,
                    failed: step.state == .failed ? 1 : 0, retried: max(0, step.attempt - 1)),
                rowsIn: step.rowsIn, rowsOut: step.rowsOut, bytesIn: done.bytesIn, bytesOut: done.bytesOut,
                shuffleBytes: done.shuffleBytes, spillBytes: done.spillBytes,
                seconds: isOver
                    ? step.seconds : step.startedAt.map { Double(now - $0) / 1000 } ?? 0)
        }
    }

    package func tasks(_ id: String) async throws -> [TaskStatus] {
        ledger.runs[id] == nil ? try await node.tasks(id) : []
    }

    package func timeline(_ id: String, since: Int64?) async throws -> Timeline {
        guard ledger.runs[id] == nil else {
            throw EngineError.user(
                "JOB_HAS_NO_TASKS", "A pipeline's run has steps, no tasks of its own: \(id)",
                remedy: "Ask for /api/v1/jobs/\(id)/run.")
        }
        return try await node.timeline(id, since: since)
    }

    package func source(_ id: String) async throws -> JobSource {
        guard ledger.runs[id] == nil else {
            throw EngineError.user(
                "JOB_HAS_NO_TEXT", "A pipeline's run has steps, no statements of its own: \(id)",
                remedy: "Ask for /api/v1/jobs/\(id)/run.")
        }
        return try await node.source(id)
    }

    /// The steps of a run with what they wait for.
    package func plan(_ id: String) async throws -> String {
        guard let record = ledger.runs[id] else { return try await node.plan(id) }
        return record.order.map { name in
            let parents = Set(record.parents[name] ?? []).sorted()
            return "\(record.kinds[name] ?? "step") \(name)"
                + (parents.isEmpty ? "" : " after \(parents.joined(separator: ", "))")
        }
        .joined(separator: "\n")
    }

    package func logs(_ id: String, from: Int) async throws -> [LogLine] {
        guard let book = books[id] else { return try await node.logs(id, from: from) }
        return Array(book.log.dropFirst(max(0, from)))
    }

    package func waitForChange(_ id: String, after version: Int, milliseconds: Int) async throws -> JobStatus
    {
        guard let book = books[id] else {
            return try await node.waitForChange(id, after: version, milliseconds: milliseconds)
        }
        await waitForChange(book, after: version, milliseconds: milliseconds)
        return try await job(id)
    }

    package func result(_ id: String) async throws -> JobResult {
        guard ledger.runs[id] != nil else { return try await node.result(id) }
        throw EngineError.user("JOB_HAS_NO_RESULT", "A pipeline's run gives no rows: \(id)")
    }

    package func cancel(_ id: String) async throws -> JobStatus {
        guard ledger.runs[id] != nil else { return try await node.cancel(id) }
        try await cancelRun(id)
        return try await job(id)
    }

    /// Goes on with a run that has ended: steps that it had done are not run again.
    package func retry(_ id: String) async throws -> JobStatus {
        guard let record = ledger.runs[id] else { return try await node.retry(id) }
        guard record.state.isEnd else {
            throw EngineError.user("JOB_NOT_FINISHED", "Only a finished job can be submitted again: \(id)")
        }
        var header = record.header
        header.id = JobIdentity.newID()
        header.acceptedAt = now
        header.goOn(with: record)
        try await keep(.accepted(header))
        await pump()
        return try await job(header.id)
    }

    package func workers() async throws -> [WorkerStatus] { try await node.workers() }

    package func cluster() async throws -> ClusterStatus {
        var status = try await node.cluster()
        let runs = ledger.open.compactMap { ledger.runs[$0] }
        status.runningJobs += runs.count { $0.state == .running }
        status.queuedJobs += runs.count { $0.state == .queued }
        return status
    }

    package func explain(_ request: JobRequest) async throws -> String {
        guard request.pipeline == nil else {
            throw EngineError.user(
                "INVALID_REQUEST", "A pipeline is explained by: etl-submit plan DIR, and runs nothing")
        }
        return try await node.explain(request)
    }
}
