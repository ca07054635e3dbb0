import Vocabulary

// Speculation: when most of a stage is done, a task far slower than the others is tried on a second worker
// as well; the first to finish wins and the other is cancelled.
extension JobScheduler {
    mutating func speculate() {
        guard launchesHeldUntil == nil else { return }
        var slow: [TaskID] = []
        var medians: [StageKey: Int64?] = [:]
        for link in links {
            guard let link else { continue }
            for attempt in link.attempts where isSlow(attempt, &medians) { slow.append(attempt.id.task) }
        }
        for task in slow where runners[task]?.count == 1 && !isAtSlotLimit(task.stage.job) {
            if let worker = chooseWorker(for: task, besides: runners[task] ?? []) { launch(task, on: worker) }
        }
    }

    /// `medians` keeps the median times of stages, which are many numbers, for this call.
    private func isSlow(_ attempt: RunningAttempt, _ medians: inout [StageKey: Int64?]) -> Bool {
        let task = attempt.id.task
        let ran = now.monotonic - attempt.startedAt
        guard ran > settings.speculationMilliseconds, !attempt.isCancelling, runners[task]?.count == 1,
            let stage = ledger.liveStage(task.stage), let runtime = runtimes[task.stage.job.index],
            ledger.jobs[task.stage.job.index].statements.last?.isReady(task.stage.stage) == true,
            stage.doneCount * 100 >= stage.tasks.count * settings.speculationDonePercent
        else { return false }
        let median =
            medians[task.stage] ?? JobScheduler.median(runtime.stages[task.stage.stage.index].durations)
        medians[task.stage] = median
        return median.map { ran > settings.speculationFactor * $0 } ?? false
    }

    private static func median(_ durations: [Int64]) -> Int64? {
        durations.isEmpty ? nil : durations.sorted()[durations.count / 2]
    }
}

// What came second: told of as long as history has the job.
extension JobScheduler {
    /// Notes that an attempt ended after another one had won its task.
    mutating func noteLoser(_ id: AttemptID, on worker: WorkerID, _ attempt: RunningAttempt?) {
        let key = id.task.stage
        guard let attempt, ledger.jobs.contains(key.job), hasOtherWinner(id) else { return }
        let error = EngineError.system("CAME_SECOND", "Another attempt at the task was done before it")
        record(.attemptOutrun(failureRecord(id, .error(error), on: worker, since: attempt.startedAt)))
    }

    private func hasOtherWinner(_ id: AttemptID) -> Bool {
        let key = id.task.stage
        let statements = ledger.jobs[key.job.index].statements
        guard Int(key.statement) < statements.count else { return false }
        let stages = statements[Int(key.statement)].stages
        guard key.stage.index < stages.count, Int(id.task.index) < stages[key.stage.index].tasks.count,
            let winner = stages[key.stage.index].tasks[Int(id.task.index)].output?.attempt
        else { return false }
        return winner != id
    }
}
