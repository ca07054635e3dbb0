import Columns
import Vocabulary

extension Literal: MessageMapped {
    func message() throws(EngineError) -> WireLiteral {
        var message = WireLiteral()
        message.value = try value.message()
        message.type = try type.message()
        return message
    }

    init(_ message: WireLiteral) throws(EngineError) {
        self.init(
            try PlanCodec.part(message.hasValue, message.value, "a literal's value"),
            try PlanCodec.part(message.hasType, message.type, "a literal's type"))
    }
}
