import Columns
import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Plans

@Suite("Deep plans")
struct PlanDepthTests {
    private static func negations(_ count: Int) -> Plans.Expression {
        var expression = Plans.Expression.input(0, .boolean)
        for _ in 0..<count { expression = .call(FunctionCall("not", [expression], type: .boolean)) }
        return expression
    }

    /// Runs `body` on a thread with a small stack.
    private static func onThread(stackBytes: Int, _ body: @escaping @Sendable () throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<(any Error)?>(nil)
        let thread = Thread {
            do { try body() } catch { failure.withLock { $0 = error } }
            done.signal()
        }
        thread.stackSize = stackBytes
        thread.start()
        done.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    @Test("the tallest chain of operators that the parser takes, with a cast around each, survives the wire")
    func chain() throws {
        var expression = Plans.Expression.input(0, .int64)
        for _ in 0..<400 {
            expression = .cast(
                .call(FunctionCall("add", [expression, .literal(.int64(1))], type: .int64)), to: .int64,
                mode: .ansi)
        }
        let fragment = PlanCorpus.fragment(expression)
        #expect(try PlanCodec.decode(try PlanCodec.encode(fragment)) == fragment)
    }

    @Test("expressions, plans, relations, types and values nested deeper than the limit are refused")
    func tooDeep() throws {
        let levels = PlanCodec.depthLimit
        var plan = PlanCorpus.read(.partition)
        var type = DataType.string
        var value = Scalar.null
        for _ in 0..<levels / 2 {
            plan = .singleRow(input: plan)
            value = .array([value])
        }
        for _ in 0..<levels { type = .array(type, containsNull: true) }
        var relation = PlanCorpus.relation
        for _ in 0..<PlanCodec.relationDepthLimit / 2 {
            relation.partitionSchema.fields[0].type = .structure(relation.partitionSchema.fields)
        }
        let scan = PhysicalScan(index: 0, relation: relation, columns: [], filters: [], output: [])
        for fragment in [
            PlanCorpus.fragment(Self.negations(levels / 2)), PlanCorpus.fragment(plan),
            PlanCorpus.fragment(.scan(scan)),
            PlanCorpus.fragment(.literal(.null(type))),
            PlanCorpus.fragment(.literal(Literal(value, .string))),
        ] {
            let bytes = try PlanCodec.encode(fragment)
            #expect { try PlanCodec.decode(bytes) } throws: {
                let error = $0 as? EngineError
                return error?.code == "CORRUPT_MESSAGE" && error?.message.hasSuffix("too deeply") == true
            }
        }
    }

    /// Plans of nearly the deepest nesting, each of another kind of message.
    private static let deepest: [TaskFragment] = {
        let levels = PlanCodec.depthLimit - 20
        var join = PlanCorpus.scan
        var filtered = PlanCorpus.scan
        var type = DataType.string
        var value = Scalar.null
        for _ in 0..<levels / 2 {
            join = .hashJoin(
                PhysicalHashJoin(
                    kind: .inner, left: join, right: PlanCorpus.read(.partition), leftKeys: [],
                    rightKeys: [], residual: nil, build: .right, buildIsShared: false, output: [],
                    schema: PlanCorpus.schema))
            filtered = .filter([], input: filtered)
            value = .structure([value])
        }
        for _ in 0..<levels { type = .array(type, containsNull: false) }
        return [
            PlanCorpus.fragment(negations(levels / 2)), PlanCorpus.fragment(join),
            PlanCorpus.fragment(filtered), PlanCorpus.fragment(.literal(.null(type))),
            PlanCorpus.fragment(.literal(Literal(value, .string))),
        ]
    }()

    @Test("the deepest plans are read on any thread, however small its stack", arguments: 0..<5)
    func stack(_ index: Int) throws {
        let bytes = try PlanCodec.encode(Self.deepest[index])
        try Self.onThread(stackBytes: 1 << 20) { _ = try PlanCodec.decode(bytes) }
    }
}
