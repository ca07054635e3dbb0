import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Holds a variable of a session with its value.
package struct SessionVariable: Sendable {
    package var name: String
    package var type: DataType
    package var value: Literal
    /// What `SET VARIABLE name = DEFAULT` computes anew; nil: null.
    package var defaultValue: ExpressionSyntax?

    package init(name: String, type: DataType, value: Literal, defaultValue: ExpressionSyntax? = nil) {
        self.name = name
        self.type = type
        self.value = value
        self.defaultValue = defaultValue
    }

    /// Returns the variable's name below the words that may stand before it; nil for names of other things.
    package static func key(_ parts: [String]) -> String? {
        let lowered = parts.map { $0.lowercased() }
        switch lowered.count {
        case 1: return lowered[0]
        case 2 where lowered[0] == "session": return lowered[1]
        case 3 where lowered[0] == "system" && lowered[1] == "session": return lowered[2]
        default: return nil
        }
    }
}

/// Writes literals as SQL reads them.
enum LiteralSQL {
    /// Returns the text of a literal. Source of the forms: Spark's `Literal.sql`.
    static func text(_ literal: Literal) -> String {
        let type = literal.type.sqlName
        switch (literal.value, literal.type) {
        case (.null, .null): return "NULL"
        case (.null, _): return "CAST(NULL AS \(type))"
        case (.string(let text), _):
            let escaped = text.backslashing("\\", "'")
            return "'\(escaped)'"
        case (.integer(let number), .int8): return "\(number)Y"
        case (.integer(let number), .int16): return "\(number)S"
        case (.integer(let number), .int64): return "\(number)L"
        case (.decimal, _): return "\(literal)BD"
        case (.double(let number), _):
            return number.isFinite ? "\(number)D" : "CAST('\(name(of: number))' AS DOUBLE)"
        case (.float(let number), _):
            return "CAST('\(number.isFinite ? "\(number)" : name(of: Double(number)))' AS FLOAT)"
        case (.integer, .timestampNTZ): return "TIMESTAMP_NTZ\("\(literal)".dropFirst("TIMESTAMP".count))"
        case (.integer, .yearMonthInterval), (.integer, .dayTimeInterval): return interval(literal)
        case (.array(let items), .array(let element, _)):
            return "array(\(items.map { text(Literal($0, element)) }.joined(separator: ", ")))"
        case (.structure(let members), .structure(let fields)):
            let parts = zip(members, fields).flatMap { value, field in
                [text(.string(field.name)), text(Literal(value, field.type))]
            }
            return "named_struct(\(parts.joined(separator: ", ")))"
        case (.map(let keys, let values), .map(let key, let value, _)):
            let parts = zip(keys, values).flatMap { [text(Literal($0, key)), text(Literal($1, value))] }
            return "map(\(parts.joined(separator: ", ")))"
        default: return "\(literal)"
        }
    }

    private static func name(of number: Double) -> String {
        number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    }

    private static func interval(_ literal: Literal) -> String {
        guard case .integer(let count) = literal.value else { return "\(literal)" }
        if case .yearMonthInterval = literal.type {
            return "CAST(INTERVAL '\(count)' MONTH AS \(literal.type.sqlName))"
        }
        let (seconds, micros) = count.quotientAndRemainder(dividingBy: 1_000_000)
        let fraction = String(micros.magnitude + 1_000_000).dropFirst()
        let sign = count < 0 ? "-" : ""
        return "CAST(INTERVAL '\(sign)\(seconds.magnitude).\(fraction)' SECOND AS \(literal.type.sqlName))"
    }

    /// Returns a literal as a syntax tree, as though it had been written.
    static func syntax(_ literal: Literal) throws(EngineError) -> ExpressionSyntax {
        try SQLParser.expression(SQLSource(text(literal)))
    }
}
