import Protocol

/// Collects metrics as Prometheus reads them (text exposition format 0.0.4).
package struct MetricsText: Sendable {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    package private(set) var text = ""

    package init() {}

    /// Adds a value that goes up and down.
    package mutating func gauge(_ name: String, _ help: String, _ samples: [(labels: String, value: Int)]) {
        add(name, help, "gauge", samples)
    }

    /// Adds a value that only grows; its name ends with `_total`.
    package mutating func counter(_ name: String, _ help: String, _ value: Int) {
        add(name, help, "counter", [("", value)])
    }

    /// Adds a family of histograms.
    package mutating func histograms(_ family: LatencyFamily) {
        text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) histogram\n"
        for (labels, histogram) in family.samples {
            let begin = labels.isEmpty ? "" : labels + ","
            let end = labels.isEmpty ? "" : "{\(labels)}"
            var count = 0
            for (place, own) in histogram.counts.enumerated() {
                count += own
                let bound = place < LatencyHistogram.bounds.count ? LatencyHistogram.bounds[place] : nil
                let le = bound.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" } ?? "+Inf"
                text += "\(family.name)_bucket{\(begin)le=\"\(le)\"} \(count)\n"
            }
            text += "\(family.name)_sum\(end) \(histogram.sumSeconds)\n"
            text += "\(family.name)_count\(end) \(count)\n"
        }
    }

    private mutating func add(
        _ name: String, _ help: String, _ type: String, _ samples: [(labels: String, value: Int)]
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for sample in samples {
            let labels = sample.labels.isEmpty ? "" : "{\(sample.labels)}"
            text += "\(name)\(labels) \(sample.value)\n"
        }
    }
}
