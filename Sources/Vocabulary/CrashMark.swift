/// Names by a digest of 128 bits what a process worked at, where no number does: what a client sent that is
/// no job yet.
package struct CrashMark: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    package init(_ high: UInt64, _ low: UInt64) { (self.high, self.low) = (high, low) }

    /// Takes the first 16 bytes of a digest; missing ones are 0.
    package init(digest: [UInt8]) {
        func word(_ start: Int) -> UInt64 {
            (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < digest.count ? digest[$1] : 0) }
        }
        self.init(word(0), word(8))
    }

    /// 32 hexadecimal digits.
    package var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    /// Reads what `description` wrote; nil for another text.
    package init?(_ text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high, low)
    }
}

extension CrashMark {
    /// As a crash notes it.
    var numbers: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) {
        (
            UInt32(truncatingIfNeeded: high >> 32), UInt32(truncatingIfNeeded: high),
            UInt32(truncatingIfNeeded: low >> 32), UInt32(truncatingIfNeeded: low), 0, 0
        )
    }

    init(_ numbers: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)) {
        self.init(
            UInt64(numbers.0) << 32 | UInt64(numbers.1), UInt64(numbers.2) << 32 | UInt64(numbers.3))
    }
}
