/// Holds when things were submitted, in their order, so that two such lists can be merged page by page: a
/// clock that was set back would put times out of order, so each is at least the one before. Milliseconds
/// since 1970.
struct SubmissionTimes {
    private var times: [Int64] = []

    /// Says where a page begins.
    enum Bound {
        /// At the newest of this time or an earlier one.
        case upTo(Int64)
        /// At the newest that is earlier.
        case before(Int64)
    }

    /// Takes in what was submitted since the last call; `count` are all.
    mutating func extend(to count: Int, _ time: (Int) -> Int64) {
        while times.count < count { times.append(max(times.last ?? .min, time(times.count))) }
    }

    subscript(_ place: Int) -> Int64 { times[place] }

    /// Returns how many are within the bound, by halving.
    func end(_ bound: Bound) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            let isWithin =
                switch bound {
                case .upTo(let time): times[middle] <= time
                case .before(let time): times[middle] < time
                }
            if isWithin { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
