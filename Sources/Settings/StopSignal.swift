#if canImport(Glibc)
    import Glibc
#endif

/// Waits for SIGTERM and SIGINT. Block them before any thread starts, so that only `wait` takes them.
package enum StopSignal {
    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }

    /// Keeps the signals from ending the process; called first in the program, on its main thread.
    package static func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Calls `body` with each signal's number, on a thread of its own.
    package static func watch(_ body: @escaping @Sendable (Int32) -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                var set = StopSignal.set
                while true {
                    var number: Int32 = 0
                    if sigwait(&set, &number) == 0 { box.body(number) }
                }
            }, box.toOpaque())
        if status == 0 { pthread_detach(thread) }
    }

    private final class Box {
        let body: @Sendable (Int32) -> Void

        init(_ body: @escaping @Sendable (Int32) -> Void) { self.body = body }
    }
}
