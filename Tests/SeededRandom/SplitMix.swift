/// Gives the same numbers for the same seed on every machine: SplitMix64. Source: Steele, Lea, Flood, "Fast
/// splittable pseudorandom number generators" (2014).
package struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    /// Begins with a seed.
    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Returns a number from 0 up to, not with, `sides`; 0 where there is none.
    package mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(max(1, sides))) }
}
