/// Reads the numbers of partition folders as Java does, by which Spark tells their types.
enum PartitionNumber {
    /// Returns how many digits the number has when it is whole as written, as `12` and `1e3` are and `1.0` is
    /// not; nil for any other text. As Java's BigDecimal.
    static func wholeDigits(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /[+-]?([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?/)
        else { return nil }
        let fraction = match.2 ?? ""
        guard let exponent = match.3.map({ Int($0) }) ?? 0, !(match.1.isEmpty && fraction.isEmpty),
            (fraction.count...1000).contains(exponent)
        else { return nil }
        let digits = (match.1 + fraction).drop { $0 == "0" }
        return digits.isEmpty ? 1 : digits.count + exponent - fraction.count
    }

    /// Reads what Java's `Double.parseDouble` reads, but no hexadecimal digits.
    static func double(_ text: String) -> Double? {
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        if unsigned == "NaN" { return .nan }
        if unsigned == "Infinity" { return text.first == "-" ? -.infinity : .infinity }
        guard let first = unsigned.utf8.first, (0x30...0x39).contains(first) || first == 0x2E,
            !unsigned.contains(where: { $0 == "x" || $0 == "X" })
        else { return nil }
        let hasSuffix = text.last.map { "dDfF".contains($0) } ?? false
        return Double(hasSuffix ? text.dropLast() : text[...])
    }
}
