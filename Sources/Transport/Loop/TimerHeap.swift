/// Orders what is to happen later by its instant; a binary heap with lazy removal. One owner, an event loop.
struct TimerHeap {
    typealias Action = @Sendable () -> Void

    private struct Entry {
        let due: MonotonicTime
        let id: UInt64
    }

    private var heap: [Entry] = []
    private var actions: [UInt64: Action] = [:]

    /// The instant of the earliest entry, cancelled ones included; nil when there is none.
    var earliest: MonotonicTime? { heap.first?.due }

    mutating func insert(_ id: UInt64, due: MonotonicTime, _ action: @escaping Action) {
        actions[id] = action
        heap.append(Entry(due: due, id: id))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if !(heap[child].due < heap[parent].due) { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func cancel(_ id: UInt64) { actions[id] = nil }

    /// Removes and returns the next action that is due, or nil.
    mutating func popDue(at now: MonotonicTime) -> Action? {
        while let top = heap.first, !(now < top.due) {
            removeTop()
            if let action = actions.removeValue(forKey: top.id) { return action }
        }
        return nil
    }

    private mutating func removeTop() {
        let last = heap.removeLast()
        if heap.isEmpty { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].due < heap[least].due {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
