import Glibc
import Vocabulary

/// Names one end as users write it: `127.0.0.1:7077`, `[::1]:7077`, `host.name:7077`.
package struct Origin: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Parses `host:port`. Throws a `user` error `INVALID_ADDRESS`.
    package init(_ text: String) throws(EngineError) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw .user(
                "INVALID_ADDRESS", "This is no address: \(text)", remedy: "Write host:port, or [IPv6]:port.")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Holds one address of the socket interface, IPv4 or IPv6.
struct SocketAddress: Sendable {
    private let bytes: [UInt8]

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    var family: Int32 { withPointer { pointer, _ in Int32(pointer.pointee.sa_family) } }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        bytes.withUnsafeBytes { raw in
            body(
                raw.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)
            )
        }
    }

    /// Whether `host` is written as an address, so that looking it up cannot block.
    static func isNumeric(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }

    /// Looks a name up; blocks. Throws a `system` error `UNKNOWN_HOST`.
    static func resolve(_ origin: Origin) throws(EngineError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = isNumeric(origin.host) ? AI_NUMERICHOST : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(origin.host, String(origin.port), &hints, &list)
        guard result == 0 else {
            throw .system(
                "UNKNOWN_HOST",
                "The host is not known (\(String(cString: gai_strerror(result)))): \(origin.host)",
                remedy: "Check the name, or give the address.")
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let info = entry {
            let raw = UnsafeRawBufferPointer(start: info.pointee.ai_addr, count: Int(info.pointee.ai_addrlen))
            found.append(SocketAddress(Array(raw)))
            entry = info.pointee.ai_next
        }
        return found
    }

    /// The port that a bound socket got.
    static func boundPort(_ descriptor: Int32) -> Int {
        var storage = sockaddr_in6()
        var count = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &count) }
        }
        // The port lies at the same place in both families.
        return result == 0 ? Int(UInt16(bigEndian: storage.sin6_port)) : 0
    }
}
