import Glibc
import Synchronization
import Vocabulary

/// Listens on one address and serves HTTP/2 on its own event loops, from `init` to `stop`.
///
/// Thread-safe.
package final class HTTPServer: Sendable {
    /// The port that is served; of use where the configuration asked for port 0.
    package let port: Int

    private let loops: [EventLoop]
    private let acceptor: Acceptor

    /// Listens and begins to serve. Throws `ADDRESS_IN_USE`, `INVALID_ADDRESS`, `INVALID_TLS_FILE` (all
    /// `user`), or a `system` error when the system refuses a socket.
    package init(configuration: ServerConfiguration, handler: any RequestHandler) throws(EngineError) {
        var reloader: TLSReloader?
        if let files = configuration.tls { reloader = try TLSReloader(files, isServer: true) }
        let descriptor = try Self.listen(configuration.listen)
        var loops: [EventLoop] = []
        do throws(EngineError) {
            for index in 0..<configuration.loopCount {
                loops.append(try EventLoop(name: "http-server-\(index)"))
            }
        } catch {
            close(descriptor)
            for loop in loops { loop.stop() }
            throw error
        }
        self.loops = loops
        port = SocketAddress.boundPort(descriptor)
        acceptor = Acceptor(
            descriptor: descriptor, configuration: configuration, reloader: reloader, handler: handler,
            loops: loops)
        acceptor.begin()
    }

    /// Throws where a server could not listen, as making one would: for whoever has more to begin than a
    /// server, and wants to leave nothing behind. `flag`: the one that chose the address.
    package static func checkFree(_ address: String, flag: String) throws(EngineError) {
        close(try listen(address, flag: flag))
    }

    private static func listen(_ text: String, flag: String? = nil) throws(EngineError) -> Int32 {
        let origin = try Origin(text)
        guard let address = try SocketAddress.resolve(origin).first else {
            throw .user("INVALID_ADDRESS", "There is no such address here: \(text)")
        }
        let descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .outOfResources("a socket", errno) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        let isBound = address.withPointer { bind(descriptor, $0, $1) } == 0
        if isBound, Glibc.listen(descriptor, 1024) == 0 { return descriptor }
        let code = errno
        close(descriptor)
        if code == EADDRINUSE { throw .addressInUse(text, flag: flag) }
        throw .user(
            "INVALID_ADDRESS", "The server cannot listen (\(String(cString: strerror(code)))): \(text)",
            remedy: "Choose an address of this machine and a port above 1023.")
    }

    /// Stops accepting, lets running streams end within `graceSeconds`, then closes what is left. Blocks; do
    /// not call it on an event loop.
    package func stop(graceSeconds: Double = 0) {
        let drained = Latch()
        acceptor.stop(drained)
        if graceSeconds > 0 { _ = drained.wait(seconds: graceSeconds) }
        acceptor.closeAll()
        for loop in loops { loop.stopAndWait() }
    }

    /// Number of connections that are open.
    package var connectionCount: Int { acceptor.connectionCount }
}

extension EngineError {
    /// Says that another program has the address. `flag`: the one that chose it, without dashes.
    package static func addressInUse(_ address: String, flag: String?) -> EngineError {
        .user(
            "ADDRESS_IN_USE", "Another program listens on this address already: \(address)",
            remedy: "Stop that program (`ss -ltnp` names it), or choose another port"
                + "\(flag.map { " with --\($0)" } ?? ""); 0 takes a free one.")
    }
}
