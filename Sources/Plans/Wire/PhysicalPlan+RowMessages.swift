import Columns
import Vocabulary

// Operators that make, choose and compute rows.

extension PhysicalPlan {
    static func values(_ rows: [[Literal]], _ schema: Schema) throws(EngineError) -> WireValues {
        var message = WireValues()
        message.rows = try rows.map { (values) throws(EngineError) in
            var row = WireRow()
            row.values = try values.messages()
            return row
        }
        message.schema = try schema.message()
        return message
    }

    static func values(_ message: WireValues) throws(EngineError) -> PhysicalPlan {
        .values(
            rows: try message.rows.map { (row) throws(EngineError) in try [Literal](row.values) },
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"))
    }

    static func filter(_ conditions: [Expression], _ input: PhysicalPlan) throws(EngineError) -> WireFilter {
        var message = WireFilter()
        message.conditions = try conditions.messages()
        message.input = try input.message()
        return message
    }

    static func filter(_ message: WireFilter) throws(EngineError) -> PhysicalPlan {
        .filter(
            try [Expression](message.conditions),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }

    static func project(
        _ list: [Expression], _ schema: Schema, _ input: PhysicalPlan
    ) throws(EngineError) -> WireProject {
        var message = WireProject()
        message.list = try list.messages()
        message.schema = try schema.message()
        message.input = try input.message()
        return message
    }

    static func project(_ message: WireProject) throws(EngineError) -> PhysicalPlan {
        .project(
            try [Expression](message.list),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }

    static func union(_ inputs: [PhysicalPlan], _ schema: Schema) throws(EngineError) -> WireUnion {
        var message = WireUnion()
        message.inputs = try inputs.messages()
        message.schema = try schema.message()
        return message
    }

    static func union(_ message: WireUnion) throws(EngineError) -> PhysicalPlan {
        .union(
            try [PhysicalPlan](message.inputs),
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"))
    }

    static func expand(
        _ lists: [[Expression]], _ schema: Schema, _ input: PhysicalPlan
    ) throws(EngineError) -> WireExpand {
        var message = WireExpand()
        message.lists = try lists.map { (items) throws(EngineError) in
            var list = WireExpressionList()
            list.items = try items.messages()
            return list
        }
        message.schema = try schema.message()
        message.input = try input.message()
        return message
    }

    static func expand(_ message: WireExpand) throws(EngineError) -> PhysicalPlan {
        .expand(
            try message.lists.map { (list) throws(EngineError) in try [Expression](list.items) },
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }
}
