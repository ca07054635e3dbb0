import Vocabulary

/// Holds jobs in the order of their ids, without those that were forgotten. Ids are given one after the
/// other, and the newest job is never forgotten, so that it says which comes next.
///
/// A forgotten job is read as one that has succeeded and owes nothing: whatever comes late about it is about
/// an ended job.
package struct JobTable: Sendable, Hashable, Sequence {
    /// Ascending ids.
    private var records: [JobRecord] = []

    init() {}

    /// Ids that were given so far, those of forgotten jobs among them.
    package var count: Int { records.last.map { $0.id.index + 1 } ?? 0 }

    /// Jobs that were not forgotten.
    package var keptCount: Int { records.count }

    /// The oldest job that was not forgotten.
    package var oldest: JobID? { records.first?.id }

    /// Tells whether the job is known and was not forgotten.
    package func contains(_ job: JobID) -> Bool { place(of: job.index) != nil }

    /// Goes through the jobs, oldest first.
    package func makeIterator() -> IndexingIterator<[JobRecord]> { records.makeIterator() }

    /// The job of an id below `count`. Only one that was not forgotten may be changed.
    package internal(set) subscript(index: Int) -> JobRecord {
        _read {
            precondition(index < count, "no job has this id yet")
            if let place = place(of: index) {
                yield records[place]
            } else {
                yield JobRecord(forgotten: JobID(index))
            }
        }
        _modify {
            guard let place = place(of: index) else { preconditionFailure("a job that is not known") }
            yield &records[place]
        }
    }

    // What each event asks for is read in place: the subscript copies the whole record.

    /// Whether the job has not ended; false for one that is not known.
    func isLive(_ job: JobID) -> Bool { place(of: job.index).map { records[$0].isLive } ?? false }

    /// Returns the last statement of a live job if it is this one and its winners are not final.
    func openStatement(_ job: JobID, _ statement: UInt32) -> StatementRecord? {
        guard let place = place(of: job.index), records[place].isLive,
            Int(statement) == records[place].statements.count - 1,
            let last = records[place].statements.last, !last.isCommitting
        else { return nil }
        return last
    }

    /// Whether attempts at a job's statement are of no more use: it is committed, or the job has ended.
    func isOver(_ job: JobID, _ statement: UInt32) -> Bool {
        guard let place = place(of: job.index), records[place].isLive,
            Int(statement) < records[place].statements.count
        else { return true }
        return records[place].statements[Int(statement)].isCommitted
    }

    /// The name of the job's queue; nil for a job that is not known.
    func pool(of job: JobID) -> String? { place(of: job.index).map { records[$0].header.pool } }

    /// As many tasks of the job as may run at once, 0 for any number: one, as long as it has a task over
    /// which a worker crashed.
    func slotLimit(of job: JobID) -> Int {
        guard let place = place(of: job.index) else { return 0 }
        return records[place].crashedTasks.isEmpty ? records[place].header.slotLimit : 1
    }

    /// Returns the statement whose tasks may be launched, and its place: none while its winners are final,
    /// nor of a job that is to end.
    func launchableStatement(of job: JobID) -> (place: UInt32, record: StatementRecord)? {
        guard let place = place(of: job.index), !records[place].isCancelRequested,
            records[place].fatal == nil, let last = records[place].statements.last, !last.isCommitting
        else { return nil }
        return (UInt32(records[place].statements.count - 1), last)
    }

    /// Adds a job whose id is `count` or a later one.
    mutating func append(_ job: JobRecord) { records.append(job) }

    mutating func remove(_ job: JobID) {
        if let place = place(of: job.index) { records.remove(at: place) }
    }

    /// Finds a job by halving; at once where no job was forgotten among the later ones.
    private func place(of index: Int) -> Int? {
        guard let last = records.last?.id.index, index <= last else { return nil }
        var (low, high) = (0, records.count - 1 - (last - index))
        if high >= 0, records[high].id.index == index { return high }
        (low, high) = (Swift.max(0, high + 1), records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].id.index < index { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].id.index == index ? low : nil
    }
}
