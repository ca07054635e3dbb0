import Columns
import Vocabulary

/// A generator over an input.
struct GeneratePart: ProtobufMessage {
    var generator: Generator
    var kept: [Int]
    var schema: Schema
    var input: PhysicalPlan

    init(generator: Generator, kept: [Int], schema: Schema, input: PhysicalPlan) {
        self.generator = generator
        self.kept = kept
        self.schema = schema
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, generator.list)
        writer.flag(2, generator.isOuter)
        writer.flag(3, generator.givesPosition)
        writer.flag(4, generator.givesMembers)
        writer.packed(5, kept)
        try writer.message(6, schema)
        try writer.message(7, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var list: Expression?
        var (isOuter, givesPosition, givesMembers) = (false, false, false)
        var kept: [Int] = []
        var schema: Schema?
        var input: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: list = try reader.message()
            case 2: isOuter = try reader.flag()
            case 3: givesPosition = try reader.flag()
            case 4: givesMembers = try reader.flag()
            case 5: try reader.counts(into: &kept)
            case 6: schema = try reader.message()
            case 7: input = try reader.message()
            default: try reader.skip()
            }
        }
        let generator = Generator(
            try ProtobufReader.required(list, "a generator's list"), isOuter: isOuter,
            givesPosition: givesPosition, givesMembers: givesMembers)
        let below = try ProtobufReader.required(input, "an input")
        guard generator.fields != nil, kept.allSatisfy({ $0 < below.schema.count }) else {
            throw ProtobufReader.corrupt("a generator does not fit its input")
        }
        self.init(
            generator: generator, kept: kept, schema: try ProtobufReader.required(schema, "a schema"),
            input: below)
    }
}
