import Columns
import Kernels
import Protocol
import Vocabulary

/// Runs one job of a step to its end.
package struct StepJob: Sendable {
    let service: any JobService
    let control: RunControl
    let conf: [String: String]
    /// The run that the jobs are parts of.
    let run: String
    /// Told of what the engine warns of in a job.
    var warn: @Sendable (String) -> Void = { _ in }
    /// Told of what programs and databases said in a job.
    var say: @Sendable (String) -> Void = { _ in }

    /// What a job gave.
    struct Outcome: Sendable {
        var rowsIn = 0
        var rowsOut = 0
        /// The first row of the last query.
        var row: [String?] = []
        /// The first rows of the last query, as many as are kept.
        var rows: [[String?]] = []
        /// Columns of the last query, or of the table that was made.
        var fields: [Field] = []
        var columns: [ColumnFact] { fields.map { ColumnFact(name: $0.name, type: $0.type.sqlName) } }
    }

    /// Says what to run.
    struct Order: Sendable {
        /// The same parts again name the same job, which then is not run twice.
        var id: [String]
        /// Statements before, which are not counted in the lines of errors.
        var prelude: [String] = []
        var sql: String
        /// Name for messages.
        var file: String
        var deadline: ContinuousClock.Instant?
        /// Settings beside those of the run.
        var conf: [String: String] = [:]
    }

    /// Rows of a result that are kept.
    private static let keptRows = 5_000

    /// Runs SQL. Throws the job's error, `STEP_TIMEOUT` or `CANCELLED`.
    func run(_ order: Order) async throws -> Outcome {
        do {
            return try await once(order)
        } catch let error as EngineError where ["RESULT_EXPIRED", "RESULT_LOST"].contains(error.code) {
            // The job ran before a restart and its row was fetched already, or is lost with its worker.
            var again = order
            again.id.append("again")
            return try await once(again)
        }
    }

    private func once(_ order: Order) async throws -> Outcome {
        let head = order.prelude.map { $0 + "\n" }.joined()
        let lines = head.utf8.count { $0 == 10 }
        let request = JobRequest(
            id: RunIdentity.derived(order.id), name: order.file, sql: head + order.sql, file: order.file,
            conf: conf.merging(order.conf) { $1 }, parent: run,
            step: order.id.count > 1 ? order.id[1] : nil)
        var status: JobStatus
        do {
            status = try await service.submit(request)
        } catch let error as EngineError {
            throw StepJob.shifted(error, lines: lines)
        }
        let id = status.id
        control.begin(id)
        defer { control.end(id) }
        if control.isCancelled { _ = try await service.cancel(id) }
        var isLate = false
        while !status.state.isEnd {
            if let deadline = order.deadline, ContinuousClock.now > deadline, !isLate {
                isLate = true
                _ = try await service.cancel(id)
            }
            status = try await service.waitForChange(id, after: status.version, milliseconds: 200)
        }
        if status.state != .succeeded { control.fail(id) }
        tell(status.warnings, of: order)
        for line in status.messages ?? [] { say("says    \(StepJob.step(of: order)): \(line)") }
        if isLate, status.state == .cancelled {
            throw EngineError.system("STEP_TIMEOUT", "A try of the step took longer than execution_timeout")
        }
        if status.state == .cancelled { throw EngineError.user("CANCELLED", "The run was cancelled") }
        if let error = status.error { throw StepJob.shifted(error.engineError, lines: lines) }
        return try await outcome(status)
    }

    /// Passes warnings on, each once, without places in statements that nobody wrote.
    private func tell(_ warnings: [String], of order: Order) {
        for warning in warnings {
            let text = "\(StepJob.step(of: order)): " + warning.replacing(/\s\([^()]*:\d+:\d+\)/, with: "")
            if control.isNew(warning: text) { warn(text) }
        }
    }

    private static func step(of order: Order) -> String {
        order.id.count > 1 ? order.id[1] : order.file
    }

    private func outcome(_ status: JobStatus) async throws -> Outcome {
        var outcome = Outcome()
        let stages = try await service.stages(status.id)
        outcome.rowsIn = StepJob.rowsRead(by: stages)
        // Stages that were added while others ran stand behind the one that gives the rows.
        let read = Set(stages.flatMap { $0.dependsOn ?? [] })
        outcome.rowsOut = stages.last { !read.contains($0.id) && $0.tasks.total > 0 }?.rowsOut ?? 0
        guard status.hasResult else { return outcome }
        let result = try await service.result(status.id)
        outcome.fields = result.schema.fields
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

    /// Counts the rows that stages read from outside: all of those that read no other stage; of the others
    /// what goes beyond those stages' rows, as of a scan that joins with a small table.
    package static func rowsRead(by stages: [StageStatus]) -> Int {
        let made = Dictionary(stages.map { ($0.id, $0.rowsOut) }) { $1 }
        return stages.reduce(0) { sum, stage in
            sum + max(0, stage.rowsIn - (stage.dependsOn ?? []).reduce(0) { $0 + (made[$1] ?? 0) })
        }
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
