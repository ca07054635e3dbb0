/// Remembers the most that was held at once of what is reported to it. Not thread-safe: whoever owns the
/// reservations owns it.
package final class MemoryMeter {
    /// The most bytes that were held at once.
    package private(set) var peakBytes = 0
    private var heldBytes = 0
    private let whole: MemoryMeter?

    /// `whole`: what else hears of all that is reported.
    package init(partOf whole: MemoryMeter? = nil) { self.whole = whole }

    /// Hears that so many bytes more are held, or less where negative.
    package func add(_ bytes: Int) {
        heldBytes += bytes
        peakBytes = max(peakBytes, heldBytes)
        whole?.add(bytes)
    }
}
