import Protocol
import Scheduling
import Vocabulary

extension StageStatus {
    /// Shows a stage as REST does.
    init(_ stage: StageProgress) {
        self.init(
            id: "\(stage.key.statement).\(stage.key.stage)", name: stage.label, state: stage.state.rawValue,
            tasks: .init(
                total: stage.total, done: stage.done, running: stage.running, failed: stage.failed,
                retried: stage.retried),
            rowsIn: stage.counters.rowsIn, rowsOut: stage.counters.rowsOut, bytesIn: stage.counters.bytesIn,
            bytesOut: stage.counters.bytesOut, shuffleBytes: stage.shuffleBytes,
            spillBytes: stage.counters.spillBytes, skew: stage.skew, seconds: stage.seconds)
    }
}

extension WorkerStatus {
    /// Shows a worker as REST does.
    init(_ worker: WorkerProgress) {
        self.init(
            id: "\(worker.id)", address: worker.identity.address, state: worker.state.rawValue,
            slots: .init(total: worker.identity.slots, used: worker.usedSlots),
            memory: .init(total: worker.identity.memoryBytes, used: worker.usedMemoryBytes),
            shuffleBytes: worker.shuffleBytes)
    }
}

extension TaskStatus {
    /// Shows every task of a job.
    static func all(of job: JobID, in scheduler: JobScheduler) -> [TaskStatus] {
        let ledger = scheduler.ledger
        var found: [TaskStatus] = []
        for (statement, record) in ledger.jobs[job.index].statements.enumerated() {
            for stage in record.stages {
                for (index, task) in stage.tasks.enumerated() {
                    let worker = task.output?.worker ?? task.failures.last?.worker
                    found.append(
                        TaskStatus(
                            stage: "\(statement).\(stage.spec.id)", index: index,
                            state: task.output != nil
                                ? "succeeded" : task.failures.isEmpty ? "waiting" : "failed",
                            attempts: task.attemptCount,
                            worker: worker.flatMap { id in
                                id.index < ledger.workers.count
                                    ? ledger.workers[id.index].identity.address : nil
                            }, error: task.failures.last?.failure.error.message))
                }
            }
        }
        return found
    }
}
