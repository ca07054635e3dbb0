import Columns
import Vocabulary

extension DataType: MessageMapped {
    func message() throws(EngineError) -> WireDataType {
        var message = WireDataType()
        message.kind = kind
        switch self {
        case .null, .boolean, .int8, .int16, .int32, .int64, .float, .double, .string, .binary, .date,
            .timestamp, .timestampNTZ, .calendarInterval, .variant:
            break
        case .yearMonthInterval(let fields), .dayTimeInterval(let fields):
            // An interval of all fields is written as before fields were known.
            if self == .yearToMonth || self == .dayToSecond { break }
            message.firstField = UInt32(fields.first.rawValue)
            message.lastField = UInt32(fields.last.rawValue)
        case .time(let precision): message.precision = try UInt32(plan: precision)
        case .unsupported(let name): message.fields = try [Field(name, .null)].messages()
        case .decimal(let precision, let scale):
            message.precision = try UInt32(plan: precision)
            message.scale = try UInt32(plan: scale)
        case .array(let element, let containsNull):
            message.element = try element.message()
            message.containsNull = containsNull
        case .structure(let fields): message.fields = try fields.messages()
        case .map(let key, let value, let containsNull):
            message.key = try key.message()
            message.element = try value.message()
            message.containsNull = containsNull
        }
        return message
    }

    private var kind: WireDataType.Kind {
        switch self {
        case .null: .null
        case .boolean: .boolean
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .float: .float
        case .double: .double
        case .decimal: .decimal
        case .string: .string
        case .binary: .binary
        case .date: .date
        case .timestamp: .timestamp
        case .timestampNTZ: .timestampNtz
        case .time: .time
        case .yearMonthInterval: .yearMonthInterval
        case .dayTimeInterval: .dayTimeInterval
        case .calendarInterval: .calendarInterval
        case .variant: .variant
        case .array: .array
        case .structure: .structure
        case .map: .map
        case .unsupported: .unsupported
        }
    }

    init(_ message: WireDataType) throws(EngineError) {
        switch message.kind {
        case .null: self = .null
        case .boolean: self = .boolean
        case .int8: self = .int8
        case .int16: self = .int16
        case .int32: self = .int32
        case .int64: self = .int64
        case .float: self = .float
        case .double: self = .double
        case .decimal: self = try Self.decimal(message)
        case .string: self = .string
        case .binary: self = .binary
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .timestampNtz: self = .timestampNTZ
        case .time:
            guard message.precision <= DataType.timePrecision else {
                throw PlanCodec.corrupt("a time type is impossible")
            }
            self = .time(precision: Int(message.precision))
        case .unsupported: self = .unsupported(message.fields.first?.name ?? "")
        case .yearMonthInterval: self = try Self.interval(message, .yearToMonth)
        case .dayTimeInterval: self = try Self.interval(message, .dayToSecond)
        case .calendarInterval: self = .calendarInterval
        case .variant: self = .variant
        case .array:
            self = .array(
                try PlanCodec.part(message.hasElement, message.element, "an element type"),
                containsNull: message.containsNull)
        case .structure: self = .structure(try [Field](message.fields))
        case .map:
            self = .map(
                key: try PlanCodec.part(message.hasKey, message.key, "a key type"),
                value: try PlanCodec.part(message.hasElement, message.element, "a value type"),
                valueContainsNull: message.containsNull)
        case .unspecified, .UNRECOGNIZED: throw PlanCodec.unknown("a type", message.kind.rawValue)
        }
    }

    /// Reads an interval's fields; a writer before fields were known leaves them out.
    private static func interval(_ message: WireDataType, _ whole: DataType) throws(EngineError) -> DataType {
        if message.firstField == 0, message.lastField == 0 { return whole }
        guard let first = UInt8(exactly: message.firstField).flatMap(IntervalFields.Unit.init),
            let last = UInt8(exactly: message.lastField).flatMap(IntervalFields.Unit.init),
            first.rawValue <= last.rawValue, first.isYearMonth == last.isYearMonth,
            first.isYearMonth == whole.isYearMonthInterval
        else { throw PlanCodec.corrupt("an interval type is impossible") }
        return .interval(IntervalFields(first, last))
    }

    private static func decimal(_ message: WireDataType) throws(EngineError) -> DataType {
        let (precision, scale) = (Int(message.precision), Int(message.scale))
        guard (1...DataType.maximumPrecision).contains(precision), scale <= precision else {
            throw PlanCodec.corrupt("a decimal type is impossible")
        }
        return .decimal(precision: precision, scale: scale)
    }
}
