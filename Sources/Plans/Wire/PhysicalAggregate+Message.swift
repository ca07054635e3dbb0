import Columns
import Vocabulary

extension PhysicalAggregate: MessageMapped {
    func message() throws(EngineError) -> WireAggregate {
        var message = WireAggregate()
        message.mode =
            switch mode {
            case .complete: .complete
            case .partial: .partial
            case .final: .final
            }
        message.groups = try groups.messages()
        message.aggregates = try aggregates.messages()
        message.schema = try schema.message()
        message.input = try input.message()
        return message
    }

    init(_ message: WireAggregate) throws(EngineError) {
        let mode: AggregateMode
        switch message.mode {
        case .complete: mode = .complete
        case .partial: mode = .partial
        case .final: mode = .final
        case .UNRECOGNIZED(let number): throw PlanCodec.unknown("an aggregation", number)
        }
        self.init(
            mode: mode, groups: try [Expression](message.groups),
            aggregates: try [AggregateCall](message.aggregates),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }
}
