import Vocabulary

// Speculation: when most of a stage is done, a task far slower than the others is tried on a second worker
// as well; the first to finish wins and the other is cancelled.
extension JobScheduler {
    mutating func speculate() {
        guard launchesHeldUntil == nil else { return }
        var slow: [TaskID] = []
        for link in links {
            guard let link else { continue }
            for attempt in link.attempts where isSlow(attempt) { slow.append(attempt.id.task) }
        }
        for task in slow where runners[task]?.count == 1 {
            if let worker = chooseWorker(for: task, besides: runners[task] ?? []) { launch(task, on: worker) }
        }
    }

    private func isSlow(_ attempt: RunningAttempt) -> Bool {
        let task = attempt.id.task
        let ran = now.monotonic - attempt.startedAt
        guard ran > settings.speculationMilliseconds, !attempt.isCancelling, runners[task]?.count == 1,
            let stage = ledger.liveStage(task.stage), let runtime = runtimes[task.stage.job.index],
            stage.doneCount * 100 >= stage.tasks.count * settings.speculationDonePercent
        else { return false }
        let durations = runtime.stages[task.stage.stage.index].durations
        if durations.isEmpty { return false }
        return ran > settings.speculationFactor * durations.sorted()[durations.count / 2]
    }
}
