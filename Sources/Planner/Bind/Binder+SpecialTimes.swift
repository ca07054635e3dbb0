import Columns
import Kernels
import Plans

extension Binder {
    /// Returns the time that a constant text such as `today` names for a cast to a date or a time; nil for
    /// other texts and types. A zone may follow, but not behind `now`.
    /// Source: Spark's `SpecialDatetimeValues`.
    func specialTime(_ expression: Expression, _ type: DataType) -> Literal? {
        guard [.date, .timestamp, .timestampNTZ].contains(type),
            case .literal(let literal) = expression, case .string(let text) = literal.value,
            text.utf8.count >= 3
        else { return nil }
        let trimmed = text.trimmingSpaces
        let word = trimmed.prefix { $0.isASCII && $0.isLetter }.lowercased()
        let rest = String(trimmed.dropFirst(word.count)).trimmingSpaces
        guard let days = ["epoch": 0, "now": 0, "today": 0, "tomorrow": 1, "yesterday": -1][word],
            let zone = try? Zone.named(rest.isEmpty ? settings.timeZone : rest), rest.isEmpty || word != "now"
        else { return nil }
        if word == "epoch" { return Literal(.integer(0), type) }
        let now = Int(settings.nowMicroseconds)
        let local = zone.local(now)
        let day = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay) + days
        let midnight = day * ClockTime.microsecondsPerDay
        switch (type, word) {
        case (.date, _): return Literal(.integer(Int64(day)), type)
        case (.timestamp, "now"): return Literal(.integer(Int64(now)), type)
        case (.timestampNTZ, "now"): return Literal(.integer(Int64(local)), type)
        case (.timestamp, _): return Literal(.integer(Int64(zone.instant(local: midnight))), type)
        default: return Literal(.integer(Int64(midnight)), type)
        }
    }
}
