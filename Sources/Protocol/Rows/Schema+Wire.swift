import Columns
import Vocabulary

// The names and types of a result's columns as bytes.
extension Schema: WireCodable {
    package func write(to writer: inout WireWriter) { SchemaWire.write(fields, to: &writer) }

    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(try SchemaWire.fields(&reader, depth: 0))
    }
}

/// Writes types as a kind (position in `plain`, or one of those after it) and its parameters.
enum SchemaWire {
    private static let plain: [DataType] = [
        .null, .boolean, .int8, .int16, .int32, .int64, .float, .double, .string, .binary, .date, .timestamp,
        .timestampNTZ, .yearToMonth, .dayToSecond, .interval(IntervalFields(.year, .year)),
        .interval(IntervalFields(.month, .month)), .interval(IntervalFields(.day, .day)),
        .interval(IntervalFields(.hour, .hour)), .interval(IntervalFields(.minute, .minute)),
        .interval(IntervalFields(.second, .second)), .interval(IntervalFields(.day, .hour)),
        .interval(IntervalFields(.day, .minute)), .interval(IntervalFields(.hour, .minute)),
        .interval(IntervalFields(.hour, .second)), .interval(IntervalFields(.minute, .second)),
        .calendarInterval, .variant,
    ]
    private static let timeKind: UInt64 = 36
    private static let unsupportedKind: UInt64 = 37
    private static let decimalKind: UInt64 = 32
    private static let arrayKind: UInt64 = 33
    private static let structureKind: UInt64 = 34
    private static let mapKind: UInt64 = 35

    static func write(_ fields: [Field], to writer: inout WireWriter) {
        writer.unsigned(UInt64(fields.count))
        for field in fields {
            writer.data(Array(field.name.utf8))
            writer.unsigned(field.nullable ? 1 : 0)
            write(field.type, to: &writer)
        }
    }

    private static func write(_ type: DataType, to writer: inout WireWriter) {
        switch type {
        case .decimal(let precision, let scale):
            for number in [decimalKind, UInt64(precision), UInt64(scale)] { writer.unsigned(number) }
        case .time(let precision):
            for number in [timeKind, UInt64(precision)] { writer.unsigned(number) }
        case .unsupported(let name):
            writer.unsigned(unsupportedKind)
            writer.data(Array(name.utf8))
        case .array(let element, let containsNull):
            writer.unsigned(arrayKind)
            writer.unsigned(containsNull ? 1 : 0)
            write(element, to: &writer)
        case .structure(let fields):
            writer.unsigned(structureKind)
            write(fields, to: &writer)
        case .map(let key, let value, let containsNull):
            writer.unsigned(mapKind)
            writer.unsigned(containsNull ? 1 : 0)
            write(key, to: &writer)
            write(value, to: &writer)
        default: writer.unsigned(UInt64(plain.firstIndex(of: type) ?? 0))
        }
    }

    static func fields(_ reader: inout WireReader, depth: Int) throws(EngineError) -> [Field] {
        let count = try reader.unsigned()
        var fields: [Field] = []
        for _ in 0..<min(count, 1 << 20) {
            let name = String(decoding: try reader.data(), as: UTF8.self)
            let nullable = try reader.unsigned() == 1
            fields.append(Field(name, try type(&reader, depth: depth + 1), nullable: nullable))
        }
        return fields
    }

    private static func type(_ reader: inout WireReader, depth: Int) throws(EngineError) -> DataType {
        if depth > Limits.nestingDepth { throw damaged("it is nested too deeply") }
        let kind = try reader.unsigned()
        switch kind {
        case decimalKind:
            let precision = Int(clamping: try reader.unsigned())
            let scale = Int(clamping: try reader.unsigned())
            guard (1...DataType.maximumPrecision).contains(precision), scale <= precision else {
                throw damaged("DECIMAL(\(precision),\(scale))")
            }
            return .decimal(precision: precision, scale: scale)
        case timeKind:
            let precision = Int(clamping: try reader.unsigned())
            guard precision <= DataType.timePrecision else { throw damaged("TIME(\(precision))") }
            return .time(precision: precision)
        case unsupportedKind: return .unsupported(String(decoding: try reader.data(), as: UTF8.self))
        case arrayKind:
            let containsNull = try reader.unsigned() == 1
            return .array(try type(&reader, depth: depth + 1), containsNull: containsNull)
        case structureKind: return .structure(try fields(&reader, depth: depth + 1))
        case mapKind:
            let containsNull = try reader.unsigned() == 1
            let key = try type(&reader, depth: depth + 1)
            return .map(key: key, value: try type(&reader, depth: depth + 1), valueContainsNull: containsNull)
        default:
            guard kind < UInt64(plain.count) else { throw damaged("type \(kind)") }
            return plain[Int(kind)]
        }
    }

    private static func damaged(_ what: String) -> EngineError {
        .system("CORRUPT_MESSAGE", "A schema from the other side cannot be read: \(what)")
    }
}
