import Columns

/// Writes and reads calendar intervals as Spark's casts do: `1 years 2 months 3 days 4 hours 5.5 seconds`.
package enum CalendarIntervalText {
    /// Returns the text of an interval, the units that are zero left out.
    package static func text(_ interval: CalendarInterval) -> String {
        var parts: [String] = []
        func add(_ amount: Int64, _ unit: String) {
            if amount != 0 { parts.append("\(amount) \(unit)") }
        }
        add(Int64(interval.months / 12), "years")
        add(Int64(interval.months % 12), "months")
        add(Int64(interval.days), "days")
        add(interval.microseconds / 3_600_000_000, "hours")
        add(interval.microseconds / 60_000_000 % 60, "minutes")
        let rest = interval.microseconds % 60_000_000
        if rest != 0 {
            var fraction = String("\(1_000_000 + rest.magnitude % 1_000_000)".dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
            let whole = "\(rest < 0 ? "-" : "")\(rest.magnitude / 1_000_000)"
            parts.append("\(whole)\(fraction.isEmpty ? "" : ".\(fraction)") seconds")
        }
        return parts.isEmpty ? "0 seconds" : parts.joined(separator: " ")
    }

    /// Reads signed amounts and their units, with or without `interval` before them; nil for other texts and
    /// for amounts that do not fit. Source: Spark's `SparkIntervalUtils.stringToInterval`.
    package static func parse(_ text: UnsafeRawBufferPointer) -> CalendarInterval? {
        var words = String(decoding: text, as: UTF8.self).lowercased()
            .split { $0.unicodeScalars.allSatisfy { $0.value <= 32 } }[...]
        if words.first == "interval" { words.removeFirst() }
        if words.isEmpty { return nil }
        var result = CalendarInterval()
        while var amount = words.popFirst() {
            var isNegative = false
            if let sign = amount.first, sign == "-" || sign == "+" {
                isNegative = sign == "-"
                amount.removeFirst()
                if amount.isEmpty {
                    guard let next = words.popFirst() else { return nil }
                    amount = next
                }
            }
            guard let unit = words.popFirst(), add(amount, unit, isNegative, to: &result) else { return nil }
        }
        return result
    }

    private static func add(
        _ amount: Substring, _ unit: Substring, _ isNegative: Bool, to result: inout CalendarInterval
    ) -> Bool {
        let parts = amount.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let isNumber = parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
        let name = unit.hasSuffix("s") ? unit.dropLast() : unit
        guard isNumber, let first = parts.first, !(parts.count > 1 && name != "second"),
            !(first.isEmpty && (parts.count == 1 || parts[1].isEmpty)), let whole = Int64("0\(first)")
        else { return false }
        let signed = isNegative ? -whole : whole
        switch name {
        case "year", "month": return months(signed, name == "year" ? 12 : 1, &result.months)
        case "week", "day": return months(signed, name == "week" ? 7 : 1, &result.days)
        case "hour": return micros(signed, 3_600_000_000, &result.microseconds)
        case "minute": return micros(signed, 60_000_000, &result.microseconds)
        case "millisecond": return micros(signed, 1000, &result.microseconds)
        case "microsecond": return micros(signed, 1, &result.microseconds)
        case "second":
            var fraction: Int64 = 0
            if parts.count > 1 {
                guard parts[1].utf8.count <= 9 else { return false }
                fraction = Int64("\(parts[1])000000".prefix(6)) ?? 0
            }
            return micros(signed, 1_000_000, &result.microseconds)
                && micros(isNegative ? -fraction : fraction, 1, &result.microseconds)
        default: return false
        }
    }

    private static func months(_ amount: Int64, _ scale: Int64, _ total: inout Int32) -> Bool {
        let (product, overflow) = amount.multipliedReportingOverflow(by: scale)
        let (sum, carry) = product.addingReportingOverflow(Int64(total))
        guard !overflow, !carry, let fitting = Int32(exactly: sum) else { return false }
        total = fitting
        return true
    }

    private static func micros(_ amount: Int64, _ scale: Int64, _ total: inout Int64) -> Bool {
        let (product, overflow) = amount.multipliedReportingOverflow(by: scale)
        let (sum, carry) = product.addingReportingOverflow(total)
        if overflow || carry { return false }
        total = sum
        return true
    }
}
