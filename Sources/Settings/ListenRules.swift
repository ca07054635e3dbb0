import Vocabulary

/// Says on which addresses a node may listen, and reads the small files that programs are given.
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

    /// Returns the whole text of a file. Throws `USAGE` naming the flag.
    package static func text(of path: String, flag: String) throws(EngineError) -> String {
        do throws(TextFile.Failure) {
            return try TextFile.read(path, limitBytes: Limits.requestBodyBytes)
        } catch {
            throw .user("USAGE", "--\(flag): cannot read the file, \(error.reason): \(path)")
        }
    }
}
