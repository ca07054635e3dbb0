import Columns
import Kernels
import Plans
import Vocabulary

@testable import Functions

/// Reads the small expression language of the Spark tables: literals, calls, CAST, infix operators. Builds
/// bound expressions through the registry, as a binder does.
struct ExpressionText {
    private var tokens: [String] = []
    private var at = 0
    private let settings: SessionSettings

    init(_ text: String, settings: SessionSettings) {
        self.settings = settings
        var current = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                current.append(character)
                if character == open {
                    tokens.append("'" + current.dropFirst().dropLast() + "'")
                    (current, quote) = ("", nil)
                }
                continue
            }
            if character == "'" || character == "\"" {
                flush(&current)
                (current, quote) = (String(character), character)
            } else if character.isLetter || character.isNumber || character == "_" || character == "." {
                current.append(character)
            } else if character == " " {
                flush(&current)
            } else {
                flush(&current)
                let pair = (tokens.last ?? "") + String(character)
                if ["<=", ">=", "<>", "<=>"].contains(pair) {
                    tokens[tokens.count - 1] = pair
                } else {
                    tokens.append(String(character))
                }
            }
        }
        flush(&current)
    }

    private mutating func flush(_ current: inout String) {
        if !current.isEmpty { tokens.append(current) }
        current = ""
    }

    private var peek: String { at < tokens.count ? tokens[at] : "" }
    private mutating func next() -> String {
        at += 1
        return tokens[at - 1]
    }
    private mutating func accept(_ token: String) -> Bool {
        if peek.uppercased() == token {
            at += 1
            return true
        }
        return false
    }

    private static let operators: [[String: String]] = [
        ["OR": "or"], ["AND": "and"],
        [
            "=": "equal", "<": "less", ">": "greater", "<=": "less_equal", ">=": "greater_equal",
            "<>": "not_equal",
            "<=>": "null_safe_equal", "LIKE": "like", "ILIKE": "ilike", "RLIKE": "rlike", "IN": "in",
        ],
        ["+": "add", "-": "subtract"], ["*": "multiply", "/": "divide", "%": "mod", "DIV": "div"],
    ]

    mutating func expression(_ level: Int = 0) throws -> Expression {
        if level == Self.operators.count { return try unary() }
        var left = try expression(level + 1)
        while let name = Self.operators[level][peek.uppercased()] {
            _ = next()
            if name == "in" {
                left = .inList(
                    left,
                    try arguments().compactMap { if case .literal(let literal) = $0 { literal } else { nil } }
                )
                continue
            }
            left = try call(name, [left, try expression(level + 1)])
        }
        return left
    }

    private mutating func unary() throws -> Expression {
        if accept("-") {
            let inner = try unary()
            if case .literal(let literal) = inner, case .integer(let value) = literal.value {
                return .literal(Literal(.integer(-value), literal.type))
            }
            return ConstantFolding.fold(try call("negate", [inner]), settings: settings)
        }
        var result = try primary()
        while accept("[") {
            result = try call("element", [result, try expression()])
            _ = accept("]")
        }
        return result
    }

    private mutating func primary() throws -> Expression {
        let token = next()
        if token == "(" {
            let inner = try expression()
            _ = accept(")")
            return inner
        }
        if token.hasPrefix("'") { return .literal(.string(String(token.dropFirst().dropLast()))) }
        if let first = token.first, first.isNumber { return .literal(number(token)) }
        switch token.uppercased() {
        case "NULL": return .literal(.null(.null))
        case "TRUE": return .literal(.boolean(true))
        case "FALSE": return .literal(.boolean(false))
        case "DATE" where peek.hasPrefix("'"): return cast(try primary(), .date)
        case "TIMESTAMP" where peek.hasPrefix("'"): return cast(try primary(), .timestamp)
        case "INTERVAL": return interval()
        case "CAST":
            _ = accept("(")
            let inner = try expression()
            _ = accept("AS")
            let target = type()
            _ = accept(")")
            return cast(inner, target)
        case "LTRIM", "RTRIM":
            // SQL puts the characters first; the registry's functions take the text first.
            return try call(token.lowercased(), Array(try arguments().reversed()))
        default: return try call(token.lowercased(), try arguments())
        }
    }

    private mutating func interval() -> Expression {
        let text = next()
        let units = [next().uppercased()] + (accept("TO") ? [next().uppercased()] : [])
        let isMonths = units[0] == "YEAR" || units[0] == "MONTH"
        let body = units == ["MONTH"] ? "'0-\(text.dropFirst())" : text
        return cast(
            .literal(.string(String(body.dropFirst().dropLast()))),
            isMonths ? .yearToMonth : .dayToSecond)
    }

    private mutating func arguments() throws -> [Expression] {
        _ = accept("(")
        var list: [Expression] = []
        while peek != ")" {
            list.append(try expression())
            _ = accept(",")
        }
        _ = accept(")")
        return list
    }

    private mutating func type() -> DataType {
        let name = next().uppercased()
        if name == "DECIMAL" {
            _ = accept("(")
            let precision = Int(next()) ?? 10
            _ = accept(",")
            let scale = Int(next()) ?? 0
            _ = accept(")")
            return .decimal(precision: precision, scale: scale)
        }
        let types: [String: DataType] = [
            "INT": .int32, "TINYINT": .int8, "SMALLINT": .int16, "BIGINT": .int64, "DOUBLE": .double,
            "FLOAT": .float,
            "STRING": .string, "DATE": .date, "TIMESTAMP": .timestamp, "BOOLEAN": .boolean,
        ]
        return types[name] ?? .null
    }

    private func number(_ token: String) -> Literal {
        if token.hasSuffix("L"), let value = Int64(token.dropLast()) { return .int64(value) }
        if token.hasSuffix("D") || token.lowercased().contains("e"),
            let value = Double(token.replacing("D", with: ""))
        {
            return .double(value)
        }
        if let value = Int32(token) { return .int32(value) }
        if let value = Int64(token) { return .int64(value) }
        let halves = token.split(separator: ".", omittingEmptySubsequences: false)
        let digits = halves.joined()
        let scale = halves.count > 1 ? halves[1].count : 0
        let unscaled = Int128(digits) ?? 0
        return Literal(
            .decimal(unscaled), .decimal(precision: max(String(unscaled).count, scale), scale: scale))
    }

    private func cast(_ inner: Expression, _ type: DataType) -> Expression {
        .cast(inner, to: type, mode: settings.ansi ? .ansi : .legacy)
    }

    private func call(_ name: String, _ arguments: [Expression]) throws -> Expression {
        let registry = FunctionRegistry.shared
        guard let function = registry.scalar(named: name) else { throw registry.unknown(name) }
        let literals = arguments.map { if case .literal(let literal) = $0 { literal } else { Literal?.none } }
        let (types, result) = try registry.resolve(
            name, argumentTypes: arguments.map(\.type), argumentLiterals: literals, settings: settings)
        let coerced = zip(arguments, types).map { $0.type == $1 ? $0 : cast($0, $1) }
        return .call(FunctionCall(function.name, coerced, type: result, ansi: settings.ansi))
    }
}
