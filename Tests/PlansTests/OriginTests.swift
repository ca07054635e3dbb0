import Columns
import Testing
import Vocabulary

@testable import Plans

@Suite("Origins of expressions")
struct OriginTests {
    private static let place = Vocabulary.SourceLocation(
        file: "job.sql", line: 3, column: 7, lineText: "SELECT 1 / x", length: 5)

    private static func divided(_ origin: Origin) -> Plans.Expression {
        .call(
            FunctionCall(
                "divide", [.literal(.int32(1)), .input(0, .int32)], type: .double, origin: origin))
    }

    private static func origin(_ expression: Plans.Expression) -> Vocabulary.SourceLocation? {
        switch expression {
        case .call(let call): call.origin.location
        case .cast(_, _, _, let origin): origin.location
        default: nil
        }
    }

    @Test("an origin is no part of an expression's identity")
    func identity() {
        let (one, other) = (Self.divided(Origin(Self.place)), Self.divided(.none))
        #expect(one == other && one.hashValue == other.hashValue)
        #expect(Set([one, other]).count == 1)
    }

    @Test("origins of calls and casts survive the wire and rewriting")
    func wire() throws {
        let cast = Plans.Expression.cast(
            .input(0, .string), to: .int32, mode: .ansi, origin: Origin(Self.place))
        for expression in [Self.divided(Origin(Self.place)), cast] {
            let plan = try PlanCodec.decode(try PlanCodec.encode(PlanCorpus.fragment(expression))).plan
            guard case .project(let list, _, _) = plan, let read = list.first else {
                Issue.record("no projection")
                continue
            }
            #expect(Self.origin(read) == Self.place)
            #expect(Self.origin(read.rewritten { $0 }) == Self.place)
        }
    }

    @Test("an error gets the innermost place, and one of the machine gets none")
    func placing() {
        let origin = Origin(Self.place)
        func error(_ thrown: EngineError) -> EngineError? {
            do {
                _ = try origin.placing { () throws -> Int in throw thrown }
                return nil
            } catch { return error as? EngineError }
        }
        #expect(error(.data("DIVIDE_BY_ZERO", "x"))?.location == Self.place)
        var inner = EngineError.data("DIVIDE_BY_ZERO", "x")
        inner.location = Vocabulary.SourceLocation(file: "a", line: 1, column: 1, lineText: "b")
        #expect(error(inner)?.location?.file == "a")
        #expect(error(.system("LOST", "x"))?.location == nil)
    }

    @Test("places that no text has are refused")
    func damaged() throws {
        var message = WireOrigin()
        message.line = 1
        message.column = .max
        message.length = 1
        #expect(throws: EngineError.self) { try Origin(true, message) }
        message.column = 1
        message.length = 0
        #expect(throws: EngineError.self) { try Origin(true, message) }
    }
}
