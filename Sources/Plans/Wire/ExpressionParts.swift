import Columns
import Vocabulary

// The messages of plans.proto that have no type of their own among the expressions.

/// An input column of an operator.
struct InputPart: ProtobufMessage {
    var index: Int
    var type: DataType

    init(index: Int, type: DataType) {
        self.index = index
        self.type = type
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, index)
        try writer.message(2, type)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        index = 0
        var typePart: DataType?
        while let field = try reader.next() {
            switch field {
            case 1: index = try reader.count()
            case 2: typePart = try reader.message()
            default: try reader.skip()
            }
        }
        type = try ProtobufReader.required(typePart, "type")
    }
}

/// A CASE.
struct ConditionalPart: ProtobufMessage {
    var branches: [ConditionalBranch]
    var otherwise: Expression?
    var type: DataType

    init(branches: [ConditionalBranch], otherwise: Expression?, type: DataType) {
        self.branches = branches
        self.otherwise = otherwise
        self.type = type
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, branches)
        try writer.optionalMessage(2, otherwise)
        try writer.message(3, type)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        branches = []
        otherwise = nil
        var typePart: DataType?
        while let field = try reader.next() {
            switch field {
            case 1: branches.append(try reader.message())
            case 2: otherwise = try reader.message()
            case 3: typePart = try reader.message()
            default: try reader.skip()
            }
        }
        type = try ProtobufReader.required(typePart, "type")
    }
}

/// An IN over literals.
struct InListPart: ProtobufMessage {
    var value: Expression
    var list: [Literal]

    init(value: Expression, list: [Literal]) {
        self.value = value
        self.list = list
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, value)
        try writer.messages(2, list)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var valuePart: Expression?
        list = []
        while let field = try reader.next() {
            switch field {
            case 1: valuePart = try reader.message()
            case 2: list.append(try reader.message())
            default: try reader.skip()
            }
        }
        value = try ProtobufReader.required(valuePart, "value")
    }
}

/// A member of a structure.
struct MemberPart: ProtobufMessage {
    var inner: Expression
    var index: Int
    var type: DataType

    init(inner: Expression, index: Int, type: DataType) {
        self.inner = inner
        self.index = index
        self.type = type
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, inner)
        writer.count(2, index)
        try writer.message(3, type)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var innerPart: Expression?
        index = 0
        var typePart: DataType?
        while let field = try reader.next() {
            switch field {
            case 1: innerPart = try reader.message()
            case 2: index = try reader.count()
            case 3: typePart = try reader.message()
            default: try reader.skip()
            }
        }
        inner = try ProtobufReader.required(innerPart, "inner")
        type = try ProtobufReader.required(typePart, "type")
    }
}

/// A cast.
struct CastPart: ProtobufMessage {
    var inner: Expression
    var type: DataType
    var mode: CastMode

    init(inner: Expression, type: DataType, mode: CastMode) {
        self.inner = inner
        self.type = type
        self.mode = mode
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, inner)
        try writer.message(2, type)
        writer.unsigned(3, UInt64(mode.rawValue))
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var innerPart: Expression?
        var typePart: DataType?
        var number = 0
        while let field = try reader.next() {
            switch field {
            case 1: innerPart = try reader.message()
            case 2: typePart = try reader.message()
            case 3: number = try reader.count()
            default: try reader.skip()
            }
        }
        inner = try ProtobufReader.required(innerPart, "a cast's value")
        type = try ProtobufReader.required(typePart, "a cast's type")
        mode = try ProtobufReader.required(UInt8(exactly: number).flatMap(CastMode.init), "a cast's mode")
    }
}
