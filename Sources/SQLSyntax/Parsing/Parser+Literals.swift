import Vocabulary

extension Parser {
    /// Parses a number; `negative` takes the minus before it too.
    mutating func numberLiteral(negative: Bool) throws(EngineError) -> ExpressionSyntax {
        let start = index
        if negative { advance() }
        let token = current
        advance()
        let place = span(from: start)
        let digits = (negative ? "-" : "") + text(token)
        let literal: LiteralSyntax
        switch token.kind {
        case .integer:
            if let small = Int32(digits) {
                literal = .int32(small)
            } else if let large = Int64(digits) {
                literal = .int64(large)
            } else {
                literal = try decimalLiteral(digits, at: place)
            }
        case .decimal: literal = try decimalLiteral(digits, at: place)
        case .exponent: literal = try doubleLiteral(digits, at: place)
        default: literal = try suffixedLiteral(digits, at: place)
        }
        return ExpressionSyntax(.literal(literal), span: place)
    }

    private func decimalLiteral(_ digits: String, at place: SourceSpan) throws(EngineError) -> LiteralSyntax {
        let significant = digits.utf8.filter { isDigit($0) }.drop { $0 == UInt8(ascii: "0") }.count
        let scale =
            digits.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count ?? 0
        if max(significant, scale) > 38 {
            throw .user(
                "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "The number has more than 38 digits: \(digits).",
                remedy: "Write it as a double, such as 1e40.", at: source.location(place))
        }
        return .decimal(digits)
    }

    private func doubleLiteral(_ digits: String, at place: SourceSpan) throws(EngineError) -> LiteralSyntax {
        guard let value = Double(digits), value.isFinite else {
            throw outOfRange(digits, "DOUBLE", at: place)
        }
        return .double(value)
    }

    private func outOfRange(_ digits: String, _ type: String, at place: SourceSpan) -> EngineError {
        .user(
            "INVALID_NUMERIC_LITERAL_RANGE", "The number is outside the range of \(type): \(digits).",
            at: source.location(place))
    }

    private func suffixedLiteral(_ digits: String, at place: SourceSpan) throws(EngineError) -> LiteralSyntax
    {
        let upper = digits.uppercased()
        if upper.hasSuffix("BD") {
            return try bigDecimal(String(digits.dropLast(2)), at: place)
        }
        let body = String(digits.dropLast())
        switch upper.last {
        case "L":
            guard let value = Int64(body) else { throw outOfRange(digits, "BIGINT", at: place) }
            return .int64(value)
        case "S":
            guard let value = Int16(body) else { throw outOfRange(digits, "SMALLINT", at: place) }
            return .int16(value)
        case "Y":
            guard let value = Int8(body) else { throw outOfRange(digits, "TINYINT", at: place) }
            return .int8(value)
        case "F":
            guard let value = Float(body), value.isFinite else {
                throw outOfRange(digits, "FLOAT", at: place)
            }
            return .float(value)
        default:
            return try doubleLiteral(body, at: place)
        }
    }

    /// Reads `1.5BD` and `1e3BD`; an exponent moves the point.
    private func bigDecimal(_ digits: String, at place: SourceSpan) throws(EngineError) -> LiteralSyntax {
        let parts = digits.lowercased().split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else {
            return try decimalLiteral(digits, at: place)
        }
        let isNegative = parts[0].hasPrefix("-")
        let mantissa = parts[0].filter { $0 != "-" }
        let pieces = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let scale = (pieces.count > 1 ? pieces[1].count : 0) - exponent
        guard abs(exponent) <= 76, abs(scale) <= 76 else { throw outOfRange(digits, "DECIMAL", at: place) }
        var plain = pieces.joined()
        if scale <= 0 {
            plain += String(repeating: "0", count: -scale)
        } else {
            if plain.count <= scale { plain = String(repeating: "0", count: scale - plain.count + 1) + plain }
            plain = plain.dropLast(scale) + "." + plain.suffix(scale)
        }
        return try decimalLiteral((isNegative ? "-" : "") + plain, at: place)
    }

    /// Parses `DATE '…'`, `TIMESTAMP '…'`, `X'…'`. The texts of dates and timestamps are read by the binder.
    mutating func typedLiteral(_ keyword: Keyword) throws(EngineError) -> ExpressionSyntax {
        let start = index
        advance()
        let value = try stringValue()
        let place = span(from: start)
        let literal: LiteralSyntax
        switch keyword {
        case .DATE: literal = .date(value)
        case .TIMESTAMP_NTZ: literal = .timestampNTZ(value)
        case .X: literal = .binary(try hexBytes(value, at: place))
        default: literal = .timestamp(value)
        }
        return ExpressionSyntax(.literal(literal), span: place)
    }

    private func hexBytes(_ text: String, at place: SourceSpan) throws(EngineError) -> [UInt8] {
        var digits: [UInt8] = []
        for character in text {
            guard character.isASCII, let digit = character.hexDigitValue else {
                throw fail(
                    "A binary literal takes hexadecimal digits only: \(text).", code: "INVALID_TYPED_LITERAL",
                    at: place)
            }
            digits.append(UInt8(digit))
        }
        if digits.count % 2 == 1 { digits.insert(0, at: 0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
