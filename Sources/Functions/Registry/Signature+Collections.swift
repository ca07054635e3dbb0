import Columns
import Vocabulary

// Rules for arrays and maps beside others, and beside their elements.
extension Signature {
    /// A function of an array and, as argument `place`, a value of its elements' type: both are cast to their
    /// common type. The arguments between have the types `between`. `result` takes the array's type.
    static func arrayAndElement(
        between: [Parameter] = [], takesNull: Bool = false,
        _ result: @escaping @Sendable (DataType) -> DataType
    ) -> Rule {
        { request in
            let place = between.count + 1
            try checkCount(request, (place + 1)...(place + 1))
            let (list, value) = (request.types[0], request.types[place])
            if value == .null, !takesNull {
                throw mismatch(
                    request, argument: place, "NULL_TYPE",
                    "Null typed values cannot be used as arguments of `\(request.name)`.")
            }
            guard case .array(let element, _) = list else {
                throw elementMismatch(request, 0, place)
            }
            guard let common = Coercion.commonType(element, value, ansi: request.ansi) else {
                throw elementMismatch(request, place, place)
            }
            let others = Array(try coerce(request, [.array] + between).dropFirst())
            let array = DataType.array(common, containsNull: true)
            return Typing([array] + others + [common], result(array))
        }
    }

    private static func elementMismatch(_ request: TypingRequest, _ argument: Int, _ place: Int)
        -> ArgumentMismatch
    {
        mismatch(
            request, argument: argument, "ARRAY_FUNCTION_DIFF_TYPES",
            "Input to `\(request.name)` should have been \"ARRAY\" followed by a value with same element "
                + "type, but it's [\"\(request.types[0].sqlName)\", \"\(request.types[place].sqlName)\"].")
    }

    /// A function of a map and a key of it.
    static func mapAndKey(
        takesNull: Bool = false, _ result: @escaping @Sendable (_ value: DataType) -> DataType
    ) -> Rule {
        { request in
            try checkCount(request, 2...2)
            guard case .map(let key, let value, _) = request.types[0] else {
                throw keyMismatch(request, 0)
            }
            if request.types[1] == .null, !takesNull {
                throw mismatch(
                    request, argument: 1, "NULL_TYPE",
                    "Null typed values cannot be used as arguments of `\(request.name)`.")
            }
            guard Coercion.commonType(key, request.types[1], ansi: request.ansi) != nil else {
                throw keyMismatch(request, 1)
            }
            return Typing([request.types[0], key], result(value))
        }
    }

    private static func keyMismatch(_ request: TypingRequest, _ argument: Int) -> ArgumentMismatch {
        mismatch(
            request, argument: argument, "MAP_FUNCTION_DIFF_TYPES",
            "Input to `\(request.name)` should have been \"MAP\" followed by a value with same key type, "
                + "but it's [\"\(request.types[0].sqlName)\", \"\(request.types[1].sqlName)\"].")
    }

    /// A function of an array and a 0- or 1-based place, or of a map and a key; gives the element or the
    /// value.
    static let place: Rule = { request in
        try checkCount(request, 2...2)
        if case .map = request.types[0] { return try mapAndKey(takesNull: true) { $0 }(request) }
        guard case .array(let element, _) = request.types[0] else {
            if request.types[0] == .null { return try of([.array, .int], .null)(request) }
            throw mismatch(request, argument: 0, requires: Parameter.collection.words)
        }
        let index = request.types[1]
        guard index.isIntegral || index == .null || !request.ansi else {
            throw mismatch(request, argument: 1, requires: "\"INT\"")
        }
        return try of([.array, .int], element)(request)
    }

    /// A function of two arrays, which are cast to their common type.
    static func twoArrays(_ result: @escaping @Sendable (DataType) -> DataType = { $0 }) -> Rule {
        { request in
            try checkCount(request, 2...2)
            let misfit = request.types.firstIndex { if case .array = $0 { false } else { true } }
            guard misfit == nil, let common = Coercion.commonType(request.types, ansi: request.ansi) else {
                throw mismatch(
                    request, argument: misfit ?? 1, "BINARY_ARRAY_DIFF_TYPES",
                    "Input to function `\(request.name)` should have been two \"ARRAY\" with same element "
                        + "type, but it's [\"\(request.types[0].sqlName)\", "
                        + "\"\(request.types[1].sqlName)\"].")
            }
            return Typing([common, common], result(common))
        }
    }

    /// A function of any number of maps, which are cast to their common type.
    static let maps: Rule = { request in
        if request.types.isEmpty {
            return Typing([], .map(key: .string, value: .string, valueContainsNull: false))
        }
        if let misfit = request.types.firstIndex(where: { if case .map = $0 { false } else { true } }) {
            let list = request.types.map { "\"\($0.sqlName)\"" }.joined(separator: ", ")
            throw mismatch(
                request, argument: misfit, "MAP_CONCAT_DIFF_TYPES",
                "The `\(request.name)` should all be of type map, but it's [\(list)].")
        }
        return try common()(request)
    }
}
