/// Holds months, days and microseconds, none of which is a fixed number of another: Spark's calendar
/// interval, as `make_interval` gives it.
///
///     | months 4 | days 4 | microseconds 8 |      in a vector's 16 bytes, least significant byte first
package struct CalendarInterval: Hashable, Sendable {
    package var months: Int32
    package var days: Int32
    package var microseconds: Int64

    package init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }

    /// Takes apart the 16 bytes of a vector.
    package init(bits: Int128) {
        months = Int32(truncatingIfNeeded: bits)
        days = Int32(truncatingIfNeeded: bits >> 32)
        microseconds = Int64(truncatingIfNeeded: bits >> 64)
    }

    /// The 16 bytes of a vector.
    package var bits: Int128 {
        Int128(microseconds) << 64 | Int128(UInt32(bitPattern: days)) << 32
            | Int128(UInt32(bitPattern: months))
    }
}
