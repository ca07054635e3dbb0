import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Holds the aggregates with `WITHIN GROUP (ORDER BY …)`, and others that look at all sorted values of a
/// group.
enum OrderedAggregates {
    /// `listagg` with an order: collects structures of the order's keys and, last, the text.
    package static let orderedList = "listagg_ordered"

    static let all: [AggregateFunction] = [
        AggregateFunction(
            "percentile_cont", typing: percentileTyping,
            "Returns the value at a share of the sorted values, by linear interpolation.",
            example: "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)"),
        AggregateFunction(
            "percentile_disc", typing: percentileTyping,
            "Returns the first of the sorted values at or behind a share.",
            example: "percentile_disc(0.5) WITHIN GROUP (ORDER BY a)"),
        AggregateFunction(
            orderedList, typing: Signature.of([.any, .text, .string]) { $0[1] },
            "Holds listagg with an order.", example: "listagg(a) WITHIN GROUP (ORDER BY a)"),
        AggregateFunction(
            "histogram_numeric",
            typing: { request in
                let types = try Signature.of([.number, .int], .double)(request).arguments
                let fields = [Field("x", types[0]), Field("y", .double)]
                return Typing(types, .array(.structure(fields), containsNull: true))
            }, "Returns a histogram of so many bins, as their centres and heights.",
            example: "histogram_numeric(a, 5)"),
        WeightedPercentile.function,
        bitmap("bitmap_construct_agg", .long, "Makes a bitmap of the positions of bits."),
        bitmap("bitmap_or_agg", .of(.binary), "Joins bitmaps by OR."),
        bitmap("bitmap_and_agg", .of(.binary), "Joins bitmaps by AND."),
    ]

    private static func bitmap(_ name: String, _ parameter: Parameter, _ summary: String) -> AggregateFunction
    {
        AggregateFunction(name, typing: Signature.of([parameter], .binary), summary, example: "\(name)(a)")
    }

    private static let percentileTyping: Signature.Rule = { request in
        try Signature.checkCount(request, 3...3)
        let type = request.types[0]
        guard type.isNumeric || type.isInterval || type == .null || type == .string else {
            throw Signature.mismatch(request, argument: 0, requires: "\"NUMERIC\"")
        }
        let (argument, result) = AggregateCatalog.interpolated(type)
        if case .array = request.types[1] {
            return Typing(
                [argument, .array(.double, containsNull: false), .boolean],
                .array(result, containsNull: false))
        }
        return Typing([argument, .double, .boolean], result)
    }

    /// Returns the accumulator of one of these functions; nil for other names. `shares` are those of
    /// percentiles.
    static func make(_ call: AggregateCall, _ name: String, _ input: DataType) throws -> Accumulator? {
        func collect(_ finish: @escaping CollectAccumulator.Finish) -> Accumulator {
            CollectAccumulator(element: input, distinct: false, type: call.type, finish: finish)
        }
        switch name {
        case "percentile_cont", "percentile_disc":
            let (shares, asArray) = try shares(call)
            let descends = literal(call, 2) == .boolean(true)
            let type = call.type
            return collect { values, offsets, count in
                each(values, offsets, count, type, asArray) { sorted in
                    let list = descends ? sorted.reversed() : sorted
                    return shares.map {
                        name == "percentile_cont" ? Percentiles.between(list, $0) : at(list, $0)
                    }
                }
            }
        case orderedList: return collect(joined(call))
        case WeightedPercentile.name:
            let (shares, asArray) = try shares(call)
            return collect(WeightedPercentile.finish(shares, asArray: asArray, type: call.type))
        case "histogram_numeric":
            guard case .integer(let bins) = literal(call, 1), bins >= 2, bins <= 10_000 else {
                throw EngineError.user(
                    "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                    "The number of bins of `histogram_numeric` must be a constant of at least 2.")
            }
            return collect { values, offsets, count in
                try histograms(values, offsets, count, Int(bins), call.type)
            }
        case "bitmap_construct_agg", "bitmap_or_agg", "bitmap_and_agg": return BitmapAccumulator(name)
        default: return nil
        }
    }

    private static func literal(_ call: AggregateCall, _ place: Int) -> Scalar {
        guard call.arguments.indices.contains(place), case .literal(let literal) = call.arguments[place]
        else {
            return .null
        }
        return literal.value
    }

    // MARK: Percentiles

    private static func shares(_ call: AggregateCall) throws -> ([Double], asArray: Bool) {
        var shares: [Double] = [.nan]
        var isArray = false
        switch literal(call, 1) {
        case .double(let value): shares = [value]
        case .array(let list):
            isArray = true
            shares = list.map { if case .double(let value) = $0 { value } else { .nan } }
        default: break
        }
        guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "The percentage of `\(call.function)` must be a constant between 0.0 and 1.0.")
        }
        return (shares, isArray)
    }

    private static func each(
        _ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int, _ type: DataType, _ asArray: Bool,
        _ body: ([Double]) -> [Double]
    ) -> Vector {
        let flat = values.flattened()
        let number = Percentiles.numbers(flat)
        let isInterval = flat.type.isInterval
        return .of(
            type,
            (0..<count).map { group in
                let range = Int(offsets[group])..<Int(offsets[group + 1])
                if range.isEmpty { return .null }
                let sorted = range.map(number).sorted { Comparing.orderFloating($0, $1) < 0 }
                let found = body(sorted).map { Percentiles.scalar($0, isInterval: isInterval) }
                return asArray ? .array(found) : found[0]
            })
    }

    private static func at(_ sorted: [Double], _ share: Double) -> Double {
        sorted[max(0, min(sorted.count, Int((share * Double(sorted.count)).rounded(.up))) - 1)]
    }

    // MARK: listagg

    /// Joins texts by the order of the members before them; the last argument tells of each member whether it
    /// ascends (`a`, else `d`) with nulls first (`f`, else `l`).
    private static func joined(_ call: AggregateCall) -> CollectAccumulator.Finish {
        var delimiter: [UInt8] = []
        switch literal(call, 1) {
        case .string(let text): delimiter = Array(text.utf8)
        case .binary(let bytes): delimiter = bytes
        default: break
        }
        var order: [Character] = []
        if case .string(let text) = literal(call, 2) { order = Array(text) }
        let ascending = stride(from: 0, to: order.count, by: 2).map { order[$0] == "a" }
        let nullsFirst = stride(from: 1, to: order.count, by: 2).map { order[$0] == "f" }
        return { values, offsets, count in
            let flat = values.flattened()
            let keys = flat.children.dropLast().map { $0.flattened() }
            guard let texts = flat.children.last?.flattened() else { return .nulls(call.type, count: count) }
            let builder = ViewBuilder(count: count)
            var nulls = NullCollector(nil, count: count)
            for group in 0..<count {
                let (start, size) = (Int(offsets[group]), Int(offsets[group + 1] - offsets[group]))
                if size == 0 {
                    nulls.setNull(group)
                    continue
                }
                let rows = SortKeys.sortedRows(
                    columns: keys.map { $0.sliced(from: start, count: size) }, ascending: ascending,
                    nullsFirst: nullsFirst, count: size)
                var bytes: [UInt8] = []
                for place in 0..<size {
                    if place > 0 { bytes += delimiter }
                    let row = start + Int(rows.pointer(as: UInt32.self)[place])
                    texts.pointer(as: StringView.self)[row].withBytes { bytes.append(contentsOf: $0) }
                }
                builder.put(bytes, group)
            }
            return builder.finish(call.type, validity: nulls.validity)
        }
    }

    // MARK: Histograms

    /// Merges the two nearest bins until there are no more than wanted (Ben-Haim and Tom-Tov, as Hive and
    /// Spark
    /// do it, value by value).
    private static func histograms(
        _ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int, _ wanted: Int, _ type: DataType
    ) throws -> Vector {
        guard case .array(.structure(let fields), _) = type else { return .nulls(type, count: count) }
        let numbers = try Casting.cast(values.flattened(), to: .double, mode: .legacy, zone: .utc).flattened()
        let input = numbers.pointer(as: Double.self)
        return .of(
            type,
            try (0..<count).map { group in
                let range = Int(offsets[group])..<Int(offsets[group + 1])
                if range.isEmpty { return .null }
                var bins: [(x: Double, y: Double)] = []
                for row in range { add(input[row], to: &bins, wanted) }
                let centres = try Casting.cast(
                    .of(.double, bins.map { .double($0.x) }), to: fields[0].type, mode: .legacy, zone: .utc)
                return .array(
                    bins.indices.map { .structure([centres.scalar(at: $0), .double(bins[$0].y)]) })
            })
    }

    private static func add(_ value: Double, to bins: inout [(x: Double, y: Double)], _ wanted: Int) {
        let place = bins.firstIndex { $0.x >= value } ?? bins.count
        if place < bins.count, bins[place].x == value {
            bins[place].y += 1
            return
        }
        bins.insert((value, 1), at: place)
        guard bins.count > wanted else { return }
        var nearest = 0
        for at in 1..<(bins.count - 1)
        where bins[at + 1].x - bins[at].x < bins[nearest + 1].x - bins[nearest].x {
            nearest = at
        }
        let (low, high) = (bins[nearest], bins[nearest + 1])
        let height = low.y + high.y
        bins[nearest] = ((low.x * low.y + high.x * high.y) / height, height)
        bins.remove(at: nearest + 1)
    }
}

/// Joins bitmaps of 4 KiB, or makes them of bit positions. Without any, `or` gives no bit and `and` all bits,
/// as
/// in Spark.
final class BitmapAccumulator: Accumulator {
    /// Bytes of a bitmap.
    private static let byteCount = 4096

    private let isPositions: Bool
    private let isAnd: Bool
    private var bitmaps: [[UInt8]] = []

    init(_ name: String) {
        isPositions = name == "bitmap_construct_agg"
        isAnd = name == "bitmap_and_agg"
        super.init(stateTypes: [.binary], type: .binary)
    }

    override var memoryBytes: Int { bitmaps.count * Self.byteCount }

    override func resize(groups: Int) {
        let empty = [UInt8](repeating: isAnd ? 255 : 0, count: Self.byteCount)
        while bitmaps.count < groups { bitmaps.append(empty) }
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let values = arguments[0].flattened()
        if values.type == .null || values.isNullConstant { return }
        guard isPositions else { return merge(groups: groups, states: [values], count: count) }
        let positions = values.pointer(as: Int64.self)
        for row in 0..<count where !values.isNull(row) {
            guard (0..<Int64(Self.byteCount * 8)).contains(positions[row]) else {
                throw EngineError.data(
                    "INVALID_BITMAP_POSITION",
                    "The 0-indexed bitmap position \(positions[row]) is out of bounds. The bitmap has "
                        + "\(Self.byteCount * 8) bits.")
            }
            bitmaps[Int(groups[row])][Int(positions[row] / 8)] |= 1 << UInt8(positions[row] % 8)
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let values = states[0].flattened()
        if values.isNullConstant { return }
        let views = values.pointer(as: StringView.self)
        for row in 0..<count where !values.isNull(row) {
            let group = Int(groups[row])
            views[row].withBytes { bytes in
                for at in 0..<Self.byteCount {
                    let other = at < bytes.count ? bytes[at] : 0
                    if isAnd { bitmaps[group][at] &= other } else { bitmaps[group][at] |= other }
                }
            }
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [.of(.binary, bitmaps[from..<(from + count)].map { .binary($0) })]
    }

    override func results(from: Int, count: Int) throws -> [Vector] { states(from: from, count: count) }
}
