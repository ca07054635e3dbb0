import Columns
import Kernels
import Testing
import Vocabulary

/// Every operation on every type it takes, in every form, count, null density and error mode, against
/// references written row by row.
@Suite("Kernel matrix")
struct KernelMatrixTests {
    static let decimals: [DataType] = [
        .decimal(precision: 1, scale: 0), .decimal(precision: 5, scale: 2), .decimal(precision: 18, scale: 0),
        .decimal(precision: 18, scale: 18), .decimal(precision: 19, scale: 2),
        .decimal(precision: 38, scale: 0),
        .decimal(precision: 38, scale: 18), .decimal(precision: 38, scale: 38),
    ]
    static let integers: [DataType] = [.int8, .int16, .int32, .int64]
    static let nested: [DataType] = [
        .array(.int32, containsNull: true), .array(.double, containsNull: true),
        .structure([Field("a", .int32), Field("b", .string)]),
        .array(.structure([Field("a", .decimal(precision: 20, scale: 2))]), containsNull: true),
    ]
    static let ordered: [DataType] =
        [
            .boolean, .float, .double, .string, .binary, .date, .timestamp, .timestampNTZ, .yearToMonth,
            .dayToSecond,
        ] + integers + decimals + nested

    private func check(_ operation: MatrixOperation) {
        var check = MatrixCheck(operation)
        check.run()
        for difference in check.differences { Issue.record("\(difference)") }
        #expect(check.rowsSeen > 1000)
    }

    @Test("comparisons", arguments: ordered)
    func comparison(_ type: DataType) {
        for op in [ComparisonOperator.equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual] {
            check(
                MatrixOperation(
                    name: "\(op)", types: [type, type], result: .boolean,
                    kernel: { operands, count, _ in
                        Comparison.evaluate(op, operands[0], operands[1], count: count)
                    }, reference: { row, _ in .value(.boolean(ValueReference.holds(op, row[0], row[1]))) }))
        }
        check(
            MatrixOperation(
                name: "<=>", types: [type, type], result: .boolean, takesAnyForm: true, seesNulls: true,
                kernel: { operands, count, _ in
                    Comparison.nullSafeEqual(operands[0], operands[1], count: count)
                }, reference: { row, _ in .value(.boolean(ValueReference.order(row[0], row[1]) == 0)) }))
    }

    @Test("AND, OR, NOT, IS NULL")
    func logic() {
        for deciding in [false, true] {
            check(
                MatrixOperation(
                    name: deciding ? "OR" : "AND", types: [.boolean, .boolean], result: .boolean,
                    takesAnyForm: true, seesNulls: true,
                    kernel: { operands, count, _ in
                        let (a, b) = (operands[0], operands[1])
                        return deciding ? Logic.or(a, b, count: count) : Logic.and(a, b, count: count)
                    },
                    reference: { row, _ in
                        if row.contains(.boolean(deciding)) { return .value(.boolean(deciding)) }
                        return row.contains(.null) ? .null : .value(.boolean(!deciding))
                    }))
        }
        check(
            MatrixOperation(
                name: "NOT", types: [.boolean], result: .boolean,
                kernel: { operands, count, _ in Logic.not(operands[0], count: count) },
                reference: { row, _ in .value(.boolean(row[0] == .boolean(false))) }))
    }

    @Test("IS NULL and IS NOT NULL", arguments: ordered)
    func isNull(_ type: DataType) {
        for isNull in [true, false] {
            check(
                MatrixOperation(
                    name: isNull ? "IS NULL" : "IS NOT NULL", types: [type], result: .boolean,
                    takesAnyForm: true, seesNulls: true,
                    kernel: { operands, count, _ in Logic.isNull(operands[0], null: isNull, count: count) },
                    reference: { row, _ in .value(.boolean(row[0].isNull == isNull)) }))
        }
    }

    @Test("+, - and * of integers and intervals", arguments: integers + [.yearToMonth, .dayToSecond])
    func integerArithmetic(_ type: DataType) {
        for op in [ArithmeticOperator.add, .subtract, .multiply] {
            check(
                MatrixOperation(
                    name: "\(op)", types: [type, type], result: type, modes: [.error, .null, .legacy],
                    kernel: { operands, count, mode in
                        try Arithmetic.evaluate(
                            op, operands[0], operands[1], type: type, count: count, mode: mode)
                    },
                    reference: { row, mode in
                        ValueReference.integers(op, row[0].long, row[1].long, type, mode)
                    }))
        }
    }

    @Test("+, - and * of floating-point numbers", arguments: [DataType.float, .double])
    func floatArithmetic(_ type: DataType) {
        for op in [ArithmeticOperator.add, .subtract, .multiply] {
            check(
                MatrixOperation(
                    name: "\(op)", types: [type, type], result: type,
                    kernel: { operands, count, mode in
                        try Arithmetic.evaluate(
                            op, operands[0], operands[1], type: type, count: count, mode: mode)
                    },
                    reference: { row, _ in
                        if case .float(let x) = row[0], case .float(let y) = row[1] {
                            return .value(.float(ValueReference.floats(op, x, y)))
                        }
                        return .value(.double(ValueReference.floats(op, row[0].number, row[1].number)))
                    }))
        }
    }

    @Test("/ of doubles")
    func division() {
        check(
            MatrixOperation(
                name: "/", types: [.double, .double], result: .double, modes: [.error, .null, .legacy],
                kernel: { operands, count, mode in
                    try Arithmetic.divide(operands[0], operands[1], count: count, mode: mode)
                },
                reference: { row, mode in
                    let (a, b) = (row[0].number, row[1].number)
                    return b == 0 ? .none("DIVIDE_BY_ZERO", mode) : .value(.double(a / b))
                }))
    }

    @Test("div, % and pmod", arguments: integers + [.float, .double])
    func remainders(_ type: DataType) {
        for kind in [Arithmetic.Division.quotient, .remainder, .modulus] {
            // The planner widens all operands of div to BIGINT.
            if kind == .quotient, type != .int64 { continue }
            check(
                MatrixOperation(
                    name: "\(kind)", types: [type, type], result: type, modes: [.error, .null, .legacy],
                    kernel: { operands, count, mode in
                        try Arithmetic.divide(
                            kind, operands[0], operands[1], type: type, count: count, mode: mode)
                    },
                    reference: { row, mode in
                        switch (row[0], row[1]) {
                        case (.float(let a), .float(let b)):
                            ValueReference.remainder(kind, a, b).map { .value(.float($0)) }
                                ?? .none("REMAINDER_BY_ZERO", mode)
                        case (.double(let a), .double(let b)):
                            ValueReference.remainder(kind, a, b).map { .value(.double($0)) }
                                ?? .none("REMAINDER_BY_ZERO", mode)
                        default: ValueReference.division(kind, row[0].long, row[1].long, type, mode)
                        }
                    }))
        }
    }

    @Test("- and abs of one operand", arguments: integers + [.float, .double, .dayToSecond] + decimals)
    func negation(_ type: DataType) {
        for absolute in [false, true] {
            check(
                MatrixOperation(
                    name: absolute ? "abs" : "negative", types: [type], result: type,
                    modes: [.error, .legacy],
                    kernel: { operands, count, mode in
                        try Arithmetic.negate(operands[0], absolute: absolute, count: count, mode: mode)
                    },
                    reference: { row, mode in
                        switch row[0] {
                        case .float(let x): return .value(.float(absolute ? Swift.abs(x) : -x))
                        case .double(let x): return .value(.double(absolute ? Swift.abs(x) : -x))
                        case .decimal(let x): return .value(.decimal(absolute ? Swift.abs(x) : -x))
                        default:
                            let x = Int128(row[0].long)
                            return ValueReference.fitted(
                                absolute ? Swift.abs(x) : -x, ValueReference.width(type), mode,
                                type.isInterval && !absolute
                                    ? "INTERVAL_ARITHMETIC_OVERFLOW" : "ARITHMETIC_OVERFLOW")
                        }
                    }))
        }
    }
}

extension Scalar {
    /// The value of an integer.
    var long: Int64 { if case .integer(let value) = self { value } else { 0 } }
    /// The value of a floating-point number.
    var number: Double {
        switch self {
        case .float(let value): Double(value)
        case .double(let value): value
        default: 0
        }
    }
}
