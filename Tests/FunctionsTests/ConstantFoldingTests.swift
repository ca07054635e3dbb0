import Columns
import Plans
import Testing
import Vocabulary

@testable import Functions

@Suite("Constants in plans")
struct ConstantFoldingTests {
    private func number(_ value: Int32) -> Expression { .literal(.int32(value)) }

    private func folded(_ name: String, _ arguments: [Expression], _ type: DataType) -> Expression {
        ConstantFolding.fold(
            .call(FunctionCall(name, arguments, type: type)), settings: SessionSettings())
    }

    private let numbers = DataType.array(.int32, containsNull: false)

    @Test("small values stand in plans, of large ones the expression")
    func bound() {
        #expect(folded("sequence", [number(1), number(3)], numbers).literalValue != nil)
        #expect(folded("sequence", [number(1), number(9_999_999)], numbers).literalValue == nil)
        let stepped = [number(1), number(9_999_999), number(5_000_000)]
        #expect(folded("sequence", stepped, numbers).literalValue != nil)
        let text = Expression.literal(.string("0123456789"))
        #expect(folded("repeat", [text, number(100)], .string).literalValue != nil)
        #expect(folded("repeat", [text, number(100_000_000)], .string).literalValue == nil)
        let texts = DataType.array(.string, containsNull: true)
        #expect(folded("array_repeat", [text, number(9_000_000)], texts).literalValue == nil)
        #expect(folded("space", [number(1_000_000)], .string).literalValue == nil)
        #expect(folded("lpad", [text, number(1_000_000), text], .string).literalValue == nil)
    }

    @Test("what is large only once it is made stays an expression, and so does what holds it")
    func madeLarge() {
        let long = Expression.literal(.string(String(repeating: "x", count: 40_000)))
        let joined = Expression.call(FunctionCall("concat", [long, long], type: .string))
        let folded = ConstantFolding.fold(
            .call(FunctionCall("length", [joined], type: .int32)), settings: SessionSettings())
        #expect(folded.literalValue == nil)
        let kept = ConstantFolding.fold(joined, settings: SessionSettings(), keeping: 1 << 20)
        #expect(kept.literalValue?.value == .string(String(repeating: "x", count: 80_000)))
    }

    @Test("a sequence of whole numbers is given out in pieces of any size, upwards and downwards")
    func pieces() throws {
        let type = DataType.array(.int16, containsNull: false)
        let call = Expression.call(
            FunctionCall("sequence", (0..<3).map { .input($0, .int16) }, type: type))
        let source = try #require(try NumberSequenceSource(call, settings: SessionSettings()))
        let batch = Batch(
            columns: [
                .of(.int16, [.integer(-32_768), .null, .integer(7), .integer(30_000)]),
                .of(.int16, [.integer(32_767), .integer(1), .integer(7), .integer(-30_000)]),
                .of(.int16, [.integer(13), .integer(1), .integer(0), .integer(-7)]),
            ], count: 4)
        let sequences = try source.evaluate(batch)
        #expect((0..<4).map(sequences.count) == [5042, 0, 1, 8572])
        let arrays = try Evaluator([call], settings: SessionSettings()).evaluate(batch)[0]
        for row in [0, 2, 3] {
            guard case .array(let whole) = arrays.scalar(at: row) else { continue }
            #expect(whole.count == sequences.count(row))
            for (place, count) in [(0, 1), (0, whole.count), (whole.count - 1, 1), (whole.count / 2, 1)] {
                let values = Vector.of(.int16, [Scalar](repeating: .integer(0), count: count + 1))
                sequences.write(row, from: place, count: count, to: try #require(values.values), at: 1)
                #expect((1...count).map { values.scalar(at: $0) } == Array(whole[place..<place + count]))
            }
        }
    }
}
