/// Numbers items from 1 and keeps them until the other side has seen them.
struct Outbox<Item: Sendable & Hashable>: Sendable, Hashable {
    private(set) var unseen: [Item] = []
    /// Number of the first item in `unseen`.
    private(set) var first: UInt64 = 1
    /// How many of `unseen` were sent at least once.
    private var sentCount = 0

    var hasUnsent: Bool { sentCount < unseen.count }

    mutating func append(_ item: Item) { unseen.append(item) }

    /// Forgets all items up to and including number `seen`. Acknowledgements of the past or future are
    /// harmless.
    mutating func acknowledge(_ seen: UInt64) {
        guard seen >= first else { return }
        let count = min(unseen.count, Int(clamping: seen - first + 1))
        unseen.removeFirst(count)
        first += UInt64(count)
        sentCount = max(0, sentCount - count)
    }

    /// Returns everything not yet seen, for a periodic message.
    mutating func takeAll() -> (first: UInt64, items: [Item]) {
        sentCount = unseen.count
        return (first, unseen)
    }

    /// Returns only what was never sent, for a message in between.
    mutating func takeUnsent() -> (first: UInt64, items: [Item]) {
        let start = sentCount
        sentCount = unseen.count
        return (first + UInt64(start), Array(unseen[start...]))
    }
}

/// Takes numbered items in order, each once.
struct Inbox: Sendable, Hashable {
    /// Number of the last item taken.
    private(set) var seen: UInt64 = 0

    /// Returns which of `count` items from number `first` on are new, or nil when some before them are
    /// missing.
    mutating func accept(first: UInt64, count: Int) -> Range<Int>? {
        if first > seen + 1 { return nil }
        let old = min(count, Int(clamping: seen + 1 - first))
        seen += UInt64(count - old)
        return old..<count
    }
}
