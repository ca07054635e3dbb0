import Columns
import Vocabulary

extension PhysicalPlan: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .scan(let scan): try writer.message(1, scan)
        case .shuffleRead(let read): try writer.message(2, read)
        case .values(let rows, let schema):
            try writer.message(3, ValuesPart(rows: rows.map { RowPart(values: $0) }, schema: schema))
        case .filter(let conditions, let input):
            try writer.message(4, FilterPart(conditions: conditions, input: input))
        case .project(let list, let schema, let input):
            try writer.message(5, ProjectPart(list: list, schema: schema, input: input))
        case .aggregate(let aggregate): try writer.message(6, aggregate)
        case .hashJoin(let join): try writer.message(7, join)
        case .nestedLoopJoin(let join): try writer.message(8, join)
        case .sort(let keys, let limit, let input):
            try writer.message(9, SortPart(keys: keys, limit: limit, input: input))
        case .limit(let count, let offset, let input):
            try writer.message(10, LimitPart(count: count, offset: offset, input: input))
        case .union(let inputs, let schema): try writer.message(11, UnionPart(inputs: inputs, schema: schema))
        case .expand(let lists, let schema, let input):
            try writer.message(
                12,
                ExpandPart(lists: lists.map { ExpressionListPart(items: $0) }, schema: schema, input: input))
        case .singleRow(let input): try writer.message(13, SingleRowPart(input: input))
        case .rangeBounds(let keys, let partitions, let input):
            try writer.message(14, RangeBoundsPart(keys: keys, partitions: partitions, input: input))
        case .exchange(let partitioning, let input):
            try writer.message(15, ExchangePart(partitioning: partitioning, input: input))
        case .window(let window): try writer.message(16, window)
        case .generate(let generator, let kept, let schema, let input):
            try writer.message(
                17, GeneratePart(generator: generator, kept: kept, schema: schema, input: input))
        }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var plan: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: plan = .scan(try reader.message())
            case 2: plan = .shuffleRead(try reader.message())
            case 3:
                let part = try reader.message(ValuesPart.self)
                plan = .values(rows: part.rows.map(\.values), schema: part.schema)
            case 4:
                let part = try reader.message(FilterPart.self)
                plan = .filter(part.conditions, input: part.input)
            case 5:
                let part = try reader.message(ProjectPart.self)
                plan = .project(part.list, schema: part.schema, input: part.input)
            case 6: plan = .aggregate(try reader.message())
            case 7: plan = .hashJoin(try reader.message())
            case 8: plan = .nestedLoopJoin(try reader.message())
            case 9...17: plan = try Self.later(field, &reader)
            default: try reader.skip()
            }
        }
        self = try ProtobufReader.required(plan, "an operator")
    }

    private static func later(_ field: Int, _ reader: inout ProtobufReader) throws(EngineError)
        -> PhysicalPlan?
    {
        switch field {
        case 9:
            let part = try reader.message(SortPart.self)
            return .sort(part.keys, limit: part.limit, input: part.input)
        case 10:
            let part = try reader.message(LimitPart.self)
            return .limit(count: part.count, offset: part.offset, input: part.input)
        case 11:
            let part = try reader.message(UnionPart.self)
            return .union(part.inputs, schema: part.schema)
        case 12:
            let part = try reader.message(ExpandPart.self)
            return .expand(part.lists.map(\.items), schema: part.schema, input: part.input)
        case 13: return .singleRow(input: try reader.message(SingleRowPart.self).input)
        case 14:
            let part = try reader.message(RangeBoundsPart.self)
            return .rangeBounds(part.keys, partitions: part.partitions, input: part.input)
        case 15:
            let part = try reader.message(ExchangePart.self)
            return .exchange(part.partitioning, input: part.input)
        case 16: return .window(try reader.message())
        case 17:
            let part = try reader.message(GeneratePart.self)
            return .generate(part.generator, kept: part.kept, schema: part.schema, input: part.input)
        default: return nil
        }
    }
}

extension ShuffleRead: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.unsigned(1, UInt64(stage.rawValue))
        switch mode {
        case .partition: writer.unsigned(2, 1)
        case .partitionRanges(let ranges):
            writer.unsigned(2, 2)
            writer.packed(4, ranges.flatMap { [$0.lowerBound, $0.upperBound] })
        case .sameTask(let partition):
            writer.unsigned(2, 3)
            writer.count(3, partition)
        case .all(let partition):
            writer.unsigned(2, 4)
            writer.count(3, partition)
        }
        try writer.message(5, schema)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var stage: UInt32 = 0
        var kind = 0
        var partition = 0
        var bounds: [Int] = []
        var schema: Schema?
        while let field = try reader.next() {
            switch field {
            case 1: stage = try reader.identifier()
            case 2: kind = try reader.count()
            case 3: partition = try reader.count()
            case 4: try reader.counts(into: &bounds)
            case 5: schema = try reader.message()
            default: try reader.skip()
            }
        }
        let mode: Mode
        switch kind {
        case 1: mode = .partition
        case 2: mode = .partitionRanges(try Self.ranges(bounds))
        case 3: mode = .sameTask(partition: partition)
        case 4: mode = .all(partition: partition)
        default: throw ProtobufReader.corrupt("a shuffle read's mode is unknown")
        }
        self.init(
            stage: StageID(rawValue: stage), mode: mode,
            schema: try ProtobufReader.required(schema, "a schema"))
    }

    private static func ranges(_ bounds: [Int]) throws(EngineError) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index + 1 < bounds.count {
            if bounds[index] > bounds[index + 1] {
                throw ProtobufReader.corrupt("a range of partitions runs backwards")
            }
            ranges.append(bounds[index]..<bounds[index + 1])
            index += 2
        }
        return ranges
    }
}

extension Partitioning: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .hash(let keys, let partitions):
            writer.unsigned(1, 1)
            try writer.messages(2, keys)
            writer.count(4, partitions)
        case .range(let keys, let partitions, let bounds):
            writer.unsigned(1, 2)
            try writer.messages(3, keys)
            writer.count(4, partitions)
            writer.unsigned(5, UInt64(bounds.rawValue))
        case .rowsAndSample(let keys):
            writer.unsigned(1, 3)
            try writer.messages(3, keys)
        case .broadcast: writer.unsigned(1, 4)
        case .single: writer.unsigned(1, 5)
        case .roundRobin(let partitions):
            writer.unsigned(1, 6)
            writer.count(4, partitions)
        }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var kind = 0
        var keys: [Expression] = []
        var sortKeys: [SortKey] = []
        var partitions = 0
        var bounds: UInt32 = 0
        while let field = try reader.next() {
            switch field {
            case 1: kind = try reader.count()
            case 2: keys.append(try reader.message())
            case 3: sortKeys.append(try reader.message())
            case 4: partitions = try reader.count()
            case 5: bounds = try reader.identifier()
            default: try reader.skip()
            }
        }
        let needsCount = kind == 1 || kind == 2 || kind == 6
        if needsCount, partitions < 1 { throw ProtobufReader.corrupt("an exchange has no partitions") }
        switch kind {
        case 1: self = .hash(keys, partitions: partitions)
        case 2: self = .range(sortKeys, partitions: partitions, bounds: StageID(rawValue: bounds))
        case 3: self = .rowsAndSample(sortKeys)
        case 4: self = .broadcast
        case 5: self = .single
        case 6: self = .roundRobin(partitions: partitions)
        default: throw ProtobufReader.corrupt("an exchange's kind is unknown")
        }
    }
}

extension StageOutput: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .shuffle(let partitioning): try writer.message(1, partitioning)
        case .files(let write): try writer.message(2, write)
        }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var output: StageOutput?
        while let field = try reader.next() {
            switch field {
            case 1: output = .shuffle(try reader.message())
            case 2: output = .files(try reader.message())
            default: try reader.skip()
            }
        }
        self = try ProtobufReader.required(output, "a stage's output")
    }
}
