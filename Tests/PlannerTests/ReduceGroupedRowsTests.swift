import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Rules on what is grouped")
struct ReduceGroupedRowsTests {
    private let maker = PlanMaker()
    private let lines: LogicalPlan
    private let parts: LogicalPlan
    private let facts = FixedFacts(
        rows: ["lines": 1_000_000, "parts": 10_000],
        distinct: ["lines.part": 10_000, "parts.id": 10_000, "parts.brand": 100])

    init() {
        lines = maker.table("lines", [("part", .int32), ("quantity", .int64)])
        parts = maker.table("parts", [("id", .int32), ("brand", .int32)])
    }

    private func grouped() -> LogicalPlan {
        let sum = AggregateCall("sum", [lines("quantity")], type: .int64)
        return .aggregate(
            groups: [named(lines("part"), maker.column("key"))],
            aggregates: [NamedAggregate(sum, as: maker.column("total", .int64))], input: lines)
    }

    private func join(_ kind: JoinKind, _ left: LogicalPlan) -> LogicalPlan {
        let right = grouped()
        return .join(kind, left: left, right: right, condition: call("equal", left("id"), right("key")))
    }

    private var few: LogicalPlan { .filter(call("equal", parts("brand"), int(7)), input: parts) }

    @Test("ReduceGroupedRows: rows whose group a join with few keys drops are not grouped")
    func reduced() throws {
        #expect(
            try applied(ReduceGroupedRows(), join(.inner, few), facts: facts) == """
                Join Inner, (id#3 = key#5)
                :- Filter (brand#4 = 7)
                :  +- Scan parquet parts [id#3, brand#4]
                +- Aggregate [part#1 AS key#5], [sum(quantity#2) AS total#6]
                   +- Join LeftSemi, (part#1 = id#7)
                      :- Scan parquet lines [part#1, quantity#2]
                      +- Filter (brand#8 = 7)
                         +- Scan parquet parts [id#7, brand#8]
                """)
    }

    @Test("ReduceGroupedRows: all keys, an outer join that gives all groups, or a costly side change nothing")
    func unchanged() throws {
        let all = join(.inner, parts)
        #expect(try applied(ReduceGroupedRows(), all, facts: facts) == "\(all)")
        let outer = join(.right, few)
        #expect(try applied(ReduceGroupedRows(), outer, facts: facts) == "\(outer)")
        let costly = join(.inner, few)
        var large = facts
        large.rows["parts"] = 900_000
        #expect(try applied(ReduceGroupedRows(), costly, facts: large) == "\(costly)")
    }
}
