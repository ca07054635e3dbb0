import Columns
import Vocabulary

// A generator over an input.
extension PhysicalPlan {
    static func generate(
        _ generator: Generator, _ kept: [Int], _ schema: Schema, _ input: PhysicalPlan
    ) throws(EngineError) -> WireGenerate {
        var message = WireGenerate()
        message.list = try generator.list.message()
        message.isOuter = generator.isOuter
        message.givesPosition = generator.givesPosition
        message.givesMembers = generator.givesMembers
        message.kept = try kept.plan()
        message.schema = try schema.message()
        message.input = try input.message()
        return message
    }

    static func generate(_ message: WireGenerate) throws(EngineError) -> PhysicalPlan {
        let generator = Generator(
            try PlanCodec.part(message.hasList, message.list, "a generator's list"),
            isOuter: message.isOuter, givesPosition: message.givesPosition,
            givesMembers: message.givesMembers)
        let input: PhysicalPlan = try PlanCodec.part(message.hasInput, message.input, "an input")
        let kept = try [Int](message: message.kept)
        guard generator.fields != nil, kept.allSatisfy({ $0 < input.schema.count }) else {
            throw PlanCodec.corrupt("a generator does not fit its input")
        }
        return .generate(
            generator, kept: kept, schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            input: input)
    }
}
