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
        header.pipeline = pipeline.name
        header.maxActiveRuns = pipeline.maxActiveRuns
        if let interval = pipeline.schedule?.latestInterval(now: minutes) {
            (header.intervalStart, header.intervalEnd) = (interval.start, interval.end)
        }
        if ledger.runs[id] == nil { try await keep(.accepted(header)) }
        await pump()
        return try await job(id)
    }

    /// Whether two submissions under one id ask for the same.
    private static func isSame(_ a: RunHeader, _ b: RunHeader) -> Bool {
        a.bundle == b.bundle && a.select == b.select && a.exclude == b.exclude && a.vars == b.vars
            && a.conf == b.conf && a.fullRefresh == b.fullRefresh && a.testsOnly == b.testsOnly
    }

    package func job(_ id: String) async throws -> JobStatus {
        guard let record = ledger.runs[id] else { return try await node.job(id) }
        return status(of: record)
    }

    package func jobs(_ query: JobQuery) async throws -> JobList {
        let runs = ledger.order.compactMap { ledger.runs[$0] }.map { status(of: $0) }
        var all = (runs + (try await node.jobs(all: true)))
            .sorted { ($0.submittedAt, $0.id) > ($1.submittedAt, $1.id) }
        if let after = query.after {
            guard let place = all.firstIndex(where: { $0.id == after }) else {
                throw EngineError.user("JOB_NOT_FOUND", "There is no job with this id: \(after)")
            }
            all.removeFirst(place + 1)
        }
        if let states = query.states { all.removeAll { !states.contains($0.state) } }
        let page = Array(all.prefix(query.limit))
        return JobList(page, next: page.count < all.count ? page.last?.id : nil)
    }

    /// Steps of a run, shown as stages.
    package func stages(_ id: String) async throws -> [StageStatus] {
        guard let record = ledger.runs[id] else { return try await node.stages(id) }
        return record.order.enumerated().map { place, name in
            let step = record.steps[name] ?? RunRecord.Step()
            let isOver = step.state != .waiting && step.state != .running
            return StageStatus(
                id: "0.\(place)", name: "\(record.kinds[name] ?? "step") \(name)",
                state: step.state == .skipped ? "cancelled" : step.state.rawValue,
                tasks: .init(
                    total: 1, done: step.state == .succeeded ? 1 : 0, running: step.state == .running ? 1 : 0,
                    failed: step.state == .failed ? 1 : 0, retried: max(0, step.attempt - 1)),
                rowsIn: step.rowsIn, rowsOut: step.rowsOut,
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
        header.kind = .retry
        header.acceptedAt = now
        header.retryOf = id
        header.kept = record.state == .succeeded || header.testsOnly ? [] : record.doneSteps
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

    // MARK: shapes

    func status(of record: RunRecord) -> JobStatus {
        let steps = record.order.compactMap { record.steps[$0]?.state }
        let done = steps.count { $0 == .succeeded || $0 == .failed || $0 == .skipped }
        return JobStatus(
            id: record.header.id, name: "pipeline \(record.header.pipeline)", state: record.state,
            submittedAt: TimeText.rfc3339(record.header.acceptedAt),
            startedAt: record.startedAt.map { TimeText.rfc3339($0) },
            finishedAt: record.endedAt.map { TimeText.rfc3339($0) },
            progress: record.state == .succeeded ? 1 : Double(done) / Double(max(1, steps.count)),
            stages: .init(
                total: steps.count, done: steps.count { $0 == .succeeded },
                running: steps.count { $0 == .running }),
            error: failure(of: record), version: books[record.header.id]?.version ?? 0,
            pipeline: record.header.pipeline)
    }

    /// Why a run failed, in one error: its own, or what its steps and tests say.
    private func failure(of record: RunRecord) -> JobFailure? {
        guard record.state == .failed else { return nil }
        if let error = record.error { return error }
        let failed = record.order.compactMap { name in record.steps[name]?.error.map { (name, $0) } }
        let summary = record.summary.text
        var error = EngineError(
            failed.first.flatMap { Blame(rawValue: $0.1.blame) } ?? .data, "PIPELINE_FAILED",
            "The pipeline \(record.header.pipeline) failed: \(summary)")
        error.remedy = "Read the log; go on from there with: etl-submit retry \(record.header.id)"
        if let (name, first) = failed.first {
            error.message += " First failed \(name): [\(first.code)] \(first.message)"
            error.location = first.engineError.location
        }
        return JobFailure(error)
    }

    func runStatus(of record: RunRecord, withSteps: Bool) -> RunStatus {
        let header = record.header
        let steps = record.order.map { name in
            let step = record.steps[name] ?? RunRecord.Step()
            return RunStatus.Step(
                name: name, kind: record.kinds[name] ?? "step", state: step.state.rawValue,
                attempts: step.attempt, rowsIn: step.rowsIn, rowsOut: step.rowsOut, seconds: step.seconds,
                dependencies: record.parents[name] ?? [], error: step.state == .failed ? step.error : nil)
        }
        return RunStatus(
            id: header.id, pipeline: header.pipeline, kind: header.kind.rawValue, state: record.state,
            submittedAt: TimeText.rfc3339(header.acceptedAt),
            startedAt: record.startedAt.map { TimeText.rfc3339($0) },
            finishedAt: record.endedAt.map { TimeText.rfc3339($0) },
            intervalStart: CivilTime.rfc3339(header.intervalStart),
            intervalEnd: CivilTime.rfc3339(header.intervalEnd), retryOf: header.retryOf,
            error: failure(of: record), steps: withSteps ? steps : [],
            tests: withSteps
                ? record.tests.map {
                    RunStatus.Test(
                        name: $0.name, step: $0.step, outcome: $0.outcome.rawValue, failures: $0.failures)
                } : [])
    }
}
