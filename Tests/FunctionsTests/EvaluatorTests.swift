import Columns
import Functions
import Kernels
import Memory
import Plans
import Testing
import Vocabulary

import struct Foundation.Decimal
import class Foundation.NSDecimalNumber
import func Foundation.NSDecimalRound

@Suite struct EvaluatorTests {
    private let settings = SessionSettings()
    private let a = Expression.input(0, .int32)

    private func call(_ name: String, _ arguments: [Expression], _ type: DataType) -> Expression {
        .call(FunctionCall(name, arguments, type: type))
    }
    private func literal(_ value: Int32) -> Expression { .literal(.int32(value)) }
    private func batch(_ values: [Scalar]) -> Batch {
        Batch(columns: [.of(.int32, values)], count: values.count)
    }
    private func run(_ expression: Expression, _ batch: Batch) throws -> [Scalar] {
        let result = try Evaluator([expression], settings: settings).evaluate(batch)[0]
        return (0..<batch.count).map { result.scalar(at: $0) }
    }
    private var tenDividedByA: Expression {
        call("div", [.literal(.int64(10)), .cast(a, to: .int64, mode: .ansi)], .int64)
    }

    @Test("a CASE evaluates each branch only on its own rows")
    func lazyCase() throws {
        let isZero = call("equal", [a, literal(0)], .boolean)
        let expression = Expression.conditional(
            [ConditionalBranch(condition: isZero, result: .literal(.int64(-1)))], otherwise: tenDividedByA,
            type: .int64)
        let rows = batch([.integer(0), .integer(5), .null, .integer(3)])
        #expect(try run(expression, rows) == [.integer(-1), .integer(2), .null, .integer(3)])
        #expect(throws: EngineError.self) { try run(tenDividedByA, rows) }
    }

    @Test("AND and OR do not reach the rows that their left side decides")
    func lazyLogic() throws {
        let notZero = call("not_equal", [a, literal(0)], .boolean)
        let big = call("greater", [tenDividedByA, .literal(.int64(2))], .boolean)
        let rows = batch([.integer(0), .integer(5), .null, .integer(3)])
        #expect(
            try run(call("and", [notZero, big], .boolean), rows) == [
                .boolean(false), .boolean(false), .null, .boolean(true),
            ])
        let zero = call("equal", [a, literal(0)], .boolean)
        #expect(
            try run(call("or", [zero, big], .boolean), rows) == [
                .boolean(true), .boolean(false), .null, .boolean(true),
            ])
        let predicate = try Predicate([notZero, big], settings: settings)
        let selection = try predicate.select(rows)
        #expect((0..<selection.count).map { selection.rows[$0] } == [3])
    }

    @Test("null rows do not fail, whatever lies in them")
    func nullRows() throws {
        let values = Vector.of(.int32, [.integer(Int64(Int32.max)), .integer(1)])
        let vector = Vector.flat(.int32, count: 2, values: values.values, validity: Bitmap([false, true]))
        let expression = call("add", [a, literal(1)], .int32)
        let result = try Evaluator([expression], settings: settings).evaluate(
            Batch(columns: [vector], count: 2))[0]
        #expect((0..<2).map { result.scalar(at: $0) } == [.null, .integer(2)])
    }

    @Test("a function of a dictionary is computed once per entry, and an entry that no row holds cannot fail")
    func dictionaries() throws {
        let entries = Vector.of(.string, [.string("1"), .string("bad"), .string("3")])
        let codes = Vector.of(.int32, [.integer(2), .integer(0), .integer(0)])
        guard let buffer = codes.values else { return }
        let vector = Vector.dictionary(
            entries, codes: buffer, count: 3, validity: Bitmap([true, true, false]))
        let rows = Batch(columns: [vector], count: 3)
        let text = Expression.input(0, .string)
        let upper = try Evaluator([call("upper", [text], .string)], settings: settings).evaluate(rows)[0]
        #expect(upper.form == .dictionary)
        #expect(try run(.cast(text, to: .int32, mode: .ansi), rows) == [.integer(3), .integer(1), .null])
    }

    @Test("shared parts and constants give the same as parts computed alone")
    func shared() throws {
        let sum = call("add", [a, literal(1)], .int32)
        let product = call("multiply", [sum, sum], .int32)
        let evaluator = try Evaluator([product, sum, literal(7)], settings: settings)
        let result = try evaluator.evaluate(batch([.integer(2), .null]))
        #expect((0..<2).map { result[0].scalar(at: $0) } == [.integer(9), .null])
        #expect(result[2].form == .constant)
    }

    @Test("draws without a seed differ between rows, batches and runs, and those of a seed repeat")
    func draws() throws {
        let rows = Batch(columns: [], count: 50)
        func drawn(_ name: String, _ arguments: [Expression], _ type: DataType) throws -> [Scalar] {
            let evaluator = try Evaluator([call(name, arguments, type)], settings: settings)
            return try (0..<2).flatMap { _ -> [Scalar] in
                let values = try evaluator.evaluate(rows)[0]
                return (0..<rows.count).map { values.scalar(at: $0) }
            }
        }
        let bounds: [Expression] = [.literal(.int64(0)), .literal(.int64(1 << 50))]
        let seed = Expression.literal(.int64(7))
        let calls: [(String, [Expression], DataType)] = [
            ("rand", [], .double), ("randn", [], .double), ("randstr", [literal(20)], .string),
            ("uniform", bounds, .int64),
        ]
        for (name, arguments, type) in calls {
            let twice = try drawn(name, arguments, type) + drawn(name, arguments, type)
            #expect(Set(twice).count == 200, "\(name)")
            #expect(
                try drawn(name, arguments + [seed], type) == drawn(name, arguments + [seed], type),
                "\(name)")
        }
    }

    @Test("doubles are rounded by their shortest decimal text, ties among them")
    func rounding() throws {
        var values: [Double] = [0.285, 1.005, 2.675, 0.5, 1.5, 2.5, -2.5, -0.25, 1e11 + 0.5, 0.1 + 0.2, 4.35]
        var state: UInt64 = 1
        for i in 0..<4000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let digits = Double(Int(state >> 33) % 100_000_000)
            let value = digits / [1, 10, 1000, 100_000, 10_000_000][i % 5]
            values += [value, -value, value.nextUp, value.nextDown]
        }
        let column = Vector.of(.double, values.map { .double($0) })
        let rows = Batch(columns: [column], count: values.count)
        for (name, rule) in [("round", NSDecimalNumber.RoundingMode.plain), ("bround", .bankers)] {
            for places in [0, 1, 2, 4, 6] {
                let rounded = call(
                    name, [.input(0, .double), .literal(.int32(Int32(places)))], .double)
                for (value, found) in zip(values, try run(rounded, rows)) {
                    var exact = try #require(Decimal(string: "\(value.magnitude)"))
                    var expected = Decimal()
                    NSDecimalRound(&expected, &exact, places, rule)
                    let magnitude = try #require(Double("\(expected)"))
                    let wanted = value < 0 ? -magnitude : magnitude
                    #expect(found == .double(wanted), "\(name)(\(value), \(places))")
                }
            }
        }
    }

    @Test("an unknown function is an error with a suggestion")
    func unknown() {
        #expect(FunctionRegistry.shared.unknown("uper").remedy == "Did you mean `upper`?")
    }
}
