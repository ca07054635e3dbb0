import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Gives a literal its type and value. Throws INVALID_TYPED_LITERAL for dates and timestamps that are
    /// none.
    func literal(_ literal: LiteralSyntax, at span: SourceSpan) throws(EngineError) -> Literal {
        switch literal {
        case .null: return .null(.null)
        case .boolean(let value): return .boolean(value)
        case .int8(let value): return Literal(.integer(Int64(value)), .int8)
        case .int16(let value): return Literal(.integer(Int64(value)), .int16)
        case .int32(let value): return .int32(value)
        case .int64(let value): return .int64(value)
        case .float(let value): return Literal(.float(value), .float)
        case .double(let value): return .double(value)
        case .string(let value): return .string(value)
        case .binary(let bytes): return Literal(.binary(bytes), .binary)
        case .decimal(let digits): return Self.decimal(digits)
        case .date(let text): return try timed(text, .date, "DATE", at: span)
        case .timestamp(let text): return try timed(text, .timestamp, "TIMESTAMP", at: span)
        case .timestampNTZ(let text): return try timed(text, .timestampNTZ, "TIMESTAMP_NTZ", at: span)
        case .time(let text):
            return try timed(text, .time(precision: DataType.timePrecision), "TIME", at: span)
        case .interval(.months(let months, let from, let to)):
            return Literal(.integer(Int64(months)), .interval(IntervalFields(from, to)))
        case .interval(.microseconds(let micros, let from, let to)):
            return Literal(.integer(micros), .interval(IntervalFields(from, to)))
        }
    }

    /// Reads digits as an exact decimal; zeros before the point do not count as digits.
    static func decimal(_ digits: String) -> Literal {
        var unscaled: Int128 = 0
        var scale = 0
        var precision = 0
        var isBehindPoint = false
        for byte in digits.utf8 {
            if byte == UInt8(ascii: ".") { isBehindPoint = true }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { continue }
            unscaled = unscaled &* 10 &+ Int128(byte - UInt8(ascii: "0"))
            if unscaled != 0 { precision += 1 }
            if isBehindPoint { scale += 1 }
        }
        if digits.hasPrefix("-") { unscaled = 0 - unscaled }
        return Literal(.decimal(unscaled), .decimal(precision: max(precision, scale, 1), scale: scale))
    }

    /// Reads the text of a typed literal the way a cast does.
    private func timed(_ text: String, _ type: DataType, _ name: String, at span: SourceSpan)
        throws(EngineError) -> Literal
    {
        if let time = specialTime(.literal(.string(text)), type) { return time }
        let value = constant(.cast(.literal(.string(text)), to: type, mode: .ansi))
        guard let value, !value.value.isNull else {
            throw .user(
                "INVALID_TYPED_LITERAL", "This is no \(name): '\(text)'.",
                remedy: type == .date
                    ? "Write it as DATE '2020-12-31'."
                    : "Write it as \(name) '\(type.isClock ? "" : "2020-12-31 ")23:59:59'.",
                at: location(span))
        }
        return value
    }
}
