import Kernels

extension Zone {
    /// Returns the instant that lies months, and then days, away on the zone's clock; nil past what 64 bits
    /// hold. Source: Spark's `timestampAddInterval`.
    func moving(_ instant: Int, months: Int, days: Int) -> Int? {
        var result = instant
        if months != 0 {
            guard let moved = ClockTime.moving(local(result), months: months) else { return nil }
            result = self.instant(local: moved, near: result)
        }
        if days != 0 {
            guard let moved = ClockTime.moving(local(result), months: 0, days: days) else { return nil }
            result = self.instant(local: moved, near: result)
        }
        return result
    }
}
