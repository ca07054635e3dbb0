import Columns
import Vocabulary

// The messages of plans.proto that have no type of their own among the physical operators.

/// One literal row.
struct RowPart: ProtobufMessage {
    var values: [Literal]

    init(values: [Literal]) {
        self.values = values
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, values)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        values = []
        while let field = try reader.next() {
            switch field {
            case 1: values.append(try reader.message())
            default: try reader.skip()
            }
        }
    }
}

/// Literal rows.
struct ValuesPart: ProtobufMessage {
    var rows: [RowPart]
    var schema: Schema

    init(rows: [RowPart], schema: Schema) {
        self.rows = rows
        self.schema = schema
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, rows)
        try writer.message(2, schema)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        rows = []
        var schemaPart: Schema?
        while let field = try reader.next() {
            switch field {
            case 1: rows.append(try reader.message())
            case 2: schemaPart = try reader.message()
            default: try reader.skip()
            }
        }
        schema = try ProtobufReader.required(schemaPart, "schema")
    }
}

/// A filter.
struct FilterPart: ProtobufMessage {
    var conditions: [Expression]
    var input: PhysicalPlan

    init(conditions: [Expression], input: PhysicalPlan) {
        self.conditions = conditions
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, conditions)
        try writer.message(2, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        conditions = []
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: conditions.append(try reader.message())
            case 2: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// A projection.
struct ProjectPart: ProtobufMessage {
    var list: [Expression]
    var schema: Schema
    var input: PhysicalPlan

    init(list: [Expression], schema: Schema, input: PhysicalPlan) {
        self.list = list
        self.schema = schema
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, list)
        try writer.message(2, schema)
        try writer.message(3, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        list = []
        var schemaPart: Schema?
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: list.append(try reader.message())
            case 2: schemaPart = try reader.message()
            case 3: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        schema = try ProtobufReader.required(schemaPart, "schema")
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// A sort or top-N.
struct SortPart: ProtobufMessage {
    var keys: [SortKey]
    var limit: Int?
    var input: PhysicalPlan

    init(keys: [SortKey], limit: Int?, input: PhysicalPlan) {
        self.keys = keys
        self.limit = limit
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, keys)
        writer.optionalCount(2, limit)
        try writer.message(3, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        keys = []
        limit = nil
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: keys.append(try reader.message())
            case 2: limit = try reader.count()
            case 3: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// A limit.
struct LimitPart: ProtobufMessage {
    var count: Int?
    var offset: Int
    var input: PhysicalPlan

    init(count: Int?, offset: Int, input: PhysicalPlan) {
        self.count = count
        self.offset = offset
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.optionalCount(1, count)
        writer.count(2, offset)
        try writer.message(3, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        count = nil
        offset = 0
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: count = try reader.count()
            case 2: offset = try reader.count()
            case 3: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// A union.
struct UnionPart: ProtobufMessage {
    var inputs: [PhysicalPlan]
    var schema: Schema

    init(inputs: [PhysicalPlan], schema: Schema) {
        self.inputs = inputs
        self.schema = schema
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, inputs)
        try writer.message(2, schema)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        inputs = []
        var schemaPart: Schema?
        while let field = try reader.next() {
            switch field {
            case 1: inputs.append(try reader.message())
            case 2: schemaPart = try reader.message()
            default: try reader.skip()
            }
        }
        schema = try ProtobufReader.required(schemaPart, "schema")
    }
}

/// One list of an expansion.
struct ExpressionListPart: ProtobufMessage {
    var items: [Expression]

    init(items: [Expression]) {
        self.items = items
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, items)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        items = []
        while let field = try reader.next() {
            switch field {
            case 1: items.append(try reader.message())
            default: try reader.skip()
            }
        }
    }
}

/// An expansion.
struct ExpandPart: ProtobufMessage {
    var lists: [ExpressionListPart]
    var schema: Schema
    var input: PhysicalPlan

    init(lists: [ExpressionListPart], schema: Schema, input: PhysicalPlan) {
        self.lists = lists
        self.schema = schema
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, lists)
        try writer.message(2, schema)
        try writer.message(3, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        lists = []
        var schemaPart: Schema?
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: lists.append(try reader.message())
            case 2: schemaPart = try reader.message()
            case 3: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        schema = try ProtobufReader.required(schemaPart, "schema")
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// A check for one row.
struct SingleRowPart: ProtobufMessage {
    var input: PhysicalPlan

    init(input: PhysicalPlan) {
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// Bounds of ranges.
struct RangeBoundsPart: ProtobufMessage {
    var keys: [SortKey]
    var partitions: Int
    var input: PhysicalPlan

    init(keys: [SortKey], partitions: Int, input: PhysicalPlan) {
        self.keys = keys
        self.partitions = partitions
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, keys)
        writer.count(2, partitions)
        try writer.message(3, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        keys = []
        partitions = 0
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: keys.append(try reader.message())
            case 2: partitions = try reader.count()
            case 3: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        input = try ProtobufReader.required(inputPart, "input")
    }
}

/// An exchange.
struct ExchangePart: ProtobufMessage {
    var partitioning: Partitioning
    var input: PhysicalPlan

    init(partitioning: Partitioning, input: PhysicalPlan) {
        self.partitioning = partitioning
        self.input = input
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, partitioning)
        try writer.message(2, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var partitioningPart: Partitioning?
        var inputPart: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: partitioningPart = try reader.message()
            case 2: inputPart = try reader.message()
            default: try reader.skip()
            }
        }
        partitioning = try ProtobufReader.required(partitioningPart, "partitioning")
        input = try ProtobufReader.required(inputPart, "input")
    }
}
