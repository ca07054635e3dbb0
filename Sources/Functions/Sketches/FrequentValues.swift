import Columns
import Kernels
import Plans
import Vocabulary

/// Computes `approx_top_k`: counts every value, null too, where Spark keeps a sketch of them.
enum FrequentValues {
    /// Makes the accumulator. Throws for numbers that Spark refuses too.
    static func accumulator(
        _ call: AggregateCall, _ input: DataType, wanted: Int, tracked: Int
    ) throws -> Accumulator {
        guard wanted > 0 else {
            throw EngineError.user(
                "APPROX_TOP_K_NON_POSITIVE_ARG", "The number of values of `approx_top_k` must be positive.")
        }
        guard tracked >= wanted else {
            throw EngineError.user(
                "APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K",
                "The values that `approx_top_k` tracks must be at least those that it returns.")
        }
        // Values are wrapped, for a collection leaves nulls out.
        let element = DataType.structure([Field("item", input)])
        let inner = CollectAccumulator(element: element, distinct: false, type: call.type) {
            values, offsets, count in
            .of(
                call.type,
                (0..<count).map { group in
                    let rows = Int(offsets[group])..<Int(offsets[group + 1])
                    return .array(top(values.flattened(), rows, wanted))
                })
        }
        return WrappingAccumulator(inner, element: element)
    }

    private static func top(_ values: Vector, _ rows: Range<Int>, _ wanted: Int) -> [Scalar] {
        let items = values.children[0].flattened()
        var places: [Scalar: Int] = [:]
        var found: [(item: Scalar, count: Int64)] = []
        for row in rows {
            let item = items.scalar(at: row)
            if let place = places[item] {
                found[place].count += 1
            } else {
                places[item] = found.count
                found.append((item, 1))
            }
        }
        let ordered = found.indices.sorted { a, b in
            found[a].count != found[b].count ? found[a].count > found[b].count : a < b
        }
        return ordered.prefix(wanted).map { .structure([found[$0].item, .integer(found[$0].count)]) }
    }
}

/// Gives another accumulator its argument as the member of a structure.
final class WrappingAccumulator: Accumulator {
    private let inner: CollectAccumulator
    private let element: DataType

    init(_ inner: CollectAccumulator, element: DataType) {
        self.inner = inner
        self.element = element
        super.init(stateTypes: inner.stateTypes, type: inner.type)
    }

    override var memoryBytes: Int { inner.memoryBytes }
    override func resize(groups: Int) { inner.resize(groups: groups) }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let wrapped = Vector.flat(element, count: count, values: nil, children: [arguments[0].flattened()])
        inner.update(groups: groups, arguments: [wrapped], count: count)
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        inner.merge(groups: groups, states: states, count: count)
    }
    override func states(from: Int, count: Int) -> [Vector] { inner.states(from: from, count: count) }
    override func results(from: Int, count: Int) throws -> [Vector] {
        try inner.results(from: from, count: count)
    }
}
