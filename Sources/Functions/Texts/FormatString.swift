import Columns
import Kernels
import Vocabulary

/// Writes texts by Java's `%` patterns, as Spark's `format_string` does.
enum FormatString {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "format_string", aliases: ["printf"],
            typing: Signature.variadic([.string], rest: .any, least: 1) { _ in .string }, nulls: .handled,
            "Writes values by a pattern such as '%d of %s'.", example: "format_string('%d %s', 1, 'a')"
        ) { call in
            let pattern = Column(call[0])
            var known: (text: String, parts: [Part])?
            let isSame = call[0].form == .constant
            let values = call.arguments.dropFirst().map(Column.init)
            let builder = ViewBuilder(count: call.count)
            var nulls = NullCollector(nil, count: call.count)
            var out: [UInt8] = []
            for row in 0..<call.count {
                if pattern.isNull(row) {
                    nulls.setNull(row)
                    continue
                }
                if known == nil || !isSame {
                    let text = pattern.text(row)
                    if known?.text != text { known = (text, try parts(of: text)) }
                }
                out.removeAll(keepingCapacity: true)
                try write(known?.parts ?? [], values, row, &out)
                builder.put(out, row)
            }
            return builder.finish(.string, validity: nulls.validity)
        }
    ]

    /// Widest field and longest fraction that is written.
    private static let widthLimit = 10_000

    /// Holds one `%…` of a pattern, or the text before one.
    enum Part {
        case text([UInt8])
        case field(Field)
    }

    /// Holds `%[place$][flags][width][.precision]conversion`.
    struct Field {
        var place: Int?
        var flags: Set<Character> = []
        var width = 0
        var precision: Int?
        var conversion: Character = "s"

        /// Whether a value stands as it is: neither flags nor width nor precision.
        var isPlain: Bool { flags.isEmpty && width == 0 && precision == nil }
    }

    static func failure(_ why: String) -> EngineError {
        .data("INVALID_PARAMETER_VALUE.PATTERN", "The pattern of `format_string` does not fit: \(why).")
    }

    // MARK: Patterns

    private static func parts(of pattern: String) throws -> [Part] {
        var parts: [Part] = []
        var text = ""
        var rest = Substring(pattern)
        while let next = rest.popFirst() {
            if next != "%" {
                text.append(next)
                continue
            }
            parts.append(.text(Array(text.utf8)))
            text = ""
            parts.append(.field(try field(&rest)))
        }
        return parts + [.text(Array(text.utf8))]
    }

    private static func field(_ rest: inout Substring) throws -> Field {
        var field = Field()
        if let number = number(&rest, isAhead: "$") { field.place = number - 1 }
        while let flag = rest.first, "-#+ 0,(".contains(flag) {
            field.flags.insert(flag)
            rest.removeFirst()
        }
        field.width = number(&rest, isAhead: nil) ?? 0
        if rest.first == "." {
            rest.removeFirst()
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let precision = Int(digits) else { throw failure("a precision is missing") }
            rest = rest[digits.endIndex...]
            field.precision = precision
        }
        guard let conversion = rest.popFirst() else { throw failure("it ends within a field") }
        guard "bBsScCdoxXeEfgGn%".contains(conversion) else { throw failure("%\(conversion) is unknown") }
        if field.width > widthLimit || field.precision ?? 0 > widthLimit {
            throw failure("a width is greater than \(widthLimit)")
        }
        field.conversion = conversion
        return field
    }

    /// Takes digits, where `isAhead` stands behind them.
    private static func number(_ rest: inout Substring, isAhead mark: Character?) -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.first != "0", let value = Int(digits) else { return nil }
        let after = rest[digits.endIndex...]
        if let mark {
            guard after.first == mark else { return nil }
            rest = after.dropFirst()
        } else {
            rest = after
        }
        return value
    }

    // MARK: Values

    private static func write(
        _ parts: [Part], _ values: [Column], _ row: Int, _ out: inout [UInt8]
    ) throws {
        var next = 0
        for part in parts {
            switch part {
            case .text(let text): out.append(contentsOf: text)
            case .field(let field):
                if field.conversion == "%" || field.conversion == "n" {
                    out.append(contentsOf: (field.conversion == "n" ? "\n" : padded("%", field)).utf8)
                    continue
                }
                let place = field.place ?? next
                if field.place == nil { next += 1 }
                guard values.indices.contains(place) else { throw failure("there is no value \(place + 1)") }
                if field.isPlain, writePlain(values[place], row, field.conversion, &out) { continue }
                let vector = values[place].vector
                let value = vector.type == .null ? Scalar.null : vector.scalar(at: row)
                out.append(contentsOf: try text(value, vector.type, field).utf8)
            }
        }
    }

    /// Writes a text for `%s` and an integer for `%d`; false for all else.
    private static func writePlain(
        _ values: Column, _ row: Int, _ conversion: Character, _ out: inout [UInt8]
    ) -> Bool {
        if values.isNull(row) { return false }
        switch (conversion, values.vector.type) {
        case ("s", .string): values.view(row).withUTF8 { out.append(contentsOf: $0) }
        case ("d", .int8), ("d", .int16), ("d", .int32), ("d", .int64), ("s", .int8), ("s", .int16),
            ("s", .int32), ("s", .int64):
            IntegerText.append(values.integer(row), to: &out)
        default: return false
        }
        return true
    }

    private static func text(_ value: Scalar, _ type: DataType, _ field: Field) throws -> String {
        let lowered = Character(field.conversion.lowercased())
        let isUpper = field.conversion != lowered
        var shown: String
        switch (lowered, value) {
        case ("b", _):
            shown = cut(value == .null ? "false" : value == .boolean(false) ? "false" : "true", field)
        case (_, .null): shown = cut("null", field)
        case ("s", _): shown = cut(plain(value, type), field)
        case ("c", .integer(let code)):
            guard let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
                throw failure("\(code) is no character")
            }
            shown = String(Character(scalar))
        case ("d", .integer(let number)) where type.isIntegral:
            return padded(signed(grouped("\(number.magnitude)", field), number < 0, field), field)
        case ("x", .integer(let number)) where type.isIntegral:
            shown = digits(number, 16, type)
            if field.flags.contains("#") { shown = "0x" + shown }
        case ("o", .integer(let number)) where type.isIntegral: shown = digits(number, 8, type)
        case ("e", .double), ("f", .double), ("g", .double), ("e", .float), ("f", .float), ("g", .float):
            shown = try floating(value, lowered, field)
            return padded(isUpper ? shown.uppercased() : shown, field)
        default: throw failure("%\(field.conversion) takes no \(type.sqlName)")
        }
        return padded(isUpper ? shown.uppercased() : shown, field)
    }

    private static func digits(_ number: Int64, _ radix: Int, _ type: DataType) -> String {
        switch type {
        case .int8: String(UInt8(truncatingIfNeeded: number), radix: radix)
        case .int16: String(UInt16(truncatingIfNeeded: number), radix: radix)
        case .int32: String(UInt32(truncatingIfNeeded: number), radix: radix)
        default: String(UInt64(bitPattern: number), radix: radix)
        }
    }

    /// A value as Java's toString of Spark's inner form shows it: dates as days, arrays as `[1,2]`.
    private static func plain(_ value: Scalar, _ type: DataType) -> String {
        switch value {
        case .null: return "null"
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number): return "\(number)"
        case .decimal(let unscaled):
            guard case .decimal(_, let scale) = type else { return "\(unscaled)" }
            return WideDecimal.text(unscaled, scale: scale)
        case .float(let number): return NumberText.text(number)
        case .double(let number): return NumberText.text(number)
        case .string(let text): return text
        case .binary(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .array(let elements):
            guard case .array(let element, _) = type else { return "" }
            return "[\(elements.map { plain($0, element) }.joined(separator: ","))]"
        case .structure(let members):
            guard case .structure(let fields) = type else { return "" }
            return "[\(zip(members, fields).map { plain($0, $1.type) }.joined(separator: ","))]"
        case .map(let keys, let values):
            guard case .map(let key, let element, _) = type else { return "" }
            let names = keys.map { plain($0, key) }.joined(separator: ",")
            return "keys: [\(names)], values: [\(values.map { plain($0, element) }.joined(separator: ","))]"
        }
    }

    // MARK: Layout

    private static func cut(_ text: String, _ field: Field) -> String {
        field.precision.map { String(text.prefix($0)) } ?? text
    }

    private static func grouped(_ digits: String, _ field: Field) -> String {
        guard field.flags.contains(",") else { return digits }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        var whole = ""
        for (place, digit) in parts[0].enumerated() {
            if place > 0, (parts[0].count - place) % 3 == 0 { whole.append(",") }
            whole.append(digit)
        }
        return parts.count > 1 ? "\(whole).\(parts[1])" : whole
    }

    /// Puts sign and leading zeros around digits.
    private static func signed(_ digits: String, _ isNegative: Bool, _ field: Field) -> String {
        var (before, after) = ("", "")
        if isNegative {
            (before, after) = field.flags.contains("(") ? ("(", ")") : ("-", "")
        } else if field.flags.contains("+") {
            before = "+"
        } else if field.flags.contains(" ") {
            before = " "
        }
        var zeros = ""
        if field.flags.contains("0") {
            let missing = field.width - before.count - digits.count - after.count
            zeros = String(repeating: "0", count: max(0, missing))
        }
        return before + zeros + digits + after
    }

    /// Fills a text up to the width of its field, which counts UTF-16 units as Java does.
    private static func padded(_ text: String, _ field: Field) -> String {
        let blanks = String(repeating: " ", count: max(0, field.width - text.utf16.count))
        return field.flags.contains("-") ? text + blanks : blanks + text
    }

    // MARK: Floating point

    private static func floating(_ value: Scalar, _ conversion: Character, _ field: Field) throws -> String {
        let number: Double
        let shortest: String
        switch value {
        case .float(let small): (number, shortest) = (Double(small), "\(small)")
        case .double(let large): (number, shortest) = (large, "\(large)")
        default: return ""
        }
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        let precision = field.precision ?? 6
        let digits = DecimalDigits(shortest)
        let text: String
        switch conversion {
        case "f": text = grouped(digits.rounded(places: precision).plain(places: precision), field)
        case "e": text = digits.scientific(places: precision)
        default:
            // General form: so many digits in all, without exponent from 10^-4 to 10^precision.
            let count = max(1, precision)
            let rounded = digits.rounded(places: count - digits.exponent)
            if rounded.isZero || (-3...count).contains(rounded.exponent) {
                text = grouped(rounded.plain(places: max(0, count - max(rounded.exponent, -3))), field)
            } else {
                text = digits.scientific(places: count - 1)
            }
        }
        return signed(text, number.sign == .minus, field)
    }
}

/// Holds the decimal digits of a number without its sign: `0.d₁d₂d₃… × 10^exponent`.
struct DecimalDigits {
    private(set) var digits: [UInt8] = []
    private(set) var exponent = 0

    var isZero: Bool { digits.isEmpty }

    /// Reads digits as Swift writes a finite number.
    init(_ text: String) {
        var scale = 0
        var isBehindPoint = false
        var power = 0
        let parts = text.lowercased().split(separator: "e")
        if parts.count > 1 { power = Int(parts[1]) ?? 0 }
        for byte in (parts.first ?? "").utf8 {
            if byte == UInt8(ascii: ".") { isBehindPoint = true }
            guard (48...57).contains(byte) else { continue }
            if isBehindPoint { scale += 1 }
            if byte != 48 || !digits.isEmpty { digits.append(byte - 48) }
        }
        exponent = digits.count - scale + power
        trim()
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty { exponent = 0 }
    }

    /// Returns the number with so many places behind the point, halves away from zero.
    func rounded(places: Int) -> DecimalDigits {
        var result = self
        let kept = exponent + places
        if kept >= digits.count { return self }
        if kept < 0 {
            result.digits = []
            result.trim()
            return result
        }
        let up = digits[kept] >= 5
        result.digits = Array(digits[..<kept])
        if up {
            var at = kept - 1
            while at >= 0, result.digits[at] == 9 {
                result.digits[at] = 0
                at -= 1
            }
            if at >= 0 {
                result.digits[at] += 1
            } else {
                result.digits.insert(1, at: 0)
                result.exponent += 1
            }
        }
        result.trim()
        return result
    }

    private func digit(_ place: Int) -> String { digits.indices.contains(place) ? "\(digits[place])" : "0" }

    /// `123.45` with so many places.
    func plain(places: Int) -> String {
        let whole = exponent > 0 ? (0..<exponent).map(digit).joined() : "0"
        if places == 0 { return whole }
        let fraction = (0..<places).map { place in
            let at = exponent + place
            return at < 0 ? "0" : digit(at)
        }
        return "\(whole).\(fraction.joined())"
    }

    /// `1.2345e+02` with so many places.
    func scientific(places: Int) -> String {
        let shown = rounded(places: places + 1 - exponent)
        let power = shown.isZero ? 0 : shown.exponent - 1
        let fraction = places == 0 ? "" : "." + (1...places).map { shown.digit($0) }.joined()
        let text = "\(power.magnitude)"
        return "\(shown.digit(0))\(fraction)e\(power < 0 ? "-" : "+")\(text.count < 2 ? "0" : "")\(text)"
    }
}
