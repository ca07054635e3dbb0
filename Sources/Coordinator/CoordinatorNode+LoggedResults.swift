import Columns
import Protocol
import Scheduling
import Shuffle
import Vocabulary

// Small results lie in the log, so that they outlive every worker and this process:
//
//     order: carriedBytes ──▶ worker ──▶ report + bytes ──▶ `.taskCompleted`, in the log ─┐ one write
//                                                       └─▶ `.result(bytes)` ─────────────┘
//     fetched, expired, or the job failed ──▶ `.resultsDropped`
extension CoordinatorNode {
    /// Holds the bytes of an output that came along with a report, and the checksum that they tell.
    struct WholeOutput {
        let bytes: [UInt8]
        let checksum: UInt64
    }

    /// Returns how many bytes of a task's output are to come along with the report of its end.
    func carriedBytes(of task: TaskID) -> Int {
        let isResult = scheduler.ledger.jobs[task.stage.job.index].resultStage == task.stage
        return isResult && environment.log.isDurable ? Limits.loggedTaskBytes : 0
    }

    /// Returns the outputs that came whole; the others stay with their workers, like large ones.
    func whole(_ outputs: [CarriedOutput]) -> [AttemptID: WholeOutput] {
        guard environment.log.isDurable else { return [:] }
        var found: [AttemptID: WholeOutput] = [:]
        for output in outputs where output.bytes.count <= Limits.loggedTaskBytes {
            guard let read = try? ShuffleOutput(packed: output.bytes, of: output.attempt) else { continue }
            found[output.attempt] = WholeOutput(bytes: output.bytes, checksum: read.checksum)
        }
        return found
    }

    /// Returns what the log has to keep or drop beside facts.
    func resultRecords(for facts: [Fact], _ outputs: [AttemptID: WholeOutput]) -> [LogRecord] {
        var records: [LogRecord] = []
        for fact in facts {
            switch fact {
            case .taskCompleted(let output) where output.isInLog:
                guard let whole = outputs[output.attempt] else { continue }
                records.append(.result(CarriedOutput(attempt: output.attempt, bytes: whole.bytes)))
            case .resultsReleased(let job): records.append(.resultsDropped(job))
            case .jobEnded(let job, let outcome, _) where outcome != .succeeded:
                records.append(.resultsDropped(job))
            default: break
            }
        }
        return records
    }

    /// Reads those of the tasks' outputs that the log holds. Throws `RESULT_LOST` for one that is damaged, or
    /// dropped meanwhile.
    func loggedOutputs(of tasks: [TaskRecord], job id: String) async throws -> [ShuffleOutput] {
        var found: [ShuffleOutput] = []
        for output in tasks.compactMap(\.output) where output.isInLog {
            guard let bytes = try await environment.log.result(of: output.attempt) else {
                throw ResultStream.lost(id, "the coordinator's log has dropped them")
            }
            do {
                found.append(try ShuffleOutput(packed: bytes, of: output.attempt))
            } catch {
                throw ResultStream.lost(id, error.message)
            }
        }
        return found
    }

    /// Begins to read outputs: those that are at hand from memory, all others from where they lie.
    func read(
        _ parts: [(output: OutputAddress, partitions: Range<Int>)], atHand: [ShuffleOutput], schema: Schema
    ) -> any ShuffleStream {
        for output in atHand { environment.resultStore.put(output) }
        // The stream has found them by now, and holds them.
        defer { environment.resultStore.drop(atHand.map(\.attempt)) }
        return environment.results.read(parts, schema: schema, ordered: true)
    }
}
