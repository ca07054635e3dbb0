#if canImport(Glibc)
    import Glibc
#endif

/// Runs work that may block on a thread of its own.
package enum DetachedThread {
    /// Carries the work to its thread.
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Bytes of stack: drivers of databases parse and format on it.
    private static let stackBytes = 2 << 20

    /// Starts a thread that runs `body` and ends. Throws `NO_THREAD` (system) when there is none: on the
    /// caller's, work that waits for the caller would never end.
    package static func run(_ body: @escaping @Sendable () -> Void) throws(EngineError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body))
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        if status != 0 {
            work.release()
            throw .system(
                "NO_THREAD",
                "The system gives no thread (\(String(cString: strerror(status))))",
                remedy: "Raise the limit of processes.")
        }
    }
}
