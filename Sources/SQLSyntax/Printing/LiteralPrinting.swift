import Vocabulary

/// Prints literals as Spark does inside column names: strings bare, numbers as Java's `toString`.
package enum LiteralPrinting {
    /// Prints the value as it stands inside a column name.
    package static func text(_ literal: LiteralSyntax) -> String {
        switch literal {
        case .null: "NULL"
        case .boolean(let value): value ? "true" : "false"
        case .int8(let value): "\(value)"
        case .int16(let value): "\(value)"
        case .int32(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .float(let value): javaText("\(value)")
        case .double(let value): javaText("\(value)")
        case .decimal(let digits): decimal(digits)
        case .string(let value): value
        case .binary(let bytes): "X'\(Hexadecimal.text(bytes, isUpper: true))'"
        case .date(let value): "DATE '\(date(value))'"
        case .timestamp(let value): "TIMESTAMP '\(timestamp(value))'"
        case .timestampNTZ(let value): "TIMESTAMP_NTZ '\(timestamp(value))'"
        case .time(let value): "TIME '\(clock(value))'"
        case .interval(let value): interval(value)
        }
    }

    /// Turns Swift's shortest digits into the form of Java's `Double.toString`: plain from 1e-3 up to 1e7,
    /// else with an exponent.
    static func javaText(_ shortest: String) -> String {
        let isNegative = shortest.hasPrefix("-")
        let body = isNegative ? String(shortest.dropFirst()) : shortest
        let pieces = body.lowercased().split(separator: "e")
        guard let mantissa = pieces.first, mantissa.first?.isNumber == true else { return shortest }
        let exponent = pieces.count > 1 ? Int(pieces[1]) ?? 0 : 0
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let whole = halves[0]
        let fraction = halves.count > 1 ? halves[1] : ""
        var digits = String(whole + fraction)
        var point = whole.count + exponent
        let leading = digits.prefix { $0 == "0" }.count
        digits.removeFirst(leading)
        point -= leading
        while digits.hasSuffix("0") { digits.removeLast() }
        if digits.isEmpty { return (isNegative ? "-" : "") + "0.0" }
        var text: String
        if point > -3, point <= 7 {
            if point <= 0 {
                text = "0." + String(repeating: "0", count: -point) + digits
            } else if digits.count <= point {
                text = digits + String(repeating: "0", count: point - digits.count) + ".0"
            } else {
                text = digits.prefix(point) + "." + digits.dropFirst(point)
            }
        } else {
            let rest = digits.dropFirst()
            text = "\(digits.prefix(1)).\(rest.isEmpty ? "0" : rest)E\(point - 1)"
        }
        return (isNegative ? "-" : "") + text
    }

    /// Prints as Java's `BigDecimal.toString`: plain unless the value is below 1e-6.
    static func decimal(_ digits: String) -> String {
        let isNegative = digits.hasPrefix("-")
        let body = isNegative ? digits.dropFirst() : digits[...]
        let halves = body.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = halves.count > 1 ? halves[1] : ""
        var whole = halves[0].drop { $0 == "0" }
        let significant = (whole + fraction).drop { $0 == "0" }
        let sign = isNegative && !significant.isEmpty ? "-" : ""
        let adjusted = (significant.isEmpty ? 0 : significant.count - 1) - fraction.count
        if adjusted < -6 {
            let rest = significant.dropFirst()
            let first = significant.isEmpty ? "0" : significant.prefix(1)
            return "\(sign)\(first)\(rest.isEmpty ? "" : ".")\(rest)E\(adjusted)"
        }
        if whole.isEmpty { whole = "0" }
        return sign + whole + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// Pads the parts of a date: `2020-1-1` is `2020-01-01`.
    private static func date(_ text: String) -> String {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard !parts.isEmpty, parts.count <= 3,
            parts.allSatisfy({ $0.utf8.allSatisfy { isDigit($0) } && !$0.isEmpty })
        else { return text }
        let month = parts.count > 1 ? padded(parts[1]) : "01"
        let day = parts.count > 2 ? padded(parts[2]) : "01"
        return "\(parts[0])-\(month)-\(day)"
    }

    private static func padded(_ part: Substring) -> String { part.count == 1 ? "0" + part : String(part) }

    /// Completes a clock time: `2020-01-01` is midnight, zeros at the end of a fraction go.
    private static func timestamp(_ text: String) -> String {
        let halves = text.split(whereSeparator: { $0 == " " || $0 == "T" })
        guard let day = halves.first, halves.count <= 2 else { return text }
        guard halves.count == 2 else { return "\(date(String(day))) 00:00:00" }
        let clock = halves[1]
        guard clock.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
        else {
            return text
        }
        let pieces = clock.split(separator: ".")
        let parts = pieces[0].split(separator: ":").map(padded)
        guard parts.count <= 3 else { return text }
        var fraction = pieces.count > 1 ? pieces[1] : ""
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let time = (parts + ["00", "00"]).prefix(3).joined(separator: ":")
        return "\(date(String(day))) \(time)\(fraction.isEmpty ? "" : "." + fraction)"
    }

    /// Completes a time of day: `T1:02 pm` is `13:02:00`; six digits of a fraction are left, without zeros at
    /// the end.
    private static func clock(_ text: String) -> String {
        var clock = text.uppercased().filter { !$0.isWhitespace }
        let isMorning = clock.hasSuffix("AM")
        let isHalf = isMorning || clock.hasSuffix("PM")
        if isHalf { clock.removeLast(2) }
        if clock.hasPrefix("T") { clock.removeFirst() }
        let pieces = clock.split(separator: ".")
        guard var parts = pieces.first?.split(separator: ":").map(padded), let hour = Int(parts[0]) else {
            return text
        }
        if isHalf { parts[0] = padded(Substring(String(hour % 12 + (isMorning ? 0 : 12)))) }
        var fraction = pieces.count > 1 ? pieces[1].prefix(6) : ""
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let time = (parts + ["00", "00"]).prefix(3).joined(separator: ":")
        return fraction.isEmpty ? time : "\(time).\(fraction)"
    }

    /// Prints an interval by its units: `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '1 02' DAY TO HOUR`.
    static func interval(_ interval: IntervalSyntax) -> String {
        switch interval {
        case .months(let months, let from, let to):
            let sign = months < 0 ? "-" : ""
            let size = months.magnitude
            let body: String
            switch (from, to) {
            case (.year, .month): body = "\(size / 12)-\(size % 12)"
            case (.year, _): body = "\(size / 12)"
            default: body = "\(size)"
            }
            return "INTERVAL '\(sign)\(body)' \(units(from, to))"
        case .microseconds(let micros, let from, let to):
            return
                "INTERVAL '\(micros < 0 ? "-" : "")\(dayTime(micros.magnitude, from, to))' \(units(from, to))"
        }
    }

    private static func units(_ from: IntervalUnit, _ to: IntervalUnit) -> String {
        from == to ? from.rawValue : "\(from.rawValue) TO \(to.rawValue)"
    }

    private static func dayTime(_ micros: UInt64, _ from: IntervalUnit, _ to: IntervalUnit) -> String {
        let order: [IntervalUnit] = [.day, .hour, .minute, .second]
        guard let first = order.firstIndex(of: from), let last = order.firstIndex(of: to) else {
            return "\(micros)"
        }
        let sizes: [UInt64] = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000]
        var rest = micros
        var text = ""
        for position in first...max(first, last) {
            let count = rest / sizes[position]
            rest %= sizes[position]
            let digits = position == 0 || count >= 10 ? "\(count)" : "0\(count)"
            if position > first { text += position == 1 ? " " : ":" }
            text += digits
        }
        if to == .second, rest > 0 {
            var fraction = String(String(rest + 1_000_000).dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += ".\(fraction)"
        }
        return text
    }
}
