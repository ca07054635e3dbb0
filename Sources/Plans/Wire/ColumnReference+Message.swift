import Columns
import Vocabulary

extension ColumnReference: MessageMapped {
    func message() throws(EngineError) -> WireColumn {
        var message = WireColumn()
        message.id = id.rawValue
        message.name = name
        message.type = try type.message()
        message.nullable = nullable
        return message
    }

    init(_ message: WireColumn) throws(EngineError) {
        self.init(
            id: ColumnID(rawValue: message.id), name: message.name,
            type: try PlanCodec.part(message.hasType, message.type, "a type"), nullable: message.nullable)
    }
}
