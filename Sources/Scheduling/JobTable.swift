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
