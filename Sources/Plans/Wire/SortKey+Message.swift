import Vocabulary

extension SortKey: MessageMapped {
    func message() throws(EngineError) -> WireSortKey {
        var message = WireSortKey()
        message.expression = try expression.message()
        message.ascending = ascending
        message.nullsFirst = nullsFirst
        return message
    }

    init(_ message: WireSortKey) throws(EngineError) {
        self.init(
            try PlanCodec.part(message.hasExpression, message.expression, "a sort key"),
            ascending: message.ascending, nullsFirst: message.nullsFirst)
    }
}
