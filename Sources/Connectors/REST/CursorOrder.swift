import Kernels

/// Says what the values of a cursor are, and so which of two comes first.
enum CursorKind: String {
    case number, time, text

    /// The kind of one value: `10` and `1.5e3` are numbers, ISO 8601 in its usual forms is a time.
    init(of value: String) {
        if value.wholeMatch(of: /[+-]?\d+(\.\d*)?([eE][+-]?\d+)?/) != nil {
            self = .number
        } else if CursorOrder.instant(value) != nil {
            self = .time
        } else {
            self = .text
        }
    }
}

/// Says which of two values of a cursor comes first.
enum CursorOrder {
    /// Compares numbers as numbers, times as instants (those without a zone as UTC), and all else as text.
    /// Returns -1, 0 or 1.
    static func compare(_ a: String, _ b: String, as kind: CursorKind) -> Int {
        switch kind {
        case .number: return numbers(a, b) ?? order(a, b)
        case .time:
            guard let x = instant(a), let y = instant(b) else { return order(a, b) }
            return x == y ? order(smallest(a), smallest(b)) : order(x, y)
        case .text: return order(a, b)
        }
    }

    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Int {
        a < b ? -1 : a == b ? 0 : 1
    }

    /// nil where one is no number.
    private static func numbers(_ a: String, _ b: String) -> Int? {
        if let x = Int128(a), let y = Int128(b) { return order(x, y) }
        guard let x = Double(a), let y = Double(b) else { return nil }
        return order(x, y)
    }

    /// Returns microseconds of a time: `2024-01-01 00:00:00` as kept, `2024-01-01T00:00:00+02:00` as sent.
    /// Nil for any other text, of which some would be read as a time as well: `2024` is a number.
    static func instant(_ text: String) -> Int64? {
        let form = /\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)? ?(Z|[+-]\d\d(:?\d\d)?)?)?/
        guard text.wholeMatch(of: form) != nil else { return nil }
        var plain = text
        // `+0200` and `+02` are written out, as zones are named.
        if let zone = text.firstMatch(of: /:\d\d(?:\.\d+)? ?([+-]\d\d):?(\d\d)?$/) {
            plain = text[..<zone.1.startIndex] + "\(zone.1):\(zone.2 ?? "00")"
        }
        return Array(plain.utf8).withUnsafeBytes {
            TimeText.parseTimestamp($0, zone: .utc, zoneNeedsSeconds: false)
        }
    }

    /// The digits of a time beyond microseconds.
    private static func smallest(_ text: String) -> String {
        guard let match = text.firstMatch(of: /\.\d{6}(\d+)/) else { return "" }
        var digits = String(match.1)
        while digits.hasSuffix("0") { digits.removeLast() }
        return digits
    }
}
