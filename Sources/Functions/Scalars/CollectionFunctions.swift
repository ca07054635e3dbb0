import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions of arrays, maps and structures.
enum CollectionFunctions {
    static let all: [ScalarFunction] = making + reading + changing

    static func element(_ type: DataType) -> DataType {
        if case .array(let element, _) = type { return element }
        return .null
    }

    private static let making: [ScalarFunction] = [
        ScalarFunction(
            "array",
            typing: { request in
                let common = try Signature.commonType(request, request.types)
                return Typing(request.types.map { _ in common }, .array(common, containsNull: true))
            }, nulls: .handled, "Makes an array.", example: "array(1, 2)"
        ) { call in
            let n = call.arguments.count
            if n == 0 { return .constant(.of(call.type, [.array([])]), count: call.count) }
            let element = element(call.type)
            let all = Concat.vectors(call.arguments.map { $0.typed(element).flattened() })
            let order = Buffer(byteCount: max(call.count * n * 4, 4))
            let offsets = Buffer(byteCount: (call.count + 1) * 4)
            for row in 0..<call.count {
                for k in 0..<n { order.pointer(as: UInt32.self)[row * n + k] = UInt32(k * call.count + row) }
            }
            for row in 0...call.count { offsets.pointer(as: Int32.self)[row] = Int32(row * n) }
            let children =
                all.type == .null ? all : all.gathered(order.pointer(as: UInt32.self), count: call.count * n)
            return .flat(call.type, count: call.count, values: offsets, children: [children.flattened()])
        },
        ScalarFunction(
            "struct",
            typing: { request in
                Typing(
                    request.types,
                    .structure(request.types.enumerated().map { Field("col\($0.offset + 1)", $0.element) }))
            }, nulls: .handled, "Makes a structure.", example: "struct(1, 'a')"
        ) { call in
            .flat(call.type, count: call.count, values: nil, children: call.arguments.map { $0.flattened() })
        },
        ScalarFunction(
            "named_struct",
            typing: { request in
                guard request.types.count % 2 == 0 else {
                    throw EngineError.user("WRONG_NUM_ARGS", "`named_struct` takes names and values in turn.")
                }
                let fields = try stride(from: 0, to: request.types.count, by: 2).map { i -> Field in
                    guard case .string(let name)? = request.literals[i]?.value else {
                        throw EngineError.user(
                            "CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                            "The names of `named_struct` must be constant texts.")
                    }
                    return Field(name, request.types[i + 1])
                }
                return Typing(request.types, .structure(fields))
            }, nulls: .handled, "Makes a structure with names.", example: "named_struct('a', 1)"
        ) { call in
            let children = stride(from: 1, to: call.arguments.count, by: 2).map { call[$0].flattened() }
            return .flat(call.type, count: call.count, values: nil, children: children)
        },
        ScalarFunction(
            "map",
            typing: { request in
                let keys = stride(from: 0, to: request.types.count, by: 2).map { request.types[$0] }
                let values = stride(from: 1, to: request.types.count, by: 2).map { request.types[$0] }
                guard keys.count == values.count else {
                    throw EngineError.user("WRONG_NUM_ARGS", "`map` takes keys and values in turn.")
                }
                let (key, value) = (
                    try Signature.commonType(request, keys), try Signature.commonType(request, values)
                )
                return Typing(
                    request.types.indices.map { $0 % 2 == 0 ? key : value },
                    .map(key: key, value: value, valueContainsNull: true))
            }, nulls: .handled, "Makes a map of keys and values in turn.", example: "map('a', 1)"
        ) { call in
            .of(
                call.type,
                try (0..<call.count).map { row in
                    let all = call.arguments.map { $0.scalar(at: row) }
                    return try mapScalar(
                        stride(from: 0, to: all.count, by: 2).map { all[$0] },
                        stride(from: 1, to: all.count, by: 2).map { all[$0] })
                })
        },
        ScalarFunction(
            "map_from_arrays",
            typing: Signature.of([.array, .array]) {
                .map(key: element($0[0]), value: element($0[1]), valueContainsNull: true)
            }, "Makes a map of an array of keys and one of values.",
            example: "map_from_arrays(array('a'), array(1))"
        ) { call in
            try Rows(call).scalars(call.type) { row in
                guard case .array(let keys) = call[0].scalar(at: row),
                    case .array(let values) = call[1].scalar(at: row),
                    keys.count == values.count
                else { throw Failure.invalidArgument("map_from_arrays", "the arrays differ in length") }
                return try mapScalar(keys, values)
            }
        },
        ScalarFunction(
            "sequence",
            typing: { request in
                try Signature.checkCount(request, 2...3)
                if request.types[0] == .date {
                    let step = request.types.count == 3 ? [request.types[2]] : []
                    return Typing([.date, .date] + step, .array(.date, containsNull: false))
                }
                let common = try Signature.commonType(request, request.types)
                guard common.isIntegral else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"INTEGRAL\" or \"DATE\"")
                }
                return Typing(request.types.map { _ in common }, .array(common, containsNull: false))
            }, "Makes an array from a start to an end by steps.", example: "sequence(1, 5)"
        ) { try sequence($0) },
    ]

    static func mapScalar(_ keys: [Scalar], _ values: [Scalar]) throws -> Scalar {
        if keys.contains(.null) { throw EngineError.data("NULL_MAP_KEY", "Cannot use null as map key.") }
        if Set(keys).count != keys.count {
            throw EngineError.data("DUPLICATED_MAP_KEY", "Duplicate map key was found.")
        }
        return .map(keys: keys, values: values)
    }

    private static func sequence(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        let isMonths = call.arguments.count == 3 && call[2].type.isYearMonthInterval
        let isDays = call.arguments.count == 3 && call[2].type.isDayTimeInterval
        return try rows.scalars(call.type) { row in
            let (start, end) = (rows.integer(0, row), rows.integer(1, row))
            var step = call.arguments.count == 3 ? rows.integer(2, row) : (start <= end ? 1 : -1)
            if isDays { step /= ClockTime.microsecondsPerDay }
            if step == 0 && start != end || step > 0 && start > end || step < 0 && start < end {
                throw Failure.invalidArgument(
                    "sequence", "the step \(step) does not lead from \(start) to \(end)")
            }
            var list: [Scalar] = []
            var k = 0
            while true {
                let value = isMonths ? CivilDate(days: start).adding(months: k * step).days : start + k * step
                if step >= 0 ? value > end : value < end { break }
                list.append(.integer(Int64(value)))
                k += 1
                if step == 0 { break }
                if k > 10_000_000 {
                    throw Failure.invalidArgument("sequence", "it has more than 10 million elements")
                }
            }
            return .array(list)
        }
    }

    private static let reading: [ScalarFunction] = [
        ScalarFunction(
            "size", aliases: ["cardinality", "array_size", "map_size"], typing: Signature.of([.any], .int32),
            "Counts the elements of an array or map.", example: "size(array(1, 2))"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int32.self, .int32) { Int32(rows.columns[0].range($0).count) }
        },
        ScalarFunction(
            "element_at", aliases: ["try_element_at"],
            typing: { request in
                try Signature.checkCount(request, 2...2)
                if case .map(let key, let value, _) = request.types[0] {
                    return Typing([request.types[0], key], value)
                }
                return try Signature.of([.array, .int]) { element($0[0]) }(request)
            }, "Returns an element by its 1-based place, or a map's value by its key.",
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
            "get", typing: Signature.of([.array, .int]) { element($0[0]) },
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
            typing: { request in
                try Signature.checkCount(request, 2...2)
                if case .map(let key, let value, _) = request.types[0] {
                    return Typing([request.types[0], key], value)
                }
                return try Signature.of([.array, .int]) { element($0[0]) }(request)
            }, "Returns an element by its 0-based place, or a map's value by its key (`a[i]`).",
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
            "array_contains",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let common = try Signature.commonType(request, [element(request.types[0]), request.types[1]])
                return Typing([.array(common, containsNull: true), common], .boolean)
            }, "Says whether an array holds a value.", example: "array_contains(array(1, 2), 2)"
        ) { call in
            let rows = Rows(call)
            let values = call[0].children[0]
            return rows.build(.boolean) { row in
                var sawNull = false
                for at in rows.columns[0].range(row) {
                    if values.isNull(at) {
                        sawNull = true
                    } else if Comparing.compareRows(values, at, call[1], row) == 0 {
                        return 1
                    }
                }
                return sawNull ? nil : 0
            }
        },
        ScalarFunction(
            "array_position",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let common = try Signature.commonType(request, [element(request.types[0]), request.types[1]])
                return Typing([.array(common, containsNull: true), common], .int64)
            }, "Returns the 1-based place of a value in an array, or 0.",
            example: "array_position(array(1, 2), 2)"
        ) { call in
            let rows = Rows(call)
            let values = call[0].children[0]
            return rows.build(.int64) { row in
                let range = rows.columns[0].range(row)
                let found = range.first {
                    !values.isNull($0) && Comparing.compareRows(values, $0, call[1], row) == 0
                }
                return found.map { Int64($0 - range.lowerBound + 1) } ?? 0
            }
        },
        ScalarFunction(
            "map_keys",
            typing: Signature.of([.map]) {
                if case .map(let key, _, _) = $0[0] { .array(key, containsNull: false) } else { .null }
            }, "Returns the keys of a map.", example: "map_keys(map('a', 1))"
        ) { call in
            let flat = call[0].flattened()
            return .flat(
                call.type, count: call.count, values: flat.values, validity: flat.validity,
                children: [flat.children[0]])
        },
        ScalarFunction(
            "map_values",
            typing: Signature.of([.map]) {
                if case .map(_, let value, let nulls) = $0[0] {
                    .array(value, containsNull: nulls)
                } else {
                    .null
                }
            }, "Returns the values of a map.", example: "map_values(map('a', 1))"
        ) { call in
            let flat = call[0].flattened()
            return .flat(
                call.type, count: call.count, values: flat.values, validity: flat.validity,
                children: [flat.children[1]])
        },
        ScalarFunction(
            "map_contains_key",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                guard case .map(let key, _, _) = request.types[0] else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"MAP\"")
                }
                return Typing([request.types[0], key], .boolean)
            }, "Says whether a map holds a key.", example: "map_contains_key(map('a', 1), 'a')"
        ) { call in
            let rows = Rows(call)
            let keys = call[0].children[0]
            return rows.build(.boolean) { row in
                rows.columns[0].range(row).contains { Comparing.compareRows(keys, $0, call[1], row) == 0 }
                    ? 1 : 0
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
            return rows.texts { row in
                let values = rows.columns[0].range(row).compactMap { at -> String? in
                    if case .string(let text) = call[0].children[0].scalar(at: at) { return text }
                    return call.arguments.count == 3 ? rows.text(2, row) : nil
                }
                return values.joined(separator: rows.text(1, row))
            }
        },
        extreme("array_min", -1), extreme("array_max", 1),
    ]

    private static func extreme(_ name: String, _ sign: Int) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.array]) { element($0[0]) },
            "Returns the least or greatest element, nulls left out.",
            example: "\(name)(array(1, 2))"
        ) { call in
            let values = call[0].children[0]
            return pick(call, Rows(call)) { _, range in
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
        let keys = call[0].children[0]
        let places = Buffer(byteCount: max(call.count * 4, 4))
        let list = places.pointer(as: Int32.self)
        for row in 0..<call.count { list[row] = -1 }
        rows.each { row in
            let found = rows.columns[0].range(row).first {
                Comparing.compareRows(keys, $0, call[1], row) == 0
            }
            list[row] = found.map { Int32($0) } ?? -1
        }
        return call[0].children[1].gatheredNullable(list, count: call.count)
    }

    /// A function from one array (as scalars) to another.
    static func mapped(
        _ name: String, _ summary: String,
        _ typing: @escaping Signature.Rule = Signature.of([.array]) { $0[0] },
        example: String, _ body: @escaping @Sendable ([[Scalar]]) throws -> [Scalar]?
    ) -> ScalarFunction {
        ScalarFunction(name, typing: typing, summary, example: example) { call in
            try Rows(call).scalars(call.type) { row in
                let arrays = call.arguments.map { vector -> [Scalar] in
                    let value = vector.scalar(at: row)
                    if case .array(let list) = value { return list }
                    return [value]
                }
                return try body(arrays).map { .array($0) } ?? .null
            }
        }
    }

    private static let changing: [ScalarFunction] = [
        ScalarFunction(
            "sort_array", typing: Signature.of([.array, .of(.boolean)], optional: 1) { $0[0] },
            "Sorts an array, nulls first (last when descending).", example: "sort_array(array(2, 1))"
        ) { call in
            let rows = Rows(call)
            let values = call[0].children[0]
            return rows.scalars(call.type) { row in
                let up = call.arguments.count == 1 || rows.integer(1, row) != 0
                let part = values.sliced(
                    from: rows.columns[0].range(row).lowerBound, count: rows.columns[0].range(row).count)
                let order = SortKeys.sortedRows(
                    columns: [part], ascending: [up], nullsFirst: [up], count: part.count)
                let sorted = order.pointer(as: UInt32.self)
                return .array((0..<part.count).map { part.scalar(at: Int(sorted[$0])) })
            }
        },
        mapped("array_distinct", "Removes duplicates.", example: "array_distinct(array(1, 1))") {
            unique($0[0])
        },
        mapped("array_compact", "Removes nulls.", example: "array_compact(array(1, null))") {
            $0[0].filter { !$0.isNull }
        },
        mapped(
            "array_union", "Returns the elements of both arrays once.", Signature.common(least: 2, most: 2),
            example: "array_union(array(1), array(2))"
        ) {
            unique($0[0] + $0[1])
        },
        mapped(
            "array_intersect", "Returns the elements that both arrays hold.",
            Signature.common(least: 2, most: 2), example: "array_intersect(array(1), array(1))"
        ) {
            let other = Set($0[1])
            return unique($0[0].filter { other.contains($0) })
        },
        mapped(
            "array_except", "Returns the elements that the second array lacks.",
            Signature.common(least: 2, most: 2), example: "array_except(array(1), array(2))"
        ) {
            let other = Set($0[1])
            return unique($0[0].filter { !other.contains($0) })
        },
        mapped(
            "flatten", "Joins the arrays of an array.", Signature.of([.array]) { element($0[0]) },
            example: "flatten(array(array(1)))"
        ) { arrays in
            var result: [Scalar] = []
            for inner in arrays[0] {
                guard case .array(let list) = inner else { return nil }
                result += list
            }
            return result
        },
        ScalarFunction(
            "slice", typing: Signature.of([.array, .int, .int]) { $0[0] },
            "Returns a number of elements from a 1-based place, negative from the end.",
            example: "slice(array(1, 2, 3), 2, 2)"
        ) { call in
            let rows = Rows(call)
            return try rows.scalars(call.type) { row in
                let range = rows.columns[0].range(row)
                let (start, length) = (rows.integer(1, row), rows.integer(2, row))
                if start == 0 {
                    throw EngineError.data(
                        "INVALID_PARAMETER_VALUE.START",
                        "The start of `slice` is 0: places are counted from 1.")
                }
                if length < 0 {
                    throw EngineError.data(
                        "INVALID_PARAMETER_VALUE.LENGTH", "The length of `slice` is negative.")
                }
                let from = start > 0 ? start - 1 : range.count + start
                if from < 0 || from >= range.count { return .array([]) }
                let to = min(from + length, range.count)
                return .array((from..<to).map { call[0].children[0].scalar(at: range.lowerBound + $0) })
            }
        },
        ScalarFunction(
            "array_repeat", typing: Signature.of([.any, .int]) { .array($0[0], containsNull: true) },
            nulls: .handled,
            "Makes an array of one value several times.", example: "array_repeat('a', 2)"
        ) { call in
            let counts = Column(call[1])
            return .of(
                call.type,
                (0..<call.count).map { row in
                    counts.isNull(row)
                        ? .null
                        : .array(
                            Array(repeating: call[0].scalar(at: row), count: max(0, counts.integer(row))))
                })
        },
        ScalarFunction(
            "array_remove",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let common = try Signature.commonType(request, [element(request.types[0]), request.types[1]])
                return Typing(
                    [.array(common, containsNull: true), common], .array(common, containsNull: true))
            }, "Removes every element equal to a value.", example: "array_remove(array(1, 2), 2)"
        ) { call in
            Rows(call).scalars(call.type) { row in
                guard case .array(let list) = call[0].scalar(at: row) else { return .null }
                let value = call[1].scalar(at: row)
                return .array(list.filter { $0 != value })
            }
        },
    ]

    private static func unique(_ list: [Scalar]) -> [Scalar] {
        var seen = Set<Scalar>()
        return list.filter { seen.insert($0).inserted }
    }
}
