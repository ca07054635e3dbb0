import Columns
import Kernels

/// Says what Spark's CAST gives for one value, in the plainest words. Texts of floating-point numbers, times
/// and intervals are those of `NumberText`, `TimeText` and `IntervalText`, which the cases from Spark test.
enum CastReference {
    static func cast(_ value: Scalar, _ from: DataType, _ to: DataType, _ mode: FailureMode) -> Outcome {
        if value.isNull || from == to { return .value(value) }
        switch (from, to) {
        case (.array, _), (.structure, _), (.map, _): return nested(value, from, to, mode)
        case (.string, _): return text(value, to, mode)
        case (.binary, .string):
            guard case .binary(let bytes) = value else { return .null }
            return .value(.string(String(decoding: bytes, as: UTF8.self)))
        case (_, .string): return .value(.string(shown(value, from, mode)))
        case (.float, _), (.double, _): return number(value.number, from, to, mode)
        case (.decimal(_, let scale), _):
            guard case .decimal(let unscaled) = value else { return .null }
            return decimal(unscaled, scale, to, mode)
        case (.date, _): return .value(.integer(value.long * 86_400_000_000))
        case (.timestamp, _), (.timestampNTZ, _): return time(value.long, to, mode)
        case (.yearMonthInterval, _), (.dayTimeInterval, _): return interval(value.long, from, to, mode)
        default:
            if case .boolean(let flag) = value { return integer(flag ? 1 : 0, from, to, mode) }
            return integer(Int128(value.long), from, to, mode)
        }
    }

    private static func shown(_ value: Scalar, _ type: DataType, _ mode: FailureMode) -> String {
        var bytes: [UInt8] = []
        switch (value, type) {
        case (.boolean(let flag), _): return flag ? "true" : "false"
        case (.float(let number), _): return NumberText.text(number)
        case (.double(let number), _): return NumberText.text(number)
        case (.decimal(let unscaled), .decimal(_, let scale)):
            let digits = LongNumber(unscaled).magnitude.text
            let sign = unscaled < 0 ? "-" : ""
            let exponent = digits.count - 1 - scale
            if mode == .legacy, exponent < -6 {
                return sign + digits.prefix(1) + (digits.count > 1 ? "." : "") + digits.dropFirst()
                    + "E\(exponent)"
            }
            let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            return sign + padded.dropLast(scale) + (scale > 0 ? "." : "") + padded.suffix(scale)
        case (.integer(let days), .date):
            TimeText.date(Int(days), &bytes)
            return String(decoding: bytes, as: UTF8.self)
        case (.integer(let micros), .timestamp), (.integer(let micros), .timestampNTZ):
            TimeText.timestamp(Int(micros), &bytes)
            return String(decoding: bytes, as: UTF8.self)
        case (.integer(let amount), .yearMonthInterval(let fields)),
            (.integer(let amount), .dayTimeInterval(let fields)):
            return IntervalText.text(amount, fields)
        default: return "\(value.long)"
        }
    }

    private static func integer(_ value: Int128, _ from: DataType, _ to: DataType, _ mode: FailureMode)
        -> Outcome
    {
        switch to {
        case .boolean: return .value(.boolean(value != 0))
        case .float: return .value(.float(Float(value)))
        case .double: return .value(.double(Double(value)))
        case .decimal(_, let scale):
            return ValueReference.decimal(LongNumber(value).rescaled(scale), to, mode)
        case .binary:
            let bits = ValueReference.width(from)
            return .value(
                .binary(
                    stride(from: bits - 8, through: 0, by: -8).map {
                        UInt8(truncatingIfNeeded: value >> Int128($0))
                    }))
        case .timestamp:
            // Spark takes true as one microsecond.
            if from == .boolean { return .value(.integer(Int64(value))) }
            return .value(.integer(Int64(clamping: value * 1_000_000)))
        case .yearMonthInterval(let fields), .dayTimeInterval(let fields):
            return units(value * Int128(fields.last.amount), to, mode)
        default: return ValueReference.fitted(value, ValueReference.width(to), mode, "CAST_OVERFLOW")
        }
    }

    /// Intervals overflow with an error in legacy mode as well.
    private static func units(_ value: Int128?, _ to: DataType, _ mode: FailureMode) -> Outcome {
        let strict: FailureMode = mode == .legacy ? .error : mode
        guard let value else { return .none("CAST_OVERFLOW", strict) }
        return ValueReference.fitted(value, ValueReference.width(to), strict, "CAST_OVERFLOW")
    }

    private static func number(_ value: Double, _ from: DataType, _ to: DataType, _ mode: FailureMode)
        -> Outcome
    {
        switch to {
        case .boolean: return .value(.boolean(value != 0))
        case .float: return .value(.float(Float(value)))
        case .double: return .value(.double(value))
        case .decimal(_, let scale): return rounded(value, scale, to, mode)
        case .timestamp:
            if !value.isFinite { return .none("CAST_INVALID_INPUT", mode) }
            let micros = value * 1e6
            if Swift.abs(micros) < 0x1p63 { return .value(.integer(Int64(micros))) }
            if Swift.abs(micros) > 0x1p63, mode != .legacy { return .none("CAST_OVERFLOW", mode) }
            return .value(.integer(micros < 0 ? .min : .max))
        default: return cut(value, ValueReference.width(to), mode)
        }
    }

    /// Cuts the fraction off. Too large numbers saturate in legacy mode: in 32 bits first for narrow types.
    private static func cut(_ value: Double, _ bits: Int, _ mode: FailureMode) -> Outcome {
        if value.isNaN { return mode == .legacy ? .value(.integer(0)) : .none("CAST_OVERFLOW", mode) }
        let whole = value.rounded(.towardZero)
        if bits == 64 {
            if Swift.abs(whole) < 0x1p63 { return .value(.integer(Int64(whole))) }
            // 2⁶³ is what the greatest number rounds to: Java takes it as that.
            if Swift.abs(whole) > 0x1p63, mode != .legacy { return .none("CAST_OVERFLOW", mode) }
            return .value(.integer(whole < 0 ? .min : .max))
        }
        let integer = Int128(max(-1e20, min(1e20, whole)))
        if mode != .legacy { return ValueReference.fitted(integer, bits, mode, "CAST_OVERFLOW") }
        return .value(.integer(ValueReference.wrapped(Int128(Int32(clamping: integer)), bits)))
    }

    /// Goes by the shortest digits of the number, as `BigDecimal.valueOf` does.
    private static func rounded(_ value: Double, _ scale: Int, _ to: DataType, _ mode: FailureMode) -> Outcome
    {
        // Not a number in ANSI mode either.
        if !value.isFinite { return .null }
        let parts = "\(value)".split(separator: "e")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".")
        let fraction = halves.count > 1 ? halves[1] : ""
        let digits = LongNumber(text: String(halves[0] + fraction))
        return ValueReference.decimal(digits.rescaled(exponent - fraction.count + scale), to, mode)
    }

    private static func decimal(_ value: Int128, _ scale: Int, _ to: DataType, _ mode: FailureMode) -> Outcome
    {
        let exact = LongNumber(value)
        let whole = exact.divided(by: .power(scale)).quotient
        switch to {
        case .boolean: return .value(.boolean(value != 0))
        case .float: return .value(.float(Float("\(exact.text)e-\(scale)") ?? .nan))
        case .double: return .value(.double(Double("\(exact.text)e-\(scale)") ?? .nan))
        case .decimal(_, let digits): return ValueReference.decimal(exact.rescaled(digits - scale), to, mode)
        case .timestamp:
            // Spark multiplies in 34 digits, `MathContext.DECIMAL128`.
            let unit = LongNumber.power(max(0, exact.text.count - (value < 0 ? 1 : 0) - 34))
            let kept = exact.rounded(by: unit) * unit
            let micros = (kept * .power(6)).divided(by: .power(scale)).quotient
            // The low 64 bits, as `BigDecimal.longValue`.
            let low = micros.divided(by: LongNumber(1 << 64)).remainder
            return .value(.integer(Int64(truncatingIfNeeded: low.value(precision: 38) ?? 0)))
        case .yearMonthInterval(let fields), .dayTimeInterval(let fields):
            let amount = (exact * LongNumber(Int128(fields.last.amount))).rescaled(-scale)
            return units(amount.value(precision: 38), to, mode)
        default:
            guard let whole = whole.value(precision: 38) else { return .null }
            return ValueReference.fitted(whole, ValueReference.width(to), mode, "CAST_OVERFLOW")
        }
    }

    private static func floored(_ a: Int64, _ b: Int64) -> Int64 {
        a / b - (a % b < 0 ? 1 : 0)
    }

    private static func time(_ micros: Int64, _ to: DataType, _ mode: FailureMode) -> Outcome {
        switch to {
        case .date: return .value(.integer(floored(micros, 86_400_000_000)))
        case .timestamp, .timestampNTZ: return .value(.integer(micros))
        case .boolean: return .value(.boolean(micros != 0))
        case .float: return .value(.float(Float(Double(micros) / 1e6)))
        case .double: return .value(.double(Double(micros) / 1e6))
        case .decimal(_, let scale):
            return ValueReference.decimal(LongNumber(Int128(micros)).rescaled(scale - 6), to, mode)
        default:
            let strict: FailureMode = mode == .legacy ? .null : mode
            return ValueReference.fitted(
                Int128(floored(micros, 1_000_000)), ValueReference.width(to), strict, "CAST_OVERFLOW")
        }
    }

    private static func interval(_ amount: Int64, _ from: DataType, _ to: DataType, _ mode: FailureMode)
        -> Outcome
    {
        let unit = from.intervalFields?.last.amount ?? 1
        let strict: FailureMode = mode == .legacy ? .error : mode
        if let fields = to.intervalFields {
            let least = fields.last == .second ? 1 : fields.last.amount
            return .value(.integer(amount / least * least))
        }
        if case .decimal(_, let scale) = to {
            let exact = LongNumber(Int128(amount)) * .power(scale)
            return ValueReference.decimal(exact.rounded(by: LongNumber(Int128(unit))), to, strict)
        }
        return ValueReference.fitted(Int128(amount / unit), ValueReference.width(to), strict, "CAST_OVERFLOW")
    }

    // MARK: texts

    private static func text(_ value: Scalar, _ to: DataType, _ mode: FailureMode) -> Outcome {
        guard case .string(let text) = value else { return .null }
        if to == .binary { return .value(.binary(Array(text.utf8))) }
        let trimmed = text.split(separator: " ").joined(separator: " ")
        let sign = trimmed.hasPrefix("-") ? "-" : ""
        let unsigned =
            trimmed.hasPrefix("-") || trimmed.hasPrefix("+") ? String(trimmed.dropFirst()) : trimmed
        let halves = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        let isNumber = halves.count <= 2 && halves.allSatisfy { $0.allSatisfy { ("0"..."9").contains($0) } }
        let malformed = Outcome.none("CAST_INVALID_INPUT", mode)
        if to == .boolean {
            if ["t", "true", "y", "yes", "1"].contains(trimmed.lowercased()) {
                return .value(.boolean(true))
            }
            return ["f", "false", "n", "no", "0"].contains(trimmed.lowercased())
                ? .value(.boolean(false)) : malformed
        }
        let hasDigit = unsigned.contains { ("0"..."9").contains($0) }
        if to.isIntegral {
            guard isNumber, !unsigned.isEmpty, halves.count == 1 || mode == .legacy else { return malformed }
            let digits = LongNumber(text: sign + halves[0])
            guard let whole = digits.value(precision: 37) else { return malformed }
            let fitted = ValueReference.fitted(whole, ValueReference.width(to), .null, "")
            if case .value(.null) = fitted { return malformed }
            return fitted
        }
        guard isNumber, hasDigit else { return malformed }
        switch to {
        case .float: return .value(.float(Float(padded(sign + unsigned)) ?? .nan))
        case .double: return .value(.double(Double(padded(sign + unsigned)) ?? .nan))
        case .decimal(_, let scale):
            let fraction = halves.count > 1 ? halves[1] : ""
            return ValueReference.decimal(
                LongNumber(text: sign + halves[0] + fraction).rescaled(scale - fraction.count), to, mode)
        default: return malformed
        }
    }

    private static func padded(_ text: String) -> String { text.hasSuffix(".") ? text + "0" : text }

    private static func nested(_ value: Scalar, _ from: DataType, _ to: DataType, _ mode: FailureMode)
        -> Outcome
    {
        func all(_ values: [Scalar], _ types: [(DataType, DataType)]) -> (values: [Scalar], code: String?) {
            var (list, code) = ([Scalar](), String?.none)
            for (place, value) in values.enumerated() {
                let (a, b) = types[types.count == 1 ? 0 : place]
                switch cast(value, a, b, mode) {
                case .value(let cast): list.append(cast)
                case .failure(let failed): code = code ?? failed
                }
            }
            return (list, code)
        }
        switch (value, from, to) {
        case (.array(let elements), .array(let a, _), .array(let b, _)):
            let (list, code) = all(elements, [(a, b)])
            return code.map { .failure($0) } ?? .value(.array(list))
        case (.structure(let members), .structure(let a), .structure(let b)):
            let (list, code) = all(members, zip(a, b).map { ($0.type, $1.type) })
            return code.map { .failure($0) } ?? .value(.structure(list))
        case (.map(let keys, let values), .map(let a, let c, _), .map(let b, let d, _)):
            let (k, v) = (all(keys, [(a, b)]), all(values, [(c, d)]))
            return (k.code ?? v.code).map { .failure($0) } ?? .value(.map(keys: k.values, values: v.values))
        default: return .null
        }
    }
}
