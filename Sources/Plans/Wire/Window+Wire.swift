import Columns
import Vocabulary

extension PhysicalWindow: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, partition)
        try writer.messages(2, order)
        try writer.messages(3, calls)
        try writer.message(4, schema)
        try writer.message(5, input)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var partition: [Expression] = []
        var order: [SortKey] = []
        var calls: [WindowCall] = []
        var schema: Schema?
        var input: PhysicalPlan?
        while let field = try reader.next() {
            switch field {
            case 1: partition.append(try reader.message())
            case 2: order.append(try reader.message())
            case 3: calls.append(try reader.message())
            case 4: schema = try reader.message()
            case 5: input = try reader.message()
            default: try reader.skip()
            }
        }
        self.init(
            partition: partition, order: order, calls: calls,
            schema: try ProtobufReader.required(schema, "a schema"),
            input: try ProtobufReader.required(input, "an input"))
    }
}

extension WindowCall: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, function)
        try writer.messages(2, arguments)
        try writer.message(3, frame.start)
        try writer.message(4, frame.end)
        writer.flag(5, ignoresNulls)
        try writer.message(6, type)
        writer.flag(7, ansi)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var function = ""
        var arguments: [Expression] = []
        var start: WindowBound?
        var end: WindowBound?
        var ignoresNulls = false
        var type: DataType?
        var ansi = false
        while let field = try reader.next() {
            switch field {
            case 1: function = try reader.text()
            case 2: arguments.append(try reader.message())
            case 3: start = try reader.message()
            case 4: end = try reader.message()
            case 5: ignoresNulls = try reader.flag()
            case 6: type = try reader.message()
            case 7: ansi = try reader.flag()
            default: try reader.skip()
            }
        }
        let frame = WindowFrame(
            start: try ProtobufReader.required(start, "a frame's start"),
            end: try ProtobufReader.required(end, "a frame's end"))
        self.init(
            function, arguments, frame: frame, ignoresNulls: ignoresNulls,
            type: try ProtobufReader.required(type, "a type"), ansi: ansi)
    }
}

extension WindowBound: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .unboundedPreceding: writer.count(1, 1)
        case .rows(let distance):
            writer.count(1, 2)
            writer.flag(2, distance < 0)
            writer.unsigned(3, UInt64(distance.magnitude))
        case .peers: writer.count(1, 3)
        case .value(let value, let key):
            writer.count(1, 4)
            try writer.message(4, value)
            try writer.message(5, key)
        case .unboundedFollowing: writer.count(1, 5)
        }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var kind = 0
        var isNegative = false
        var distance = 0
        var value: Expression?
        var key: Expression?
        while let field = try reader.next() {
            switch field {
            case 1: kind = try reader.count()
            case 2: isNegative = try reader.flag()
            case 3: distance = try reader.count()
            case 4: value = try reader.message()
            case 5: key = try reader.message()
            default: try reader.skip()
            }
        }
        switch kind {
        case 1: self = .unboundedPreceding
        case 2: self = .rows(isNegative ? -distance : distance)
        case 3: self = .peers
        case 4:
            self = .value(
                try ProtobufReader.required(value, "a frame's value"),
                key: try ProtobufReader.required(key, "a frame's key"))
        case 5: self = .unboundedFollowing
        default: throw ProtobufReader.corrupt("a frame's bound is unknown")
        }
    }
}
