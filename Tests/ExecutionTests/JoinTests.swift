import Columns
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

@Suite struct JoinTests {
    private let leftSchema = Schema([Field("k", .int64), Field("l", .string)])
    private let rightSchema = Schema([Field("k", .int64), Field("r", .int64)])

    private var leftRows: [[Scalar]] {
        (0..<50).map { (i: Int) -> [Scalar] in
            let key: Scalar = i % 9 == 0 ? .null : .integer(Int64(i % 12))
            return [key, .string("left row number \(i)")]
        }
    }
    private var rightRows: [[Scalar]] {
        (0..<40).map { (i: Int) -> [Scalar] in
            let key: Scalar = i % 13 == 0 ? .null : .integer(Int64(i % 15 + 4))
            return [key, .integer(Int64(i))]
        }
    }

    /// Joins by definition: every pair is looked at.
    private func expected(_ kind: JoinKind, residual: (([Scalar], [Scalar]) -> Bool)?) -> [[Scalar]] {
        func matches(_ l: [Scalar], _ r: [Scalar]) -> Bool {
            !l[0].isNull && l[0] == r[0] && (residual?(l, r) ?? true)
        }
        let nulls: [Scalar] = [.null, .null]
        let pairs = leftRows.flatMap { l in rightRows.filter { matches(l, $0) }.map { l + $0 } }
        let aloneLeft = leftRows.filter { l in !rightRows.contains { matches(l, $0) } }
        let aloneRight = rightRows.filter { r in !leftRows.contains { matches($0, r) } }
        return switch kind {
        case .inner, .cross: pairs
        case .left: pairs + aloneLeft.map { $0 + nulls }
        case .right: pairs + aloneRight.map { nulls + $0 }
        case .full: pairs + aloneLeft.map { $0 + nulls } + aloneRight.map { nulls + $0 }
        case .leftSemi: leftRows.filter { l in rightRows.contains { matches(l, $0) } }
        case .leftAnti: aloneLeft
        case .leftAntiNullAware: []
        }
    }

    private func sorted(_ rows: [[Scalar]]) -> [String] { rows.map { "\($0)" }.sorted() }

    private func output(_ kind: JoinKind) -> ([Int], Schema) {
        let isLeftOnly = kind == .leftSemi || kind == .leftAnti || kind == .leftAntiNullAware
        return isLeftOnly
            ? ([0, 1], leftSchema) : ([0, 1, 2, 3], Schema(leftSchema.fields + rightSchema.fields))
    }

    @Test(
        "every kind of hash join gives the rows that its definition gives, whichever side is built",
        arguments: [JoinKind.inner, .left, .right, .full, .leftSemi, .leftAnti], [true, false])
    func hashJoins(kind: JoinKind, hasResidual: Bool) throws {
        let residual = Expression.call(
            FunctionCall("less", [.input(3, .int64), .literal(.int64(20))], type: .boolean))
        for build in [PhysicalHashJoin.Side.left, .right] {
            let (columns, schema) = output(kind)
            let join = PhysicalHashJoin(
                kind: kind, left: PlanText.values(leftSchema, leftRows),
                right: PlanText.values(rightSchema, rightRows), leftKeys: [.input(0, .int64)],
                rightKeys: [.input(0, .int64)], residual: hasResidual ? residual : nil, build: build,
                buildIsShared: false, output: columns, schema: schema)
            let rows = try StageRunner().run(PlanText.single(.hashJoin(join)))
            let isSmall: ([Scalar], [Scalar]) -> Bool = { _, right in
                if case .integer(let value) = right[1] { value < 20 } else { false }
            }
            let wanted = expected(kind, residual: hasResidual ? isSmall : nil)
            #expect(sorted(rows) == sorted(wanted), "\(kind) building \(build)")
        }
    }

    /// Gives nothing, and remembers what it was offered.
    private final class Listener: Operator {
        var offered: [[Int]] = []

        func next() -> Pull { .finished }
        func offer(_ filter: JoinKeyFilter, columns: [Int]) { offered.append(columns) }
    }

    @Test(
        "a join's keys go down to the rows' source, but not past a join that gives unmatched build rows",
        arguments: [JoinKind.inner, .left, .right, .full, .leftSemi, .leftAnti])
    func offers(kind: JoinKind) throws {
        let (columns, schema) = output(kind)
        let rows = PlanText.values(rightSchema, rightRows)
        func join(_ kind: JoinKind, key: Int, _ columns: [Int], _ schema: Schema) -> PhysicalHashJoin {
            PhysicalHashJoin(
                kind: kind, left: PlanText.values(leftSchema, []), right: rows,
                leftKeys: [.input(key, .int64)],
                rightKeys: [.input(0, .int64)], residual: nil, build: .right, buildIsShared: false,
                output: columns, schema: schema)
        }
        let context = StageRunner.context()
        let literals = rightRows.map { row in zip(row, rightSchema.fields).map { Literal($0, $1.type) } }
        let values = { ValuesOperator(rows: literals, schema: self.rightSchema) }
        let listener = Listener()
        let inner = try HashJoinOperator(
            join(kind, key: 0, columns.reversed(), schema), left: listener, right: values(), joinIndex: 0,
            context: context)
        let swapped = try ProjectOperator(
            [.input(columns.count - 1, .int64)], settings: SessionSettings(), input: inner)
        let outer = try HashJoinOperator(
            join(.inner, key: 0, [0], leftSchema), left: swapped, right: values(), joinIndex: 1,
            context: context)
        if kind == .inner || kind == .leftSemi {
            guard case .finished = try outer.next() else {
                Issue.record("rows without input")
                return
            }
        } else {
            while case .batch = try outer.next() {}
        }
        let fromAbove = kind == .right || kind == .full ? [] : [[0]]
        let own = kind == .inner || kind == .right || kind == .leftSemi ? [[0]] : []
        #expect(listener.offered == fromAbove + own, "\(kind)")
    }

    @Test(
        "every kind of nested-loop join gives the rows that its definition gives",
        arguments: [JoinKind.inner, .left, .right, .full, .leftSemi, .leftAnti])
    func nestedLoops(kind: JoinKind) throws {
        let (columns, schema) = output(kind)
        let join = PhysicalNestedLoopJoin(
            kind: kind, left: PlanText.values(leftSchema, leftRows),
            right: PlanText.values(rightSchema, rightRows),
            condition: .call(FunctionCall("equal", [.input(0, .int64), .input(2, .int64)], type: .boolean)),
            output: columns, schema: schema)
        let rows = try StageRunner().run(PlanText.single(.nestedLoopJoin(join)))
        #expect(sorted(rows) == sorted(expected(kind, residual: nil)))
    }

    @Test("NOT IN gives nothing when the list holds a null, and no row whose own key is null")
    func nullAware() throws {
        for hasNull in [true, false] {
            let right = rightRows.filter { hasNull || !$0[0].isNull }
            let join = PhysicalHashJoin(
                kind: .leftAntiNullAware, left: PlanText.values(leftSchema, leftRows),
                right: PlanText.values(rightSchema, right), leftKeys: [.input(0, .int64)],
                rightKeys: [.input(0, .int64)], residual: nil, build: .right, buildIsShared: false,
                output: [0, 1],
                schema: leftSchema)
            let rows = try StageRunner().run(PlanText.single(.hashJoin(join)))
            let wanted = hasNull ? [] : expected(.leftAnti, residual: nil).filter { !$0[0].isNull }
            #expect(sorted(rows) == sorted(wanted))
        }
    }

    @Test("a key with more matches than a batch holds gives them all, in bounded batches")
    func manyMatches() throws {
        let one = (0..<3).map { (i: Int) -> [Scalar] in [.integer(1), .string("\(i)")] }
        let many = (0..<10_000).map { (i: Int) -> [Scalar] in [.integer(1), .integer(Int64(i))] }
        let join = PhysicalHashJoin(
            kind: .inner, left: PlanText.values(leftSchema, one), right: PlanText.values(rightSchema, many),
            leftKeys: [.input(0, .int64)], rightKeys: [.input(0, .int64)], residual: nil, build: .right,
            buildIsShared: false, output: [1, 3], schema: Schema([leftSchema[1], rightSchema[1]]))
        let rows = try StageRunner().run(PlanText.single(.hashJoin(join)))
        #expect(rows.count == 30_000)
        #expect(Set(rows.map { "\($0)" }).count == 30_000)
    }
}
