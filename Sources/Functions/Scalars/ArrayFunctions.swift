import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that change or compare arrays.
enum ArrayFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "array_sort", typing: Signature.ordered(Signature.of([.array]) { $0[0] }),
            "Sorts an array, nulls last.",
            example: "array_sort(array(2, 1))"
        ) { call in
            ListSorting.sorted(call[0], Rows(call), call.type) { _ in
                ListOrder(ascending: true, nullsFirst: false)
            }
        },
        ScalarFunction(
            "sort_array",
            typing: Signature.ordered(Signature.of([.array, .of(.boolean)], optional: 1) { $0[0] }),
            "Sorts an array, nulls first (last when descending).", example: "sort_array(array(2, 1))"
        ) { call in
            let rows = Rows(call)
            return ListSorting.sorted(call[0], rows, call.type) { row in
                let up = call.arguments.count == 1 || rows.integer(1, row) != 0
                return ListOrder(ascending: up, nullsFirst: up)
            }
        },
        extended(
            "array_append", "Adds a value at an array's end.", "array_append(array(1), 2)", atEnd: true),
        extended(
            "array_prepend", "Adds a value at an array's start.", "array_prepend(array(2), 1)", atEnd: false),
        ScalarFunction(
            "arrays_overlap", typing: Signature.ordered(Signature.twoArrays { _ in .boolean }),
            "Says whether two arrays share an element that is not null.",
            example: "arrays_overlap(array(1), array(1, 2))"
        ) { call in
            Rows(call).scalars(.boolean) { row in
                guard case .array(let a) = call[0].scalar(at: row),
                    case .array(let b) = call[1].scalar(at: row)
                else { return .null }
                if !Set(a.filter { !$0.isNull }).isDisjoint(with: b.filter { !$0.isNull }) {
                    return .boolean(true)
                }
                // Unknown beside a null, unless one of them has no element to be equal to it.
                return a.isEmpty || b.isEmpty || !(a + b).contains(.null) ? .boolean(false) : .null
            }
        },
        ScalarFunction(
            "array_repeat", typing: Signature.of([.any, .int]) { .array($0[0], containsNull: true) },
            nulls: .handled,
            "Makes an array of one value several times.", example: "array_repeat('a', 2)"
        ) { call in
            try repeated(call)
        },
        ScalarFunction(
            "slice", typing: Signature.of([.array, .int, .int]) { $0[0] },
            "Returns a number of elements from a 1-based place, negative from the end.",
            example: "slice(array(1, 2, 3), 2, 2)"
        ) { call in
            let rows = Rows(call)
            return try ListPicking.pick(call[0], rows, call.type) { row, range, picking in
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
                if from < 0 || from >= range.count { return }
                for at in from..<min(from + length, range.count) { picking.take(range.lowerBound + at) }
            }
        },
        ScalarFunction(
            "flatten",
            typing: { request in
                let typing = try Signature.of([.array]) { CollectionFunctions.element($0[0]) }(request)
                if case .array = typing.result { return typing }
                if request.types[0] == .null { return typing }
                throw Signature.mismatch(request, argument: 0, requires: "\"ARRAY\" of \"ARRAY\"")
            }, "Joins the arrays of an array.", example: "flatten(array(array(1)))"
        ) { call in
            ListJoining.flatten(call[0], Rows(call), call.type)
        },
        ScalarFunction(
            "array_remove", typing: Signature.ordered(Signature.arrayAndElement(takesNull: true) { $0 }),
            "Removes every element equal to a value.", example: "array_remove(array(1, 2), 2)"
        ) { call in
            let finder = ElementFinder(call[0].children[0], call[1])
            return ListPicking.pick(call[0], Rows(call), call.type) { row, range, picking in
                for place in range where finder.first(in: place..<(place + 1), row) == nil {
                    picking.take(place)
                }
            }
        },
        picked("array_compact", "Removes nulls.", "array_compact(array(1, null))") {
            elements, range, picking in
            for place in range where !elements.isNull(place) { picking.take(place) }
        },
        picked("array_distinct", "Removes duplicates.", "array_distinct(array(1, 1))", isOrdered: true) {
            $0.takeDistinct($1, &$2)
        },
        combined(
            "array_union", "Returns the elements of both arrays once.", "array_union(array(1), array(2))",
            .union),
        combined(
            "array_intersect", "Returns the elements that both arrays hold.",
            "array_intersect(array(1), array(1))", .intersection),
        combined(
            "array_except", "Returns the elements that the second array lacks.",
            "array_except(array(1), array(2))", .difference),
    ]

    /// A function of two arrays as sets.
    private static func combined(
        _ name: String, _ summary: String, _ example: String, _ kind: ListJoining.Combination
    ) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.ordered(Signature.twoArrays()), summary, example: example
        ) { call in
            ListJoining.combine(kind, call)
        }
    }

    /// A function of an array and a value; a null value is an element too, a null array gives null.
    private static func extended(_ name: String, _ summary: String, _ example: String, atEnd: Bool)
        -> ScalarFunction
    {
        ScalarFunction(
            name, typing: Signature.arrayAndElement(takesNull: true, isTight: true) { $0 }, nulls: .handled,
            summary, example: example
        ) { call in
            ListJoining.extend(call[0], call[1], call.type, atEnd: atEnd, count: call.count)
        }
    }

    /// A function that takes some of an array's elements.
    private static func picked(
        _ name: String, _ summary: String, _ example: String, isOrdered: Bool = false,
        _ body: @escaping @Sendable (inout ElementSet, Range<Int>, inout ListPicking) -> Void
    ) -> ScalarFunction {
        let rule = Signature.of([.array]) { $0[0] }
        return ScalarFunction(
            name, typing: isOrdered ? Signature.ordered(rule) : rule, summary, example: example
        ) { call in
            var elements = ElementSet(call[0].children[0])
            return ListPicking.pick(call[0], Rows(call), call.type) { body(&elements, $1, &$2) }
        }
    }

    /// Throws `COLLECTION_SIZE_LIMIT_EXCEEDED` (data) for arrays that are longer than a function may make.
    static func checkLength(_ length: Int) throws {
        if length <= CollectionFunctions.lengthLimit { return }
        throw EngineError.data(
            "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "The array would have \(length) elements.")
    }

    /// Makes arrays of one value each, as often as the row's number says.
    private static func repeated(_ call: Invocation) throws -> Vector {
        let counts = Column(call[1])
        let offsets = Buffer(byteCount: (call.count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        var valid: [Bool] = []
        var total = 0
        for row in 0..<call.count {
            valid.append(!counts.isNull(row))
            let length = valid[row] ? max(0, counts.integer(row)) : 0
            try checkLength(length)
            total += length
            guard let end = Int32(exactly: total) else { try checkLength(.max); break }
            ends[row + 1] = end
        }
        let width = 4 + call[0].type.physical.width
        guard MadeMemory.hasRoom(for: total * width), let places = MadeMemory.buffer(byteCount: total * 4)
        else { return .nulls(call.type, count: call.count) }
        let place = places.pointer(as: UInt32.self)
        for row in 0..<call.count {
            var at = Int(ends[row])
            while at < Int(ends[row + 1]) {
                place[at] = UInt32(truncatingIfNeeded: row)
                at &+= 1
            }
        }
        let elements: Vector =
            call[0].type == .null
            ? .nulls(.null, count: total) : call[0].gathered(place, count: total).flattened()
        withExtendedLifetime(places) {}
        return .flat(
            call.type, count: call.count, values: offsets,
            validity: valid.contains(false) ? Bitmap(valid) : nil,
            children: [elements])
    }
}
