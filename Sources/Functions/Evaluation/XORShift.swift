#if canImport(Glibc)
    import Glibc
#endif

/// Gives the bits of Spark's `XORShiftRandom` (Marsaglia, "Xorshift RNGs", 2003), so that a seed gives the
/// numbers that it gives there.
struct XORShift {
    private var state: Int64
    private var nextNormal: Double?

    init(seed: Int64) {
        // Scala's MurmurHash3.arraySeed begins the hash, whose lower half begins the upper one.
        let bytes = UInt64(bitPattern: seed).byteSwapped
        let low = SparkHash.murmur(bytes, 0x3c07_4a61)
        state = Int64(truncatingIfNeeded: UInt64(SparkHash.murmur(bytes, low)) << 32 | UInt64(low))
    }

    /// Returns the lowest `bits` of the next word, at most 32.
    mutating func next(_ bits: Int) -> Int64 {
        var word = state ^ (state &<< 21)
        word ^= Int64(bitPattern: UInt64(bitPattern: word) >> 35)
        word ^= word &<< 4
        state = word
        return word & ((1 &<< Int64(bits)) &- 1)
    }

    /// Returns a number from 0 to 1, without 1, as `java.util.Random.nextDouble` makes it.
    mutating func uniform() -> Double {
        let high = next(26)
        return Double(high &<< 27 &+ next(27)) * 0x1p-53
    }

    /// Returns a number of the standard normal distribution by Marsaglia's polar method, which makes two.
    mutating func normal() -> Double {
        if let known = nextNormal {
            nextNormal = nil
            return known
        }
        while true {
            let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
            let square = x * x + y * y
            if square >= 1 || square == 0 { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            nextNormal = y * factor
            return x * factor
        }
    }

    /// Returns a digit or a letter.
    mutating func letter() -> UInt8 {
        let number = Int32(truncatingIfNeeded: next(32))
        return Self.letters[Int((number % 62).magnitude)]
    }

    static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
}
