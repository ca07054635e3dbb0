import Columns
import Kernels
import Protocol
import Vocabulary

/// Fetches the rows of a job that has succeeded.
///
/// A connection that breaks in the middle does not end them: they are kept, and come in the same order each
/// time, until a while after all were sent. So they are asked for again, and those that came are passed over.
///
/// `@unchecked Sendable`: the result's one consumer owns it; its calls do not overlap.
final class JobRows: @unchecked Sendable {
    private let service: any JobService
    private let id: String
    private let display: ProgressDisplay
    private var rest: AsyncThrowingStream<Batch, any Error>.Iterator?
    /// Rows that were handed out.
    private var taken = 0
    /// Rows of the current answer that have yet to be passed over.
    private var passedOver = 0
    /// Breaks in a row without a row between them.
    private var breaks = 0

    /// How often rows are asked for whose answers break off at the same place. The way of the coordinator to
    /// the worker that has them may be the reason, which no waiting mends.
    private static let tries = 4
    private static let pauseMilliseconds = 500
    /// The codes of answers that ended in their middle.
    private static let brokenOff: Set<String> = ["STREAM_RESET", RemoteJobService.rowsBrokeOff]

    init(_ service: any JobService, of id: String, _ display: ProgressDisplay) {
        self.service = service
        self.id = id
        self.display = display
    }

    /// Returns the result, whose batches wait for the coordinator where it is away. Throws why there are
    /// none.
    func fetch() async throws -> JobResult {
        var result = try await ask()
        result.batches = AsyncThrowingStream { try await self.next() }
        return result
    }

    private func ask() async throws -> JobResult {
        while true {
            do {
                let result = try await CoordinatorPatience().call(display) { try await service.result(id) }
                rest = result.batches.makeAsyncIterator()
                passedOver = taken
                return result
            } catch let error as EngineError where mayAskAgain(error) {
                try await Task.sleep(for: .milliseconds(JobRows.pauseMilliseconds))
            }
        }
    }

    private func next() async throws -> Batch? {
        while true {
            do {
                guard let batch = try await rest?.next() else { return nil }
                if batch.count <= passedOver {
                    passedOver -= batch.count
                    continue
                }
                let fresh = batch.sliced(from: passedOver, count: batch.count - passedOver)
                passedOver = 0
                breaks = 0
                taken += fresh.count
                return fresh
            } catch let error as EngineError where mayAskAgain(error) {
                try await Task.sleep(for: .milliseconds(JobRows.pauseMilliseconds))
                _ = try await ask()
            }
        }
    }

    /// Whether the error says that rows broke off, and not too often; counts it.
    private func mayAskAgain(_ error: EngineError) -> Bool {
        guard CoordinatorPatience.isPassing(error) || JobRows.brokenOff.contains(error.code) else {
            return false
        }
        breaks += 1
        return breaks < JobRows.tries
    }
}
