import Columns
import Vocabulary

// Rules for arrays and maps beside others, and beside their elements.
extension Signature {
    /// A function of an array and, behind arguments of the types `between`, a value of its elements' type:
    /// both are cast to their common type. No text becomes a number; `isTight` takes no wider decimal than
    /// that of one of both. `result` takes the array's type.
    static func arrayAndElement(
        between: [Parameter] = [], takesNull: Bool = false, isTight: Bool = false,
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
                if between.isEmpty { throw mismatch(request, argument: 0, requires: Parameter.array.words) }
                throw elementMismatch(request, 0, place)
            }
            guard let common = plainCommonType(element, value, isTight: isTight, request) else {
                throw elementMismatch(request, place, place)
            }
            let others = Array(try coerce(request, [.array] + between).dropFirst())
            let array = DataType.array(common, containsNull: true)
            return Typing([array] + others + [common], result(array))
        }
    }

    /// Returns the common type of two elements, or nil; no text becomes another type, and none a text.
    private static func plainCommonType(
        _ a: DataType, _ b: DataType, isTight: Bool, _ request: TypingRequest
    ) -> DataType? {
        guard let common = Coercion.commonType(a, b, ansi: request.ansi) else { return nil }
        return isPlain(a, common, isTight) && isPlain(b, common, isTight) ? common : nil
    }

    /// Says whether a type becomes a common one without a change between texts and other types, and with
    /// `isTight` without a decimal wider than both.
    private static func isPlain(_ from: DataType, _ to: DataType, _ isTight: Bool) -> Bool {
        switch (from, to) {
        case (.array(let x, _), .array(let y, _)): isPlain(x, y, isTight)
        case (.map(let k, let v, _), .map(let l, let w, _)):
            isPlain(k, l, isTight) && isPlain(v, w, isTight)
        case (.structure(let x), .structure(let y)):
            zip(x, y).allSatisfy { isPlain($0.type, $1.type, isTight) }
        case (.decimal, .double) where isTight, (.decimal, .float) where isTight: false
        case (_, .decimal) where isTight && from != .null && from != to:
            // One of the two is that type already, or neither holds the other.
            from.isIntegral && Coercion.decimal(holding: from).flatMap { Coercion.widerDecimal($0, to) } == to
        default: from == .null || (from == .string) == (to == .string)
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
            let list = request.types[0]
            guard case .map(let key, let value, let hasNull) = list else { throw keyMismatch(request, 0) }
            if request.types[1] == .null, !takesNull {
                throw mismatch(
                    request, argument: 1, "NULL_TYPE",
                    "Null typed values cannot be used as arguments of `\(request.name)`.")
            }
            guard let common = plainCommonType(key, request.types[1], isTight: false, request) else {
                throw keyMismatch(request, 1)
            }
            let map = common == key ? list : .map(key: common, value: value, valueContainsNull: hasNull)
            return Typing([map, common], result(value))
        }
    }

    private static func keyMismatch(_ request: TypingRequest, _ argument: Int) -> ArgumentMismatch {
        mismatch(
            request, argument: argument, "MAP_FUNCTION_DIFF_TYPES",
            "Input to `\(request.name)` should have been \"MAP\" followed by a value with same key type, "
                + "but it's [\"\(request.types[0].sqlName)\", \"\(request.types[1].sqlName)\"].")
    }

    /// A function of an array and a place, or of a map and a key; gives the element or the value.
    static let place: Rule = { request in
        try checkCount(request, 2...2)
        if case .map = request.types[0] { return try mapAndKey(takesNull: true) { $0 }(request) }
        guard case .array(let element, _) = request.types[0] else {
            throw mismatch(request, argument: 0, requires: Parameter.collection.words)
        }
        guard [.int8, .int16, .int32].contains(request.types[1]) else {
            throw mismatch(request, argument: 1, requires: "\"INT\"")
        }
        return Typing([request.types[0], .int32], element)
    }

    /// The same for `a[i]`, whose key is cast to that of the map.
    static let subscripted: Rule = { request in
        try checkCount(request, 2...2)
        if case .map(let key, let value, _) = request.types[0] {
            return Typing([request.types[0], try coerce(request, [.map, .of(key)])[1]], value)
        }
        guard case .array(let element, _) = request.types[0] else {
            throw mismatch(request, argument: 0, requires: Parameter.collection.words)
        }
        return try of([.array, .int], element)(request)
    }

    /// A function of two arrays, which are cast to their common type.
    static func twoArrays(_ result: @escaping @Sendable (DataType) -> DataType = { $0 }) -> Rule {
        { request in
            try checkCount(request, 2...2)
            let misfit = request.types.firstIndex { if case .array = $0 { false } else { true } }
            guard misfit == nil,
                let common = plainCommonType(request.types[0], request.types[1], isTight: true, request)
            else {
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
        var common = request.types[0]
        for type in request.types.dropFirst() {
            guard let next = plainCommonType(common, type, isTight: false, request) else {
                throw differing(request, request.types)
            }
            common = next
        }
        return Typing(request.types.map { _ in common }, common)
    }
}
