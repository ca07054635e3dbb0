import Columns
import Kernels
import Memory
import Plans

#if canImport(Glibc)
    import Glibc
#endif

/// Finishes aggregates that need all values of a group.
enum Percentiles {
    /// Interpolates linearly between the sorted values at each share; what comes out for intervals is cut to
    /// whole months or microseconds.
    static func percentiles(
        _ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int, _ shares: [Double], asArray: Bool,
        type: DataType
    ) -> Vector {
        let flat = values.flattened()
        let isInterval = flat.type.isInterval
        let number = numbers(flat)
        var results: [Scalar] = []
        for i in 0..<count {
            let range = Int(offsets[i])..<Int(offsets[i + 1])
            if range.isEmpty {
                results.append(.null)
                continue
            }
            let found: [Scalar]
            if shares.count <= 4 {
                let doubles = UnsafeBufferPointer(
                    start: isInterval ? nil : flat.pointer(as: Double.self) + range.lowerBound,
                    count: isInterval ? 0 : range.count)
                var selection =
                    isInterval ? NumberSelection(range.lazy.map(number)) : NumberSelection(doubles)
                found = shares.map { scalar(between(&selection, $0), isInterval: isInterval) }
            } else {
                let sorted = range.map(number).sorted { Comparing.orderFloating($0, $1) < 0 }
                found = shares.map { scalar(between(sorted, $0), isInterval: isInterval) }
            }
            results.append(asArray ? .array(found) : found[0])
        }
        return .of(type, results)
    }

    /// Reads rows as numbers: doubles, or the months or microseconds of intervals.
    static func numbers(_ flat: Vector) -> (Int) -> Double {
        if flat.type.isInterval { return { Double(flat.scalar(at: $0).integerValue) } }
        return { flat.pointer(as: Double.self)[$0] }
    }

    /// Makes a value of a number, for intervals cut to whole months or microseconds.
    static func scalar(_ number: Double, isInterval: Bool) -> Scalar {
        isInterval ? .integer(Int64(exactly: number.rounded(.towardZero)) ?? .max) : .double(number)
    }

    /// Interpolates linearly at a share of the values as if they were sorted.
    private static func between(_ selection: inout NumberSelection, _ share: Double) -> Double {
        let position = share * Double(selection.count - 1)
        let (low, high) = (Int(position.rounded(.down)), Int(position.rounded(.up)))
        let (first, next) = selection.values(at: low)
        if low == high || first == next { return first }
        return (Double(high) - position) * first + (position - Double(low)) * next
    }

    /// Interpolates linearly at a share of the sorted values.
    static func between(_ sorted: [Double], _ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let (low, high) = (Int(position.rounded(.down)), Int(position.rounded(.up)))
        if low == high || sorted[low] == sorted[high] { return sorted[low] }
        return (Double(high) - position) * sorted[low] + (position - Double(low)) * sorted[high]
    }

    /// Returns at each share p the value number ⌈p · n⌉ of the n sorted ones.
    static func discrete(
        _ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int, _ shares: [Double], asArray: Bool,
        type: DataType
    ) -> Vector {
        let flat = values.flattened()
        var results: [Scalar] = []
        for i in 0..<count {
            let size = Int(offsets[i + 1] - offsets[i])
            if size == 0 {
                results.append(.null)
                continue
            }
            let part = flat.sliced(from: Int(offsets[i]), count: size)
            let order = SortKeys.sortedRows(
                columns: [part], ascending: [true], nullsFirst: [true], count: size)
            let found = shares.map { share -> Scalar in
                let place = max(1, Int((share * Double(size)).rounded(.up))) - 1
                return part.scalar(at: Int(order.pointer(as: UInt32.self)[min(place, size - 1)]))
            }
            results.append(asArray ? .array(found) : found[0])
        }
        return .of(type, results)
    }

    /// Makes the finish of `listagg`: each group's values in one text, with the call's delimiter between.
    static func joined(_ call: AggregateCall) -> CollectAccumulator.Finish {
        var delimiter: [UInt8] = []
        if call.arguments.count > 1, case .literal(let literal) = call.arguments[1] {
            switch literal.value {
            case .string(let text): delimiter = Array(text.utf8)
            case .binary(let bytes): delimiter = bytes
            default: break
            }
        }
        return { values, offsets, count in
            let flat = values.flattened()
            let builder = ViewBuilder(count: count)
            var nulls = NullCollector(nil, count: count)
            for i in 0..<count {
                let range = Int(offsets[i])..<Int(offsets[i + 1])
                if range.isEmpty {
                    nulls.setNull(i)
                    continue
                }
                var bytes: [UInt8] = []
                for at in range {
                    if at > range.lowerBound { bytes += delimiter }
                    flat.pointer(as: StringView.self)[at].withBytes { bytes.append(contentsOf: $0) }
                }
                builder.put(bytes, i)
            }
            return builder.finish(call.type, validity: nulls.validity)
        }
    }

    /// Returns each group's most frequent value.
    /// Which of equally frequent values `mode` gives.
    enum Ties { case firstMet, smallest, largest }

    static func mode(
        _ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int, ties: Ties
    ) -> Vector {
        let rows = Buffer(byteCount: max(count * 4, 4))
        let list = rows.pointer(as: Int32.self)
        for i in 0..<count {
            let start = Int(offsets[i])
            let size = Int(offsets[i + 1]) - start
            if size == 0 {
                list[i] = -1
                continue
            }
            let part = values.sliced(from: start, count: size)
            let order = SortKeys.sortedRows(
                columns: [part], ascending: [true], nullsFirst: [true], count: size)
            let sorted = order.pointer(as: UInt32.self)
            var (bestCount, runStart, distinct) = (0, 0, 0)
            var best: [Int] = []
            for k in 1...size {
                if k < size, Comparing.compareRows(part, Int(sorted[k]), part, Int(sorted[runStart])) == 0 {
                    continue
                }
                distinct += 1
                if k - runStart > bestCount { (best, bestCount) = ([], k - runStart) }
                if k - runStart == bestCount { best.append(Int(sorted[runStart])) }
                runStart = k
            }
            let flat = part.flattened()
            let chosen: Int
            switch ties {
            case .smallest: chosen = best.first ?? 0
            case .largest: chosen = best.last ?? 0
            case .firstMet where best.count == 1: chosen = best[0]
            case .firstMet:
                chosen =
                    best.map { (ModeOrder.place(flat, $0, distinct: distinct), $0) }.min { $0 < $1 }?.1 ?? 0
            }
            list[i] = Int32(start + chosen)
        }
        return values.gatheredNullable(list, count: count)
    }
}

/// Gives the logarithm to files that import no C library.
enum Logarithm {
    static func natural(_ value: Double) -> Double { log(value) }
}
