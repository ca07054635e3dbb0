import Columns
import Testing
import Vocabulary

@testable import Plans

@Suite("Plan codec")
struct PlanCodecTests {
    private static func roundTrip(_ fragment: TaskFragment) throws -> TaskFragment {
        try PlanCodec.decode(try PlanCodec.encode(fragment))
    }

    @Test("every type, value, expression and literal survives the wire", arguments: PlanCorpus.expressions)
    func expression(_ expression: Expression) throws {
        let fragment = PlanCorpus.fragment(expression)
        #expect(try Self.roundTrip(fragment) == fragment)
    }

    @Test("every operator survives the wire", arguments: PlanCorpus.nodes)
    func node(_ plan: PhysicalPlan) throws {
        let fragment = PlanCorpus.fragment(plan)
        #expect(try Self.roundTrip(fragment) == fragment)
    }

    @Test("every output survives the wire", arguments: PlanCorpus.outputs)
    func output(_ output: StageOutput) throws {
        let fragment = PlanCorpus.fragment(PlanCorpus.scan, output: output)
        #expect(try Self.roundTrip(fragment) == fragment)
    }

    @Test("a task that measures its operators is told so")
    func measured() throws {
        var fragment = PlanCorpus.fragment(PlanCorpus.scan)
        #expect(try !Self.roundTrip(fragment).measuresOperators)
        fragment.measuresOperators = true
        #expect(try Self.roundTrip(fragment) == fragment)
    }

    @Test("every graph survives the log", arguments: PlanCorpus.graphs)
    func graph(_ graph: StageGraph) throws {
        for broadcastBytes in [-1, 0, 1 << 40] {
            var settings = PlanCorpus.settings
            settings.broadcastBytes = broadcastBytes
            let read = try PlanCodec.decodeGraph(try PlanCodec.encode(graph, settings: settings))
            #expect(read.0 == graph)
            #expect(read.1 == settings)
        }
    }

    @Test("floating-point numbers keep their bits, NaNs with a payload too")
    func bits() throws {
        for bits in [0x7FF8_0000_0000_0001, 0xFFF0_0000_0000_00FF, 1 << 63] as [UInt64] {
            let plan = PlanCorpus.fragment(.literal(.double(Double(bitPattern: bits)))).plan
            guard case .project(let list, _, _) = try Self.roundTrip(PlanCorpus.fragment(plan)).plan,
                case .literal(let literal) = list[0], case .double(let number) = literal.value
            else {
                Issue.record("not a literal")
                continue
            }
            #expect(number.bitPattern == bits)
        }
    }

    @Test("the corpus holds every case of every enumeration")
    func coverage() {
        #expect(Set(PlanCorpus.types.map { TypeKind($0) }) == Set(TypeKind.allCases))
        #expect(Set(PlanCorpus.scalars.map { ScalarKind($0) }) == Set(ScalarKind.allCases))
        let expressions = PlanCorpus.expressions
        #expect(Set(expressions.compactMap { ExpressionKind($0) }) == Set(ExpressionKind.allCases))
        #expect(Set(PlanCorpus.nodes.map { NodeKind($0) }) == Set(NodeKind.allCases))
        #expect(Set(PlanCorpus.nodes.compactMap { ReadKind($0) }) == Set(ReadKind.allCases))
        #expect(
            Set(PlanCorpus.partitionings.map { PartitioningKind($0) }) == Set(PartitioningKind.allCases))
        #expect(Set(PlanCorpus.outputs.map { OutputKind($0) }) == Set(OutputKind.allCases))
        #expect(Set(PlanCorpus.writes.map { WriteKind($0.mode) }) == Set(WriteKind.allCases))
        #expect(Set(PlanCorpus.writes.map(\.format)) == Set(FileFormat.allCases))
        #expect(Set(PlanCorpus.graphs.map { ResultKind($0.result) }) == Set(ResultKind.allCases))
        for mode in everyCase(CastMode.self) {
            #expect(expressions.contains { if case .cast(_, _, mode, _) = $0 { true } else { false } })
        }
        for mode in everyCase(AggregateMode.self) { #expect(PlanCorpus.nodes.contains { $0.isIn(mode) }) }
        for kind in everyCase(JoinKind.self) {
            #expect(PlanCorpus.nodes.contains { $0.hashJoin?.kind == kind })
        }
        for side in everyCase(PhysicalHashJoin.Side.self) {
            #expect(PlanCorpus.nodes.contains { $0.hashJoin?.build == side })
        }
    }

    @Test("a subquery cannot be sent")
    func subquery() {
        let plan = LogicalPlan.values(rows: [], output: [])
        let expression = Expression.subquery(SubqueryExpression(kind: .exists, plan: plan, type: .boolean))
        #expect { try PlanCodec.encode(PlanCorpus.fragment(expression)) } throws: {
            ($0 as? EngineError)?.code == "INTERNAL_ERROR"
        }
    }

    @Test("the same fragment gives the same bytes every time")
    func deterministic() throws {
        var fragment = PlanCorpus.fragment(PlanCorpus.scan)
        let options = Dictionary(uniqueKeysWithValues: (0..<50).map { ("spark.key\($0)", "\($0)") })
        fragment.settings.options = options
        let bytes = try PlanCodec.encode(fragment)
        fragment.settings.options = [:]
        for (key, value) in options.reversed() { fragment.settings.options[key] = value }
        #expect(try PlanCodec.encode(fragment) == bytes)
    }
}

extension PhysicalPlan {
    fileprivate var hashJoin: PhysicalHashJoin? { if case .hashJoin(let join) = self { join } else { nil } }

    fileprivate func isIn(_ mode: AggregateMode) -> Bool {
        if case .aggregate(let aggregate) = self { aggregate.mode == mode } else { false }
    }
}
