import Columns
import Vocabulary

extension Field: MessageMapped {
    func message() throws(EngineError) -> WireField {
        var message = WireField()
        message.name = name
        message.type = try type.message()
        message.nullable = nullable
        return message
    }

    init(_ message: WireField) throws(EngineError) {
        self.init(
            message.name, try PlanCodec.part(message.hasType, message.type, "a field's type"),
            nullable: message.nullable)
    }
}

extension Schema: MessageMapped {
    func message() throws(EngineError) -> WireSchema {
        var message = WireSchema()
        message.fields = try fields.messages()
        return message
    }

    init(_ message: WireSchema) throws(EngineError) { self.init(try [Field](message.fields)) }
}
