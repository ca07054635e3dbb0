import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that read elements of arrays and maps.
enum ElementFunctions {
    static let all: [ScalarFunction] = [
        counting(
            "size", ["cardinality"], .collection, "Counts the elements of an array or map.",
            "size(array(1, 2))"),
        counting("array_size", [], .array, "Counts the elements of an array.", "array_size(array(1, 2))"),
        counting("map_size", [], .map, "Counts the entries of a map.", "map_size(map('a', 1))"),
        ScalarFunction(
            "element_at", aliases: ["try_element_at"],
            typing: Signature.place, "Returns an element by its 1-based place, or a map's value by its key.",
            example: "element_at(array(1, 2), 1)"
        ) { call in
            if case .map = call[0].type { return lookUp(call) }
            let rows = Rows(call)
            return try pick(call, rows) { row, range in
                let index = rows.integer(1, row)
                if index == 0 {
                    throw EngineError.data(
                        "INVALID_INDEX_OF_ZERO", "The index 0 is invalid: positions are counted from 1.")
                }
                let at = index > 0 ? index - 1 : range.count + index
                if at >= 0, at < range.count { return range.lowerBound + at }
                if call.mode != .error { return nil }
                throw EngineError.data(
                    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
                    "The index \(index) is out of bounds. The array has \(range.count) elements. Use "
                        + "`try_element_at` to tolerate accessing element at invalid index and return "
                        + "NULL instead."
                )
            }
        },
        ScalarFunction(
            "get", typing: Signature.of([.array, .int]) { CollectionFunctions.element($0[0]) },
            "Returns an element by its 0-based place, null outside.", example: "get(array(1, 2), 0)"
        ) { call in
            let rows = Rows(call)
            return pick(call, rows) { row, range in
                let index = rows.integer(1, row)
                return index >= 0 && index < range.count ? range.lowerBound + index : nil
            }
        },
        ScalarFunction(
            "element",
            typing: Signature.subscripted,
            "Returns an element by its 0-based place, or a map's value by its key (`a[i]`).",
            example: "array(1, 2)[0]"
        ) { call in
            if case .map = call[0].type { return lookUp(call) }
            let rows = Rows(call)
            return try pick(call, rows) { row, range in
                let index = rows.integer(1, row)
                if index >= 0, index < range.count { return range.lowerBound + index }
                if call.mode != .error { return nil }
                throw EngineError.data(
                    "INVALID_ARRAY_INDEX",
                    "The index \(index) is out of bounds. The array has \(range.count) elements. Use the "
                        + "SQL function `get()` to tolerate accessing element at invalid index and return "
                        + "NULL instead."
                )
            }
        },
        ScalarFunction(
            "array_contains", typing: Signature.ordered(Signature.arrayAndElement { _ in .boolean }),
            "Says whether an array holds a value.", example: "array_contains(array(1, 2), 2)"
        ) { call in
            let rows = Rows(call)
            let finder = ElementFinder(call[0].children[0], call[1])
            return rows.build(.boolean) { row in
                let range = rows.columns[0].range(row)
                if finder.first(in: range, row) != nil { return 1 }
                return finder.hasNull(in: range) ? nil : 0
            }
        },
        ScalarFunction(
            "array_position",
            typing: Signature.ordered(Signature.arrayAndElement(takesNull: true) { _ in .int64 }),
            "Returns the 1-based place of a value in an array, or 0.",
            example: "array_position(array(1, 2), 2)"
        ) { call in
            let rows = Rows(call)
            let finder = ElementFinder(call[0].children[0], call[1])
            return rows.build(.int64) { row in
                let range = rows.columns[0].range(row)
                return finder.first(in: range, row).map { Int64($0 - range.lowerBound + 1) } ?? 0
            }
        },
        ScalarFunction(
            "array_join",
            typing: Signature.of(
                [.of(.array(.string, containsNull: true)), .string, .string], optional: 1, .string),
            "Joins an array of texts; nulls are left out or replaced.",
            example: "array_join(array('a', 'b'), ',')"
        ) { call in
            let rows = Rows(call)
            return joined(call, rows)
        },
        extreme("array_min", -1), extreme("array_max", 1),
    ]

    /// Computes `array_join`.
    private static func joined(_ call: Invocation, _ rows: Rows) -> Vector {
        let list = Column(call[0].children[0].flattened())
        let (elements, separators) = (TextColumn(list), TextColumn(rows.columns[1]))
        let replacements = call.arguments.count == 3 ? TextColumn(rows.columns[2]) : nil
        let builder = ViewBuilder(count: call.count)
        var writer = PieceWriter()
        var row = 0
        while row < rows.count {
            defer { row &+= 1 }
            guard rows.isValid(row), let separator = separators.view(row) else { continue }
            let range = rows.columns[0].range(row)
            var (at, isFirst) = (range.lowerBound, true)
            writer.clear()
            while at < range.upperBound {
                if let view = elements.view(at) ?? replacements?.view(row) {
                    if !isFirst { writer.append(separator) }
                    isFirst = false
                    writer.append(view)
                }
                at &+= 1
            }
            writer.put(builder, row)
        }
        withExtendedLifetime((rows, list)) {}
        return builder.finish(.string, validity: rows.validity)
    }

    private static func counting(
        _ name: String, _ aliases: [String], _ parameter: Parameter, _ summary: String, _ example: String
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([parameter], .int32), summary, example: example
        ) { call in
            let rows = Rows(call)
            return rows.map(Int32.self, .int32) { Int32(rows.columns[0].range($0).count) }
        }
    }

    private static func extreme(_ name: String, _ sign: Int) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.ordered(Signature.of([.array]) { CollectionFunctions.element($0[0]) }),
            "Returns the least or greatest element, nulls left out.",
            example: "\(name)(array(1, 2))"
        ) { call in
            let values = call[0].children[0].flattened()
            let rows = Rows(call)
            if values.form == .flat, values.values != nil, OrderKey.isKnown(values.type) {
                return pick(call, rows) { _, range in extreme(of: values, range, sign) }
            }
            return pick(call, rows) { _, range in
                var best: Int?
                for at in range where !values.isNull(at) {
                    if best.map({ Comparing.compareRows(values, at, values, $0) * sign > 0 }) ?? true {
                        best = at
                    }
                }
                return best
            }
        }
    }

    /// Returns the place of the first least (−1) or greatest (1) of a list's elements that have keys.
    @inline(__always)
    private static func extreme(of values: Vector, _ range: Range<Int>, _ sign: Int) -> Int? {
        let (flips, hasNulls) = (sign < 0 ? Int64(-1) : 0, values.hasNulls)
        var (best, bestKey) = (-1, Int64.min)
        var at = range.lowerBound
        while at < range.upperBound {
            if !hasNulls || !values.isNull(at) {
                let key = OrderKey.of(values, at) ^ flips
                if best < 0 || key > bestKey { (best, bestKey) = (at, key) }
            }
            at &+= 1
        }
        return best < 0 ? nil : best
    }

    /// Returns one element of each row's array, by its place in the elements' vector.
    private static func pick(_ call: Invocation, _ rows: Rows, _ body: (Int, Range<Int>) throws -> Int?)
        rethrows -> Vector
    {
        let places = Buffer(byteCount: max(call.count * 4, 4))
        let list = places.pointer(as: Int32.self)
        for row in 0..<call.count { list[row] = -1 }
        try rows.each { row in
            if let at = try body(row, rows.columns[0].range(row)) { list[row] = Int32(at) }
        }
        return call[0].children[0].gatheredNullable(list, count: call.count)
    }

    private static func lookUp(_ call: Invocation) -> Vector {
        let rows = Rows(call)
        let finder = ElementFinder(call[0].children[0], call[1])
        let places = Buffer(byteCount: max(call.count * 4, 4))
        let list = places.pointer(as: Int32.self)
        for row in 0..<call.count { list[row] = -1 }
        rows.each { row in
            let found = finder.first(in: rows.columns[0].range(row), row)
            list[row] = found.map { Int32($0) } ?? -1
        }
        return call[0].children[1].gatheredNullable(list, count: call.count)
    }
}
