import Dispatch

#if canImport(Glibc)
    import Glibc
#endif

/// Calls a handler on Ctrl-C instead of ending the program; a second Ctrl-C during the handler ends it with
/// 130.
final class Interruption {
    private let source: any DispatchSourceSignal
    private let queue = DispatchQueue(label: "interruption")
    private let counter = Counter()

    /// `handler` gets the number of interruptions so far.
    init(_ handler: @escaping @Sendable (Int) -> Void) {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: queue)
        source.setEventHandler { [counter] in
            counter.count += 1
            if counter.count > 1 { _exit(130) }
            handler(counter.count)
        }
        source.resume()
    }

    /// Whether Ctrl-C was pressed.
    var hasHappened: Bool { queue.sync { counter.count > 0 } }

    /// Gives Ctrl-C its usual meaning back.
    func end() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }

    /// `@unchecked Sendable`: touched on the source's serial queue only.
    private final class Counter: @unchecked Sendable { var count = 0 }
}
