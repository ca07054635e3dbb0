import Columns
import Vocabulary

/// Describes the types of a file that is written, with the names and notes that Spark's writer gives.
struct ORCTypeList {
    /// The messages of the types, by their numbers.
    private(set) var messages: [ORCMessageWriter] = []

    init(_ fields: [Field]) { _ = add(.structure(fields)) }

    private mutating func add(_ type: DataType) -> Int {
        let id = messages.count
        messages.append(ORCMessageWriter())
        var message = ORCMessageWriter()
        let (kind, note) = Self.kind(of: type)
        message.put(1, kind.rawValue)
        for child in Self.children(of: type) { message.put(2, add(child)) }
        if case .structure(let fields) = type { for field in fields { message.put(3, field.name) } }
        if case .decimal(let precision, let scale) = type {
            message.put(5, precision)
            message.put(6, scale)
        }
        if let note {
            var pair = ORCMessageWriter()
            pair.put(1, "spark.sql.catalyst.type")
            pair.put(2, note)
            message.put(7, pair)
        }
        messages[id] = message
        return id
    }

    static func children(of type: DataType) -> [DataType] {
        switch type {
        case .array(let element, _): [element]
        case .map(let key, let value, _): [key, value]
        case .structure(let fields): fields.map(\.type)
        default: []
        }
    }

    private static func kind(of type: DataType) -> (kind: ORCType.Kind, note: String?) {
        switch type {
        case .boolean: (.boolean, nil)
        case .int8: (.byte, nil)
        case .int16: (.short, nil)
        case .int32: (.int, nil)
        case .int64: (.long, nil)
        case .float: (.float, nil)
        case .double: (.double, nil)
        case .string: (.string, nil)
        case .date: (.date, nil)
        case .timestamp: (.timestamp, "timestamp")
        case .timestampNTZ: (.long, "timestamp_ntz")
        case .yearMonthInterval: (.int, type.sqlName.lowercased())
        case .dayTimeInterval: (.long, type.sqlName.lowercased())
        case .decimal: (.decimal, nil)
        case .array: (.list, nil)
        case .map: (.map, nil)
        case .structure: (.structure, nil)
        case .binary, .null, .variant, .calendarInterval, .time, .unsupported: (.binary, nil)
        }
    }

    /// Throws `UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE` (user) for a column that ORC files cannot have.
    static func check(_ field: Field) throws(EngineError) {
        func holds(_ type: DataType) -> Bool {
            switch type {
            case .null, .variant, .calendarInterval, .time, .unsupported: false
            case .structure(let fields) where fields.isEmpty: false
            default: children(of: type).allSatisfy { holds($0) }
            }
        }
        if holds(field.type) { return }
        throw .user(
            "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
            "ORC files cannot have a column of type \(field.type.sqlName): \(field.name)",
            remedy: "Cast the column, or write Parquet.")
    }
}
