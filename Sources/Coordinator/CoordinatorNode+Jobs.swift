import Planner
import Protocol
import Scheduling
import Vocabulary

// Answers to what clients ask about jobs and workers.
extension CoordinatorNode: JobService {
    package func submit(_ request: JobRequest) async throws -> JobStatus {
        try JobText.check(request.sql)
        let externalID = try JobIdentity.id(of: request)
        let isNew = scheduler.ledger.job(externalID: externalID) == nil
        let records: [LogRecord] =
            isNew && environment.log.isDurable
            ? [.submission(externalID: externalID, try SubmissionPayload.encode(request))] : []
        let header = try isNew ? opened(request, as: externalID) : known(request, as: externalID)
        let isPart = request.parent != nil
        try await submitted(externalID) { handle(.submit(header, isPart: isPart), before: records) }
        return try await job(externalID)
    }

    /// Parses a new job and opens its book. Throws errors with their place in the text.
    private func opened(_ request: JobRequest, as externalID: String) throws -> JobHeader {
        if request.parent == nil { try checkLongTexts(beside: request) }
        let now = environment.clock().wallMilliseconds * 1000
        let digest = JobIdentity.digest(of: request)
        let session = try environment.crashes.reading(CrashMark(digest: digest)) {
            try JobSession(request, storage: environment.storage, nowMicroseconds: now)
        }
        let header = session.header(
            externalID: externalID, digest: digest, name: request.name ?? "sql")
        // What the scheduler would refuse gets no book.
        if let refusal = scheduler.refusal(isPart: request.parent != nil, pool: header.pool) { throw refusal }
        let id = JobID(scheduler.ledger.jobs.count)
        let book = JobBook(id: id, externalID: externalID, request: request, session: session)
        if header.isReplicated, !scheduler.settings.hasSharedStorage {
            book.warnings.append(
                "\(SettingNames.replicatesShuffle) has no effect: the cluster has no --storage.")
        }
        open(book)
        return header
    }

    /// Throws `TOO_MANY_LONG_JOBS` when the long texts of jobs that have not ended leave no room for one
    /// more: each is kept with its tree and plans until then.
    private func checkLongTexts(beside request: JobRequest) throws {
        if request.sql.utf8.count < Limits.longSQLBytes { return }
        let held = scheduler.ledger.liveJobs.reduce(0) { $0 + (books[$1]?.longTextBytes ?? 0) }
        if held + request.sql.utf8.count <= Limits.longSQLTotalBytes { return }
        throw EngineError.system(
            "TOO_MANY_LONG_JOBS",
            "The cluster takes no more long texts now: jobs that have not ended hold "
                + "\(ByteSize.format(held)) of them, and it takes at most "
                + ByteSize.format(Limits.longSQLTotalBytes),
            remedy: "Submit the job again when others have ended.")
    }

    func open(_ book: JobBook) {
        books[book.id] = book
        if let run = book.request.parent { runParts[run, default: []].append(book.id) }
    }

    /// Returns the header of the job that was submitted with this id before. Throws `JOB_ID_CONFLICT` when
    /// that was another.
    private func known(_ request: JobRequest, as externalID: String) throws -> JobHeader {
        let header = scheduler.ledger.jobs[try book(externalID).id.index].header
        guard header.digest == JobIdentity.digest(of: request) else {
            throw EngineError.user(
                "JOB_ID_CONFLICT", "Another job was submitted with this id: \(externalID)",
                remedy: "Leave out --id, or choose another.")
        }
        return header
    }

    package func job(_ id: String) async throws -> JobStatus { status(of: try book(id)) }

    package func jobs(_ query: JobQuery) async throws -> JobList {
        var found = try listed(query).map(\.status)
        guard found.count > query.limit else { return JobList(found) }
        found.removeLast()
        return JobList(found, next: found.last?.id)
    }

    /// Returns the jobs of a page, newest first, with their times, and one more where more follow. `bound`
    /// takes the place of the query's `after`.
    func listed(
        _ query: JobQuery, _ bound: SubmissionTimes.Bound? = nil
    ) throws -> [(time: Int64, status: JobStatus)] {
        extendTimes()
        let end =
            try bound.map { jobTimes.end($0) } ?? query.after.map { try book($0).id.index }
            ?? scheduler.ledger.jobs.count
        var found: [(time: Int64, status: JobStatus)] = []
        let oldest = min(end, scheduler.ledger.jobs.oldest?.index ?? 0)
        for place in (oldest..<end).reversed() {
            if found.count > query.limit { break }
            // Jobs of a pipeline's steps are shown by its run.
            guard let book = books[JobID(place)], book.request.parent == nil else { continue }
            let status = status(of: book)
            if let states = query.states, !states.contains(status.state) { continue }
            found.append((jobTimes[place], status))
        }
        return found
    }

    /// Returns when a job was submitted, as `listed` orders them. Throws `JOB_NOT_FOUND`.
    func submissionTime(of id: String) throws -> Int64 {
        extendTimes()
        return jobTimes[try book(id).id.index]
    }

    private func extendTimes() {
        let jobs = scheduler.ledger.jobs
        jobTimes.extend(to: jobs.count) { place in
            jobs.contains(JobID(place)) ? jobs[place].acceptedMilliseconds : nil
        }
        jobTimes.forget(beyond: jobs.keptCount) { jobs.contains(JobID($0)) }
    }

    package func stages(_ id: String) async throws -> [StageStatus] {
        let book = try book(id)
        return (scheduler.progress(of: book.id)?.stages ?? []).map { shown($0) }
    }

    /// Shows a stage as REST does.
    func shown(_ stage: StageProgress) -> StageStatus {
        StageStatus(stage) { self.scheduler.ledger.workers[$0.index].identity.address }
    }

    package func timeline(_ id: String, since: Int64?) async throws -> Timeline {
        let book = try book(id)
        return Timeline.of(
            book.id, in: scheduler, since: since, now: environment.clock().wallMilliseconds)
    }

    package func source(_ id: String) async throws -> JobSource {
        let book = try book(id)
        let record = scheduler.ledger.jobs[book.id.index]
        let job = status(of: book).state
        let states = book.session.statementTexts.indices.map { place -> String in
            guard place < record.statements.count else {
                // A statement that failed while it was planned has no record.
                let isNext =
                    place == record.statements.count
                    && record.statements.last?.isCommitted ?? true
                return isNext && job == .failed ? "failed" : isNext && job == .running ? "running" : "waiting"
            }
            if record.statements[place].isCommitted { return "succeeded" }
            return job == .queued || job == .running ? "running" : job.rawValue
        }
        return try environment.crashes.reading(CrashMark(digest: record.header.digest)) {
            JobSource(
                file: book.session.file,
                statements: zip(book.session.statementTexts, states).enumerated().map { place, entry in
                    JobSource.Statement(
                        text: entry.0.text, line: entry.0.line, state: entry.1, marks: book.marks(in: place))
                })
        }
    }

    package func tasks(_ id: String) async throws -> [TaskStatus] {
        let book = try book(id)
        return TaskStatus.all(of: book.id, in: scheduler)
    }

    package func plan(_ id: String) async throws -> String {
        let book = try book(id)
        return book.plans.keys.sorted().compactMap { book.graph($0).map { "\($0)" } }.joined(separator: "\n")
    }

    package func logs(_ id: String, from: Int) async throws -> [LogLine] {
        Array(try book(id).log.dropFirst(max(0, from)))
    }

    package func waitForChange(_ id: String, after version: Int, milliseconds: Int) async throws -> JobStatus
    {
        let book = try book(id)
        await waitForChange(book, after: version, milliseconds: milliseconds)
        return status(of: book)
    }

    package func cancel(_ id: String) async throws -> JobStatus {
        let book = try book(id)
        handle(.cancel(book.id))
        // A coordinator that dies after its answer must not have the job go on.
        await keep([])
        return status(of: book)
    }

    package func retry(_ id: String) async throws -> JobStatus {
        let book = try book(id)
        guard status(of: book).state.isEnd else {
            throw EngineError.user("JOB_NOT_FINISHED", "Only a finished job can be submitted again: \(id)")
        }
        var request = book.request
        request.id = nil
        return try await submit(request)
    }

    package func workers() async throws -> [WorkerStatus] {
        let now = environment.clock().monotonic
        return scheduler.workerProgress(withLostAt: now).map { WorkerStatus($0) }
    }

    package func cluster() async throws -> ClusterStatus {
        let active = scheduler.workerProgress()
        // Jobs of a pipeline's steps count as its run.
        let states = books.values.lazy.filter { $0.request.parent == nil }.map { self.status(of: $0).state }
        return ClusterStatus(
            version: ProgramVersion.text, epoch: Int(scheduler.ledger.startCount), workers: active.count,
            slots: .init(
                total: active.reduce(0) { $0 + $1.identity.slots },
                used: active.reduce(0) { $0 + $1.usedSlots }),
            queuedTasks: scheduler.queuedTaskCount, runningJobs: states.count { $0 == .running },
            queuedJobs: states.count { $0 == .queued })
    }

    package func explain(_ request: JobRequest) async throws -> String {
        let now = environment.clock().wallMilliseconds * 1000
        let facts = clusterFacts
        let (crashes, storage) = (environment.crashes, environment.storage)
        return try await Task.detached {
            try crashes.reading(CrashMark(digest: JobIdentity.digest(of: request))) {
                try JobSession(request, storage: storage, nowMicroseconds: now)
                    .explain(cluster: facts, nowMicroseconds: now)
            }
        }.value
    }

    // MARK: - Looking up

    func book(_ id: String) throws -> JobBook {
        guard let job = scheduler.ledger.job(externalID: id), let book = books[job] else {
            throw EngineError.user(
                "JOB_NOT_FOUND", "There is no job with this id: \(id)",
                remedy: "List the jobs with: etl-submit list --all")
        }
        return book
    }

    func status(of book: JobBook) -> JobStatus {
        if let ended = book.endedStatus, ended.version == book.version { return ended }
        guard let progress = scheduler.progress(of: book.id) else {
            // It was forgotten while somebody waited.
            if let ended = book.endedStatus { return ended }
            return JobStatus(
                id: book.externalID, name: book.name, state: .queued, submittedAt: "",
                stages: .init(total: 0, done: 0, running: 0))
        }
        let statements = JobStatus.StatementCounts(
            total: progress.header.statementCount,
            done: scheduler.ledger.jobs[book.id.index].statements.count(where: \.isCommitted))
        let status = JobStatus(
            id: book.externalID, name: book.name,
            state: Protocol.JobState(rawValue: progress.state.rawValue) ?? .queued,
            submittedAt: TimeText.rfc3339(progress.acceptedMilliseconds),
            startedAt: progress.startedMilliseconds.map { TimeText.rfc3339($0) },
            finishedAt: progress.endedMilliseconds.map { TimeText.rfc3339($0) }, progress: progress.fraction,
            stages: .init(
                total: progress.stages.count, done: progress.stages.count { $0.state == .succeeded },
                running: progress.stages.count { $0.state == .running }),
            error: progress.error.map { JobFailure(placed(naming($0, book.id), book)) },
            version: book.version,
            hasResult: book.givesRows, resultIsPlan: book.session.givesPlan ? true : nil,
            warnings: book.warnings, why: why(progress, statements), statements: statements,
            parent: book.request.parent, step: book.request.step, queue: progress.header.pool,
            messages: book.messages.isEmpty ? nil : book.messages)
        if status.state.isEnd {
            book.endedStatus = status
            book.session.end()
        }
        return status
    }

    /// Gives an error that names no place in the text the place of the statement that failed.
    private func placed(_ error: EngineError, _ book: JobBook) -> EngineError {
        guard error.location == nil else { return error }
        let statements = scheduler.ledger.jobs[book.id.index].statements
        let place = statements.last?.isCommitted ?? true ? statements.count : statements.count - 1
        var error = error
        error.location = book.session.location(of: error, inStatement: place)
        return error
    }

    /// Says what the job's time goes into.
    private func why(_ progress: JobProgress, _ statements: JobStatus.StatementCounts) -> String? {
        let workers = scheduler.workerProgress().filter { $0.state == .active }
        let end = progress.endedMilliseconds ?? environment.clock().wallMilliseconds
        return JobDiagnosis(
            state: Protocol.JobState(rawValue: progress.state.rawValue) ?? .queued,
            stages: progress.stages.map { shown($0) }, statements: statements, activeWorkers: workers.count,
            slots: .init(
                total: workers.reduce(0) { $0 + $1.identity.slots },
                used: workers.reduce(0) { $0 + $1.usedSlots }),
            seconds: Double(max(0, end - (progress.startedMilliseconds ?? end))) / 1000,
            turn: scheduler.turn(of: progress.id), slotLimit: progress.header.slotLimit
        ).text
    }
}
