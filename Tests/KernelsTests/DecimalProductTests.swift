import Columns
import Kernels
import Testing
import Vocabulary

@Suite("Products of decimals")
struct DecimalProductTests {
    private let wide = DataType.decimal(precision: 32, scale: 4)
    private let narrow = DataType.decimal(precision: 16, scale: 2)
    private let result = DataType.decimal(precision: 38, scale: 6)

    private func check(_ x: [Int128], _ y: [Int128], nulls: Bool) throws {
        let values = x.enumerated().map { nulls && $0.offset % 3 == 0 ? Scalar.null : .decimal($0.element) }
        let a = Vector.of(wide, values)
        let b = Vector.of(narrow, y.map { .decimal($0) })
        let product = try DecimalArithmetic.evaluate(
            .multiply, a, b, type: result, count: x.count, mode: .null)
        let limit = WideDecimal.power(38)
        for row in x.indices {
            let (exact, overflow) = x[row].multipliedReportingOverflow(by: y[row])
            let fits = !overflow && exact < limit && exact > -limit
            let wanted: Scalar = nulls && row % 3 == 0 || !fits ? .null : .decimal(exact)
            #expect(product.scalar(at: row) == wanted, "\(x[row]) * \(y[row])")
        }
    }

    @Test(
        "small values, values of either sign at the edge of 64 bits, and values beyond it",
        arguments: [false, true])
    func products(nulls: Bool) throws {
        let edge: [Int128] = [
            0, 1, -1, 123_456, -98_765, Int128(Int64.max), Int128(Int64.min), Int128(Int64.max) + 1,
            Int128(Int64.min) - 1, WideDecimal.power(31), -WideDecimal.power(31),
        ]
        let other: [Int128] = [0, 7, -7, 9_999_999_999_999_999, -9_999_999_999_999_999]
        for y in other {
            let small = edge.filter { Int64(exactly: $0) != nil }
            try check(small, small.map { _ in y }, nulls: nulls)
            try check(edge, edge.map { _ in y }, nulls: nulls)
            for x in edge { try check([x], [y], nulls: nulls) }
        }
    }
}
