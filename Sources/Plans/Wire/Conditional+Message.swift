import Columns
import Vocabulary

extension ConditionalBranch: MessageMapped {
    func message() throws(EngineError) -> WireBranch {
        var message = WireBranch()
        message.condition = try condition.message()
        message.result = try result.message()
        return message
    }

    init(_ message: WireBranch) throws(EngineError) {
        self.init(
            condition: try PlanCodec.part(message.hasCondition, message.condition, "a condition"),
            result: try PlanCodec.part(message.hasResult, message.result, "a result"))
    }
}

extension Expression {
    static func conditional(
        _ branches: [ConditionalBranch], _ otherwise: Expression?, _ type: DataType
    ) throws(EngineError) -> WireConditional {
        var message = WireConditional()
        message.branches = try branches.messages()
        if let otherwise { message.otherwise = try otherwise.message() }
        message.type = try type.message()
        return message
    }

    static func conditional(_ message: WireConditional) throws(EngineError) -> Expression {
        .conditional(
            try [ConditionalBranch](message.branches),
            otherwise: try PlanCodec.optionalPart(message.hasOtherwise, message.otherwise),
            type: try PlanCodec.part(message.hasType, message.type, "a type"))
    }
}
