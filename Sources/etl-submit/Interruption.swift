import Dispatch

#if canImport(Glibc)
    import Glibc
#endif

/// Calls a handler when the program is told to end, instead of ending it; told again during the handler it
/// ends at once, with 128 and the signal's number: 130 for Ctrl-C.
final class Interruption {
    private let sources: [any DispatchSourceSignal]
    private let queue = DispatchQueue(label: "interruption")
    private let seen = Seen()

    /// `signals`: those that are taken: Ctrl-C (SIGINT), and where what runs would end with the program also
    /// SIGTERM.
    init(_ signals: [Int32] = [SIGINT], _ handler: @escaping @Sendable () -> Void) {
        sources = signals.map { [queue, seen] number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if seen.status != nil { _exit(128 + number) }
                seen.status = 128 + number
                handler()
            }
            source.resume()
            return source
        }
    }

    /// The exit status that the program owes to a signal; nil when none came.
    var status: Int32? { queue.sync { seen.status } }

    /// Gives the signals their usual meaning back.
    func end() {
        for source in sources {
            source.cancel()
            signal(Int32(source.handle), SIG_DFL)
        }
    }

    /// `@unchecked Sendable`: touched on the sources' serial queue only.
    private final class Seen: @unchecked Sendable { var status: Int32? }
}
