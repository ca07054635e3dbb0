import Vocabulary

/// Finds workers with free slots without a look at all workers: one set of bits for each number of free
/// slots.
///
/// Costs for a change or a search do not depend on the number of workers, but for one word of 64 bits in a
/// set.
struct FreeSlots: Sendable {
    /// Free slots over all workers.
    private(set) var total = 0
    /// Free slots of each worker, at the place of its id.
    private var counts: [Int] = []
    /// The workers with so many free slots, at the place of that number; the last one has those with more,
    /// too.
    private var levels: [Level] = []

    /// Numbers of free slots that are told apart.
    private static let levelCount = 256

    private struct Level {
        var words: [UInt64] = []
        var members = 0
    }

    /// Notes how many slots of a worker are free; 0 for one that takes no tasks.
    mutating func set(_ worker: WorkerID, _ free: Int) {
        let place = worker.index
        while counts.count <= place { counts.append(0) }
        let before = counts[place]
        if before == free { return }
        counts[place] = free
        total += free - before
        if before > 0 { change(Self.level(before), place, isMember: false) }
        if free > 0 { change(Self.level(free), place, isMember: true) }
    }

    private static func level(_ free: Int) -> Int { min(free, levelCount - 1) }

    private mutating func change(_ level: Int, _ place: Int, isMember: Bool) {
        while levels.count <= level { levels.append(Level()) }
        let (word, bit) = (place >> 6, UInt64(1) << UInt64(place & 63))
        while levels[level].words.count <= word { levels[level].words.append(0) }
        levels[level].words[word] ^= bit
        levels[level].members += isMember ? 1 : -1
    }

    /// Returns the first that suits of the workers with most free slots, or of those with fewer.
    func first(where suits: (WorkerID) -> Bool) -> WorkerID? {
        for level in levels.reversed() where level.members > 0 {
            for (place, word) in level.words.enumerated() where word != 0 {
                var rest = word
                while rest != 0 {
                    let worker = WorkerID(place << 6 | rest.trailingZeroBitCount)
                    if suits(worker) { return worker }
                    rest &= rest - 1
                }
            }
        }
        return nil
    }
}
