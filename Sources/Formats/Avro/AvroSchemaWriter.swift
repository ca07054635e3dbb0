import Columns
import Vocabulary

/// Writes the schema of columns as Spark's `SchemaConverters` names and nests it.
enum AvroSchemaWriter {
    /// Returns the JSON text of a record. Throws `UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE` or
    /// `AVRO_NAME_INVALID` (user).
    static func text(of fields: [Field], name: String, namespace: String) throws(EngineError) -> String {
        if !namespace.isEmpty {
            for part in namespace.split(separator: ".", omittingEmptySubsequences: false) {
                try check(String(part))
            }
        }
        return try record(fields, name: name, namespace: namespace)
    }

    private static func record(
        _ fields: [Field], name: String, namespace: String
    ) throws(EngineError) -> String {
        try check(name)
        let inner = namespace.isEmpty ? name : "\(namespace).\(name)"
        var texts: [String] = []
        for field in fields {
            try check(field.name)
            let type = try text(of: field.type, name: field.name, namespace: inner)
            texts.append("{\"name\":\(JSONString.quoted(field.name)),\"type\":\(nullable(type, field.type))}")
        }
        let space = namespace.isEmpty ? "" : "\"namespace\":\(JSONString.quoted(namespace)),"
        return "{\"type\":\"record\",\"name\":\(JSONString.quoted(name)),\(space)"
            + "\"fields\":[\(texts.joined(separator: ","))]}"
    }

    private static func nullable(_ text: String, _ type: DataType) -> String {
        type == .null ? text : "[\(text),\"null\"]"
    }

    private static func text(
        of type: DataType, name: String, namespace: String
    ) throws(EngineError) -> String {
        func logical(_ plain: String, _ meaning: String) -> String {
            "{\"type\":\"\(plain)\",\"logicalType\":\"\(meaning)\"}"
        }
        func interval(_ plain: String) -> String {
            "{\"type\":\"\(plain)\",\"spark.sql.catalyst.type\":\"\(type.sqlName.lowercased())\"}"
        }
        switch type {
        case .null: return "\"null\""
        case .boolean: return "\"boolean\""
        case .int8, .int16, .int32: return "\"int\""
        case .int64: return "\"long\""
        case .float: return "\"float\""
        case .double: return "\"double\""
        case .string: return "\"string\""
        case .binary: return "\"bytes\""
        case .date: return logical("int", "date")
        case .timestamp: return logical("long", "timestamp-micros")
        case .timestampNTZ: return logical("long", "local-timestamp-micros")
        case .yearMonthInterval: return interval("int")
        case .dayTimeInterval: return interval("long")
        case .decimal(let precision, let scale):
            let space = JSONString.quoted("\(namespace).\(name)")
            return "{\"type\":\"fixed\",\"name\":\"fixed\",\"namespace\":\(space),"
                + "\"size\":\(decimalBytes(precision)),\"logicalType\":\"decimal\","
                + "\"precision\":\(precision),\"scale\":\(scale)}"
        case .array(let element, _):
            let items = try text(of: element, name: name, namespace: namespace)
            return "{\"type\":\"array\",\"items\":\(nullable(items, element))}"
        case .map(.string, let value, _):
            let values = try text(of: value, name: name, namespace: namespace)
            return "{\"type\":\"map\",\"values\":\(nullable(values, value))}"
        case .structure(let fields): return try record(fields, name: name, namespace: namespace)
        case .map, .variant, .calendarInterval, .time, .unsupported:
            throw .user(
                "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                "Avro cannot hold column \(name) of type \(type.sqlName)",
                remedy: "Cast the column to another type, or leave it out.")
        }
    }

    /// Least bytes of two's complement that hold numbers of so many digits.
    static func decimalBytes(_ precision: Int) -> Int {
        var limit: Int128 = 1
        for _ in 0..<min(precision, DataType.maximumPrecision) { limit *= 10 }
        var count = 1
        while count < 16, Int128(1) << Int128(8 * count - 1) < limit { count += 1 }
        return count
    }

    /// Throws `AVRO_NAME_INVALID` (user) for what is no name in Avro: letters, digits and `_`, no digit
    /// first.
    private static func check(_ name: String) throws(EngineError) {
        func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 32) || byte == 95 }
        let bytes = Array(name.utf8)
        let isName = bytes.allSatisfy { isLetter($0) || (48...57).contains($0) }
        if isName, let first = bytes.first, isLetter(first) { return }
        throw .user(
            "AVRO_NAME_INVALID",
            "Avro's names have letters, digits and _ only, and begin with no digit: \(name)",
            remedy: "Name the column with AS in the query.")
    }
}
