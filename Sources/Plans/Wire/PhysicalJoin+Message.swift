import Columns
import Vocabulary

extension PhysicalHashJoin: MessageMapped {
    func message() throws(EngineError) -> WireJoin {
        var message = WireJoin()
        message.kind = kind.message
        message.left = try left.message()
        message.right = try right.message()
        message.leftKeys = try leftKeys.messages()
        message.rightKeys = try rightKeys.messages()
        if let residual { message.condition = try residual.message() }
        message.build =
            switch build {
            case .left: .left
            case .right: .right
            }
        message.buildIsShared = buildIsShared
        message.output = try output.plan()
        message.schema = try schema.message()
        message.hint =
            switch hint {
            case nil: .none
            case .broadcast: .broadcast
            case .merge: .merge
            case .shuffleHash: .shuffleHash
            case .replicate: .shuffleReplicateNl
            }
        return message
    }

    private static func hint(_ message: WireJoin.Hint) throws(EngineError) -> JoinStrategy? {
        switch message {
        case .none: nil
        case .broadcast: .broadcast
        case .merge: .merge
        case .shuffleHash: .shuffleHash
        case .shuffleReplicateNl: .replicate
        case .UNRECOGNIZED(let number): throw PlanCodec.unknown("a join's hint", number)
        }
    }

    init(_ message: WireJoin) throws(EngineError) {
        let build: Side
        switch message.build {
        case .left: build = .left
        case .right: build = .right
        case .UNRECOGNIZED(let number): throw PlanCodec.unknown("a join's side", number)
        }
        if message.leftKeys.count != message.rightKeys.count {
            throw PlanCodec.corrupt("a join's keys do not pair")
        }
        self.init(
            kind: try JoinKind(message.kind),
            left: try PlanCodec.part(message.hasLeft, message.left, "an input"),
            right: try PlanCodec.part(message.hasRight, message.right, "an input"),
            leftKeys: try [Expression](message.leftKeys), rightKeys: try [Expression](message.rightKeys),
            residual: try PlanCodec.optionalPart(message.hasCondition, message.condition), build: build,
            buildIsShared: message.buildIsShared, output: try [Int](message: message.output),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            hint: try Self.hint(message.hint))
    }
}

extension PhysicalNestedLoopJoin: MessageMapped {
    func message() throws(EngineError) -> WireJoin {
        var message = WireJoin()
        message.kind = kind.message
        message.left = try left.message()
        message.right = try right.message()
        if let condition { message.condition = try condition.message() }
        message.output = try output.plan()
        message.schema = try schema.message()
        return message
    }

    init(_ message: WireJoin) throws(EngineError) {
        self.init(
            kind: try JoinKind(message.kind),
            left: try PlanCodec.part(message.hasLeft, message.left, "an input"),
            right: try PlanCodec.part(message.hasRight, message.right, "an input"),
            condition: try PlanCodec.optionalPart(message.hasCondition, message.condition),
            output: try [Int](message: message.output),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"))
    }
}
