import Vocabulary

// Attempts: how they end, and what their end means for their task.
extension JobScheduler {
    /// Notes that an attempt takes a slot of a worker, and takes its task out of the queue.
    mutating func attach(_ attempt: RunningAttempt, to worker: WorkerID) {
        let job = attempt.id.task.stage.job
        var attempt = attempt
        if job.index < ledger.jobs.count {
            let queue = queue(named: ledger.jobs.pool(of: job) ?? ledger.jobs[job.index].header.pool)
            attempt.queue = queue
            queues[queue].share.begin(at: attempt.startedAt)
            runtimes[job.index]?.share.begin(at: attempt.startedAt)
        }
        links[worker.index]?.add(attempt)
        countSlots(of: worker)
        runners[attempt.id.task, default: []].append(worker)
        noteLate(attempt.id)
        withStage(attempt.id.task) { $0.remove(attempt.id.task.index) }
    }

    /// Forgets an attempt and frees its slot; returns nil when it did not run there.
    @discardableResult
    mutating func detach(_ id: AttemptID, from worker: WorkerID) -> RunningAttempt? {
        guard let attempt = links[worker.index]?.remove(id) else { return nil }
        countSlots(of: worker)
        if var workers = runners[id.task], let place = workers.firstIndex(of: worker) {
            workers.remove(at: place)
            runners[id.task] = workers.isEmpty ? nil : workers
        }
        if let queue = attempt.queue { noteTime(of: attempt, queue: queue) }
        noteEnd(id)
        return attempt
    }

    /// Counts the slot time of an attempt that ends for its queue and its job.
    private mutating func noteTime(of attempt: RunningAttempt, queue: Int) {
        let (start, end) = (attempt.startedAt, now.monotonic)
        let time = FairShare.time(since: start, to: end)
        queueClock.serve(milliseconds: time)
        queues[queue].clock.serve(milliseconds: time)
        queues[queue].share.end(at: end, since: start)
        runtimes[attempt.id.task.stage.job.index]?.share.end(at: end, since: start)
    }

    /// Asks the worker to stop the attempt, once; its slot is free when the worker says so.
    mutating func cancel(_ id: AttemptID, on worker: WorkerID) {
        guard let place = links[worker.index]?.attempts.firstIndex(where: { $0.id == id }),
            links[worker.index]?.attempts[place].isCancelling == false
        else { return }
        links[worker.index]?.attempts[place].isCancelling = true
        command(worker, .cancel(id))
    }

    /// Puts a task back into its queue when it has no output and nobody works on it.
    mutating func requeue(_ task: TaskID) {
        guard let record = ledger.openTask(task), record.output == nil, !isRunning(task) else { return }
        withStage(task) { $0.insert(task.index) }
    }

    private func isRunning(_ task: TaskID) -> Bool {
        guard let workers = runners[task] else { return false }
        return workers.contains { worker in
            links[worker.index]?.attempts.contains { $0.id.task == task && !$0.isCancelling } ?? false
        }
    }

    /// Counts a task's tries, from 1: those that have ended and those that run.
    package func tryNumber(of task: TaskID) -> Int {
        max(1, (ledger.attemptCount(of: task) ?? 0) + (runners[task]?.count ?? 0))
    }

    /// Changes the moving parts of an open stage.
    mutating func withStage(_ task: TaskID, _ change: (inout StageRuntime) -> Void) {
        let key = task.stage
        guard ledger.isOpen(task) else { return }
        runtimes[key.job.index]?.change(key.stage, change)
    }

    // MARK: reports

    /// Takes what a worker says of an attempt's end, or of a lost output.
    mutating func take(_ report: Report, from worker: WorkerID) {
        if ledger.isForeign(report.attempt) { return takeForeign(report, from: worker) }
        touch(report.attempt.task.stage.job, ifKnown: true)
        switch report {
        case .completed(let output):
            let attempt = detach(output.attempt, from: worker)
            absolve(worker)
            if !accept(output, from: worker, startedAt: attempt?.startedAt) {
                noteLoser(output.attempt, on: worker, attempt)
                ignore(.alreadyDone(output.attempt))
                command(worker, .drop([output.attempt]))
            }
        case .failed(let id, let failure):
            fail(id, failure, on: worker, detach(id, from: worker))
        case .stopped(let id):
            let attempt = detach(id, from: worker)
            if attempt == nil { ignore(.unknownAttempt(id)) }
            noteLoser(id, on: worker, attempt)
            requeue(id.task)
        case .adopted(let output): adopted(output, by: worker)
        case .notAdopted(let id): notAdopted(id)
        case .stored(let id): stored(id)
        case .notStored(let id): notStored(id)
        case .outputLost(let id):
            guard let output = ledger.openTask(id.task)?.output, output.attempt == id else {
                return ignore(.unknownAttempt(id))
            }
            if output.isInLog { return ignore(.alreadyDone(id)) }
            record(.outputLost(id, isBlamed: true, nil))
            requeue(id.task)
        }
    }

    /// Frees the slot of an attempt that a coordinator launched whose log was lost; its output is nobody's.
    private mutating func takeForeign(_ report: Report, from worker: WorkerID) {
        ignore(.unknownAttempt(report.attempt))
        detach(report.attempt, from: worker)
        requeue(report.attempt.task)
        switch report {
        case .completed, .adopted, .stored: command(worker, .drop([report.attempt]))
        case .failed, .stopped, .notAdopted, .notStored, .outputLost: break
        }
    }

    private mutating func touch(_ job: JobID, ifKnown: Bool) {
        if ledger.jobs.isLive(job) { touch(job) }
    }

    /// Makes the output the winner of its task if the task waits for one; returns false when it is not
    /// wanted.
    mutating func accept(_ output: TaskOutput, from worker: WorkerID, startedAt: Instant? = nil) -> Bool {
        let task = output.attempt.task
        guard !ledger.isForeign(output.attempt), let entry = ledger.openTask(task) else { return false }
        if entry.output?.attempt == output.attempt { return true }
        guard entry.output == nil, !entry.failures.contains(where: { $0.attempt == output.attempt }) else {
            return false
        }
        var output = output
        output.worker = worker
        output.endedMilliseconds = now.wallMilliseconds
        output.isInLog = output.isInLog && mayLog(output)
        record(.taskCompleted(output))
        touch(task.stage.job)
        let wall = now.wallMilliseconds
        let duration = startedAt.map { now.monotonic - $0 }
        let isComplete = ledger.liveStage(task.stage)?.isComplete ?? false
        withStage(task) { stage in
            stage.remove(task.index)
            if let duration { stage.durations.append(duration) }
            stage.endedMilliseconds = isComplete ? wall : nil
        }
        if isComplete { forgetInputs(of: task.stage.job) }
        replicate(output)
        for loser in runners[task] ?? [] {
            for attempt in links[loser.index]?.attempts ?? [] where attempt.id.task == task {
                cancel(attempt.id, on: loser)
            }
        }
        return true
    }

    /// Whether the log may hold the bytes of an output: of a job's result, and within the bounds.
    private func mayLog(_ output: TaskOutput) -> Bool {
        let job = ledger.jobs[output.attempt.task.stage.job.index]
        return job.resultStage == output.attempt.task.stage
            && output.byteCount <= settings.loggedJobBytes - job.loggedBytes
            && output.byteCount <= settings.loggedBytes - ledger.loggedBytes
    }

    private mutating func fail(
        _ id: AttemptID, _ failure: TaskFailure, on worker: WorkerID, _ attempt: RunningAttempt?
    ) {
        noteLoser(id, on: worker, attempt)
        guard let entry = ledger.openTask(id.task) else { return ignore(.unknownAttempt(id)) }
        if entry.output != nil { return ignore(.alreadyDone(id)) }
        if entry.failures.contains(where: { $0.attempt == id }) { return ignore(.alreadyCounted(id)) }
        if case .fetchFailed(let producer, let error) = failure {
            if isStale(attempt, of: producer) {
                ignore(.movedSince(producer))
            } else {
                loseOutput(producer, error)
            }
        } else if attempt?.isCancelling != true {
            record(.taskFailed(failureRecord(id, failure, on: worker, since: attempt?.startedAt)))
            blame(worker, for: id.task, failure)
        }
        requeue(id.task)
    }

    /// Notes that an attempt ended now; `start` is when it began, if that is known.
    func failureRecord(
        _ id: AttemptID, _ failure: TaskFailure, on worker: WorkerID, since start: Instant?
    ) -> FailureRecord {
        FailureRecord(
            attempt: id, worker: worker, failure: failure,
            startedMilliseconds: now.wallMilliseconds - max(0, now.monotonic - (start ?? now.monotonic)),
            endedMilliseconds: now.wallMilliseconds)
    }

    /// Believes a reader: the producer's output is gone, and counts against the producer unless it was known.
    private mutating func loseOutput(_ producer: AttemptID, _ error: EngineError) {
        guard ledger.openTask(producer.task)?.output?.attempt == producer else {
            return ignore(.unknownAttempt(producer))
        }
        if let holder = ledger.openTask(producer.task)?.output?.worker, let link = links[holder.index] {
            // All that the worker held is gone with it: its other readers need not find out one by one.
            if link.disconnectedAt != nil {
                lose(holder, .disconnected)
                // A copy that the reader could not have either does not make up for it.
                if ledger.openTask(producer.task)?.output?.attempt != producer { return }
            }
            command(holder, .drop([producer]))
        }
        record(.outputLost(producer, isBlamed: true, error))
        requeue(producer.task)
    }
}
