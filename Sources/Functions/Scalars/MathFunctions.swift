import Columns
import Kernels
import Memory
import Plans
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Declares mathematical functions.
enum MathFunctions {
    static let all: [ScalarFunction] = unaries + others + RoundingFunctions.all + BitFunctions.all

    private static func real(
        _ name: String, _ summary: String, aliases: [String] = [],
        _ body: @escaping @Sendable (Double) -> Double?
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([.double], .double), summary, example: "\(name)(0.5)"
        ) { call in
            let rows = Rows(call)
            return rows.doubles { body(rows.double(0, $0)) }
        }
    }

    private static let unaries: [ScalarFunction] = [
        real("sqrt", "Returns the square root.") { $0.squareRoot() },
        real("cbrt", "Returns the cube root.") { CubeRoot.of($0) },
        real("exp", "Returns e to the power of the number.") { exp($0) },
        real("expm1", "Returns exp(x) − 1.") { expm1($0) },
        real("ln", "Returns the natural logarithm; null for numbers not above 0.") {
            $0 <= 0 ? nil : log($0)
        },
        real("log10", "Returns the logarithm to base 10.") { $0 <= 0 ? nil : log10($0) },
        real("log2", "Returns the logarithm to base 2.") { $0 <= 0 ? nil : log2($0) },
        real("log1p", "Returns ln(1 + x).") { $0 <= -1 ? nil : log1p($0) },
        real("sin", "Returns the sine.") { sin($0) }, real("cos", "Returns the cosine.") { cos($0) },
        real("tan", "Returns the tangent.") { tan($0) },
        real("cot", "Returns the cotangent.") { 1 / tan($0) },
        real("sec", "Returns the secant.") { 1 / cos($0) },
        real("csc", "Returns the cosecant.") { 1 / sin($0) },
        real("asin", "Returns the inverse sine.") { asin($0) },
        real("acos", "Returns the inverse cosine.") { acos($0) },
        real("atan", "Returns the inverse tangent.") { atan($0) },
        real("sinh", "Returns the hyperbolic sine.") { sinh($0) },
        real("cosh", "Returns the hyperbolic cosine.") { cosh($0) },
        real("tanh", "Returns the hyperbolic tangent.") { tanh($0) },
        real("asinh", "Returns the inverse hyperbolic sine.") { asinh($0) },
        real("acosh", "Returns the inverse hyperbolic cosine.") { acosh($0) },
        real("atanh", "Returns the inverse hyperbolic tangent.") { atanh($0) },
        real("degrees", "Converts radians to degrees.") { $0 * 180 / Double.pi },
        real("radians", "Converts degrees to radians.") { $0 / 180 * Double.pi },
        real("rint", "Rounds to the nearest whole number, halves to even.") { $0.rounded(.toNearestOrEven) },
        ScalarFunction(
            "signum", aliases: ["sign"],
            typing: { request in
                if request.types.count == 1, request.types[0].isInterval {
                    return Typing(request.types, .double)
                }
                return try Signature.of([.double], .double)(request)
            }, "Returns −1, 0 or 1 by the sign.", example: "signum(0.5)"
        ) { call in
            let rows = Rows(call)
            let isInterval = call[0].type.isInterval
            return rows.doubles { row in
                if isInterval { return Double(rows.integer(0, row).signum()) }
                let value = rows.double(0, row)
                return value.isNaN || value == 0 ? value : (value < 0 ? -1 : 1)
            }
        },
    ]

    private static func constant(_ name: String, _ value: Double, _ summary: String) -> ScalarFunction {
        ScalarFunction(name, typing: Signature.of([], .double), summary, example: "\(name)()") {
            .constant(.double(value), count: $0.count)
        }
    }

    private static func pair(
        _ name: String, _ aliases: [String], _ summary: String,
        _ body: @escaping @Sendable (Double, Double) -> Double?
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([.double, .double], .double), summary,
            example: "\(name)(2, 3)"
        ) { call in
            let rows = Rows(call)
            return rows.doubles { body(rows.double(0, $0), rows.double(1, $0)) }
        }
    }

    /// Numbers, or intervals of one kind.
    private static let bucketTyping: Signature.Rule = { request in
        let types = request.types
        if types.count == 4, types[0].isInterval, types[1].isInterval, types[2].isInterval,
            let common = Coercion.commonType(Array(types.prefix(3)), ansi: request.ansi)
        {
            return Typing([common, common, common, .int64], .int64)
        }
        return try Signature.of([.double, .double, .double, .long], .int64)(request)
    }

    private static let others: [ScalarFunction] = [
        constant("pi", Double.pi, "Returns π."), constant("e", M_E, "Returns Euler's number."),
        pair("power", ["pow"], "Returns the first number to the power of the second.") { pow($0, $1) },
        pair("atan2", [], "Returns the angle of a point (y, x).") {
            // Without the sign of -0.0, as in Spark.
            atan2($0 + 0.0, $1 + 0.0)
        },
        pair("hypot", [], "Returns √(a² + b²).") { hypot($0, $1) },
        ScalarFunction(
            "log", typing: Signature.of([.double, .double], optional: 1, .double),
            "Returns the logarithm to a base, or the natural one.", example: "log(10, 100)"
        ) { call in
            let rows = Rows(call)
            if call.arguments.count == 1 {
                return rows.doubles { rows.double(0, $0) <= 0 ? nil : log(rows.double(0, $0)) }
            }
            return rows.doubles { row in
                let (base, value) = (rows.double(0, row), rows.double(1, row))
                return base <= 0 || value <= 0 ? nil : log(value) / log(base)
            }
        },
        ScalarFunction(
            "factorial", typing: Signature.of([.int], .int64), "Returns n! for 0 to 20, else null.",
            example: "factorial(5)"
        ) { call in
            let rows = Rows(call)
            return rows.build(.int64) { row in
                let n = rows.integer(0, row)
                if n < 0 || n > 20 { return nil }
                return n < 2 ? 1 : (2...Int64(n)).reduce(1, *)
            }
        },
        ScalarFunction(
            "width_bucket", typing: bucketTyping,
            "Returns the number of the bucket, of equal width, that holds a value.",
            example: "width_bucket(5, 0, 10, 5)"
        ) { call in
            let rows = Rows(call)
            let isInterval = call[0].type.isInterval
            func number(_ place: Int, _ row: Int) -> Double {
                isInterval ? Double(rows.integer(place, row)) : rows.double(place, row)
            }
            return rows.build(.int64) { row in
                bucket(number(0, row), number(1, row), number(2, row), of: Int64(rows.integer(3, row)))
            }
        },
    ]

    /// Numbers the bucket that holds a value; nil where there are no such buckets, or one more than 64 bits
    /// count. Source: Spark's WidthBucket.
    private static func bucket(_ value: Double, _ low: Double, _ high: Double, of buckets: Int64) -> Int64? {
        if buckets <= 0 || buckets == .max || low == high || value.isNaN || !low.isFinite || !high.isFinite {
            return nil
        }
        let isBefore = low < high ? value < low : value > low
        if isBefore { return 0 }
        let isBehind = low < high ? value >= high : value <= high
        if isBehind { return buckets + 1 }
        let place = Double(buckets) * (value - low).magnitude / (high - low).magnitude
        // Bounds so far apart that their distance is infinite give no number.
        if place.isNaN { return 1 }
        return place >= Double(buckets) ? buckets : Int64(place) + 1
    }
}

/// Corrects the C library's cube root, which may be off in the last bit.
enum CubeRoot {
    static func of(_ value: Double) -> Double {
        let root = cbrt(value)
        if root == 0 || !root.isFinite { return root }
        return root - (root * root * root - value) / (3 * root * root)
    }
}

/// Declares rounding.
enum RoundingFunctions {
    static let all: [ScalarFunction] = [
        rounding("round", "Rounds to a number of digits, halves away from zero.", even: false),
        rounding("bround", "Rounds to a number of digits, halves to even.", even: true),
        whole("ceil", ["ceiling"], "Returns the least whole number not below.", .up),
        whole("floor", [], "Returns the greatest whole number not above.", .down),
    ]

    private static func digits(_ request: TypingRequest) throws -> Int {
        if request.types.count < 2 { return 0 }
        if request.literals[1]?.value.isNull == true { return 0 }
        guard let literal = request.literals[1], case .integer(let value) = literal.value else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                "The scale of `\(request.name)` must be a constant integer.")
        }
        guard let scale = Int32(exactly: value) else {
            throw EngineError.data(
                "CAST_OVERFLOW",
                "The scale of `\(request.name)` is no INT: it would overflow: \(value).")
        }
        return Int(scale)
    }

    private static func rounding(_ name: String, _ summary: String, even: Bool) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                let typing = try Signature.of([.number, .int], optional: 1) { $0[0] }(request)
                guard case .decimal(let p, let s) = typing.result else { return typing }
                let wanted = try digits(request)
                let integral = p - s + 1
                if wanted < 0 {
                    let result = DataType.decimal(precision: min(max(integral, -wanted + 1), 38), scale: 0)
                    return Typing(typing.arguments, result)
                }
                let scale = min(s, wanted)
                return Typing(typing.arguments, .decimal(precision: min(integral + scale, 38), scale: scale))
            }, summary, example: "\(name)(2.5, 0)"
        ) { call in
            let rows = Rows(call)
            let places = call.arguments.count > 1 ? rows.integer(1, 0) : 0
            if call.type.isDecimal { return try decimals(call, places, even) }
            if call.type.isFloating {
                let isFloat = call.type == .float
                let result = rows.doubles { row in
                    round(rows.double(0, row), places, even)
                }
                return isFloat ? try Casting.cast(result, to: .float, mode: .error, zone: .utc) : result
            }
            if places >= 0 { return call[0].flattened() }
            return try rows.build(call.type) { row in
                let value = Int128(rows.integer(0, row))
                if places < -19 { return 0 }
                let unit = WideDecimal.power(-places)
                let result =
                    (even ? divideEven(value, unit) : WideDecimal.divideRounding(value, by: unit)) * unit
                let narrow = Int64(truncatingIfNeeded: result)
                if call.ansi, !inRange(result, call.type) {
                    throw Failure.overflow(call.type, values: "\(name)", tryName: nil)
                }
                return narrow
            }
        }
    }

    private static func inRange(_ value: Int128, _ type: DataType) -> Bool {
        switch type {
        case .int8: Int8(exactly: value) != nil
        case .int16: Int16(exactly: value) != nil
        case .int32: Int32(exactly: value) != nil
        default: Int64(exactly: value) != nil
        }
    }

    /// Rounds the shortest decimal text of a number, that of a float as a double, as Spark's
    /// `BigDecimal(x).setScale` does.
    private static func round(_ value: Double, _ places: Int, _ even: Bool) -> Double {
        if !value.isFinite { return value }
        // A decimal has no negative zero.
        if value == 0 { return 0 }
        if let near = roundedByHalf(value, places, even) { return near }
        if places > 15 - Int(log10(value.magnitude).rounded(.up)) + 2 { return value }
        var text = "\(value)"
        let finer = text.withUTF8 {
            NumberText.parseDecimal(UnsafeRawBufferPointer($0), scale: max(places, 0) + 17)
        }
        guard let finer else { return roundedByDigits(value, places, even) }
        let drop = max(places, 0) + 17 - places
        if drop > 38 { return 0 }
        let unit = WideDecimal.power(drop)
        let kept = even ? divideEven(finer, unit) : WideDecimal.divideRounding(finer, by: unit)
        return places >= 0
            ? NumberText.double(kept, scale: places) : Double(kept) * pow(10, Double(-places))
    }

    /// Rounds a number beyond 10²⁰ to tens and more, by the digits of its shortest text.
    private static func roundedByDigits(_ value: Double, _ places: Int, _ even: Bool) -> Double {
        var digits: Int128 = 0
        var exponent = 0
        let parts = "\(value.magnitude)".split(separator: "e")
        var isFraction = false
        for byte in parts[0].utf8 {
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else {
                digits = digits * 10 + Int128(byte - UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
            }
        }
        if parts.count > 1 { exponent += Int(parts[1]) ?? 0 }
        let drop = -places - exponent
        if drop <= 0 { return value }
        if drop > 20 { return 0 }
        let unit = WideDecimal.power(drop)
        let kept = even ? divideEven(digits, unit) : WideDecimal.divideRounding(digits, by: unit)
        let rounded = Double("\(kept)e\(exponent + drop)") ?? value
        return value < 0 && kept != 0 ? -rounded : rounded
    }

    /// Rounds without the shortest text where the numbers are small enough; nil elsewhere. A half of the last
    /// place is a decimal of up to 15 digits, which is the shortest text of its double and of no other: that
    /// double is a tie, and those below and above it have texts below and above the half.
    private static func roundedByHalf(_ value: Double, _ places: Int, _ even: Bool) -> Double? {
        guard places >= 0, places < 15 else { return nil }
        let unit = powersOfTen[places]
        let scaled = value * unit
        // Below 2⁴⁰ the product's error is less than 2⁻¹¹.
        guard scaled.magnitude < 1_099_511_627_776 else { return nil }
        let lower = scaled.rounded(.down)
        let rest = scaled - lower
        if rest < 0.499 { return lower / unit }
        if rest > 0.501 { return (lower + 1) / unit }
        let half = (lower * 10 + 5) / powersOfTen[places + 1]
        if value != half { return (value < half ? lower : lower + 1) / unit }
        let isUp = even ? lower.remainder(dividingBy: 2) != 0 : value > 0
        return (isUp ? lower + 1 : lower) / unit
    }

    private static let powersOfTen: [Double] = (0...15).map { Double("1e\($0)") ?? 1 }

    static func divideEven(_ value: Int128, _ unit: Int128) -> Int128 {
        let (q, r) = value.quotientAndRemainder(dividingBy: unit)
        let twice = r.magnitude * 2
        if twice < unit.magnitude || (twice == unit.magnitude && q % 2 == 0) { return q }
        return value < 0 ? q - 1 : q + 1
    }

    private static func decimals(_ call: Invocation, _ places: Int, _ even: Bool) throws -> Vector {
        let (_, scale) = DecimalArithmetic.shape(call[0].type)
        let (precision, _) = DecimalArithmetic.shape(call.type)
        let drop = scale - places
        return try map(call, precision) { value in
            if drop <= 0 { return value }
            if drop > 38 { return 0 }
            let unit = WideDecimal.power(drop)
            let kept = even ? divideEven(value, unit) : WideDecimal.divideRounding(value, by: unit)
            return places < 0 ? kept * WideDecimal.power(-places) : kept
        }
    }

    /// Maps unscaled decimals.
    private static func map(_ call: Invocation, _ precision: Int, _ body: (Int128) -> Int128?) throws
        -> Vector
    {
        let wide = try Casting.cast(
            call[0].flattened(),
            to: .decimal(precision: 38, scale: DecimalArithmetic.shape(call[0].type).scale),
            mode: .error, zone: .utc)
        let input = wide.pointer(as: Int128.self)
        let sink = DecimalSink(call.type, count: call.count)
        var nulls = NullCollector(wide.validity, count: call.count)
        for row in 0..<call.count where !nulls.wasNull(row) {
            let value = body(input[row])
            if let value, WideDecimal.fits(value, precision: precision) {
                sink.put(value, row)
            } else if call.mode == .error {
                let shown = value.map { "\($0)" } ?? "a number of more than 38 digits"
                throw Failure.outOfRange(shown, call.type)
            } else {
                nulls.setNull(row)
            }
        }
        return .flat(call.type, count: call.count, values: sink.buffer, validity: nulls.validity)
    }

    private static func whole(
        _ name: String, _ aliases: [String], _ summary: String, _ rule: FloatingPointRoundingRule
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases,
            typing: { request in
                let typing = try Signature.of([.number, .int], optional: 1) { $0[0] }(request)
                if request.types.count == 2 {
                    let argument: DataType =
                        typing.arguments[0].isDecimal
                        ? typing.arguments[0]
                        : (Coercion.decimal(holding: typing.arguments[0])
                            ?? .decimal(precision: 30, scale: 15))
                    let (p, s) = DecimalArithmetic.shape(argument)
                    let places = try digits(request)
                    let scale = min(s, max(0, places))
                    let precision = min(max(p - s + 1 + scale, places < 0 ? 1 - places : 0), 38)
                    return Typing([argument, .int32], .decimal(precision: precision, scale: scale))
                }
                if case .decimal(let p, let s) = typing.result {
                    return Typing(typing.arguments, .decimal(precision: min(p - s + 1, 38), scale: 0))
                }
                return Typing(typing.arguments[0].isIntegral ? [.int64] : [.double], .int64)
            }, summary, example: "\(name)(2.5)"
        ) { call in
            let rows = Rows(call)
            if call.type.isDecimal {
                let (precision, _) = DecimalArithmetic.shape(call.type)
                let places = call.arguments.count > 1 ? rows.integer(1, 0) : 0
                let drop = DecimalArithmetic.shape(call[0].type).scale - places
                if drop <= 0 { return call[0].flattened().retyped(call.type) }
                let unit = WideDecimal.power(min(drop, 38))
                return try map(call, precision) { value in
                    let (q, r) = value.quotientAndRemainder(dividingBy: unit)
                    let kept = rule == .up ? (r > 0 ? q + 1 : q) : (r < 0 ? q - 1 : q)
                    if places >= 0 || kept == 0 { return kept }
                    return places < -38 ? nil : kept * WideDecimal.power(-places)
                }
            }
            if call[0].type.isIntegral { return call[0].flattened() }
            return rows.build(.int64) { row in
                let value = rows.double(0, row).rounded(rule)
                if value.isNaN { return 0 }
                return value >= 9.223372036854775e18
                    ? .max : (value <= -9.223372036854775e18 ? .min : Int64(value))
            }
        }
    }
}

/// Declares functions of bits.
enum BitFunctions {
    static let all: [ScalarFunction] = [
        pair("bitwise_and", "&", "Combines bits by AND.") { $0 & $1 },
        pair("bitwise_or", "|", "Combines bits by OR.") { $0 | $1 },
        pair("bitwise_xor", "^", "Combines bits by XOR.") { $0 ^ $1 },
        ScalarFunction(
            "bitwise_not", typing: Signature.of([.integral]) { $0[0] }, "Inverts all bits.", example: "~a"
        ) { call in
            let rows = Rows(call)
            return rows.build(call.type) { ~Int64(rows.integer(0, $0)) }
        },
        shift("shiftleft", "Shifts bits to the left.") {
            $1 ? $0 &<< Int64($2 & 63) : Int64(Int32(truncatingIfNeeded: $0) &<< Int32($2 & 31))
        },
        shift("shiftright", "Shifts bits to the right, keeping the sign.") {
            $1 ? $0 &>> Int64($2 & 63) : Int64(Int32(truncatingIfNeeded: $0) &>> Int32($2 & 31))
        },
        shift("shiftrightunsigned", "Shifts bits to the right, filling with zeros.") {
            $1
                ? Int64(bitPattern: UInt64(bitPattern: $0) &>> UInt64($2 & 63))
                : Int64(Int32(bitPattern: UInt32(truncatingIfNeeded: $0) &>> UInt32($2 & 31)))
        },
        ScalarFunction(
            "bit_count", typing: Signature.of([.bits], .int32), "Counts the bits that are set.",
            example: "bit_count(5)"
        ) { call in
            let rows = Rows(call)
            return rows.build(.int32) { Int64(Int64(rows.integer(0, $0)).nonzeroBitCount) }
        },
        ScalarFunction(
            "getbit", aliases: ["bit_get"], typing: Signature.of([.integral, .int], .int8),
            "Returns the bit at a position.",
            example: "getbit(5, 0)"
        ) { call in
            let rows = Rows(call)
            let width = call[0].type.physical.width * 8
            return try rows.build(.int8) { row in
                let place = rows.integer(1, row)
                guard (0..<width).contains(place) else {
                    throw EngineError.data(
                        "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                        "The position of a bit is from 0 to \(width - 1), not \(place).")
                }
                return Int64(rows.integer(0, row)) &>> Int64(place) & 1
            }
        },
    ]

    private static func pair(
        _ name: String, _ symbol: String, _ summary: String,
        _ body: @escaping @Sendable (Int64, Int64) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                let types = try Signature.of([.integral, .integral]) { $0[0] }(request).arguments
                let common = Coercion.commonNumericType(types[0], types[1]) ?? .int64
                return Typing([common, common], common)
            }, summary, example: "a \(symbol) b"
        ) { call in
            let rows = Rows(call)
            return rows.build(call.type) { body(Int64(rows.integer(0, $0)), Int64(rows.integer(1, $0))) }
        }
    }

    private static func shift(
        _ name: String, _ summary: String, _ body: @escaping @Sendable (Int64, Bool, Int) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: Signature.of([.integral, .int]) { $0[0] == .int64 ? .int64 : .int32 }, summary,
            example: "\(name)(1, 4)"
        ) { call in
            let rows = Rows(call)
            let isLong = call.type == .int64
            return rows.build(call.type) { body(Int64(rows.integer(0, $0)), isLong, rows.integer(1, $0)) }
        }
    }
}
