/// Plays many seeds, on two threads when asked.
package enum Sweep {
    /// Plays seeds one after another and returns the sum of what happened. Throws the first `Violation`.
    package static func run(_ seeds: StrideTo<UInt64>) throws(Violation) -> RunCounts {
        var counts = RunCounts()
        for seed in seeds { counts.add(try Simulation.run(seed: seed)) }
        return counts
    }
}
