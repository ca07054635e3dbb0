import Columns
import Foundation
import Kernels
import Memory
import Testing

/// Measures kernels when `MILLRACE_SPEED` is set; prints nanoseconds per row.
@Suite struct KernelSpeedTests {
    private static let isAsked = ProcessInfo.processInfo.environment["MILLRACE_SPEED"] != nil

    private func time(_ name: String, rows: Int, _ body: () throws -> Void) rethrows {
        var best = Double.infinity
        for _ in 0..<7 {
            let clock = ContinuousClock()
            let taken = try clock.measure(body)
            best = min(
                best, Double(taken.components.attoseconds) / 1e9 + Double(taken.components.seconds) * 1e9)
        }
        print("\(name): \(String(format: "%.2f", best / Double(rows))) ns/row")
    }

    private func numbers(_ count: Int, _ bound: Int64) -> Vector {
        let buffer = Buffer(byteCount: count * 8)
        var state: UInt64 = 88_172_645_463_325_252
        for i in 0..<count {
            state = Hashing.hash(state)
            buffer.pointer(as: Int64.self)[i] = Int64(bitPattern: state) % bound
        }
        return .flat(.int64, count: count, values: buffer)
    }

    @Test("kernels of 2,048 rows and a sort of 10 million", .enabled(if: isAsked))
    func speed() throws {
        let n = 2048
        let (a, b) = (numbers(n, 1_000_000), numbers(n, 1000))
        let repeats = 2000
        func many(_ name: String, _ body: () throws -> Void) rethrows {
            try time(name, rows: n * repeats) { for _ in 0..<repeats { try body() } }
        }
        try many("add int64") {
            _ = try Arithmetic.evaluate(.add, a, b, type: .int64, count: n, mode: .error)
        }
        try many("multiply int64") {
            _ = try Arithmetic.evaluate(.multiply, a, b, type: .int64, count: n, mode: .error)
        }
        let (p, q) = (
            a.retyped(.decimal(precision: 15, scale: 2)), b.retyped(.decimal(precision: 16, scale: 2))
        )
        try many("multiply decimal to 128 bits") {
            _ = try DecimalArithmetic.evaluate(
                .multiply, p, q, type: .decimal(precision: 32, scale: 4), count: n, mode: .error)
        }
        let constant = Vector.constant(.int64(0), count: n)
        many("compare int64 with constant") { _ = Comparison.evaluate(.less, a, constant, count: n) }
        let truth = Comparison.evaluate(.less, a, constant, count: n)
        many("select true, half") { _ = Selecting.selectTrue(truth) }
        let selection = Selecting.selectTrue(truth)
        many("gather int64, half (per input row)") { _ = a.gathered(selection.rows, count: selection.count) }
        many("hash int64") { _ = Hashing.hash([a], count: n) }
        many("hash two columns") { _ = Hashing.hash([a, b], count: n) }
        let big = numbers(10_000_000, .max)
        time("sort 10 M int64", rows: 10_000_000) {
            _ = SortKeys.sortedRows(columns: [big], ascending: [true], nullsFirst: [true], count: 10_000_000)
        }
    }
}
