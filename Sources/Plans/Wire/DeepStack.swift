import Glibc
import Synchronization
import Vocabulary

/// Runs what recurses deeply on a thread of its own, with a stack for it.
enum DeepStack {
    private static let bytes = 32 << 20

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private final class Box<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, EngineError>?>(nil)
    }

    /// Returns what `body` returns; waits for it. Throws its error, or `THREAD_FAILED` when the system gives
    /// no thread.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(EngineError) -> Value
    ) throws(EngineError) -> Value {
        let box = Box<Value>()
        try start {
            let value = Result { () throws(EngineError) -> Value in try body() }
            box.result.withLock { $0 = value }
        }
        guard let value = box.result.withLock({ $0 }) else {
            throw .internal("A thread ended without result")
        }
        return try value.get()
    }

    private static func start(_ body: @escaping @Sendable () -> Void) throws(EngineError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, bytes)
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            work.release()
            throw .system("THREAD_FAILED", "The system gives no thread to read a deep plan: error \(code)")
        }
        pthread_join(thread, nil)
    }
}
