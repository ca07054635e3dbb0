import Columns
import Memory
import Vocabulary

/// Names the operations that stay within their operands' type.
package enum ArithmeticOperator: UInt8, Sendable {
    case add, subtract, multiply

    var symbol: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        }
    }

    var tryName: String { "try_\(self)" }
}

/// Adds, subtracts, multiplies, divides and negates integers and floating-point numbers. Operands have one
/// type and are flat or constant, not both constant and none a null constant.
package enum Arithmetic {
    /// Returns `a op b` for integers of one width or floating-point numbers.
    package static func evaluate(
        _ op: ArithmeticOperator, _ a: Vector, _ b: Vector, type: DataType, count: Int, mode: FailureMode
    ) throws(EngineError) -> Vector {
        switch type.physical {
        case .int8: return try integers(Int8.self, op, a, b, type, count, mode)
        case .int16: return try integers(Int16.self, op, a, b, type, count, mode)
        case .int32: return try integers(Int32.self, op, a, b, type, count, mode)
        case .int64: return try integers(Int64.self, op, a, b, type, count, mode)
        case .float: return floats(Float.self, op, a, b, type, count)
        case .double: return floats(Double.self, op, a, b, type, count)
        default: throw .internal("no arithmetic on \(type.sqlName)")
        }
    }

    @inline(__always)
    private static func floats<T: BinaryFloatingPoint>(
        _ element: T.Type, _ op: ArithmeticOperator, _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int
    ) -> Vector {
        let (buffer, out) = Loops.values(T.self, count)
        switch op {
        case .add: Loops.binary(a, b, count, out) { (x: T, y: T) in x + y }
        case .subtract: Loops.binary(a, b, count, out) { (x: T, y: T) in x - y }
        case .multiply: Loops.binary(a, b, count, out) { (x: T, y: T) in x * y }
        }
        return .flat(type, count: count, values: buffer, validity: Loops.validity([a, b]))
    }

    @inline(__always)
    private static func integers<T: FixedWidthInteger & SignedInteger>(
        _ element: T.Type, _ op: ArithmeticOperator, _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int,
        _ mode: FailureMode
    ) throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(T.self, count)
        var failed: T = 0
        switch op {
        case .add:
            Loops.binary(a, b, count, out) { (x: T, y: T) in
                let r = x &+ y
                failed |= (x ^ r) & (y ^ r)
                return r
            }
        case .subtract:
            Loops.binary(a, b, count, out) { (x: T, y: T) in
                let r = x &- y
                failed |= (x ^ y) & (x ^ r)
                return r
            }
        case .multiply:
            Loops.binary(a, b, count, out) { (x: T, y: T) in
                let (r, overflow) = x.multipliedReportingOverflow(by: y)
                failed |= overflow ? T.min : 0
                return r
            }
        }
        let validity = Loops.validity([a, b])
        if failed >= 0 || mode == .legacy {
            return .flat(type, count: count, values: buffer, validity: validity)
        }
        let nulls = try findOverflow(T.self, op, a, b, type, count, mode, validity)
        return .flat(type, count: count, values: buffer, validity: nulls)
    }

    /// Looks at each row that is not null, once a loop has seen that some row overflowed.
    private static func findOverflow<T: FixedWidthInteger & SignedInteger>(
        _ element: T.Type, _ op: ArithmeticOperator, _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int,
        _ mode: FailureMode, _ validity: Bitmap?
    ) throws(EngineError) -> Bitmap? {
        var nulls = NullCollector(validity, count: count)
        let (x, y) = (a.pointer(as: T.self), b.pointer(as: T.self))
        for i in 0..<count where !nulls.wasNull(i) {
            let (p, q) = (x[a.form == .constant ? 0 : i], y[b.form == .constant ? 0 : i])
            let overflow =
                switch op {
                case .add: p.addingReportingOverflow(q).overflow
                case .subtract: p.subtractingReportingOverflow(q).overflow
                case .multiply: p.multipliedReportingOverflow(by: q).overflow
                }
            if !overflow { continue }
            if mode == .error {
                let operation = "\(p) \(op.symbol) \(q)"
                if T.bitWidth < 32 { throw Failure.smallOverflow(operation, tryName: op.tryName) }
                throw Failure.overflow(type, values: operation, tryName: op.tryName)
            }
            nulls.setNull(i)
        }
        return nulls.validity
    }

    /// Returns `a / b` of doubles; division by zero fails or is null.
    package static func divide(_ a: Vector, _ b: Vector, count: Int, mode: FailureMode) throws(EngineError)
        -> Vector
    {
        let (buffer, out) = Loops.values(Double.self, count)
        var zero: UInt8 = 0
        Loops.binary(a, b, count, out) { (x: Double, y: Double) in
            zero |= y == 0 ? 1 : 0
            return x / y
        }
        var validity = Loops.validity([a, b])
        if zero != 0 {
            validity = try zeroDivisors(Double.self, b, count, mode, validity, Failure.divideByZero)
        }
        return .flat(.double, count: count, values: buffer, validity: validity)
    }

    private static func zeroDivisors<T: Numeric>(
        _ element: T.Type, _ b: Vector, _ count: Int, _ mode: FailureMode, _ validity: Bitmap?,
        _ error: () -> EngineError
    ) throws(EngineError) -> Bitmap? {
        var nulls = NullCollector(validity, count: count)
        let y = b.pointer(as: T.self)
        for i in 0..<count where !nulls.wasNull(i) && y[b.form == .constant ? 0 : i] == T.zero {
            if mode == .error { throw error() }
            nulls.setNull(i)
        }
        return nulls.validity
    }

    /// Names the operations by a divisor.
    package enum Division: UInt8, Sendable {
        /// Quotient cut towards zero (`div`).
        case quotient
        /// Remainder with the dividend's sign (`%`).
        case remainder
        /// Remainder that is never negative for a positive divisor (`pmod`).
        case modulus
    }

    /// Returns the integral quotient, the remainder or the modulus.
    package static func divide(
        _ kind: Division, _ a: Vector, _ b: Vector, type: DataType, count: Int, mode: FailureMode
    ) throws(EngineError) -> Vector {
        switch a.type.physical {
        case .int8: return try integerDivision(Int8.self, kind, a, b, type, count, mode)
        case .int16: return try integerDivision(Int16.self, kind, a, b, type, count, mode)
        case .int32: return try integerDivision(Int32.self, kind, a, b, type, count, mode)
        case .int64: return try integerDivision(Int64.self, kind, a, b, type, count, mode)
        case .float: return try floatRemainder(Float.self, kind, a, b, type, count, mode)
        case .double: return try floatRemainder(Double.self, kind, a, b, type, count, mode)
        default: throw .internal("no integral division of \(type.sqlName)")
        }
    }

    private static func integerDivision<T: FixedWidthInteger & SignedInteger>(
        _ element: T.Type, _ kind: Division, _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int,
        _ mode: FailureMode
    ) throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(T.self, count)
        var zero = false
        var lowest = false
        Loops.binary(a, b, count, out) { (x: T, y: T) in
            if y == 0 {
                zero = true
                return 0
            }
            if y == -1 {
                if kind != .quotient { return 0 }
                lowest = lowest || x == T.min
                return 0 &- x
            }
            switch kind {
            case .quotient: return x / y
            case .remainder: return x % y
            case .modulus:
                let r = x % y
                if r >= 0 { return r }
                // Java adds in 32 bits at least, where the narrow types do not wrap.
                return T.bitWidth < 32
                    ? T(truncatingIfNeeded: (Int32(r) &+ Int32(y)) % Int32(y)) : (r &+ y) % y
            }
        }
        var validity = Loops.validity([a, b])
        if zero {
            let error = kind == .quotient ? Failure.divideByZero : Failure.remainderByZero
            validity = try zeroDivisors(T.self, b, count, mode, validity, error)
        }
        if lowest, mode != .legacy {
            let x = a.pointer(as: T.self)
            let y = b.pointer(as: T.self)
            var nulls = NullCollector(validity, count: count)
            for i in 0..<count where !nulls.wasNull(i) {
                if x[a.form == .constant ? 0 : i] == T.min, y[b.form == .constant ? 0 : i] == -1 {
                    if mode == .error {
                        throw Failure.overflow(.int64, values: "\(T.min) div -1", tryName: nil)
                    }
                    nulls.setNull(i)
                }
            }
            validity = nulls.validity
        }
        let result = Vector.flat(a.type, count: count, values: buffer, validity: validity)
        return result.type == type ? result : try Casting.cast(result, to: type, mode: .error, zone: .utc)
    }

    private static func floatRemainder<T: BinaryFloatingPoint>(
        _ element: T.Type, _ kind: Division, _ a: Vector, _ b: Vector, _ type: DataType, _ count: Int,
        _ mode: FailureMode
    ) throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(T.self, count)
        var zero = false
        Loops.binary(a, b, count, out) { (x: T, y: T) in
            if y == 0 { zero = true }
            let r = x.truncatingRemainder(dividingBy: y)
            if kind == .modulus, r < 0 { return (r + y).truncatingRemainder(dividingBy: y) }
            return r
        }
        var validity = Loops.validity([a, b])
        if zero { validity = try zeroDivisors(T.self, b, count, mode, validity, Failure.remainderByZero) }
        return .flat(type, count: count, values: buffer, validity: validity)
    }

    /// Returns `−a` (`absolute` false) or `|a|`.
    package static func negate(
        _ a: Vector, absolute: Bool, count: Int, mode: FailureMode
    ) throws(EngineError) -> Vector {
        switch a.type.physical {
        case .int8: return try negateIntegers(Int8.self, a, absolute, count, mode)
        case .int16: return try negateIntegers(Int16.self, a, absolute, count, mode)
        case .int32: return try negateIntegers(Int32.self, a, absolute, count, mode)
        case .int64: return try negateIntegers(Int64.self, a, absolute, count, mode)
        case .int128: return try negateIntegers(Int128.self, a, absolute, count, mode)
        case .float:
            let (buffer, out) = Loops.values(Float.self, count)
            Loops.unary(a, count, out) { (x: Float) in absolute ? x.magnitude : -x }
            return .flat(a.type, count: count, values: buffer, validity: a.validity)
        case .double:
            let (buffer, out) = Loops.values(Double.self, count)
            Loops.unary(a, count, out) { (x: Double) in absolute ? x.magnitude : -x }
            return .flat(a.type, count: count, values: buffer, validity: a.validity)
        default: throw .internal("no negation of \(a.type.sqlName)")
        }
    }

    private static func negateIntegers<T: FixedWidthInteger & SignedInteger>(
        _ element: T.Type, _ a: Vector, _ absolute: Bool, _ count: Int, _ mode: FailureMode
    ) throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(T.self, count)
        var lowest: UInt8 = 0
        Loops.unary(a, count, out) { (x: T) in
            lowest |= x == T.min ? 1 : 0
            return absolute && x >= 0 ? x : 0 &- x
        }
        if lowest != 0, mode == .error {
            let x = a.pointer(as: T.self)
            for i in 0..<count where x[i] == T.min && !a.isNull(i) {
                if a.type.isInterval && !absolute { throw Failure.intervalOverflow() }
                throw Failure.overflow(a.type, values: "-(\(T.min))", tryName: nil)
            }
        }
        return .flat(a.type, count: count, values: buffer, validity: a.validity)
    }
}
