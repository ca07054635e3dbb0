import CADBC
import Execution
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds what a driver knows of a database. Making one costs PostgreSQL's driver a connection of its own and
/// three queries, by which it learns the server's types: longer than connecting does.
///
/// `@unchecked Sendable`: calls of the driver lock the handle, which is freed by its last owner.
final class DriverHandle: @unchecked Sendable {
    fileprivate let database: OpaquePointer

    /// Throws `user` errors where the database refuses, `system` errors where it cannot be reached.
    fileprivate init(
        _ path: String, _ options: [(String, String)], _ target: DatabaseTarget, _ secrets: SecretResolver
    ) throws(EngineError) {
        var pointers: [UnsafeMutablePointer<CChar>?] = []
        for (name, value) in options { pointers += [strdup(name), strdup(value)] }
        defer { for pointer in pointers { free(pointer) } }
        var error = cadbc_error()
        let opened = pointers.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: UnsafePointer<CChar>?.self) {
                cadbc_database_new(path, $0.baseAddress, Int32(options.count), &error)
            }
        }
        guard let opened else { throw DatabaseFailure.connecting(error, target, secrets) }
        database = opened
    }

    deinit { cadbc_database_free(database) }
}

/// Keeps handles for the connections that a job makes soon after its first one. A job that looks at a source
/// begins with a handle of its own, since types may have been made. Thread-safe.
enum DriverHandles {
    private struct Key: Hashable, Sendable {
        var job: String
        var path: String
        var options: [String]
    }

    private struct Kept: Sendable {
        var handle: DriverHandle
        var end: ContinuousClock.Instant
    }

    /// Handles by what they are for; those whose time is over go when another one is kept.
    private static let kept = Mutex<[Key: Kept]>([:])
    /// For how long a handle is given to others.
    private static let time = Duration.seconds(10)
    /// Milliseconds for which a connection waits for another one of the same handle. Near a server each
    /// takes a few; far from one, where each takes long, they are better made side by side, by handles of
    /// their own.
    private static let patience: Int32 = 20

    /// Connects. `job`: whose handle may be used, nil for one of the connection's own. `isNew`: whether the
    /// job's handle is made anew.
    static func connect(
        _ target: DatabaseTarget, _ secrets: SecretResolver, _ session: DriverSession, job: String?,
        isNew: Bool
    ) throws(EngineError) -> (connection: OpaquePointer, handle: DriverHandle) {
        let path = try DriverLibrary.path(of: target.dialect.driver)
        let options = try target.connectionOptions(secrets, session)
        let key = job.map { Key(job: $0, path: path, options: options.flatMap { [$0.0, $0.1] }) }
        if let key, !isNew, let found = handle(key) {
            var error = cadbc_error()
            if let connection = cadbc_connect(found.database, patience, &error) { return (connection, found) }
            if error.status != CADBC_BUSY { throw DatabaseFailure.connecting(error, target, secrets) }
        }
        let handle = try DriverHandle(path, options, target, secrets)
        if let key { keep(handle, key) }
        var error = cadbc_error()
        guard let connection = cadbc_connect(handle.database, -1, &error) else {
            throw DatabaseFailure.connecting(error, target, secrets)
        }
        return (connection, handle)
    }

    private static func handle(_ key: Key) -> DriverHandle? {
        let now = ContinuousClock.now
        return kept.withLock { kept in
            kept[key].flatMap { $0.end > now ? $0.handle : nil }
        }
    }

    private static func keep(_ handle: DriverHandle, _ key: Key) {
        let now = ContinuousClock.now
        let over = kept.withLock { kept in
            let over = kept.filter { $0.value.end <= now || $0.key == key }
            for key in over.keys { kept[key] = nil }
            kept[key] = Kept(handle: handle, end: now + time)
            return over
        }
        // Freed outside of the lock.
        withExtendedLifetime(over) {}
    }
}
