import Columns
import Kernels
import Vocabulary

/// Declares functions that join arrays, or put values into them.
enum ArrayPairFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "arrays_zip",
            typing: { request in
                let elements = try request.types.enumerated().map { place, type in
                    switch type {
                    case .array(let element, _): return element
                    case .null: return DataType.null
                    default: throw Signature.mismatch(request, argument: place, requires: "\"ARRAY\"")
                    }
                }
                let fields = elements.enumerated().map { Field("\($0.offset)", $0.element) }
                return Typing(request.types, .array(.structure(fields), containsNull: false))
            }, nulls: .handled, "Joins arrays element by element into structures.",
            example: "arrays_zip(array(1), array('a'))"
        ) { call in
            .of(
                call.type,
                (0..<call.count).map { row in
                    var lists: [[Scalar]] = []
                    for vector in call.arguments {
                        guard vector.type != .null, case .array(let list) = vector.scalar(at: row) else {
                            return .null
                        }
                        lists.append(list)
                    }
                    return .array(
                        (0..<(lists.map(\.count).max() ?? 0)).map { place in
                            .structure(lists.map { place < $0.count ? $0[place] : .null })
                        })
                })
        },
        ScalarFunction(
            "array_insert",
            typing: { request in
                guard request.types.count != 3 || [.int8, .int16, .int32].contains(request.types[1])
                else { throw Signature.mismatch(request, argument: 1, requires: "\"INT\"") }
                return try Signature.arrayAndElement(between: [.int], takesNull: true, isTight: true) { $0 }(
                    request)
            }, nulls: .handled,
            "Puts a value into an array at a 1-based place, counted from the end below 0.",
            example: "array_insert(array(1, 3), 2, 2)"
        ) { call in
            let places = Column(call[1])
            return .of(
                call.type,
                try (0..<call.count).map { row in
                    guard case .array(let list) = call[0].scalar(at: row), !places.isNull(row) else {
                        return .null
                    }
                    return .array(try inserted(list, places.integer(row), call[2].scalar(at: row)))
                })
        },
        ScalarFunction(
            "shuffle", typing: Signature.of([.array, .long], optional: 1) { $0[0] }, isDeterministic: false,
            "Returns an array's elements in random order.", example: "shuffle(array(1, 2))"
        ) { call in
            Rows(call).scalars(call.type) { row in
                guard case .array(let list) = call[0].scalar(at: row) else { return .null }
                return .array(list.shuffled())
            }
        },
    ]

    private static func inserted(_ list: [Scalar], _ place: Int, _ value: Scalar) throws -> [Scalar] {
        if place == 0 {
            throw EngineError.data(
                "INVALID_INDEX_OF_ZERO",
                "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1)."
            )
        }
        let length = max(list.count + 1, abs(place))
        try ArrayFunctions.checkLength(length)
        let fill = { [Scalar](repeating: .null, count: max(0, $0)) }
        if place > 0 {
            let before = list.prefix(place - 1)
            return before + fill(place - 1 - list.count) + [value] + list.dropFirst(place - 1)
        }
        let after = list.suffix(-place - 1)
        return list.dropLast(-place - 1) + [value] + fill(-place - 1 - list.count) + after
    }
}
