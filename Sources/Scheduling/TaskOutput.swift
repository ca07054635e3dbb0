import Vocabulary

/// Counts what a task read and wrote.
package struct TaskCounters: Sendable, Hashable {
    package var rowsIn = 0
    package var rowsOut = 0
    package var bytesIn = 0
    package var bytesOut = 0
    package var spillBytes = 0
    package var milliseconds = 0
    /// Parts of files that were not read, as run-time filters ruled them out.
    package var skippedParts = 0
    /// What each operator of the plan did, in pre-order, then the task's output, then the whole task; empty
    /// where it was not measured, and while the task runs.
    package var operators: [OperatorCounters] = []

    package init(
        rowsIn: Int = 0, rowsOut: Int = 0, bytesIn: Int = 0, bytesOut: Int = 0, spillBytes: Int = 0,
        milliseconds: Int = 0, skippedParts: Int = 0, operators: [OperatorCounters] = []
    ) {
        self.rowsIn = rowsIn
        self.rowsOut = rowsOut
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.spillBytes = spillBytes
        self.milliseconds = milliseconds
        self.skippedParts = skippedParts
        self.operators = operators
    }

    /// Adds every count of `other`.
    package mutating func add(_ other: TaskCounters) {
        rowsIn += other.rowsIn
        rowsOut += other.rowsOut
        bytesIn += other.bytesIn
        bytesOut += other.bytesOut
        spillBytes += other.spillBytes
        milliseconds += other.milliseconds
        skippedParts += other.skippedParts
        for (place, counters) in other.operators.enumerated() {
            if place < operators.count {
                operators[place].add(counters)
            } else {
                operators.append(counters)
            }
        }
    }
}

/// Counts what one operator of a plan did in a task, or in several.
package struct OperatorCounters: Sendable, Hashable {
    /// Rows that it gave.
    package var rows: Int
    /// Time that it took, without that of its inputs.
    package var microseconds: Int
    /// The most memory that it took at once in one task.
    package var peakBytes: Int
    package var spillBytes: Int
    /// Tasks in which its rows were asked for.
    package var tasks: Int

    package init(
        rows: Int = 0, microseconds: Int = 0, peakBytes: Int = 0, spillBytes: Int = 0, tasks: Int = 1
    ) {
        self.rows = rows
        self.microseconds = microseconds
        self.peakBytes = peakBytes
        self.spillBytes = spillBytes
        self.tasks = tasks
    }

    /// Adds the counts of another task, and keeps the higher peak.
    package mutating func add(_ other: OperatorCounters) {
        rows += other.rows
        microseconds += other.microseconds
        peakBytes = max(peakBytes, other.peakBytes)
        spillBytes += other.spillBytes
        tasks += other.tasks
    }
}

/// Describes what a finished attempt left behind.
package struct TaskOutput: Sendable, Hashable {
    package var attempt: AttemptID
    /// The worker that holds it; set by the scheduler from the sender of the report.
    package var worker: WorkerID
    package var counters: TaskCounters
    /// Encoded bytes for each reader partition; empty where not measured.
    package var partitionBytes: [Int]
    /// CRC32C over the output's index (blocks) or manifest (files).
    package var checksum: UInt64
    /// What the commit needs of this attempt (names and sizes of files written aside), opaque here.
    package var manifest: [UInt8]
    /// Whether shared storage has a copy; set by the fact that says so.
    package var isStored = false
    /// Whether the coordinator's log holds its bytes, so that no worker is asked for them: in a report, that
    /// they came along.
    package var isInLog = false
    /// When its report came, wall-clock milliseconds since 1970; set by the scheduler.
    package var endedMilliseconds: Int64

    package init(
        attempt: AttemptID, worker: WorkerID = WorkerID(rawValue: 0), counters: TaskCounters = TaskCounters(),
        partitionBytes: [Int] = [], checksum: UInt64 = 0, manifest: [UInt8] = [],
        endedMilliseconds: Int64 = 0
    ) {
        self.attempt = attempt
        self.worker = worker
        self.counters = counters
        self.partitionBytes = partitionBytes
        self.checksum = checksum
        self.manifest = manifest
        self.endedMilliseconds = endedMilliseconds
    }

    /// Whether it outlives the worker that made it.
    package var outlivesWorker: Bool { isStored || isInLog }

    /// Sums the encoded bytes of all partitions, as far as numbers go.
    var byteCount: Int {
        partitionBytes.reduce(0) { sum, bytes in
            let (more, overflows) = sum.addingReportingOverflow(max(0, bytes))
            return overflows ? .max : more
        }
    }
}
