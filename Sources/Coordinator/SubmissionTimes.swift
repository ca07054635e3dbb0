/// Holds when things were submitted, in their order, so that two such lists can be merged page by page: a
/// clock that was set back would put times out of order, so each is at least the one before. Milliseconds
/// since 1970. What was forgotten is left out.
struct SubmissionTimes {
    /// Ascending places.
    private var entries: [(place: Int, time: Int64)] = []
    /// The place of what is submitted next, and the latest time.
    private var next = 0
    private var last = Int64.min

    /// Says where a page begins.
    enum Bound {
        /// At the newest of this time or an earlier one.
        case upTo(Int64)
        /// At the newest that is earlier.
        case before(Int64)
    }

    /// Times that are held.
    var heldCount: Int { entries.count }

    /// Takes in what was submitted since the last call; `count` are all. `time` gives nil for what is
    /// forgotten already.
    mutating func extend(to count: Int, _ time: (Int) -> Int64?) {
        for place in min(next, count)..<count {
            guard let time = time(place) else { continue }
            last = max(last, time)
            entries.append((place, last))
        }
        next = max(next, count)
    }

    /// Lets go of what is forgotten, once it is more than what is not: `kept` things, of which `isKept`
    /// tells.
    mutating func forget(beyond kept: Int, _ isKept: (Int) -> Bool) {
        if entries.count > 2 * kept + 64 { entries.removeAll { !isKept($0.place) } }
    }

    /// The time of what is at a place; of what is forgotten, that of what came before.
    subscript(_ place: Int) -> Int64 {
        let count = prefix { $0.place <= place }
        return count == 0 ? .min : entries[count - 1].time
    }

    /// Returns the place behind all that are within the bound.
    func end(_ bound: Bound) -> Int {
        let count = prefix { entry in
            switch bound {
            case .upTo(let time): entry.time <= time
            case .before(let time): entry.time < time
            }
        }
        return count == entries.count ? next : entries[count].place
    }

    /// Counts the first entries that are within something, by halving.
    private func prefix(_ isWithin: ((place: Int, time: Int64)) -> Bool) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if isWithin(entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
