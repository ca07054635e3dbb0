import Columns
import Plans
import SeededRandom
import Testing
import Vocabulary

@testable import Execution

/// Grouping sets give the same groups when the finest ones are put together first.
@Suite("Grouping sets")
struct FinestGroupsTests {
    private static let schema = Schema([
        Field("a", .int32), Field("b", .string), Field("c", .int64), Field("x", .int64),
    ])
    private static let types: [DataType] = [.int32, .string, .int64]

    private func rows(_ count: Int) -> PhysicalPlan {
        var random = SplitMix(state: 3)
        return PlanText.values(
            Self.schema,
            (0..<count).map { _ in
                [
                    random.roll(5) == 0 ? .null : .integer(Int64(random.roll(3))),
                    random.roll(5) == 0 ? .null : .string("group \(random.roll(4)) of many"),
                    .integer(Int64(random.roll(5))),
                    random.roll(9) == 0 ? .null : .integer(Int64(random.roll(1000))),
                ]
            })
    }

    /// CUBE (a, b, c): x, the groups or null, and the set's number.
    private func cube(_ input: PhysicalPlan) -> PhysicalPlan {
        let sets = (0..<8).map { (set: Int) -> [Expression] in
            let groups = Self.types.enumerated().map { at, type -> Expression in
                set & (4 >> at) == 0 ? .input(at, type) : .literal(.null(type))
            }
            return [.input(3, .int64)] + groups + [.literal(.int64(Int64(set)))]
        }
        let fields = [Self.schema[3]] + Self.schema.fields[0..<3] + [Field("set", .int64)]
        return .expand(sets, schema: Schema(fields), input: input)
    }

    private let groups: [Expression] = [
        .input(1, .int32), .input(2, .string), .input(3, .int64), .input(4, .int64),
    ]

    private var calls: [AggregateCall] {
        let x = Expression.input(0, .int64)
        let isSmall = Expression.call(FunctionCall("less", [x, .literal(.int64(300))], type: .boolean))
        return [
            AggregateCall("count", [], type: .int64), AggregateCall("sum", [x], type: .int64),
            AggregateCall("avg", [x], type: .double), AggregateCall("min", [x], type: .int64),
            AggregateCall("count", [x], filter: isSmall, type: .int64),
            AggregateCall("sum", [x], filter: isSmall, type: .int64),
        ]
    }

    private func aggregate(_ mode: AggregateMode, _ calls: [AggregateCall], _ input: PhysicalPlan)
        -> PhysicalPlan
    {
        let types = groups.map(\.type) + calls.map(\.type)
        let fields = types.enumerated().map { Field("c\($0.offset)", $0.element) }
        let keys =
            mode == .final ? groups.enumerated().map { .input($0.offset, $0.element.type) } : groups
        return .aggregate(
            PhysicalAggregate(
                mode: mode, groups: keys, aggregates: calls, schema: Schema(fields), input: input))
    }

    private func run(_ plan: PhysicalPlan) throws -> [String] {
        try StageRunner().run(PlanText.single(plan)).map { "\($0)" }.sorted()
    }

    private func parts(_ plan: PhysicalPlan) -> FinestGroups? {
        guard case .aggregate(let aggregate) = plan else { return nil }
        return FinestGroups(aggregate) { _ in [.int64] }
    }

    @Test("a cube in one step or two gives what each of its sets gives alone")
    func cubes() throws {
        let input = rows(3000)
        guard case .expand(let sets, let schema, _) = cube(input) else { return }
        var expected: [String] = []
        for set in sets {
            let alone = PhysicalPlan.expand([set], schema: schema, input: input)
            #expect(parts(aggregate(.complete, calls, alone)) == nil)
            expected += try run(aggregate(.complete, calls, alone))
        }
        let complete = aggregate(.complete, calls, cube(input))
        #expect(parts(complete) != nil)
        #expect(try run(complete) == expected.sorted())
        let partial = aggregate(.partial, calls, cube(input))
        #expect(parts(partial) != nil)
        #expect(try run(aggregate(.final, calls, partial)) == expected.sorted())
        #expect(try run(complete).count > 100)
    }

    @Test("aggregates that see the order of rows, or other values in each set, are left as they are")
    func kept() {
        let x = Expression.input(0, .int64)
        func isParted(_ call: AggregateCall) -> Bool {
            parts(aggregate(.complete, [call], cube(rows(1)))) != nil
        }
        #expect(isParted(AggregateCall("max", [x], type: .int64)))
        #expect(!isParted(AggregateCall("last", [x], type: .int64)))
        #expect(!isParted(AggregateCall("collect_list", [x], type: .array(.int64, containsNull: true))))
        #expect(!isParted(AggregateCall("sum", [x], distinct: true, type: .int64)))
        #expect(!isParted(AggregateCall("count", [.input(1, .int32)], type: .int64)))
        let isOfSet = Expression.call(
            FunctionCall("less", [.input(4, .int64), .literal(.int64(3))], type: .boolean))
        #expect(!isParted(AggregateCall("sum", [x], filter: isOfSet, type: .int64)))
        let random = Expression.call(FunctionCall("rand", [.literal(.int64(1))], type: .double))
        #expect(!isParted(AggregateCall("sum", [random], type: .double)))
    }

    @Test("rows that are groups of their own, in the finest set and in the others, pass both aggregations")
    func distinct() throws {
        let count: Int64 = 300_000
        let id = Expression.input(0, .int64)
        let half = Expression.call(FunctionCall("div", [id, .literal(.int64(2))], type: .int64))
        let none = Expression.literal(.null(.int64))
        let sets = [[id, half, .literal(.int64(0))], [id, none, .literal(.int64(1))]]
        let names = ["a", "b", "set"].map { Field($0, .int64) }
        let range = PhysicalPlan.range(
            NumberRange(start: 0, step: 1, count: count), schema: Schema([Field("id", .int64)]), tasks: 1)
        func grouped(_ mode: AggregateMode, _ input: PhysicalPlan) -> PhysicalPlan {
            .aggregate(
                PhysicalAggregate(
                    mode: mode, groups: (0..<3).map { .input($0, .int64) },
                    aggregates: [AggregateCall("count", [], type: .int64)],
                    schema: Schema(names + [Field("n", .int64)]), input: input))
        }
        let partial = grouped(.partial, .expand(sets, schema: Schema(names), input: range))
        #expect(parts(partial) != nil)
        let totals = PhysicalPlan.aggregate(
            PhysicalAggregate(
                mode: .complete, groups: [],
                aggregates: [
                    AggregateCall("count", [], type: .int64),
                    AggregateCall("sum", [.input(3, .int64)], type: .int64),
                    AggregateCall("sum", [id], type: .int64),
                    AggregateCall("max", [.input(3, .int64)], type: .int64),
                ], schema: Schema((0..<4).map { Field("t\($0)", .int64) }),
                input: grouped(.final, partial)))
        let rows = try StageRunner().run(PlanText.single(totals))
        let wanted: [Scalar] = [
            .integer(2 * count), .integer(2 * count), .integer(count * (count - 1)), .integer(1),
        ]
        #expect(rows == [wanted])
    }
}
