import Columns
import Vocabulary

extension FunctionCall: MessageMapped {
    func message() throws(EngineError) -> WireCall {
        var message = WireCall()
        message.name = name
        message.arguments = try arguments.messages()
        message.type = try type.message()
        message.ansi = ansi
        if let origin = origin.message() { message.origin = origin }
        return message
    }

    init(_ message: WireCall) throws(EngineError) {
        self.init(
            message.name, try [Expression](message.arguments),
            type: try PlanCodec.part(message.hasType, message.type, "a type"), ansi: message.ansi,
            origin: try Origin(message.hasOrigin, message.origin))
    }
}
