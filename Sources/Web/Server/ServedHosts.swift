import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Decides which hosts a request may ask for (`Host`, `:authority`).
///
/// A page of another site can have its own name resolved to 127.0.0.1 and so read a port that only this
/// machine reaches (DNS rebinding); the name then stands in `Host`. Numeric addresses and `localhost` cannot
/// be taken over like that. The rule is Jupyter's: a port on loopback serves those alone, a port beyond it
/// serves every name, and a list of names (`--web-host`,
/// `--cluster-host`) is obeyed on both.
package struct ServedHosts: Sendable {
    /// Names served beside numeric addresses and `localhost`; nil: every name.
    private let names: Set<String>?

    /// `listen` is the port's `host:port`; `names` nil where no list was given.
    package init(listen: String, names: [String]?) {
        if let names {
            self.names = Set(names.map { $0.lowercased() })
        } else {
            let host = ServedHosts.host(of: listen)
            self.names = ServedHosts.isLoopback(host) ? [] : nil
        }
    }

    /// Whether a request for `authority` (`host` or `host:port`) is answered.
    package func serves(_ authority: String) -> Bool {
        guard let names else { return true }
        let host = ServedHosts.host(of: authority)
        return ServedHosts.isLocal(host) || ServedHosts.isNumeric(host) || names.contains(host)
    }

    /// Returns the host in lower case, without port, brackets and a final dot.
    private static func host(of authority: String) -> String {
        var host = Substring(authority.lowercased())
        if host.hasPrefix("[") {
            host = host.dropFirst().prefix { $0 != "]" }
        } else if let colon = host.lastIndex(of: ":"), host.firstIndex(of: ":") == colon {
            host = host[..<colon]
        }
        return String(host.hasSuffix(".") ? host.dropLast() : host)
    }

    private static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost")
    }

    private static func isLoopback(_ host: String) -> Bool {
        isLocal(host) || host == "::1" || (host.hasPrefix("127.") && isNumeric(host))
    }

    private static func isNumeric(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }
}
