import Columns
import Memory
import Vocabulary

/// Adds, subtracts, multiplies and divides decimals; the result's type is given (Spark's rules are the
/// registry's). Values of precision up to 18 are 64 bits wide and stay so where the result is, others 128.
package enum DecimalArithmetic {
    /// Precision and scale of a decimal type; of anything else 38 and 0.
    package static func shape(_ type: DataType) -> (precision: Int, scale: Int) {
        if case .decimal(let precision, let scale) = type { return (precision, scale) }
        return (38, 0)
    }

    /// Returns `a op b` as `type`, rounded half up. Throws `NUMERIC_VALUE_OUT_OF_RANGE` in ANSI mode.
    package static func evaluate(
        _ op: ArithmeticOperator, _ a: Vector, _ b: Vector, type: DataType, count: Int, mode: FailureMode
    ) throws(EngineError) -> Vector {
        let (pa, sa) = shape(a.type)
        let (pb, sb) = shape(b.type)
        let (_, scale) = shape(type)
        let narrow = a.type.physical == .int64 && b.type.physical == .int64
        let validity = Loops.validity([a, b])
        if op == .multiply {
            if narrow, scale == sa + sb, pa + pb <= 38 {
                return product(a, b, type, count, validity)
            }
            if scale == sa + sb, shape(type).precision == 38,
                let product = smallProduct(a, b, type, count, validity)
            {
                return product
            }
        } else if scale == max(sa, sb), pa + scale - sa < 38, pb + scale - sb < 38 {
            return sum(op, a, b, type, count, validity, scale - sa, scale - sb)
        }
        return try slow(a, b, type, count, mode, validity, op.symbol) { x, y in
            switch op {
            case .multiply:
                return WideDecimal.multiply(x, y, droppingDigits: sa + sb - scale)
            case .add, .subtract:
                return WideDecimal.sum(x, op == .add ? y : -y, scales: (sa, sb), to: scale)
            }
        }
    }

    /// Multiplies 64-bit values; the product always fits the result.
    private static func product(
        _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int, _ validity: Bitmap?
    ) -> Vector {
        if type.physical == .int64 {
            let (buffer, out) = Loops.values(Int64.self, count)
            Loops.binary(a, b, count, out) { (x: Int64, y: Int64) in x &* y }
            return .flat(type, count: count, values: buffer, validity: validity)
        }
        let (buffer, out) = Loops.values(Int128.self, count)
        Loops.binary(a, b, count, out) { (x: Int64, y: Int64) in
            let full = x.multipliedFullWidth(by: y)
            return Int128(truncatingIfNeeded: full.high) &<< 64 | Int128(truncatingIfNeeded: full.low)
        }
        return .flat(type, count: count, values: buffer, validity: validity)
    }

    /// Multiplies values of a wide type that all fit 64 bits, as most do: the product then has at most 126
    /// bits, which 38 digits hold. Returns nil when some do not.
    private static func smallProduct(
        _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int, _ validity: Bitmap?
    ) -> Vector? {
        guard type.physical == .int128 else { return nil }
        let (buffer, out) = Loops.values(Int128.self, count)
        let words = UnsafeMutableRawPointer(out).assumingMemoryBound(to: UInt64.self)
        let (x, y) = (WordReader(a), WordReader(b))
        var beyond: UInt64 = 0
        var i = 0
        while i < count {
            let (p, q) = (x.low(i), y.low(i))
            beyond |= (x.high(i) ^ UInt64(bitPattern: p &>> 63)) | (y.high(i) ^ UInt64(bitPattern: q &>> 63))
            let full = p.multipliedFullWidth(by: q)
            words[2 &* i] = full.low
            words[2 &* i &+ 1] = UInt64(bitPattern: full.high)
            i &+= 1
        }
        return beyond == 0 ? .flat(type, count: count, values: buffer, validity: validity) : nil
    }

    /// Reads the two words of a decimal of either width.
    private struct WordReader {
        private let words: UnsafePointer<UInt64>
        private let step: Int
        /// 0 when there is no high word: the sign of the low one stands for it.
        private let highAt: Int

        init(_ vector: Vector) {
            let isNarrow = vector.type.physical == .int64
            words = UnsafePointer(vector.pointer(as: UInt64.self))
            step = vector.form == .constant ? 0 : (isNarrow ? 1 : 2)
            highAt = isNarrow ? 0 : 1
        }

        @inline(__always)
        func low(_ row: Int) -> Int64 { Int64(bitPattern: words[row &* step]) }

        @inline(__always)
        func high(_ row: Int) -> UInt64 {
            let word = words[row &* step &+ highAt]
            return highAt == 0 ? UInt64(bitPattern: Int64(bitPattern: word) &>> 63) : word
        }
    }

    /// Adds values after multiplying each by a power of ten; nothing overflows.
    private static func sum(
        _ op: ArithmeticOperator, _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int,
        _ validity: Bitmap?,
        _ up: Int, _ down: Int
    ) -> Vector {
        let (ka, kb) = (
            WideDecimal.power(up), op == .add ? WideDecimal.power(down) : -WideDecimal.power(down)
        )
        if type.physical == .int64 {
            let (buffer, out) = Loops.values(Int64.self, count)
            let (p, q) = (Int64(truncatingIfNeeded: ka), Int64(truncatingIfNeeded: kb))
            Loops.binary(a, b, count, out) { (x: Int64, y: Int64) in x &* p &+ y &* q }
            return .flat(type, count: count, values: buffer, validity: validity)
        }
        let (buffer, out) = Loops.values(Int128.self, count)
        switch (a.type.physical, b.type.physical) {
        case (.int64, .int64):
            Loops.binary(a, b, count, out) { (x: Int64, y: Int64) in Int128(x) &* ka &+ Int128(y) &* kb }
        case (.int64, _):
            Loops.binary(a, b, count, out) { (x: Int64, y: Int128) in Int128(x) &* ka &+ y &* kb }
        case (_, .int64):
            Loops.binary(a, b, count, out) { (x: Int128, y: Int64) in x &* ka &+ Int128(y) &* kb }
        default:
            Loops.binary(a, b, count, out) { (x: Int128, y: Int128) in x &* ka &+ y &* kb }
        }
        return .flat(type, count: count, values: buffer, validity: validity)
    }

    /// Reads a decimal of either width.
    struct Reader {
        private let narrow: UnsafeMutablePointer<Int64>?
        private let wide: UnsafeMutablePointer<Int128>?
        private let step: Int

        init(_ vector: Vector) {
            step = vector.form == .constant ? 0 : 1
            narrow = vector.type.physical == .int64 ? vector.pointer(as: Int64.self) : nil
            wide = vector.type.physical == .int64 ? nil : vector.pointer(as: Int128.self)
        }

        @inline(__always)
        subscript(_ row: Int) -> Int128 {
            if let narrow { return Int128(narrow[row &* step]) }
            return wide.unsafelyUnwrapped[row &* step]
        }
    }

    /// Runs an operation whose result may not fit, row by row over the rows that are not null.
    private static func slow(
        _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int, _ mode: FailureMode, _ validity: Bitmap?,
        _ symbol: String, _ body: (Int128, Int128) -> Int128?
    ) throws(EngineError) -> Vector {
        let (precision, _) = shape(type)
        let (x, y) = (Reader(a), Reader(b))
        let sink = DecimalSink(type, count: count)
        var nulls = NullCollector(validity, count: count)
        var i = 0
        while i < count {
            if !nulls.wasNull(i) {
                if let value = body(x[i], y[i]), WideDecimal.fits(value, precision: precision) {
                    sink.put(value, i)
                } else if mode == .error {
                    let left = WideDecimal.text(x[i], scale: shape(a.type).scale)
                    let right = WideDecimal.text(y[i], scale: shape(b.type).scale)
                    throw Failure.outOfRange("\(left) \(symbol) \(right)", type)
                } else {
                    nulls.setNull(i)
                }
            }
            i &+= 1
        }
        return .flat(type, count: count, values: sink.buffer, validity: nulls.validity)
    }

    /// Returns `a / b`; division by zero fails or is null.
    package static func divide(
        _ a: Vector, _ b: Vector, type: DataType, count: Int, mode: FailureMode
    ) throws(EngineError) -> Vector {
        let digits = shape(type).scale - shape(a.type).scale + shape(b.type).scale
        let validity = try zeroDivisors(b, count, mode, Loops.validity([a, b]), Failure.divideByZero)
        return try slow(a, b, type, count, mode, validity, "/") { x, y in
            if let k = WideDecimal.powers.indices.contains(digits) ? WideDecimal.powers[digits] : nil {
                let (scaled, overflow) = x.multipliedReportingOverflow(by: k)
                if !overflow {
                    if let p = Int64(exactly: scaled), let q = Int64(exactly: y), p != Int64.min {
                        let (quotient, remainder) = p.quotientAndRemainder(dividingBy: q)
                        let up = remainder.magnitude &* 2 >= q.magnitude
                        return Int128(up ? ((p < 0) != (q < 0) ? quotient &- 1 : quotient &+ 1) : quotient)
                    }
                    return WideDecimal.divideRounding(scaled, by: y)
                }
            }
            return WideDecimal.divide(x, byScaled: y, addingDigits: digits)
        }
    }

    /// Returns the remainder, the modulus or the integral quotient (an int64).
    package static func divide(
        _ kind: Arithmetic.Division, _ a: Vector, _ b: Vector, type: DataType, count: Int, mode: FailureMode
    ) throws(EngineError) -> Vector {
        let (sa, sb) = (shape(a.type).scale, shape(b.type).scale)
        let common = max(sa, sb)
        let scale = kind == .quotient ? 0 : shape(type).scale
        let error = kind == .quotient ? Failure.divideByZero : Failure.remainderByZero
        let validity = try zeroDivisors(b, count, mode, Loops.validity([a, b]), error)
        let target = kind == .quotient ? DataType.decimal(precision: 38, scale: 0) : type
        let result = try slow(a, b, target, count, mode, validity, kind == .quotient ? "div" : "%") { x, y in
            guard let p = WideDecimal.rescale(x, by: common - sa),
                let q = WideDecimal.rescale(y, by: common - sb)
            else {
                return WideDecimal.wideDivision(
                    kind, x, y, up: (common - sa, common - sb), digits: scale - common)
            }
            switch kind {
            case .quotient: return p / q
            case .remainder: return WideDecimal.rescale(p % q, by: scale - common)
            case .modulus:
                let r = p % q
                // Adding a negative divisor changes nothing, and could leave 128 bits.
                return WideDecimal.rescale(r < 0 && q > 0 ? r + q : r, by: scale - common)
            }
        }
        return kind == .quotient ? try Casting.cast(result, to: type, mode: mode, zone: .utc) : result
    }

    private static func zeroDivisors(
        _ b: Vector, _ count: Int, _ mode: FailureMode, _ validity: Bitmap?, _ error: () -> EngineError
    ) throws(EngineError) -> Bitmap? {
        var nulls = NullCollector(validity, count: count)
        let y = Reader(b)
        var i = 0
        while i < count {
            if y[i] == 0, !nulls.wasNull(i) {
                if mode == .error { throw error() }
                nulls.setNull(i)
            }
            i &+= 1
        }
        return nulls.validity
    }
}

/// Writes decimals in the width of their type; rows that are not written are zero.
package struct DecimalSink {
    package let buffer: Buffer
    private let narrow: UnsafeMutablePointer<Int64>?
    private let wide: UnsafeMutablePointer<Int128>?

    package init(_ type: DataType, count: Int) {
        let isNarrow = type.physical == .int64
        buffer = Buffer.zeroed(byteCount: max(count * (isNarrow ? 8 : 16), 16))
        narrow = isNarrow ? buffer.pointer(as: Int64.self) : nil
        wide = isNarrow ? nil : buffer.pointer(as: Int128.self)
    }

    /// Writes a value that fits the type.
    @inline(__always)
    package func put(_ value: Int128, _ row: Int) {
        if let narrow {
            narrow[row] = Int64(truncatingIfNeeded: value)
        } else {
            wide.unsafelyUnwrapped[row] = value
        }
    }
}
