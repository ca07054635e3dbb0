import Kernels
import Protocol
import Synchronization
import Vocabulary

/// Runs one job of a step to its end.
struct StepJob {
    let service: any JobService
    /// Waits until nothing of a failed job runs any more.
    let settle: @Sendable (String) async -> Void
    let current: CurrentJob
    let conf: [String: String]

    /// What a job gave.
    struct Outcome {
        var rowsIn = 0
        var rowsOut = 0
        /// The first row of the last query.
        var row: [String?] = []
        /// The first rows of the last query, as many as are kept.
        var rows: [[String?]] = []
    }

    /// Rows of a result that are kept.
    private static let keptRows = 5_000

    /// Runs SQL. `prelude` stands before `sql` and is not counted in the lines of errors. Throws the job's
    /// error, `STEP_TIMEOUT` or `CANCELLED`.
    func run(
        prelude: [String], sql: String, file: String, timeoutSeconds: Double?,
        conf more: [String: String] = [:]
    ) async throws -> Outcome {
        let head = prelude.map { $0 + "\n" }.joined()
        let request = JobRequest(name: file, sql: head + sql, file: file, conf: conf.merging(more) { $1 })
        var status = try await service.submit(request)
        current.begin(status.id)
        defer { current.end() }
        if current.isCancelled { _ = try await service.cancel(status.id) }
        let end = timeoutSeconds.map { ContinuousClock.now + .seconds($0) }
        var isLate = false
        while !status.state.isEnd {
            if let end, ContinuousClock.now > end, !isLate {
                isLate = true
                _ = try await service.cancel(status.id)
            }
            status = try await service.waitForChange(status.id, after: status.version, milliseconds: 200)
        }
        if status.state != .succeeded { await settle(status.id) }
        if isLate, status.state == .cancelled {
            throw EngineError.system(
                "STEP_TIMEOUT", "The step took longer than execution_timeout: \(timeoutSeconds ?? 0) s")
        }
        if status.state == .cancelled { throw EngineError.user("CANCELLED", "The run was cancelled") }
        if let error = status.error { throw StepJob.shifted(error.engineError, lines: prelude.count) }
        return try await outcome(status)
    }

    private func outcome(_ status: JobStatus) async throws -> Outcome {
        var outcome = Outcome()
        let stages = try await service.stages(status.id)
        for stage in stages where stage.name.lowercased().contains("scan") { outcome.rowsIn += stage.rowsIn }
        outcome.rowsOut = stages.last?.rowsOut ?? 0
        guard status.hasResult else { return outcome }
        let result = try await service.result(status.id)
        let zone = try Zone.named(result.timeZone)
        for try await batch in result.batches where outcome.rows.count < StepJob.keptRows {
            let text = try RowText(batch, schema: result.schema, isJSON: false, zone: zone)
            for row in 0..<min(text.rowCount, StepJob.keptRows - outcome.rows.count) {
                outcome.rows.append((0..<result.schema.count).map { text.cell(row: row, column: $0) })
            }
        }
        outcome.row = outcome.rows.first ?? []
        return outcome
    }

    /// Counts lines from the query's own first one.
    private static func shifted(_ error: EngineError, lines: Int) -> EngineError {
        guard var place = error.location, place.line > lines else {
            var bare = error
            bare.location = nil
            return bare
        }
        place.line -= lines
        var moved = error
        moved.location = place
        return moved
    }
}

/// Knows the job that runs now, so that Ctrl-C can end it.
package final class CurrentJob: Sendable {
    private let state = Mutex<(id: String?, isCancelled: Bool)>((nil, false))

    package init() {}

    func begin(_ id: String) { state.withLock { $0.id = id } }
    func end() { state.withLock { $0.id = nil } }
    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Says that nothing more shall run, and returns the id of the job to cancel.
    package func cancel() -> String? {
        state.withLock {
            $0.isCancelled = true
            return $0.id
        }
    }
}
