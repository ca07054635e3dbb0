import Foundation
import Synchronization
import Transport
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Serves HTTP/1.1 (RFC 9112) in cleartext: a thread a connection, few connections. It is the port for
/// people, probes and scrapers; nodes speak HTTP/2 on the cluster port.
package final class PlainWebServer: Sendable {
    /// Connections served at once; more are closed as they come.
    private static let connectionLimit = 128

    package let port: Int
    private let descriptor: Int32
    private let handler: any WebHandler
    private let connections = Mutex<Set<Int32>>([])
    private let isStopped = Atomic<Bool>(false)

    /// Listens and begins to serve. Throws `ADDRESS_IN_USE` or `INVALID_ADDRESS` (user).
    package init(listen: String, handler: any WebHandler) throws(EngineError) {
        (descriptor, port) = try PlainWebServer.bind(listen)
        self.handler = handler
        Thread.detachNewThread { [self] in accept() }
    }

    /// Closes the port and every connection.
    package func stop() {
        if isStopped.exchange(true, ordering: .acquiringAndReleasing) { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        connections.withLock { for connection in $0 { shutdown(connection, Int32(SHUT_RDWR)) } }
    }

    private func accept() {
        while !isStopped.load(ordering: .acquiring) {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection < 0 {
                // Out of descriptors, or a client that went away at once.
                if !isStopped.load(ordering: .acquiring) { usleep(10_000) }
                continue
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            let isWelcome = connections.withLock { open in
                if open.count >= PlainWebServer.connectionLimit { return false }
                open.insert(connection)
                return true
            }
            guard isWelcome else {
                close(connection)
                continue
            }
            Thread.detachNewThread { [self] in
                PlainConnection(connection, handler: handler).serve()
                connections.withLock { _ = $0.remove(connection) }
                close(connection)
            }
        }
        close(descriptor)
    }

    private static func bind(_ listen: String) throws(EngineError) -> (Int32, Int) {
        let origin = try Origin(listen)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(origin.host, String(origin.port), &hints, &list) == 0, let info = list?.pointee
        else {
            throw .user("INVALID_ADDRESS", "There is no such address here: \(listen)")
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(info.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("NO_SOCKET", "The system gives no socket for \(listen)") }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        guard Glibc.bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, Glibc.listen(descriptor, 128) == 0
        else {
            let code = errno
            close(descriptor)
            if code == EADDRINUSE {
                throw .user(
                    "ADDRESS_IN_USE", "Another program listens on this address already: \(listen)",
                    remedy: "Stop that program (`ss -ltnp` names it), or choose another port with --web.")
            }
            throw .user(
                "INVALID_ADDRESS",
                "The web port cannot listen (\(String(cString: strerror(code)))): \(listen)")
        }
        var storage = sockaddr_in6()
        var count = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &count)
            }
        }
        // The port lies at the same place in both families.
        return (descriptor, Int(UInt16(bigEndian: storage.sin6_port)))
    }
}
