import Columns
import Vocabulary

extension PhysicalWindow: MessageMapped {
    func message() throws(EngineError) -> WireWindow {
        var message = WireWindow()
        message.partition = try partition.messages()
        message.order = try order.messages()
        message.calls = try calls.messages()
        message.schema = try schema.message()
        message.input = try input.message()
        return message
    }

    init(_ message: WireWindow) throws(EngineError) {
        self.init(
            partition: try [Expression](message.partition), order: try [SortKey](message.order),
            calls: try [WindowCall](message.calls),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }
}
