import Columns
import Vocabulary

extension DataType: ProtobufMessage {
    /// The types without parameters, by kind − 1; nil stands for those with.
    private static let kinds: [DataType?] = [
        .null, .boolean, .int8, .int16, .int32, .int64, .float, .double, nil, .string, .binary, .date,
        .timestamp,
        .timestampNTZ, .yearMonthInterval, .dayTimeInterval, nil, nil, nil,
    ]

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .decimal(let precision, let scale):
            writer.unsigned(1, 9)
            writer.count(2, precision)
            writer.count(3, scale)
        case .array(let element, let containsNull):
            writer.unsigned(1, 17)
            try writer.message(4, element)
            writer.flag(6, containsNull)
        case .structure(let fields):
            writer.unsigned(1, 18)
            try writer.messages(7, fields)
        case .map(let key, let value, let containsNull):
            writer.unsigned(1, 19)
            try writer.message(5, key)
            try writer.message(4, value)
            writer.flag(6, containsNull)
        default: writer.count(1, (Self.kinds.firstIndex { $0 == self } ?? 0) + 1)
        }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var kind = 0
        var precision = 0
        var scale = 0
        var element: DataType?
        var key: DataType?
        var containsNull = false
        var fields: [Field] = []
        while let field = try reader.next() {
            switch field {
            case 1: kind = try reader.count()
            case 2: precision = try reader.count()
            case 3: scale = try reader.count()
            case 4: element = try reader.message()
            case 5: key = try reader.message()
            case 6: containsNull = try reader.flag()
            case 7: fields.append(try reader.message())
            default: try reader.skip()
            }
        }
        switch kind {
        case 9:
            guard (1...DataType.maximumPrecision).contains(precision), scale <= precision else {
                throw ProtobufReader.corrupt("a decimal type is impossible")
            }
            self = .decimal(precision: precision, scale: scale)
        case 17:
            self = .array(try ProtobufReader.required(element, "an element type"), containsNull: containsNull)
        case 18: self = .structure(fields)
        case 19:
            self = .map(
                key: try ProtobufReader.required(key, "a key type"),
                value: try ProtobufReader.required(element, "a value type"), valueContainsNull: containsNull)
        default:
            guard (1...Self.kinds.count).contains(kind), let plain = Self.kinds[kind - 1] else {
                throw ProtobufReader.corrupt("a type is unknown")
            }
            self = plain
        }
    }
}

extension Field: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, name)
        try writer.message(2, type)
        writer.flag(3, nullable)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var name = ""
        var type: DataType?
        var nullable = false
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.text()
            case 2: type = try reader.message()
            case 3: nullable = try reader.flag()
            default: try reader.skip()
            }
        }
        self.init(name, try ProtobufReader.required(type, "a field's type"), nullable: nullable)
    }
}

extension Schema: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) { try writer.messages(1, fields) }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var fields: [Field] = []
        while let field = try reader.next() {
            if field == 1 { fields.append(try reader.message()) } else { try reader.skip() }
        }
        self.init(fields)
    }
}
