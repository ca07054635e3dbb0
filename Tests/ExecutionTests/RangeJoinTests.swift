import Columns
import Plans
import SeededRandom
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Joins whose condition has ranges give what looking at every pair gives.
@Suite("Range joins")
struct RangeJoinTests {
    static let kinds: [JoinKind] = [.inner, .left, .right, .full, .leftSemi, .leftAnti]
    static let types: [DataType] = [
        .int8, .int32, .int64, .float, .double, .decimal(precision: 12, scale: 2),
        .decimal(precision: 30, scale: 4), .string, .binary, .boolean, .date, .timestamp,
    ]

    /// Columns: a number, a key, two values of a type.
    private func schema(_ type: DataType) -> Schema {
        Schema([Field("n", .int64), Field("k", .int64), Field("x", type), Field("y", type)])
    }

    private func value(_ type: DataType, _ random: inout SplitMix) -> Scalar {
        if random.roll(12) == 0 { return .null }
        let number = random.roll(40) - 20
        switch type {
        case .boolean: return .boolean(number > 0)
        case .float:
            return .float([.nan, -0.0, 0, -.infinity, .infinity].randomElement(using: &random) ?? 0)
        case .double:
            return random.roll(4) == 0 ? .double(random.roll(2) == 0 ? .nan : -0.0) : .double(Double(number))
        case .decimal(let precision, _):
            return .decimal(precision > 18 ? Int128(number) << 70 : Int128(number))
        case .string:
            let tail = String(repeating: "z", count: random.roll(3) * 7)
            return .string(random.roll(9) == 0 ? "" : "v\(number / 4)\(tail)")
        case .binary: return .binary([UInt8(number + 20), 0, UInt8(random.roll(3))])
        case .int8:
            return .integer(random.roll(5) == 0 ? (random.roll(2) == 0 ? 127 : -128) : Int64(number))
        case .int64:
            return .integer(random.roll(5) == 0 ? (random.roll(2) == 0 ? .max : .min) : Int64(number))
        default: return .integer(Int64(number))
        }
    }

    private func rows(_ count: Int, _ type: DataType, _ random: inout SplitMix) -> [[Scalar]] {
        (0..<count).map { i in
            let key: Scalar = random.roll(15) == 0 ? .null : .integer(Int64(random.roll(4)))
            return [.integer(Int64(i)), key, value(type, &random), value(type, &random)]
        }
    }

    private func compared(_ name: String, _ left: Int, _ right: Int, _ type: DataType) -> Expression {
        .call(FunctionCall(name, [.input(left, type), .input(right, type)], type: .boolean))
    }

    /// The conditions of one case: ranges between the values of left (2, 3) and right (6, 7).
    private func conditions(_ type: DataType, _ random: inout SplitMix) -> [Expression] {
        let (below, above) = (["less", "less_equal"], ["greater", "greater_equal"])
        let (low, high) = (above[random.roll(2)], below[random.roll(2)])
        switch random.roll(6) {
        case 0: return [compared((above + below)[random.roll(4)], 2, 6, type)]
        // The right side's value between two, or the left side's, or stretches that overlap.
        case 1: return [compared(low, 6, 2, type), compared(high, 6, 3, type)]
        case 2: return [compared(low, 2, 6, type), compared(high, 2, 7, type)]
        case 3: return [compared(high, 2, 7, type), compared(low, 3, 6, type)]
        case 4: return [compared(low, 2, 6, type), compared(low, 3, 7, type)]
        default:
            return [
                compared(high, 3, 6, type), compared(low, 3, 6, type), compared("not_equal", 2, 7, type),
            ]
        }
    }

    /// The same condition in a form that no search is made of.
    private func hidden(_ condition: Expression) -> Expression {
        let not = { FunctionCall("not", [$0], type: .boolean) }
        return .call(not(.call(not(condition))))
    }

    private func plan(
        _ kind: JoinKind, _ left: PhysicalPlan, _ right: PhysicalPlan, _ condition: Expression?,
        build: PhysicalHashJoin.Side?
    ) -> PhysicalPlan {
        let isLeftOnly = kind == .leftSemi || kind == .leftAnti
        let all = left.schema.fields + right.schema.fields
        let output = isLeftOnly ? [0] : [0, 4]
        let schema = Schema(output.map { all[$0] })
        guard let build else {
            return .nestedLoopJoin(
                PhysicalNestedLoopJoin(
                    kind: kind, left: left, right: right, condition: condition, output: output,
                    schema: schema))
        }
        return .hashJoin(
            PhysicalHashJoin(
                kind: kind, left: left, right: right, leftKeys: [.input(1, .int64)],
                rightKeys: [.input(1, .int64)], residual: condition, build: build, buildIsShared: false,
                output: output, schema: schema))
    }

    private func run(_ plan: PhysicalPlan) throws -> [String] {
        try StageRunner().run(PlanText.single(plan)).map { "\($0)" }.sorted()
    }

    @Test("every kind of join, of every type, finds by search what it finds pair by pair", arguments: kinds)
    func ranges(kind: JoinKind) throws {
        var random = SplitMix(state: 7)
        for type in Self.types {
            for build in [nil, PhysicalHashJoin.Side.left, .right] {
                let schema = schema(type)
                let left = PlanText.values(schema, rows(40 + random.roll(60), type, &random))
                let right = PlanText.values(schema, rows(30 + random.roll(200), type, &random))
                let list = conditions(type, &random)
                let searched = plan(kind, left, right, Expression.conjunction(list), build: build)
                let paired = plan(
                    kind, left, right, Expression.conjunction(list.map(hidden)), build: build)
                let found = try run(searched)
                let wanted = try run(paired)
                #expect(found == wanted, "\(type) \(list)")
                #expect("\(searched)".lowercased().contains("range"), "\(searched)")
                #expect(!"\(paired)".lowercased().contains("range"))
            }
        }
    }

    @Test("values that cannot be computed fail only where their pair is looked at")
    func failing() throws {
        let schema = schema(.int64)
        let rows = (0..<20).map { (i: Int) -> [Scalar] in
            [.integer(Int64(i)), .integer(1), .integer(Int64(i)), .integer(Int64(i))]
        }
        let input = PlanText.values(schema, rows)
        let isNonzero = Expression.call(
            FunctionCall("not_equal", [.input(6, .int64), .literal(.int64(0))], type: .boolean))
        let share = Expression.call(
            FunctionCall("div", [.literal(.int64(100)), .input(6, .int64)], type: .int64))
        let isLess = Expression.call(
            FunctionCall("less", [.input(2, .int64), share], type: .boolean))
        for build in [nil, PhysicalHashJoin.Side.right] {
            let guarded = plan(
                .inner, input, input, Expression.conjunction([isNonzero, isLess]), build: build)
            #expect(try run(guarded).count == (1..<20).reduce(0) { $0 + min(20, 100 / $1) })
            #expect(throws: EngineError.self) { try run(plan(.inner, input, input, isLess, build: build)) }
        }
    }

    @Test("many matches of one row come in bounded batches, by search as pair by pair")
    func manyMatches() throws {
        let schema = schema(.int64)
        let left = PlanText.values(
            schema, (0..<3).map { [.integer($0), .integer(1), .integer(100 + $0), .integer(20_000)] })
        let right = PlanText.values(
            schema, (0..<15_000).map { [.integer($0), .integer(1), .integer($0), .integer($0 * 3)] })
        for list in [
            [compared("less", 2, 6, .int64)],
            [compared("less", 2, 6, .int64), compared("less_equal", 2, 7, .int64)],
            [compared("less", 2, 6, .int64), compared("greater", 3, 6, .int64)],
        ] {
            for build in [nil, PhysicalHashJoin.Side.right] {
                let found = try run(plan(.inner, left, right, Expression.conjunction(list), build: build))
                #expect(found.count == (100...102).reduce(0) { $0 + 15_000 - $1 - 1 })
                #expect(Set(found).count == found.count)
            }
        }
    }

    // MARK: - Memory

    private typealias Rows = ShortMemory.Rows

    private func short(_ memoryBytes: Int, _ kind: JoinKind) throws -> (rows: [String], spilledBytes: Int) {
        let isLeftOnly = kind == .leftSemi || kind == .leftAnti
        // Two keys of the right side's are in range of a left key.
        let beyond = Expression.call(
            FunctionCall("add", [.input(0, .int64), .literal(.int64(3))], type: .int64))
        let condition = Expression.conjunction([
            compared("greater", 3, 0, .int64),
            .call(FunctionCall("less", [.input(3, .int64), beyond], type: .boolean)),
        ])
        let input = PhysicalPlan.values(rows: [], schema: Rows.schema)
        let output = isLeftOnly ? [0, 1] : [0, 1, 3, 4]
        let plan = PhysicalNestedLoopJoin(
            kind: kind, left: input, right: input, condition: condition, output: output,
            schema: Schema(output.map { Rows.schema[$0 % 3] }))
        return try ShortMemory.run(memoryBytes: memoryBytes) { context in
            try NestedLoopJoinOperator(
                plan, left: Rows(1000, factor: 3, textBytes: 2000), right: Rows(25_000, factor: 7),
                context: context)
        }
    }

    @Test("a range join of every kind gives the same rows, with its right side on disk", arguments: kinds)
    func onDisk(kind: JoinKind) throws {
        let expected = try short(1 << 30, kind)
        #expect(expected.spilledBytes == 0 && !expected.rows.isEmpty)
        let found = try short(500_000, kind)
        #expect(found.spilledBytes > 10_000)
        #expect(found.rows.sorted() == expected.rows.sorted())
    }

    // MARK: - Tables

    @Test("a tree of maxima finds the next value that is not below a bound, from and to every place")
    func tree() {
        var random = SplitMix(state: 11)
        for count in [0, 1, 7, 8, 9, 63, 64, 65, 200, 700] {
            let values = (0..<count).map { _ in
                random.roll(20) == 0 ? Int64.min : Int64(random.roll(1000))
            }
            let tree = MaximumTree(count: count) { out in
                for (i, value) in values.enumerated() { out[i] = value }
            }
            for _ in 0..<2000 {
                let from = random.roll(count + 1)
                let to = from + random.roll(count + 1 - from)
                let bound = [Int64.min, 0, 500, 900, 990, 999, 1000][random.roll(7)]
                let wanted = (from..<to).first { values[$0] >= bound } ?? to
                #expect(tree.next(from: from, to: to, atLeast: bound) == wanted)
            }
        }
    }
}
