import Storage
import Vocabulary

/// Says on which addresses a node may listen, and reads the small files that programs are given.
package enum ListenRules {
    /// Throws `USAGE` for what is no address, and for one beyond loopback without what protects it.
    package static func check(
        _ flag: String, _ address: String, isProtected: Bool, isInsecure: Bool, needs: String
    ) throws(EngineError) {
        let host = try FlagAddress.listening(flag, address).host
        if isProtected || isInsecure || isLoopback(host) { return }
        throw .user(
            "USAGE", "--\(flag) \(address) can be reached from other machines, and \(needs) are not given",
            remedy: "Give them, listen on 127.0.0.1, or accept the danger with --insecure.")
    }

    /// Whether a host is this machine alone. (`127.example.com` is not.)
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return host == "localhost" || host == "::1"
            || (parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil })
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
