import Columns
import Vocabulary

extension AggregateCall: MessageMapped {
    func message() throws(EngineError) -> WireAggregateCall {
        var message = WireAggregateCall()
        message.function = function
        message.arguments = try arguments.messages()
        message.distinct = distinct
        if let filter { message.filter = try filter.message() }
        message.type = try type.message()
        message.ansi = ansi
        if let origin = origin.message() { message.origin = origin }
        return message
    }

    init(_ message: WireAggregateCall) throws(EngineError) {
        self.init(
            message.function, try [Expression](message.arguments), distinct: message.distinct,
            filter: try PlanCodec.optionalPart(message.hasFilter, message.filter),
            type: try PlanCodec.part(message.hasType, message.type, "a type"), ansi: message.ansi,
            origin: try Origin(message.hasOrigin, message.origin))
    }
}
