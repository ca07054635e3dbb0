/// Reads the values of interval literals.
enum IntervalReading {
    private static let microsecondsPerUnit: [IntervalUnit: Int64] = [
        .week: 604_800_000_000, .day: 86_400_000_000, .hour: 3_600_000_000, .minute: 60_000_000,
        .second: 1_000_000, .millisecond: 1000, .microsecond: 1,
    ]

    /// Sums up fields such as 3 months 2 years; nil when one is no number, when the two families mix, or when
    /// the sum overflows.
    static func fields(_ fields: [(value: String, unit: IntervalUnit)]) -> IntervalSyntax? {
        guard let first = fields.first else { return nil }
        if first.unit.isYearMonth { return yearMonth(fields) }
        var total: Int64 = 0
        for field in fields {
            guard let scale = microsecondsPerUnit[field.unit],
                let amount = microseconds(field.value, scale: scale)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(amount)
            if overflow { return nil }
            total = sum
        }
        let units = fields.map { dayTimeUnit($0.unit) }
        guard let from = units.min(by: { rank($0) < rank($1) }),
            let to = units.max(by: { rank($0) < rank($1) })
        else { return nil }
        return .microseconds(total, from: from, to: to)
    }

    private static func yearMonth(_ fields: [(value: String, unit: IntervalUnit)]) -> IntervalSyntax? {
        var total: Int64 = 0
        for field in fields {
            guard field.unit.isYearMonth, let amount = Int64(trimmed(field.value)),
                amount.magnitude < 1 << 40
            else { return nil }
            total += field.unit == .year ? amount * 12 : amount
        }
        guard let months = Int32(exactly: total) else { return nil }
        let hasYear = fields.contains { $0.unit == .year }
        let hasMonth = fields.contains { $0.unit == .month }
        return .months(months, from: hasYear ? .year : .month, to: hasMonth ? .month : .year)
    }

    /// Reads `'1-2' YEAR TO MONTH` and `'1 02:03:04.5' DAY TO SECOND`.
    static func range(_ text: String, from: IntervalUnit, to: IntervalUnit) -> IntervalSyntax? {
        var body = Substring(trimmed(text))
        var isNegative = false
        while let sign = body.first, sign == "-" || sign == "+" {
            if sign == "-" { isNegative.toggle() }
            body.removeFirst()
        }
        if from == .year, to == .month {
            let parts = body.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let years = Int64(parts[0]), let months = Int64(parts[1]), months < 12,
                months >= 0,
                years >= 0, years < 1 << 40,
                let total = Int32(exactly: (years * 12 + months) * (isNegative ? -1 : 1))
            else { return nil }
            return .months(total, from: .year, to: .month)
        }
        let units: [IntervalUnit] = [.day, .hour, .minute, .second]
        guard let first = units.firstIndex(of: from), let last = units.firstIndex(of: to), first < last else {
            return nil
        }
        let parts = body.split(whereSeparator: { $0 == " " || $0 == ":" })
        guard parts.count == last - first + 1 else { return nil }
        var total: Int64 = 0
        for (part, unit) in zip(parts, units[first...last]) {
            guard part.first?.isNumber == true, let scale = microsecondsPerUnit[unit],
                unit == .second || Int64(part) != nil, let amount = microseconds(String(part), scale: scale)
            else { return nil }
            // The least of all intervals has no positive one of its size.
            let (sum, overflow) =
                isNegative
                ? total.subtractingReportingOverflow(amount) : total.addingReportingOverflow(amount)
            if overflow { return nil }
            total = sum
        }
        return .microseconds(total, from: from, to: to)
    }

    /// Units that day-time interval types know: weeks count as days, the smallest as seconds.
    private static func dayTimeUnit(_ unit: IntervalUnit) -> IntervalUnit {
        switch unit {
        case .week: .day
        case .millisecond, .microsecond: .second
        default: unit
        }
    }

    private static func rank(_ unit: IntervalUnit) -> Int { IntervalUnit.allCases.firstIndex(of: unit) ?? 0 }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// Multiplies a number with up to nine decimals exactly; digits below a microsecond are cut. Only seconds
    /// take decimals.
    private static func microseconds(_ value: String, scale: Int64) -> Int64? {
        var body = Substring(trimmed(value))
        var isNegative = false
        if let sign = body.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            body.removeFirst()
        }
        let parts = body.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let whole = Int64(first.isEmpty ? "0" : first),
            whole >= 0
        else { return nil }
        var (total, overflow) = whole.multipliedReportingOverflow(by: scale)
        if overflow { return nil }
        if parts.count == 2 {
            guard scale == 1_000_000, parts[1].count <= 9, parts[1].utf8.allSatisfy({ isDigit($0) }) else {
                return nil
            }
            let digits = String((parts[1] + "000000").prefix(6))
            (total, overflow) = total.addingReportingOverflow(Int64(digits) ?? 0)
            if overflow { return nil }
        }
        return isNegative ? 0 - total : total
    }
}
