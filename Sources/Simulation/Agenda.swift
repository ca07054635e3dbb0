/// Orders what is to happen by time, and by the order of planning within one time (a binary heap).
struct Agenda<Item> {
    private var entries: [(time: Int64, order: UInt64, item: Item)] = []
    private var order: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }

    mutating func plan(_ item: Item, at time: Int64) {
        order += 1
        entries.append((time, order, item))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if !comes(child, before: parent) { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: Int64, item: Item)? {
        guard let last = entries.popLast() else { return nil }
        guard let first = entries.first else { return (last.time, last.item) }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if comes(child, before: least) { least = child }
            }
            if least == parent { break }
            entries.swapAt(least, parent)
            parent = least
        }
        return (first.time, first.item)
    }

    private func comes(_ a: Int, before b: Int) -> Bool {
        (entries[a].time, entries[a].order) < (entries[b].time, entries[b].order)
    }
}
