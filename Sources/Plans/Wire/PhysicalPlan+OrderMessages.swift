import Vocabulary

// Operators that order, count and move rows.

extension PhysicalPlan {
    static func sort(
        _ keys: [SortKey], _ limit: Int?, _ input: PhysicalPlan
    ) throws(EngineError) -> WireSort {
        var message = WireSort()
        message.keys = try keys.messages()
        if let limit { message.limit = try UInt64(plan: limit) }
        message.input = try input.message()
        return message
    }

    static func sort(_ message: WireSort) throws(EngineError) -> PhysicalPlan {
        .sort(
            try [SortKey](message.keys), limit: message.hasLimit ? try Int(message: message.limit) : nil,
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }

    static func limit(
        _ count: Int?, _ offset: Int, _ input: PhysicalPlan
    ) throws(EngineError) -> WireLimit {
        var message = WireLimit()
        if let count { message.count = try UInt64(plan: count) }
        message.offset = try UInt64(plan: offset)
        message.input = try input.message()
        return message
    }

    static func limit(_ message: WireLimit) throws(EngineError) -> PhysicalPlan {
        .limit(
            count: message.hasCount ? try Int(message: message.count) : nil,
            offset: try Int(message: message.offset),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }

    static func rangeBounds(
        _ keys: [SortKey], _ partitions: Int, _ input: PhysicalPlan
    ) throws(EngineError) -> WireRangeBounds {
        var message = WireRangeBounds()
        message.keys = try keys.messages()
        message.partitions = try UInt64(plan: partitions)
        message.input = try input.message()
        return message
    }

    static func rangeBounds(_ message: WireRangeBounds) throws(EngineError) -> PhysicalPlan {
        .rangeBounds(
            try [SortKey](message.keys), partitions: try Int(message: message.partitions),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }

    static func exchange(_ message: WireExchange) throws(EngineError) -> PhysicalPlan {
        .exchange(
            try PlanCodec.part(message.hasPartitioning, message.partitioning, "a partitioning"),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }
}
