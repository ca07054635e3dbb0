import Columns
import Vocabulary

extension WindowCall: MessageMapped {
    func message() throws(EngineError) -> WireWindowCall {
        var message = WireWindowCall()
        message.function = function
        message.arguments = try arguments.messages()
        message.start = try frame.start.message()
        message.end = try frame.end.message()
        message.ignoresNulls = ignoresNulls
        message.type = try type.message()
        message.ansi = ansi
        if let origin = origin.message() { message.origin = origin }
        return message
    }

    init(_ message: WireWindowCall) throws(EngineError) {
        let frame = WindowFrame(
            start: try PlanCodec.part(message.hasStart, message.start, "a frame's start"),
            end: try PlanCodec.part(message.hasEnd, message.end, "a frame's end"))
        self.init(
            message.function, try [Expression](message.arguments), frame: frame,
            ignoresNulls: message.ignoresNulls,
            type: try PlanCodec.part(message.hasType, message.type, "a type"), ansi: message.ansi,
            origin: try Origin(message.hasOrigin, message.origin))
    }
}

extension WindowBound: MessageMapped {
    func message() throws(EngineError) -> WireWindowBound {
        var message = WireWindowBound()
        switch self {
        case .unboundedPreceding: message.kind = .unboundedPreceding
        case .rows(let distance):
            message.kind = .rows
            message.distance = Int64(distance)
        case .peers: message.kind = .peers
        case .value(let value, let key):
            message.kind = .value
            message.value = try value.message()
            message.key = try key.message()
        case .unboundedFollowing: message.kind = .unboundedFollowing
        }
        return message
    }

    init(_ message: WireWindowBound) throws(EngineError) {
        switch message.kind {
        case .unboundedPreceding: self = .unboundedPreceding
        case .rows: self = .rows(Int(message.distance))
        case .peers: self = .peers
        case .value:
            self = .value(
                try PlanCodec.part(message.hasValue, message.value, "a frame's value"),
                key: try PlanCodec.part(message.hasKey, message.key, "a frame's key"))
        case .unboundedFollowing: self = .unboundedFollowing
        case .unspecified, .UNRECOGNIZED:
            throw PlanCodec.unknown("a frame's bound", message.kind.rawValue)
        }
    }
}
