import Columns
import Kernels
import Vocabulary

/// Renders the rows of a result as the case files hold them.
enum ResultLines {
    /// Returns one line for each row of a batch.
    static func lines(_ batch: Batch, _ schema: Schema) throws(EngineError) -> [String] {
        var columns: [[String]] = []
        for (index, vector) in batch.columns.enumerated() {
            columns.append(try texts(vector.flattened(), schema[index].type))
        }
        return (0..<batch.count).map { row in columns.map { $0[row] }.joined(separator: "\t") }
    }

    /// Returns Spark's short name of a type, as `simpleString` gives it, with `_` for blanks.
    static func typeName(_ type: DataType) -> String {
        switch type {
        case .array(let element, _): "array<\(typeName(element))>"
        case .structure(let fields):
            "struct<\(fields.map { "\($0.name):\(typeName($0.type))" }.joined(separator: ","))>"
        case .map(let key, let value, _): "map<\(typeName(key)),\(typeName(value))>"
        case .dayTimeInterval, .yearMonthInterval: type.sqlName.lowercased().replacing(" ", with: "_")
        default: type.sqlName.lowercased()
        }
    }

    private static func texts(_ vector: Vector, _ type: DataType) throws(EngineError) -> [String] {
        var shown: [String]
        switch type {
        case .array(let element, _):
            shown = listed(vector, try texts(vector.children[0].flattened(), element), brackets: "[]")
        case .map(let key, let value, _):
            let keys = try texts(vector.children[0].flattened(), key)
            let values = try texts(vector.children[1].flattened(), value)
            shown = listed(vector, zip(keys, values).map { "\($0):\($1)" }, brackets: "{}")
        case .structure(let fields):
            var parts: [[String]] = []
            for (index, field) in fields.enumerated() {
                parts.append(try texts(vector.children[index].flattened(), field.type))
            }
            shown = (0..<vector.count).map { row in "{" + parts.map { $0[row] }.joined(separator: ",") + "}" }
        case .null: return Array(repeating: "NULL", count: vector.count)
        case .string, .binary, .dayTimeInterval:
            shown = (0..<vector.count).map { leaf(vector.scalar(at: $0)) }
        default:
            let cast = try Casting.cast(vector, to: .string, mode: .null, zone: .utc).flattened()
            shown = (0..<vector.count).map { leaf(cast.scalar(at: $0)) }
        }
        for row in 0..<vector.count where vector.isNull(row) { shown[row] = "NULL" }
        return shown
    }

    private static func listed(_ vector: Vector, _ parts: [String], brackets: String) -> [String] {
        (0..<vector.count).map { row in
            if vector.isNull(row) { return "NULL" }
            let inside = parts[Int(vector.offsets[row])..<Int(vector.offsets[row + 1])]
            return "\(brackets.first ?? "[")\(inside.joined(separator: ","))\(brackets.last ?? "]")"
        }
    }

    private static func leaf(_ value: Scalar) -> String {
        switch value {
        case .null: "NULL"
        case .string(let text): escaped(text)
        case .integer(let number): String(number)
        case .binary(let bytes):
            bytes.isEmpty
                ? "(empty)"
                : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        default: "\(value)"
        }
    }

    private static func escaped(_ text: String) -> String {
        if text.isEmpty { return "(empty)" }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\t": out += "\\t"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\0": out += "\\0"
            default: out.unicodeScalars.append(scalar)
            }
        }
        let ends = [out.unicodeScalars.first, out.unicodeScalars.last]
        let hasBlankEnd = ends.contains { $0?.properties.isWhitespace ?? false }
        return out == "NULL" || out == "(empty)" || hasBlankEnd ? "\\s\(out)\\s" : out
    }
}
