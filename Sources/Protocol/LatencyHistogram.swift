/// Counts how long something took, in the buckets that Prometheus calls a histogram.
package struct LatencyHistogram: Sendable, Hashable {
    /// Upper bounds, seconds; one more bucket takes what is longer.
    package static let bounds: [Double] = [
        0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600,
    ]

    /// Observations in each bucket alone, the last without bound.
    package private(set) var counts = [Int](repeating: 0, count: LatencyHistogram.bounds.count + 1)
    package private(set) var sumSeconds = 0.0

    package init() {}

    /// Counts one observation.
    package mutating func observe(_ seconds: Double) {
        var bucket = 0
        while bucket < LatencyHistogram.bounds.count, seconds > LatencyHistogram.bounds[bucket] {
            bucket += 1
        }
        counts[bucket] += 1
        sumSeconds += seconds
    }
}

/// Names a family of histograms with its samples, one for each set of labels (`state="failed"`). Labels come
/// from closed sets, so that their number stays small.
package struct LatencyFamily: Sendable {
    package var name: String
    package var help: String
    package var samples: [(labels: String, histogram: LatencyHistogram)]

    package init(_ name: String, _ help: String, _ samples: [(labels: String, histogram: LatencyHistogram)]) {
        self.name = name
        self.help = help
        self.samples = samples
    }
}
