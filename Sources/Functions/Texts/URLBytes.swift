/// Takes a URL of ASCII apart as `URLParts` does, without copying: each part is a stretch of its bytes.
struct URLBytes {
    private let text: UnsafeRawBufferPointer
    private var scheme: Range<Int>?
    private var authority: Range<Int>?
    private var path: Range<Int>?
    private var query: Range<Int>?
    private var fragment: Range<Int>?

    /// Names what is asked for.
    enum Part: String {
        case host = "HOST"
        case path = "PATH"
        case query = "QUERY"
        case reference = "REF"
        case scheme = "PROTOCOL"
        case file = "FILE"
        case authority = "AUTHORITY"
        case user = "USERINFO"
    }

    /// Whether a byte may stand anywhere in a URL: 1; 2 for `%`; 0 for others.
    private static let kinds: [UInt8] = (0..<256).map { byte in
        if byte <= 32 || byte >= 127 || "\"<>\\^`{|}".utf8.contains(UInt8(byte)) { return 0 }
        return byte == 37 ? 2 : 1
    }

    /// Returns nil for a text that is not all letters and signs that a URL has as they are: `URLParts` knows
    /// whether it is one.
    init?(_ text: UnsafeRawBufferPointer) {
        let isPlain = Self.kinds.withUnsafeBufferPointer { kinds in
            var all: UInt8 = 1
            for byte in text { all &= kinds[Int(byte)] }
            return all == 1
        }
        guard isPlain else { return nil }
        self.text = text
        var (start, end) = (0, text.count)
        if let mark = first(35, start, end) {
            fragment = (mark + 1)..<end
            end = mark
        }
        if let colon = (start..<end).first(where: { text[$0] == 58 || text[$0] == 47 || text[$0] == 63 }),
            text[colon] == 58
        {
            guard colon > 0, isLetter(text[0]), (0..<colon).allSatisfy({ isOfScheme(text[$0]) }),
                colon + 1 < end
            else { return nil }
            scheme = 0..<colon
            start = colon + 1
            if text[start] != 47 { return }
        }
        if let mark = first(63, start, end) {
            query = (mark + 1)..<end
            end = mark
        }
        if end - start >= 2, text[start] == 47, text[start + 1] == 47 {
            start += 2
            let slash = first(47, start, end) ?? end
            if slash > start { authority = start..<slash }
            start = slash
        }
        path = start..<end
    }

    private func first(_ byte: UInt8, _ start: Int, _ end: Int) -> Int? {
        var at = start
        while at < end {
            if text[at] == byte { return at }
            at &+= 1
        }
        return nil
    }

    private func last(_ byte: UInt8, _ range: Range<Int>) -> Int? { range.last { text[$0] == byte } }

    private func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 97 < 26 }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    private func isOfScheme(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == 43 || byte == 45 || byte == 46
    }

    /// The user before an `@`, and the server behind it; nil for names that no host has.
    private var server: (user: Range<Int>?, host: Range<Int>?) {
        guard let authority else { return (nil, nil) }
        var (start, end) = (authority.lowerBound, authority.upperBound)
        var user: Range<Int>?
        if let at = last(64, authority) {
            user = start..<at
            start = at + 1
        }
        if start < end, text[start] == 91, let close = first(93, start, end) {
            return (user, start..<(close + 1))
        }
        if let colon = last(58, start..<end) {
            guard ((colon + 1)..<end).allSatisfy({ isDigit(text[$0]) }) else { return (nil, nil) }
            end = colon
        }
        let isHost =
            start < end
            && (start..<end).allSatisfy {
                isLetter(text[$0]) || isDigit(text[$0]) || text[$0] == 45 || text[$0] == 46
            }
        return isHost ? (user, start..<end) : (nil, nil)
    }

    /// Returns where a part lies; nil for one that is missing.
    func range(of part: Part) -> Range<Int>? {
        switch part {
        case .host: server.host
        case .path: path
        case .query: query
        case .reference: fragment
        case .scheme: scheme
        case .file: path.map { $0.lowerBound..<(query?.upperBound ?? $0.upperBound) }
        case .authority: authority
        case .user: server.user
        }
    }
}
