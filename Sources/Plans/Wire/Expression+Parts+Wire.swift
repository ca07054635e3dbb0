import Columns
import Vocabulary

extension ColumnReference: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.unsigned(1, UInt64(id.rawValue))
        writer.text(2, name)
        try writer.message(3, type)
        writer.flag(4, nullable)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var id: UInt32 = 0
        var name = ""
        var type: DataType?
        var nullable = false
        while let field = try reader.next() {
            switch field {
            case 1: id = try reader.identifier()
            case 2: name = try reader.text()
            case 3: type = try reader.message()
            case 4: nullable = try reader.flag()
            default: try reader.skip()
            }
        }
        self.init(
            id: ColumnID(rawValue: id), name: name, type: try ProtobufReader.required(type, "a type"),
            nullable: nullable)
    }
}

extension FunctionCall: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, name)
        try writer.messages(2, arguments)
        try writer.message(3, type)
        writer.flag(4, ansi)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var name = ""
        var arguments: [Expression] = []
        var type: DataType?
        var ansi = false
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.text()
            case 2: arguments.append(try reader.message())
            case 3: type = try reader.message()
            case 4: ansi = try reader.flag()
            default: try reader.skip()
            }
        }
        self.init(name, arguments, type: try ProtobufReader.required(type, "a type"), ansi: ansi)
    }
}

extension ConditionalBranch: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, condition)
        try writer.message(2, result)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var condition: Expression?
        var result: Expression?
        while let field = try reader.next() {
            switch field {
            case 1: condition = try reader.message()
            case 2: result = try reader.message()
            default: try reader.skip()
            }
        }
        self.init(
            condition: try ProtobufReader.required(condition, "a condition"),
            result: try ProtobufReader.required(result, "a result"))
    }
}

extension SortKey: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, expression)
        writer.flag(2, ascending)
        writer.flag(3, nullsFirst)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var expression: Expression?
        var ascending = false
        var nullsFirst = false
        while let field = try reader.next() {
            switch field {
            case 1: expression = try reader.message()
            case 2: ascending = try reader.flag()
            case 3: nullsFirst = try reader.flag()
            default: try reader.skip()
            }
        }
        self.init(
            try ProtobufReader.required(expression, "a sort key"), ascending: ascending,
            nullsFirst: nullsFirst)
    }
}

extension AggregateCall: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, function)
        try writer.messages(2, arguments)
        writer.flag(3, distinct)
        try writer.optionalMessage(4, filter)
        try writer.message(5, type)
        writer.flag(6, ansi)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var function = ""
        var arguments: [Expression] = []
        var distinct = false
        var filter: Expression?
        var type: DataType?
        var ansi = false
        while let field = try reader.next() {
            switch field {
            case 1: function = try reader.text()
            case 2: arguments.append(try reader.message())
            case 3: distinct = try reader.flag()
            case 4: filter = try reader.message()
            case 5: type = try reader.message()
            case 6: ansi = try reader.flag()
            default: try reader.skip()
            }
        }
        self.init(
            function, arguments, distinct: distinct, filter: filter,
            type: try ProtobufReader.required(type, "a type"), ansi: ansi)
    }
}
