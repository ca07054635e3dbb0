import Columns

extension DataType {
    /// True where values can be sorted and compared by `<`.
    package var isOrderable: Bool {
        switch self {
        case .map, .variant, .calendarInterval: false
        case .array(let element, _): element.isOrderable
        case .structure(let fields): fields.allSatisfy { $0.type.isOrderable }
        default: true
        }
    }

    /// True for maps, and for what holds one.
    var holdsMap: Bool {
        switch self {
        case .map: true
        case .array(let element, _): element.holdsMap
        case .structure(let fields): fields.contains { $0.type.holdsMap }
        default: false
        }
    }
}

extension Signature {
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
