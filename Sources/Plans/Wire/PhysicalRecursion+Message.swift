import Columns
import Vocabulary

// Recursions and ranges of numbers.

extension PhysicalRecursion: MessageMapped {
    func message() throws(EngineError) -> WireRecursion {
        var message = WireRecursion()
        message.level = try UInt32(plan: level)
        message.anchor = try anchor.message()
        message.step = try step.message()
        message.schema = try schema.message()
        if let levels = limits.levels { message.levelLimit = try UInt64(plan: levels) }
        if let rows = limits.rows { message.rowLimit = try UInt64(plan: rows) }
        return message
    }

    init(_ message: WireRecursion) throws(EngineError) {
        self.init(
            level: Int(message.level),
            anchor: try PlanCodec.part(message.hasAnchor, message.anchor, "an anchor"),
            step: try PlanCodec.part(message.hasStep, message.step, "a step"),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            limits: RecursionLimits(
                levels: message.hasLevelLimit ? try Int(message: message.levelLimit) : nil,
                rows: message.hasRowLimit ? try Int(message: message.rowLimit) : nil))
        guard anchor.schema.count == schema.count, step.schema.count == schema.count else {
            throw PlanCodec.corrupt("the parts of a recursion have other columns than it gives")
        }
    }
}

extension PhysicalPlan {
    static func range(
        _ range: NumberRange, _ schema: Schema, _ tasks: Int
    ) throws(EngineError) -> WireNumberRange {
        var message = WireNumberRange()
        message.start = range.start
        message.step = range.step
        message.count = try UInt64(plan: Int(range.count))
        message.schema = try schema.message()
        message.tasks = try UInt64(plan: tasks)
        return message
    }

    static func range(_ message: WireNumberRange) throws(EngineError) -> PhysicalPlan {
        let schema: Schema = try PlanCodec.part(message.hasSchema, message.schema, "a schema")
        let tasks = try Int(message: message.tasks)
        guard schema.types.allSatisfy({ $0 == .int64 }), schema.count <= 1, tasks >= 1 else {
            throw PlanCodec.corrupt("a range of numbers has columns that are none")
        }
        return .range(
            NumberRange(
                start: message.start, step: message.step, count: Int64(try Int(message: message.count))),
            schema: schema, tasks: tasks)
    }
}
