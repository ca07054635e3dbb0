import Columns
import Vocabulary

extension Expression: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .column(let reference): try writer.message(1, reference)
        case .input(let index, let type): try writer.message(2, InputPart(index: index, type: type))
        case .literal(let literal): try writer.message(3, literal)
        case .call(let call): try writer.message(4, call)
        case .cast(let inner, let type, let mode):
            try writer.message(5, CastPart(inner: inner, type: type, mode: mode))
        case .conditional(let branches, let otherwise, let type):
            try writer.message(6, ConditionalPart(branches: branches, otherwise: otherwise, type: type))
        case .inList(let value, let list): try writer.message(7, InListPart(value: value, list: list))
        case .member(let inner, let index, let type):
            try writer.message(8, MemberPart(inner: inner, index: index, type: type))
        case .subquery: throw .internal("A subquery was not rewritten before its plan was sent to workers")
        }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var value: Expression?
        while let field = try reader.next() {
            switch field {
            case 1: value = .column(try reader.message())
            case 2:
                let part = try reader.message(InputPart.self)
                value = .input(part.index, part.type)
            case 3: value = .literal(try reader.message())
            case 4: value = .call(try reader.message())
            case 5:
                let part = try reader.message(CastPart.self)
                value = .cast(part.inner, to: part.type, mode: part.mode)
            case 6:
                let part = try reader.message(ConditionalPart.self)
                value = .conditional(part.branches, otherwise: part.otherwise, type: part.type)
            case 7:
                let part = try reader.message(InListPart.self)
                value = .inList(part.value, part.list)
            case 8:
                let part = try reader.message(MemberPart.self)
                value = .member(part.inner, index: part.index, type: part.type)
            default: try reader.skip()
            }
        }
        self = try ProtobufReader.required(value, "an expression")
    }
}
