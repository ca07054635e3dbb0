import FoundationEssentials
import Vocabulary

/// Holds the address of a web or mail server, absolute and without a user in it.
package struct WebAddress: Sendable, Hashable {
    package let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Path and query as they are sent.
    package let target: String

    /// Schemes with their usual ports.
    private static let ports = ["http": 80, "https": 443, "smtp": 25, "smtps": 465]

    /// Reads an absolute address, or one relative to `base`. Throws `INVALID_OPTION`, without the address,
    /// which may hold a secret in its query. `schemes` are those that it may have.
    package init(
        _ text: String, relativeTo base: WebAddress? = nil, option: String,
        schemes: [String] = ["http", "https"]
    ) throws(EngineError) {
        let whole = base.flatMap { URL(string: $0.text) }
        guard let url = URL(string: text, relativeTo: whole)?.absoluteURL,
            let parts = URLComponents(url: url, resolvingAgainstBaseURL: true), let host = parts.host,
            !host.isEmpty
        else { throw .user("INVALID_OPTION", "\(option) is not the address of a web server") }
        let scheme = parts.scheme?.lowercased() ?? ""
        guard schemes.contains(scheme), let usual = WebAddress.ports[scheme] else {
            let known = schemes.map { $0 + "://" }.joined(separator: " or ")
            throw .user("INVALID_OPTION", "\(option) must begin with \(known), not \(scheme)://")
        }
        if parts.user != nil || parts.password != nil {
            throw .user(
                "INVALID_OPTION", "\(option) must not hold a user or password",
                remedy: "Use auth with type http_basic.")
        }
        self.scheme = scheme
        self.host = host.lowercased().trimmingBrackets
        port = parts.port ?? usual
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

    /// Holds the host as it stands in an address.
    var hostText: String { host.contains(":") ? "[\(host)]" : host }

    /// Holds scheme, host and port: what may see a secret that is meant for one of its pages.
    package var origin: String {
        "\(scheme)://\(hostText)" + (port == WebAddress.ports[scheme] ? "" : ":\(port)")
    }

    /// Holds the whole address.
    package var text: String { origin + target }

    /// Holds the address for messages: without its query, which may hold a secret.
    package var shown: String { origin + target.prefix { $0 != "?" } }

    /// Returns the address with query parameters set; those of the same name are replaced.
    package func setting(_ parameters: [(name: String, value: String)]) -> WebAddress {
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
    package static func encoded(_ text: String) -> String {
        URLText.encode(text)
    }

    /// Decodes `%41`; what is no escape stays as it is.
    package static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var at = 0
        while at < source.count {
            if source[at] == UInt8(ascii: "%"), at + 2 < source.count,
                let value = UInt8(String(decoding: source[at + 1...at + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                at += 3
            } else {
                bytes.append(source[at])
                at += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
