import Columns
import Kernels
import Plans
import Vocabulary

/// `percentile` with a third argument, how often each value counts: collects structures of value and number.
enum WeightedPercentile {
    /// What plans call it.
    static let name = "percentile_weighted"

    static let function = AggregateFunction(
        name,
        typing: { request in
            try Signature.checkCount(request, 2...2)
            guard case .structure(let fields) = request.types[0], let value = fields.first?.type else {
                throw Signature.mismatch(request, argument: 0, requires: "\"STRUCT\"")
            }
            let result = AggregateCatalog.interpolated(value).result
            if case .array = request.types[1] {
                return Typing(
                    [request.types[0], .array(.double, containsNull: false)],
                    .array(result, containsNull: false))
            }
            return Typing([request.types[0], .double], result)
        }, "Holds percentile with frequencies.", example: "percentile(a, 0.5, n)")

    /// Makes the result of groups whose values are pairs; each value stands as often as its number says.
    static func finish(_ shares: [Double], asArray: Bool, type: DataType) -> CollectAccumulator.Finish {
        { values, offsets, count in
            let flat = values.flattened()
            if flat.children.isEmpty { return .nulls(type, count: count) }
            let (value, times) = (flat.children[0].flattened(), flat.children[1].flattened())
            let isInterval = value.type.isInterval
            let number = Percentiles.numbers(value)
            var results: [Scalar] = []
            for group in 0..<count {
                var pairs: [(value: Double, times: Int)] = []
                for row in Int(offsets[group])..<Int(offsets[group + 1]) {
                    let repeated = Int(times.pointer(as: Int64.self)[row])
                    if repeated < 0 {
                        throw EngineError.data(
                            "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
                            "A frequency of `percentile` is negative: \(repeated).")
                    }
                    if repeated > 0 { pairs.append((number(row), repeated)) }
                }
                if pairs.isEmpty {
                    results.append(.null)
                    continue
                }
                pairs.sort { Comparing.orderFloating($0.value, $1.value) < 0 }
                let found = shares.map { Percentiles.scalar(at($0, pairs), isInterval: isInterval) }
                results.append(asArray ? .array(found) : found[0])
            }
            return .of(type, results)
        }
    }

    /// Interpolates linearly at a share of the sorted values.
    private static func at(_ share: Double, _ pairs: [(value: Double, times: Int)]) -> Double {
        let total = pairs.reduce(0.0) { $0 + Double($1.times) }
        let position = share * (total - 1)
        let (low, high) = (position.rounded(.down), position.rounded(.up))
        let (below, above) = (value(low, pairs), value(high, pairs))
        if low == high || below == above { return below }
        return (high - position) * below + (position - low) * above
    }

    /// Returns the value at a place, counted from 0.
    private static func value(_ place: Double, _ pairs: [(value: Double, times: Int)]) -> Double {
        var seen = 0.0
        for pair in pairs {
            seen += Double(pair.times)
            if seen > place { return pair.value }
        }
        return pairs[pairs.count - 1].value
    }
}
