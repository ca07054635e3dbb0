import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Casts among booleans, integers, floating-point numbers and intervals.
    func numbers() throws(EngineError) -> Vector {
        switch input.type.physical {
        case .bool: return fromBoolean()
        case .int8: return try integers(Int8.self)
        case .int16: return try integers(Int16.self)
        case .int32: return try integers(Int32.self)
        case .int64: return try integers(Int64.self)
        case .float: return try floats(Float.self)
        case .double: return try floats(Double.self)
        default: throw .internal("no cast from \(input.type.sqlName) to \(target.sqlName)")
        }
    }

    private func fromBoolean() -> Vector {
        switch target.physical {
        case .int8: return widen(UInt8.self, Int8.self)
        case .int16: return widen(UInt8.self, Int16.self)
        case .int32: return widen(UInt8.self, Int32.self)
        case .int64: return widen(UInt8.self, Int64.self)
        case .float: return toFloat(UInt8.self, Float.self)
        default: return toFloat(UInt8.self, Double.self)
        }
    }

    private func widen<A: FixedWidthInteger, R: FixedWidthInteger>(_ from: A.Type, _ to: R.Type) -> Vector {
        let (buffer, out) = Loops.values(R.self, count)
        Loops.unary(input, count, out) { (x: A) in R(truncatingIfNeeded: x) }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }

    private func toFloat<A: FixedWidthInteger, R: BinaryFloatingPoint>(_ from: A.Type, _ to: R.Type) -> Vector
    {
        let (buffer, out) = Loops.values(R.self, count)
        Loops.unary(input, count, out) { (x: A) in R(x) }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }

    private func integers<A: FixedWidthInteger>(_ from: A.Type) throws(EngineError) -> Vector {
        switch target.physical {
        case .bool:
            let (buffer, out) = Loops.values(UInt8.self, count)
            Loops.unary(input, count, out) { (x: A) in x != 0 ? UInt8(1) : 0 }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case .int8: return try narrow(A.self, Int8.self)
        case .int16: return try narrow(A.self, Int16.self)
        case .int32: return try narrow(A.self, Int32.self)
        case .int64: return widen(A.self, Int64.self)
        case .float: return toFloat(A.self, Float.self)
        case .double: return toFloat(A.self, Double.self)
        default: throw .internal("no cast from \(input.type.sqlName) to \(target.sqlName)")
        }
    }

    private func narrow<A: FixedWidthInteger, R: FixedWidthInteger>(
        _ from: A.Type, _ to: R.Type
    ) throws(EngineError) -> Vector {
        if R.bitWidth >= A.bitWidth { return widen(A.self, R.self) }
        let (buffer, out) = Loops.values(R.self, count)
        var changed: A = 0
        Loops.unary(input, count, out) { (x: A) in
            let r = R(truncatingIfNeeded: x)
            changed |= A(truncatingIfNeeded: r) ^ x
            return r
        }
        let values = input.pointer(as: A.self)
        return try finish(buffer, failed: changed != 0 && mode != .legacy, error: overflow) {
            R(exactly: values[$0]) == nil
        }
    }

    private func floats<A: BinaryFloatingPoint>(_ from: A.Type) throws(EngineError) -> Vector {
        switch target.physical {
        case .bool:
            let (buffer, out) = Loops.values(UInt8.self, count)
            Loops.unary(input, count, out) { (x: A) in x != 0 ? UInt8(1) : 0 }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case .int8: return try truncate(A.self, Int8.self)
        case .int16: return try truncate(A.self, Int16.self)
        case .int32: return try truncate(A.self, Int32.self)
        case .int64: return try truncate(A.self, Int64.self)
        case .float:
            let (buffer, out) = Loops.values(Float.self, count)
            Loops.unary(input, count, out) { (x: A) in Float(x) }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case .double:
            let (buffer, out) = Loops.values(Double.self, count)
            Loops.unary(input, count, out) { (x: A) in Double(x) }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        default: throw .internal("no cast from \(input.type.sqlName) to \(target.sqlName)")
        }
    }

    /// Cuts the fraction off. What does not fit saturates in legacy mode (through 32 bits for the small
    /// types, as Java does), and NaN is 0.
    private func truncate<A: BinaryFloatingPoint, R: FixedWidthInteger & SignedInteger>(
        _ from: A.Type, _ to: R.Type
    ) throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(R.self, count)
        let low = Double(R.min) - 1
        let high = Double(R.max) + 1
        var bad = false
        Loops.unary(input, count, out) { (x: A) in
            let value = Double(x)
            // For 64 bits ±2⁶³ itself is what the bounds round to; Java takes both, the upper as the
            // greatest.
            if value > low && value < high || R.bitWidth == 64 && value == low { return R(value) }
            if R.bitWidth == 64 && value == high { return R.max }
            bad = true
            if value != value { return 0 }
            if R.bitWidth < 32 {
                return R(
                    truncatingIfNeeded: value >= 2_147_483_647
                        ? Int32.max : (value <= -2_147_483_648 ? Int32.min : Int32(value)))
            }
            return value < 0 ? R.min : R.max
        }
        let values = input.pointer(as: A.self)
        return try finish(buffer, failed: bad && mode != .legacy, error: overflow) {
            let value = Double(values[$0])
            return !(value > low && value < high || R.bitWidth == 64 && (value == low || value == high))
        }
    }

    /// Casts numbers and booleans to a decimal.
    func toDecimal() throws(EngineError) -> Vector {
        let (precision, scale) = DecimalArithmetic.shape(target)
        if input.type.isFloating { return try floatsToDecimal(precision, scale) }
        let (fromPrecision, fromScale) = input.type.isDecimal ? DecimalArithmetic.shape(input.type) : (20, 0)
        let up = scale - fromScale
        if input.type.isDecimal, up >= 0, precision - scale >= fromPrecision - fromScale {
            return widenDecimal(up)
        }
        if input.type == .int32 || input.type == .int16 || input.type == .int8, precision - scale >= 10,
            target.physical == .int64
        {
            return integersToDecimal(Int64(truncatingIfNeeded: WideDecimal.power(scale)))
        }
        let sink = DecimalSink(target, count: count)
        var nulls = NullCollector(input.validity, count: count)
        let reader = input.type.isDecimal ? DecimalArithmetic.Reader(input) : nil
        var row = 0
        while row < count {
            if !nulls.wasNull(row) {
                let value = reader.map { $0[row] } ?? integer(row)
                if let result = WideDecimal.rescale(value, by: up),
                    WideDecimal.fits(result, precision: precision)
                {
                    sink.put(result, row)
                } else if mode == .error {
                    throw Failure.outOfRange(WideDecimal.text(value, scale: fromScale), target)
                } else {
                    nulls.setNull(row)
                }
            }
            row &+= 1
        }
        return .flat(target, count: count, values: sink.buffer, validity: nulls.validity)
    }

    private func integer(_ row: Int) -> Int128 {
        switch input.type.physical {
        case .bool: Int128(input.pointer(as: UInt8.self)[row])
        case .int8: Int128(input.pointer(as: Int8.self)[row])
        case .int16: Int128(input.pointer(as: Int16.self)[row])
        case .int32: Int128(input.pointer(as: Int32.self)[row])
        default: Int128(input.pointer(as: Int64.self)[row])
        }
    }

    private func integersToDecimal(_ factor: Int64) -> Vector {
        let (buffer, out) = Loops.values(Int64.self, count)
        switch input.type.physical {
        case .int8: Loops.unary(input, count, out) { (x: Int8) in Int64(x) &* factor }
        case .int16: Loops.unary(input, count, out) { (x: Int16) in Int64(x) &* factor }
        default: Loops.unary(input, count, out) { (x: Int32) in Int64(x) &* factor }
        }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }

    /// Multiplies by 10^up where every value is known to fit.
    private func widenDecimal(_ up: Int) -> Vector {
        let factor = WideDecimal.power(up)
        if target.physical == .int64 {
            if up == 0 { return input.retyped(target) }
            let (buffer, out) = Loops.values(Int64.self, count)
            let k = Int64(truncatingIfNeeded: factor)
            Loops.unary(input, count, out) { (x: Int64) in x &* k }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        }
        if input.type.physical == .int128, up == 0 { return input.retyped(target) }
        let (buffer, out) = Loops.values(Int128.self, count)
        if input.type.physical == .int64 {
            Loops.unary(input, count, out) { (x: Int64) in Int128(x) &* factor }
        } else {
            Loops.unary(input, count, out) { (x: Int128) in x &* factor }
        }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }

    /// Goes by the shortest decimal text of the number, as Spark does (`BigDecimal.valueOf`).
    private func floatsToDecimal(_ precision: Int, _ scale: Int) throws(EngineError) -> Vector {
        let sink = DecimalSink(target, count: count)
        var nulls = NullCollector(input.validity, count: count)
        let rounding = DoubleRounding(precision: precision, scale: scale)
        let isFloat = input.type == .float
        for row in 0..<count where !nulls.wasNull(row) {
            let value =
                isFloat ? Double(input.pointer(as: Float.self)[row]) : input.pointer(as: Double.self)[row]
            if let result = rounding.decimal(value) {
                sink.put(Int128(result), row)
                continue
            }
            var text = "\(value)"
            let parsed = text.withUTF8 { NumberText.parseDecimal(UnsafeRawBufferPointer($0), scale: scale) }
            if value.isFinite, let result = parsed, WideDecimal.fits(result, precision: precision) {
                sink.put(result, row)
            } else if mode == .error, value.isFinite {
                throw Failure.outOfRange(NumberText.text(value), target)
            } else {
                nulls.setNull(row)
            }
        }
        return .flat(target, count: count, values: sink.buffer, validity: nulls.validity)
    }

    /// Casts decimals to integers (fraction cut off), floating-point numbers and booleans.
    func fromDecimal() throws(EngineError) -> Vector {
        let (_, scale) = DecimalArithmetic.shape(input.type)
        let reader = DecimalArithmetic.Reader(input)
        switch target.physical {
        case .double:
            let (buffer, out) = Loops.values(Double.self, count)
            if input.type.physical == .int64, scale <= 22 {
                let divisor = Double(WideDecimal.power(scale))
                let exact: Int64 = 1 << 53
                Loops.unary(input, count, out) { (x: Int64) in
                    x > -exact && x < exact ? Double(x) / divisor : NumberText.double(Int128(x), scale: scale)
                }
            } else {
                for row in 0..<count { out[row] = NumberText.double(reader[row], scale: scale) }
            }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case .float:
            let (buffer, out) = Loops.values(Float.self, count)
            for row in 0..<count { out[row] = NumberText.float(reader[row], scale: scale) }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case .bool:
            let (buffer, out) = Loops.values(UInt8.self, count)
            for row in 0..<count { out[row] = reader[row] != 0 ? 1 : 0 }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case .int8: return try cut(Int8.self, reader, scale)
        case .int16: return try cut(Int16.self, reader, scale)
        case .int32: return try cut(Int32.self, reader, scale)
        default: return try cut(Int64.self, reader, scale)
        }
    }

    private func cut<R: FixedWidthInteger>(
        _ to: R.Type, _ reader: DecimalArithmetic.Reader, _ scale: Int
    ) throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(R.self, count)
        let divisor = WideDecimal.power(scale)
        var bad = false
        for row in 0..<count {
            let value = reader[row] / divisor
            out[row] = R(truncatingIfNeeded: value)
            if R(exactly: value) == nil { bad = true }
        }
        return try finish(buffer, failed: bad && mode != .legacy, error: overflow) {
            R(exactly: reader[$0] / divisor) == nil
        }
    }
}
