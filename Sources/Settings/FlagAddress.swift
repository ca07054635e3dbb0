import Transport
import Vocabulary

/// Reads the addresses and URLs that flags give. Throws `USAGE` naming the flag: what is misspelt is told
/// before anything is opened.
package enum FlagAddress {
    /// Returns the address to listen on; without a host, every address of this machine.
    package static func listening(_ flag: String, _ text: String) throws(EngineError) -> Origin {
        let origin = try parse(flag, text)
        guard origin.host == "0.0.0.0" || isHost(origin.host) else { throw wrong(flag, text) }
        return origin
    }

    /// Returns an address by which others reach this program: it needs a host and a port.
    package static func reachable(_ flag: String, _ text: String) throws(EngineError) -> Origin {
        let origin = try parse(flag, text)
        guard !text.hasPrefix(":"), origin.port > 0, isHost(origin.host) else { throw wrong(flag, text) }
        return origin
    }

    /// Returns the place of a coordinator, `https://host:7077`, and whether its scheme asks for TLS; nil
    /// where it has none. The port is 7077 where left out.
    package static func coordinator(
        _ flag: String, _ url: String
    ) throws(EngineError) -> (origin: Origin, isSecure: Bool?) {
        var rest = Substring(url)
        var isSecure: Bool?
        for (scheme, secure) in [("https://", true), ("http://", false)] where rest.hasPrefix(scheme) {
            isSecure = secure
            rest = rest.dropFirst(scheme.count)
            break
        }
        while rest.last == "/" { rest = rest.dropLast() }
        let afterBracket = rest.lastIndex(of: "]").map { rest[$0...] } ?? rest
        let text = afterBracket.contains(":") ? String(rest) : rest + ":7077"
        guard let origin = try? Origin(text), !text.hasPrefix(":"), origin.port > 0, isHost(origin.host)
        else {
            throw .user(
                "USAGE", "--\(flag) is no URL of a coordinator: \(url)",
                remedy: "Write it like https://etl.example.com:7077, or http://… without TLS.")
        }
        return (origin, isSecure)
    }

    private static func parse(_ flag: String, _ text: String) throws(EngineError) -> Origin {
        guard let origin = try? Origin(text) else { throw wrong(flag, text) }
        return origin
    }

    private static func wrong(_ flag: String, _ text: String) -> EngineError {
        .user(
            "USAGE", "--\(flag) is no address: \(text)",
            remedy: "Write host:port, or [IPv6]:port; ports go up to 65535.")
    }

    /// Whether a text can be a host: a name's letters, or an IPv6 address.
    private static func isHost(_ host: String) -> Bool {
        if host.isEmpty { return false }
        if host.contains(":") {
            // What follows a `%` names a network card.
            return host.prefix { $0 != "%" }.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        return host.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
    }
}
