import Columns
import Plans
import Protocol
import Scheduling
import Shuffle
import Vocabulary

// Hands the rows of a job's last query to the client.
extension CoordinatorNode {
    /// Returns the rows of a job that has succeeded, from the log or the workers that hold them.
    package func result(_ id: String) async throws -> JobResult {
        let book = try book(id)
        let record = scheduler.ledger.jobs[book.id.index]
        guard record.outcome == .succeeded else {
            throw EngineError.user("JOB_NOT_FINISHED", "The job has not succeeded, so it has no rows: \(id)")
        }
        let last = UInt32(record.header.statementCount - 1)
        let timeZone = book.session.settings(of: last).timeZone
        if let (schema, batch) = book.knownRows(last, text: analysis(of: book, statement: last)) {
            return JobResult(
                schema: schema, timeZone: timeZone,
                batches: AsyncThrowingStream { stream in
                    if batch.count > 0 { stream.yield(batch) }
                    stream.finish()
                })
        }
        guard let key = record.resultStage, let graph = book.graph(last),
            case .rows(_, let schema) = graph.result
        else { throw EngineError.user("JOB_HAS_NO_RESULT", "The job's last statement gives no rows: \(id)") }
        guard !record.areResultsReleased else {
            throw EngineError.user(
                "RESULT_EXPIRED", "The job's rows were fetched already or kept for their time: \(id)",
                remedy: "Run it again with: etl-submit retry \(id)")
        }
        let tasks = record.statements[Int(last)].stages[key.stage.index].tasks
        let atHand = try await loggedOutputs(of: tasks, job: id)
        let parts = try tasks.map { task -> (output: OutputAddress, partitions: Range<Int>) in
            guard let output = task.output else { throw ResultStream.lost(id, "an output is missing") }
            let worker = scheduler.ledger.workers[output.worker.index].identity
            // A process that was given up and came back has another id, and its outputs still.
            let newest = scheduler.ledger.worker(worker.life)
            let loss = newest.flatMap { scheduler.ledger.workers[$0.index].loss }
            if let loss, !output.outlivesWorker {
                throw ResultStream.lost(id, "worker \(worker.address) was lost: \(loss.reason)")
            }
            return (
                OutputAddress(
                    attempt: output.attempt, address: worker.address, checksum: output.checksum,
                    copyOfJob: output.isStored ? id : nil, isWorkerGone: loss != nil),
                0..<1
            )
        }
        if let token = token(of: book.id) {
            environment.tokens?.set([book.id: token], isRequired: true)
        }
        let stream = read(parts, atHand: atHand, schema: schema)
        let job = book.id
        return JobResult(
            schema: schema, timeZone: timeZone,
            batches: ResultStream.batches(stream, of: id) { [weak self] in await self?.sent(job) })
    }

    private func sent(_ job: JobID) { handle(.resultsSent(job)) }

    /// The measured figures of a statement's stages, for EXPLAIN ANALYZE.
    private func analysis(of book: JobBook, statement: UInt32) -> String {
        guard case .analyze(let graph, _, let expectedRows) = book.plans[statement]?.work else { return "" }
        let stages = scheduler.progress(of: book.id)?.stages.filter { $0.key.statement == statement } ?? []
        return stages.map { stage in
            let place = graph.stages.firstIndex { $0.id == stage.key.stage }
            return MeasuredStage(
                stage, planned: place.map { graph.stages[$0] },
                expectedRows: place.flatMap { $0 < expectedRows.count ? expectedRows[$0] : nil } ?? []
            ).text
        }.joined(separator: "\n")
    }
}

extension JobBook {
    /// The rows of a statement that needs no stages for them (EXPLAIN, SHOW, SET), or of EXPLAIN ANALYZE with
    /// the measured figures `text`; nil for all others.
    func knownRows(_ statement: UInt32, text: String) -> (Schema, Batch)? {
        switch plans[statement]?.work {
        case .rows(let rows, let schema):
            let columns = schema.fields.indices.map { column in
                Vector.of(schema[column].type, rows.map { $0[column].value })
            }
            return (schema, Batch(columns: columns, count: rows.count))
        case .analyze(_, let plan, _):
            let schema = Schema([Field("plan", .string, nullable: false)])
            let whole = plan + "\n== Measured ==\n" + text + "\n"
            return (schema, Batch(columns: [.of(.string, [.string(whole)])], count: 1))
        default: return nil
        }
    }
}

/// Turns a shuffle stream, which is asked again after a wake-up, into an asynchronous sequence.
enum ResultStream {
    /// Returns the stream's batches, of a job's result; `finished` is called when all of them were taken.
    /// Throws `RESULT_LOST` when they cannot be had.
    static func batches(
        _ source: any ShuffleStream, of job: String, finished: @escaping @Sendable () async -> Void
    ) -> AsyncThrowingStream<Batch, any Error> {
        let reader = Reader(source, of: job)
        return AsyncThrowingStream {
            while true {
                switch try reader.next() {
                case .batch(let batch): return batch
                case .finished:
                    await finished()
                    return nil
                case .blocked(let wakeup):
                    await withCheckedContinuation { continuation in
                        wakeup.whenSignalled { continuation.resume() }
                    }
                }
            }
        }
    }

    /// Says that rows of a result are gone, and why.
    static func lost(_ job: String, _ reason: String) -> EngineError {
        .system(
            "RESULT_LOST", "Rows of the job's result cannot be had any more: \(reason)",
            remedy: "Run it again with: etl-submit retry \(job)")
    }

    /// `@unchecked Sendable`: the asynchronous sequence's one consumer owns it.
    private final class Reader: @unchecked Sendable {
        private let source: any ShuffleStream
        private let job: String

        init(_ source: any ShuffleStream, of job: String) {
            self.source = source
            self.job = job
        }

        func next() throws -> Pull {
            do { return try source.next() } catch let failure as FetchFailure {
                throw ResultStream.lost(job, failure.error.message)
            }
        }
    }
}
