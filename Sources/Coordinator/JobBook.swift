import Columns
import Planner
import Plans
import Protocol
import Scheduling
import Vocabulary

/// Keeps what the coordinator knows of a job beside the scheduler: its request, plans, log, and who waits for
/// it. Owned by the `CoordinatorNode`.
final class JobBook {
    let id: JobID
    let externalID: String
    let request: JobRequest
    let session: JobSession
    /// Opens the outputs of its tasks to who reads them; made when it is needed first.
    var token: [UInt8]?
    /// What was planned, by statement.
    var plans: [UInt32: PlannedStatement] = [:]
    /// Workers that were asked about sources, by the payloads of the splits that they gave.
    var landed: [[UInt8]: WorkerID] = [:]
    var warnings: [String]
    /// What programs and databases said, as far as it is kept.
    var messages: [String] = []
    static let messageLimit = 100
    var log: [LogLine] = []
    /// Grows with every change that watchers see.
    var version = 0
    var waiters: [Waiter] = []
    /// Where the text asks for what stages do, by statement; found when it is asked for first.
    private var marks: [UInt32: [(statement: Int, mark: JobSource.Mark)]] = [:]
    /// Whether something that its attempts wrote aside could not be removed.
    var hasLeftovers = false
    /// Whether copies of its outputs could not be deleted.
    var hasLeftCopies = false
    /// The job's status once it has ended, so that long lists cost little.
    var endedStatus: JobStatus?

    /// Waits for the version to pass a number.
    struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Lines of a job's log that are kept.
    static let logLimit = 2000

    init(id: JobID, externalID: String, request: JobRequest, session: JobSession) {
        self.id = id
        self.externalID = externalID
        self.request = request
        self.session = session
        warnings = session.warnings
    }

    /// Bytes of the job's text where it is a long one, else 0.
    var longTextBytes: Int {
        let count = request.sql.utf8.count
        return count < Limits.longSQLBytes ? 0 : count
    }

    var name: String { request.name ?? "sql" }

    /// Whether the job's last statement gives rows to the client.
    var givesRows: Bool { session.givesRows(plans[UInt32(max(0, session.statementCount - 1))]) }

    /// Tells all who wait that something changed.
    func changed() {
        version += 1
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.continuation.resume() }
    }

    /// Appends a line to the job's log, and returns what was appended: nothing once the log is full.
    func note(_ line: LogLine) -> LogLine? {
        if log.count >= JobBook.logLimit { return nil }
        var line = line
        if log.count == JobBook.logLimit - 1 {
            line = LogLine(time: line.time, level: "warning", message: "further lines are left out")
        }
        log.append(line)
        return line
    }

    /// Returns where the text of a statement asks for what stages do.
    func marks(in place: Int) -> [JobSource.Mark] {
        for statement in plans.keys where marks[statement] == nil {
            if let graph = graph(statement) { marks[statement] = session.marks(of: statement, graph) }
        }
        return marks.values.flatMap { $0 }.filter { $0.statement == place }.map(\.mark)
            .sorted { ($0.start, $0.end, $0.stage) < ($1.start, $1.end, $1.stage) }
    }

    /// Takes over a statement's stages as they were planned again.
    func replace(_ graph: StageGraph, of statement: UInt32) {
        plans[statement]?.replace(graph)
        marks[statement] = nil
    }

    /// The stage graph of a statement, when it has one.
    func graph(_ statement: UInt32) -> StageGraph? {
        switch plans[statement]?.work {
        case .stages(let graph), .analyze(let graph, _, _): graph
        default: nil
        }
    }

    /// Whether a statement's operators are measured.
    func isAnalysed(_ statement: UInt32) -> Bool {
        if case .analyze = plans[statement]?.work { true } else { false }
    }
}
