import Columns
import Kernels
import Testing

@Suite("Kernel matrix of decimals")
struct DecimalMatrixTests {
    /// Pairs on both sides of the 64-bit border, of the 38 digits, and with scales far apart.
    static let pairs: [[DataType]] = {
        let all = KernelMatrixTests.decimals
        return all.flatMap { a in all.filter { $0 != a || a.physical == .int64 }.map { [a, $0] } }
            .enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }()

    /// Spark's types of results (`DecimalPrecision`), with precision loss allowed.
    static func result(_ name: String, _ a: DataType, _ b: DataType) -> DataType {
        let ((p, s), (q, t)) = (DecimalArithmetic.shape(a), DecimalArithmetic.shape(b))
        var (precision, scale) = (0, 0)
        switch name {
        case "+", "-": (precision, scale) = (max(p - s, q - t) + max(s, t) + 1, max(s, t))
        case "*": (precision, scale) = (p + q + 1, s + t)
        case "/":
            scale = max(6, s + q + 1)
            precision = p - s + t + scale
        default: (precision, scale) = (min(p - s, q - t) + max(s, t), max(s, t))
        }
        if precision > 38 { (precision, scale) = (38, max(38 - (precision - scale), min(scale, 6))) }
        return .decimal(precision: precision, scale: scale)
    }

    private func check(
        _ name: String, _ types: [DataType], _ result: DataType,
        _ kernel: @escaping @Sendable ([Vector], Int, FailureMode) throws -> Vector,
        _ reference: @escaping @Sendable (Int128, Int128, FailureMode) -> Outcome
    ) {
        var check = MatrixCheck(
            MatrixOperation(
                name: name, types: types, result: result, modes: [.error, .null, .legacy], kernel: kernel,
                reference: { row, mode in
                    guard case .decimal(let a) = row[0], case .decimal(let b) = row[1] else { return .null }
                    return reference(a, b, mode)
                }))
        check.run()
        for difference in check.differences { Issue.record("\(difference)") }
        #expect(check.rowsSeen > 1000)
    }

    @Test("+, -, * and / of decimals", arguments: pairs)
    func arithmetic(_ types: [DataType]) {
        for (name, op) in [("+", ArithmeticOperator.add), ("-", .subtract), ("*", .multiply)] {
            let result = DecimalMatrixTests.result(name, types[0], types[1])
            check(name, types, result) { operands, count, mode in
                try DecimalArithmetic.evaluate(
                    op, operands[0], operands[1], type: result, count: count, mode: mode)
            } _: { a, b, mode in
                ValueReference.decimals(op, a, b, types, result, mode)
            }
        }
        let result = DecimalMatrixTests.result("/", types[0], types[1])
        check("/", types, result) { operands, count, mode in
            try DecimalArithmetic.divide(operands[0], operands[1], type: result, count: count, mode: mode)
        } _: { a, b, mode in
            ValueReference.quotient(a, b, types, result, mode)
        }
    }

    @Test("div, % and pmod of decimals", arguments: pairs)
    func division(_ types: [DataType]) {
        for kind in [Arithmetic.Division.quotient, .remainder, .modulus] {
            let result =
                kind == .quotient ? DataType.int64 : DecimalMatrixTests.result("%", types[0], types[1])
            check("\(kind)", types, result) { operands, count, mode in
                try DecimalArithmetic.divide(
                    kind, operands[0], operands[1], type: result, count: count, mode: mode)
            } _: { a, b, mode in
                ValueReference.division(kind, a, b, types, result, mode)
            }
        }
    }
}
