import Columns
import Plans
import Testing
import Vocabulary

@testable import Functions

@Suite("Filling up texts of CHAR(n)")
struct CharPaddingTests {
    private let texts = Vector.of(.string, [.string("x"), .null, .string("abcdefghijklmn"), .string("é")])

    @Test("short texts get blanks, long ones and nulls stay")
    func short() throws {
        let filled = try TextLimit.filled(13).filled(texts)
        let blanks = String(repeating: " ", count: 12)
        #expect(
            (0..<4).map { filled.scalar(at: $0) } == [
                .string("x" + blanks), .null, .string("abcdefghijklmn"), .string("é" + blanks),
            ])
    }

    @Test(
        "what would take too much memory is refused, whether read or stored",
        arguments: [2_000_000_000, Int.max])
    func long(length: Int) throws {
        let limit = TextLimit.filled(length)
        let nested = Vector.of(
            .array(.string, containsNull: true), [.array([.string("x"), .string("y")])])
        let failures: [EngineError?] = [
            #expect(throws: EngineError.self) { try limit.filled(texts) },
            #expect(throws: EngineError.self) { try limit.applied(to: texts, column: "c") },
            #expect(throws: EngineError.self) { try TextLimit.array(limit).filled(nested) },
            #expect(throws: EngineError.self) {
                try TextLimit.array(limit).applied(to: nested, column: "c")
            },
        ]
        for failure in failures { #expect(failure?.code == "INVALID_PARAMETER_VALUE") }
    }

    @Test("texts of one batch that are no longer than allowed may be too long together")
    func together() throws {
        var changes = TextChanges()
        try changes.take(600_000_000, behind: 1)
        let failure = #expect(throws: EngineError.self) { try changes.take(600_000_000, behind: 1) }
        #expect(failure?.code == "INVALID_PARAMETER_VALUE")
    }

    @Test("plans hold short texts filled up, and calls for long ones")
    func planned() {
        func fold(_ length: Int) -> Expression {
            ConstantFolding.fold(
                CharPadding.call(.literal(.string("x")), .filled(length)), settings: SessionSettings())
        }
        #expect(fold(3).literalValue?.value == .string("x  "))
        #expect(fold(ConstantFolding.plannedBytes + 1).literalValue == nil)
    }
}
