import Columns
import Vocabulary

extension PhysicalScan: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, index)
        try writer.message(2, relation)
        writer.packed(3, columns)
        try writer.messages(4, filters)
        writer.packed(5, output)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var index = 0
        var relation: FileRelation?
        var columns: [Int] = []
        var filters: [Expression] = []
        var output: [Int] = []
        while let field = try reader.next() {
            switch field {
            case 1: index = try reader.count()
            case 2: relation = try reader.message()
            case 3: try reader.counts(into: &columns)
            case 4: filters.append(try reader.message())
            case 5: try reader.counts(into: &output)
            default: try reader.skip()
            }
        }
        let files = try ProtobufReader.required(relation, "a relation")
        guard columns.allSatisfy({ $0 < files.schema.count }), output.allSatisfy({ $0 < columns.count })
        else {
            throw ProtobufReader.corrupt("a scan reads a column that is not there")
        }
        self.init(index: index, relation: files, columns: columns, filters: filters, output: output)
    }
}

extension PhysicalAggregate: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, Int(mode.rawValue))
        try writer.messages(2, groups)
        try writer.messages(3, aggregates)
        try writer.message(4, schema)
        try writer.message(5, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var mode = 0
        var groups: [Expression] = []
        var aggregates: [AggregateCall] = []
        var schema: Schema?
        var input: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: mode = try reader.count()
            case 2: groups.append(try reader.message())
            case 3: aggregates.append(try reader.message())
            case 4: schema = try reader.message()
            case 5: input = try reader.message()
            default: try reader.skip()
            }
        }
        let known = try ProtobufReader.required(
            UInt8(exactly: mode).flatMap(AggregateMode.init), "an aggregation's mode")
        self.init(
            mode: known, groups: groups, aggregates: aggregates,
            schema: try ProtobufReader.required(schema, "a schema"),
            input: try ProtobufReader.required(input, "an input"))
    }
}

extension PhysicalHashJoin: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, Int(kind.rawValue))
        try writer.message(2, left)
        try writer.message(3, right)
        try writer.messages(4, leftKeys)
        try writer.messages(5, rightKeys)
        try writer.optionalMessage(6, residual)
        writer.count(7, Int(build.rawValue))
        writer.flag(8, buildIsShared)
        writer.packed(9, output)
        try writer.message(10, schema)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var kind = 0
        var left: PhysicalPlan?
        var right: PhysicalPlan?
        var leftKeys: [Expression] = []
        var rightKeys: [Expression] = []
        var condition: Expression?
        var build = 0
        var shared = false
        var output: [Int] = []
        var schema: Schema?
        while let field = try reader.next() {
            switch field {
            case 1: kind = try reader.count()
            case 2: left = try reader.message()
            case 3: right = try reader.message()
            case 4: leftKeys.append(try reader.message())
            case 5: rightKeys.append(try reader.message())
            case 6: condition = try reader.message()
            case 7: build = try reader.count()
            case 8: shared = try reader.flag()
            case 9: try reader.counts(into: &output)
            case 10: schema = try reader.message()
            default: try reader.skip()
            }
        }
        if leftKeys.count != rightKeys.count { throw ProtobufReader.corrupt("a join's keys do not pair") }
        self.init(
            kind: try ProtobufReader.required(UInt8(exactly: kind).flatMap(JoinKind.init), "a join's kind"),
            left: try ProtobufReader.required(left, "an input"),
            right: try ProtobufReader.required(right, "an input"), leftKeys: leftKeys,
            rightKeys: rightKeys, residual: condition,
            build: try ProtobufReader.required(UInt8(exactly: build).flatMap(Side.init), "a join's side"),
            buildIsShared: shared,
            output: output, schema: try ProtobufReader.required(schema, "a schema"))
    }
}

extension PhysicalNestedLoopJoin: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, Int(kind.rawValue))
        try writer.message(2, left)
        try writer.message(3, right)
        try writer.optionalMessage(6, condition)
        writer.packed(9, output)
        try writer.message(10, schema)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var kind = 0
        var left: PhysicalPlan?
        var right: PhysicalPlan?
        var condition: Expression?
        var output: [Int] = []
        var schema: Schema?
        while let field = try reader.next() {
            switch field {
            case 1: kind = try reader.count()
            case 2: left = try reader.message()
            case 3: right = try reader.message()
            case 6: condition = try reader.message()
            case 9: try reader.counts(into: &output)
            case 10: schema = try reader.message()
            default: try reader.skip()
            }
        }
        self.init(
            kind: try ProtobufReader.required(UInt8(exactly: kind).flatMap(JoinKind.init), "a join's kind"),
            left: try ProtobufReader.required(left, "an input"),
            right: try ProtobufReader.required(right, "an input"), condition: condition,
            output: output, schema: try ProtobufReader.required(schema, "a schema"))
    }
}
