import FoundationEssentials
import Vocabulary

/// Holds an http or https address, absolute and without a user in it.
struct WebAddress: Sendable, Hashable {
    let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    let host: String
    let port: Int
    /// Path and query as they are sent.
    let target: String

    /// Reads an absolute address, or one relative to `base`. Throws `INVALID_OPTION`, without the address,
    /// which may hold a secret in its query.
    init(_ text: String, relativeTo base: WebAddress? = nil, option: String) throws(EngineError) {
        let whole = base.flatMap { URL(string: $0.text) }
        guard let url = URL(string: text, relativeTo: whole)?.absoluteURL,
            let parts = URLComponents(url: url, resolvingAgainstBaseURL: true), let host = parts.host,
            !host.isEmpty
        else { throw .user("INVALID_OPTION", "\(option) is not the address of a web server") }
        let scheme = parts.scheme?.lowercased() ?? ""
        guard scheme == "http" || scheme == "https" else {
            throw .user("INVALID_OPTION", "\(option) must begin with http:// or https://, not \(scheme)://")
        }
        if parts.user != nil || parts.password != nil {
            throw .user(
                "INVALID_OPTION", "\(option) must not hold a user or password",
                remedy: "Use auth with type http_basic.")
        }
        self.scheme = scheme
        self.host = host.lowercased().trimmingBrackets
        port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65535).contains(port) else {
            throw .user("INVALID_OPTION", "\(option) has no such port: \(port)")
        }
        let path = parts.percentEncodedPath
        let query = parts.percentEncodedQuery.map { "?" + $0 } ?? ""
        target = (path.isEmpty ? "/" : path) + query
        // Line breaks and blanks would end the request's line.
        if target.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            throw .user("INVALID_OPTION", "\(option) has a blank in its path or query")
        }
    }

    private init(_ other: WebAddress, target: String) {
        scheme = other.scheme
        host = other.host
        port = other.port
        self.target = target
    }

    private var hostText: String { host.contains(":") ? "[\(host)]" : host }

    /// Scheme, host and port: what may see a secret that is meant for one of its pages.
    var origin: String {
        let isUsual = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(hostText)" + (isUsual ? "" : ":\(port)")
    }

    var text: String { origin + target }

    /// The address for messages: without its query, which may hold a secret.
    var shown: String { origin + target.prefix { $0 != "?" } }

    /// Returns the address with query parameters set; those of the same name are replaced.
    func setting(_ parameters: [(name: String, value: String)]) -> WebAddress {
        if parameters.isEmpty { return self }
        let cut = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query = cut.count > 1 ? cut[1].split(separator: "&").map(String.init) : []
        for (name, value) in parameters {
            let name = WebAddress.encoded(name)
            query.removeAll { $0 == name || $0.hasPrefix(name + "=") }
            query.append("\(name)=\(WebAddress.encoded(value))")
        }
        return WebAddress(self, target: cut[0] + "?" + query.joined(separator: "&"))
    }

    /// Encodes text for a query or a form: all but RFC 3986's unreserved characters.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
                || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

extension String {
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
