/// Tells instants from the clock of the session's time zone, for text that names no zone.
package struct TextZone: Sendable {
    /// Returns microseconds since 1970 in UTC of a local clock's microseconds; nil stands for UTC itself.
    package let instant: (@Sendable (Int64) -> Int64)?
    /// Returns microseconds on the local clock of an instant.
    package let local: (@Sendable (Int64) -> Int64)?

    package init(instant: @escaping @Sendable (Int64) -> Int64, local: @escaping @Sendable (Int64) -> Int64) {
        self.instant = instant
        self.local = local
    }

    private init() {
        instant = nil
        local = nil
    }

    package static let utc = TextZone()
}
