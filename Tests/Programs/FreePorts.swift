import Foundation

/// Finds ports of loopback for programs that are told theirs, or that start again on it.
package enum FreePorts {
    /// Returns ports that nobody listens on. The system gives none of them to who asks for any, as each
    /// connection does: a port that it gave once and that is free for a moment may be somebody else's when
    /// it is needed again.
    package static func find(_ count: Int) throws -> [Int] {
        let file = "/proc/sys/net/ipv4/ip_local_port_range"
        let first = (try? String(contentsOfFile: file, encoding: .utf8))?
            .split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        let range = 10_240..<max(12_288, first ?? 32_768)
        var found: Set<Int> = []
        for _ in 0..<10_000 where found.count < count {
            let port = Int.random(in: range)
            if isFree(port) { found.insert(port) }
        }
        guard found.count == count else { throw TestCluster.Failure(what: "no port is free") }
        return Array(found)
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
