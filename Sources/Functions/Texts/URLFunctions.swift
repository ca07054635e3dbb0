import Columns
import Kernels
import Vocabulary

/// Declares functions of URLs.
enum URLFunctions {
    static let all: [ScalarFunction] = [
        parser("parse_url", "Returns a part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, …."),
        parser("try_parse_url", "Returns a part of a URL, null where there is none."),
    ]

    private static func parser(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.string, .string, .string], optional: 1, .string), summary,
            example: "\(name)('http://a.org/b?c=1', 'HOST')"
        ) { call in
            let rows = Rows(call)
            let builder = ViewBuilder(count: call.count)
            var nulls = NullCollector(rows.validity, count: call.count)
            let isSame = call[1].form == .constant && call.count > 0
            let known = isSame ? URLBytes.Part(rawValue: rows.text(1, 0)) : nil
            try rows.each { row in
                if let known, call.arguments.count == 2 {
                    let isRead = rows.columns[0].view(row).withBytes { bytes in
                        guard let url = URLBytes(bytes), let base = bytes.baseAddress else { return false }
                        if let range = url.range(of: known) {
                            builder.share(StringView(base + range.lowerBound, count: range.count), row)
                        } else {
                            nulls.setNull(row)
                        }
                        return true
                    }
                    if isRead { return }
                }
                if let text = try text(call, rows, row) {
                    builder.put(text, row)
                } else {
                    nulls.setNull(row)
                }
            }
            return builder.finish(.string, validity: nulls.validity, shared: call[0].heaps)
        }
    }

    /// Computes one row, of any text.
    private static func text(_ call: Invocation, _ rows: Rows, _ row: Int) throws -> String? {
        guard let url = URLParts(rows.text(0, row)) else {
            if call.mode == .null || !call.ansi { return nil }
            throw EngineError.data(
                "INVALID_URL",
                "The url is invalid: \(rows.text(0, row)). Use `try_parse_url` to tolerate invalid "
                    + "URL and return NULL instead.")
        }
        let part = rows.text(1, row)
        guard call.arguments.count > 2 else { return url.part(part) }
        return part == "QUERY"
            ? url.query.flatMap { URLParts.value(of: rows.text(2, row), in: $0) } : nil
    }
}

/// Holds the parts of a URI as java.net.URI takes it apart (RFC 2396), undecoded.
struct URLParts {
    private(set) var scheme: String?
    private(set) var authority: String?
    /// Nil for URIs such as `mailto:a@b`.
    private(set) var path: String?
    private(set) var query: String?
    private(set) var fragment: String?

    /// Returns nil for text with characters or escapes that no URI has.
    init?(_ text: String) {
        guard Self.hasURICharacters(text) else { return nil }
        var rest = Substring(text)
        if let mark = rest.firstIndex(of: "#") {
            fragment = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let colon = rest.firstIndex(where: { ":/?".contains($0) }), rest[colon] == ":" {
            guard colon > rest.startIndex, rest.first?.isLetter == true,
                rest[..<colon].allSatisfy({ $0.isLetter || $0.isNumber || "+-.".contains($0) })
            else { return nil }
            scheme = String(rest[..<colon])
            rest = rest[rest.index(after: colon)...]
            if rest.isEmpty { return nil }
            if rest.first != "/" { return }
        }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            if end > rest.startIndex { authority = String(rest[..<end]) }
            rest = rest[end...]
        }
        path = String(rest)
    }

    private static func hasURICharacters(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        for (at, byte) in bytes.enumerated() {
            switch byte {
            case 0...32, 127: return false
            case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
                UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                return false
            case UInt8(ascii: "%"):
                guard at + 2 < bytes.count, Hex.bytes([bytes[at + 1], bytes[at + 2]]) != nil else {
                    return false
                }
            default: continue
            }
        }
        return true
    }

    /// The user before an `@`, and the server behind it as a host may be: nil for names that no host has.
    private var server: (user: String?, host: String?) {
        guard let authority else { return (nil, nil) }
        var rest = Substring(authority)
        var user: String?
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") { return (user, String(rest[...end])) }
        if let colon = rest.lastIndex(of: ":") {
            guard rest[rest.index(after: colon)...].allSatisfy(\.isNumber) else { return (nil, nil) }
            rest = rest[..<colon]
        }
        let isHost =
            !rest.isEmpty
            && rest.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte | 32) || byte == 45 || byte == 46
            }
        return isHost ? (user, String(rest)) : (nil, nil)
    }

    /// Returns a part by its name in capitals; nil for unknown names and missing parts.
    func part(_ name: String) -> String? {
        switch name {
        case "HOST": server.host
        case "PATH": path
        case "QUERY": query
        case "REF": fragment
        case "PROTOCOL": scheme
        case "FILE": path.map { path in query.map { "\(path)?\($0)" } ?? path }
        case "AUTHORITY": authority
        case "USERINFO": server.user
        default: nil
        }
    }

    /// Returns the first value of a key in a query.
    static func value(of key: String, in query: String) -> String? {
        for pair in query.split(separator: "&") where pair.hasPrefix(key + "=") {
            return String(pair.dropFirst(key.count + 1))
        }
        return nil
    }
}
