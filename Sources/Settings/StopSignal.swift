import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Tells a program of SIGTERM and SIGINT, on a thread where it may do anything.
///
/// The handler writes the signal's number into a pipe. Blocking the signals for `sigwait` does not do: the
/// main thread of a program with asynchronous `main` waits in `sigsuspend` with no signal blocked.
package enum StopSignal {
    /// Write end of the pipe; -1 until `watch`.
    private static let pipeEnd = Atomic<Int32>(-1)

    /// Keeps broken connections from ending the process; called first in the program.
    package static func prepare() { signal(SIGPIPE, SIG_IGN) }

    /// Calls `body` with each signal's number, on a thread of its own. Called once.
    package static func watch(_ body: @escaping @Sendable (Int32) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
        let box = Unmanaged.passRetained(Box(readEnd: ends[0], body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                var number: UInt8 = 0
                while true {
                    let got = read(box.readEnd, &number, 1)
                    if got == 1 { box.body(Int32(number)) } else if got == 0 || errno != EINTR { return nil }
                }
            }, box.toOpaque())
        guard status == 0 else { return }
        pthread_detach(thread)
        for number in [SIGTERM, SIGINT] { signal(number, note) }
    }

    /// Only what a signal handler may do: one write.
    private static let note: @convention(c) (Int32) -> Void = { number in
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(pipeEnd.load(ordering: .relaxed), &byte, 1)
        errno = saved
    }

    private final class Box {
        let readEnd: Int32
        let body: @Sendable (Int32) -> Void

        init(readEnd: Int32, body: @escaping @Sendable (Int32) -> Void) {
            self.readEnd = readEnd
            self.body = body
        }
    }
}
