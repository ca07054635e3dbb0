import Columns
import Vocabulary

extension Expression: MessageMapped {
    func message() throws(EngineError) -> WireExpression {
        var message = WireExpression()
        switch self {
        case .column(let reference): message.column = try reference.message()
        case .input(let index, let type): message.input = try Self.input(index, type)
        case .literal(let literal): message.literal = try literal.message()
        case .call(let call): message.call = try call.message()
        case .cast(let inner, let type, let mode, let origin):
            message.cast = try Self.cast(inner, type, mode, origin)
        case .conditional(let branches, let otherwise, let type):
            message.conditional = try Self.conditional(branches, otherwise, type)
        case .inList(let value, let list): message.inList = try Self.inList(value, list)
        case .member(let inner, let index, let type): message.member = try Self.member(inner, index, type)
        case .subquery: throw .internal("A subquery was not rewritten before its plan was sent to workers")
        }
        return message
    }

    init(_ message: WireExpression) throws(EngineError) {
        switch message.kind {
        case .column(let column): self = .column(try ColumnReference(column))
        case .input(let input):
            self = .input(
                try Int(message: input.index), try PlanCodec.part(input.hasType, input.type, "a type"))
        case .literal(let literal): self = .literal(try Literal(literal))
        case .call(let call): self = .call(try FunctionCall(call))
        case .cast(let cast): self = try Self.cast(cast)
        case .conditional(let conditional): self = try Self.conditional(conditional)
        case .inList(let list): self = try Self.inList(list)
        case .member(let member): self = try Self.member(member)
        case nil:
            throw PlanCodec.corrupt("an expression is missing, or of a kind that this release does not know")
        }
    }

    private static func input(_ index: Int, _ type: DataType) throws(EngineError) -> WireInput {
        var input = WireInput()
        input.index = try UInt64(plan: index)
        input.type = try type.message()
        return input
    }

    private static func inList(_ value: Expression, _ list: [Literal]) throws(EngineError) -> WireInList {
        var message = WireInList()
        message.value = try value.message()
        message.list = try list.messages()
        return message
    }

    private static func inList(_ message: WireInList) throws(EngineError) -> Expression {
        .inList(
            try PlanCodec.part(message.hasValue, message.value, "a value"), try [Literal](message.list))
    }

    private static func member(
        _ inner: Expression, _ index: Int, _ type: DataType
    ) throws(EngineError) -> WireMember {
        var member = WireMember()
        member.inner = try inner.message()
        member.index = try UInt64(plan: index)
        member.type = try type.message()
        return member
    }

    private static func member(_ member: WireMember) throws(EngineError) -> Expression {
        .member(
            try PlanCodec.part(member.hasInner, member.inner, "a structure"),
            index: try Int(message: member.index),
            type: try PlanCodec.part(member.hasType, member.type, "a type"))
    }
}
