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
