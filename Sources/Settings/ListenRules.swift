import Vocabulary

/// Says on which addresses a node may listen.
package enum ListenRules {
    /// Throws `USAGE` for an address beyond loopback without what protects it.
    package static func check(
        _ flag: String, _ address: String, isProtected: Bool, isInsecure: Bool, needs: String
    ) throws(EngineError) {
        if isProtected || isInsecure || isLoopback(address) { return }
        throw .user(
            "USAGE", "--\(flag) \(address) can be reached from other machines, and \(needs) are not given",
            remedy: "Give them, listen on 127.0.0.1, or accept the danger with --insecure.")
    }

    /// Whether `host:port` is of this machine alone.
    package static func isLoopback(_ address: String) -> Bool {
        let host = address.lastIndex(of: ":").map { address[..<$0] } ?? address[...]
        return host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
    }
}
