import Columns

extension DataType {
    /// True for a type that is wanted, and for one that holds such values at any depth.
    package func holds(_ isWanted: (DataType) -> Bool) -> Bool {
        if isWanted(self) { return true }
        switch self {
        case .array(let element, _): return element.holds(isWanted)
        case .map(let key, let value, _): return key.holds(isWanted) || value.holds(isWanted)
        case .structure(let fields): return fields.contains { $0.type.holds(isWanted) }
        default: return false
        }
    }

    /// True where values can be sorted and compared by `<`.
    package var isOrderable: Bool {
        !holds { type in
            switch type {
            case .map, .variant, .calendarInterval: true
            default: false
            }
        }
    }

    /// True for maps, and for what holds one.
    var holdsMap: Bool { holds { if case .map = $0 { true } else { false } } }
}

extension Signature {
    /// Refuses maps, and what holds one, as the keys of a map.
    static func checkKey(_ request: TypingRequest, _ type: DataType, argument: Int) throws {
        if !type.holdsMap { return }
        throw mismatch(
            request, argument: argument, "INVALID_MAP_KEY_TYPE",
            "The key of map cannot be/contain \"\(type.sqlName)\".")
    }

    /// A function of any values but maps, which have no hash that goes by their entries alone.
    static func hashed(_ result: DataType) -> Rule {
        { request in
            let typing = try variadic(rest: .any, least: 1) { _ in result }(request)
            if let place = typing.arguments.firstIndex(where: { $0.holdsMap }) {
                throw mismatch(
                    request, argument: place, "HASH_MAP_TYPE",
                    "Input to the function `\(request.name)` cannot contain elements of the \"MAP\" type.")
            }
            return typing
        }
    }

    /// Refuses a type whose values have no order, as Spark does wherever values are told apart.
    static func checkOrder(_ request: TypingRequest, _ type: DataType, argument: Int = 0) throws {
        if type.isOrderable { return }
        throw mismatch(
            request, argument: argument, "INVALID_ORDERING_TYPE",
            "The `\(request.name)` does not support ordering on type \"\(type.sqlName)\".")
    }

    /// A rule whose first argument, or whose elements, have an order.
    static func ordered(_ rule: @escaping Rule, argument: Int = 0) -> Rule {
        { request in
            let typing = try rule(request)
            try checkOrder(request, typing.arguments[argument], argument: argument)
            return typing
        }
    }
}
