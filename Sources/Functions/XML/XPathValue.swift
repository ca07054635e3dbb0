import Vocabulary

/// Holds what an XPath gives.
enum XPathValue {
    /// In document order.
    case nodes([Int])
    case number(Double)
    case text(String)
    case boolean(Bool)

    /// The functions that there are, with how many arguments they take.
    static let functions: [String: ClosedRange<Int>] = [
        "last": 0...0, "position": 0...0, "count": 1...1, "local-name": 0...1, "name": 0...1, "string": 0...1,
        "concat": 2...100, "starts-with": 2...2, "contains": 2...2, "substring-before": 2...2,
        "substring-after": 2...2, "substring": 2...3, "string-length": 0...1, "normalize-space": 0...1,
        "translate": 3...3, "boolean": 1...1, "not": 1...1, "true": 0...0, "false": 0...0, "number": 0...1,
        "sum": 1...1, "floor": 1...1, "ceiling": 1...1, "round": 1...1,
    ]

    func text(in tree: XMLTree) -> String {
        switch self {
        case .nodes(let nodes): nodes.first.map { tree.text(of: $0) } ?? ""
        case .number(let number): Self.text(of: number)
        case .text(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        }
    }

    func number(in tree: XMLTree) -> Double {
        switch self {
        case .nodes, .text: Self.number(of: text(in: tree))
        case .number(let number): number
        case .boolean(let flag): flag ? 1 : 0
        }
    }

    var boolean: Bool {
        switch self {
        case .nodes(let nodes): !nodes.isEmpty
        case .number(let number): number != 0 && !number.isNaN
        case .text(let text): !text.isEmpty
        case .boolean(let flag): flag
        }
    }

    /// Reads digits with a point and a minus; anything else is no number.
    static func number(of text: String) -> Double {
        let trimmed = text.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        let digits = trimmed.first == 0x2D ? trimmed.dropFirst() : trimmed[...]
        guard digits.contains(where: { $0 != 0x2E }), digits.count(where: { $0 == 0x2E }) <= 1,
            digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E })
        else { return .nan }
        let padded = "0" + String(decoding: digits, as: UTF8.self) + (digits.last == 0x2E ? "0" : "")
        let value = Double(padded) ?? .nan
        return trimmed.first == 0x2D ? -value : value
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    /// Writes a number without an exponent, and without a point where it is whole.
    static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        if number == 0 { return "0" }
        if number == number.rounded(), abs(number) < 1e15 { return "\(Int64(number))" }
        let written = "\(abs(number))"
        let sign = number < 0 ? "-" : ""
        guard let mark = written.firstIndex(of: "e"),
            let exponent = Int(written[written.index(after: mark)...])
        else { return sign + (written.hasSuffix(".0") ? String(written.dropLast(2)) : written) }
        let parts = written[..<mark].split(separator: ".")
        let whole = String(parts[0])
        let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + whole + fraction
        }
        let zeros = exponent - fraction.count
        if zeros >= 0 { return sign + whole + fraction + String(repeating: "0", count: zeros) }
        return sign + whole + fraction.prefix(exponent) + "." + fraction.dropFirst(exponent)
    }
}
