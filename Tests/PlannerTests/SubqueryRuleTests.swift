import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Rewriting subqueries into joins")
struct SubqueryRuleTests {
    private let maker = PlanMaker()
    private let t: LogicalPlan
    private let u: LogicalPlan

    init() {
        t = maker.table("t", [("a", .int32), ("b", .int32)])
        u = maker.table("u", [("c", .int32), ("d", .int32)])
    }

    private func subquery(
        _ kind: SubqueryExpression.Kind, _ plan: LogicalPlan, outer: [ColumnReference] = []
    ) -> Expression {
        let type = if case .scalar = kind { plan.output[0].type } else { DataType.boolean }
        return .subquery(SubqueryExpression(kind: kind, plan: plan, type: type, outerReferences: outer))
    }

    private func rewritten(_ condition: Expression) throws -> String {
        try applied(RewriteSubqueries(), .filter(condition, input: t))
    }

    @Test("IN becomes a semi join, NOT IN a null-aware anti join")
    func inQuery() throws {
        let list = LogicalPlan.project([named(u("c"), u.output[0])], input: u)
        #expect(try rewritten(subquery(.in([t("a")]), list)).hasPrefix("Join LeftSemi, (a#1 = c#3)\n"))
        let negated = call("not", subquery(.in([t("a")]), list))
        #expect(try rewritten(negated).hasPrefix("Join LeftAnti (null-aware), (a#1 = c#3)\n"))
    }

    @Test("a correlated EXISTS becomes a semi join on its condition")
    func exists() throws {
        let inner = LogicalPlan.filter(
            call("and", call("equal", u("c"), t("a")), call("less", u("d"), int(5))), input: u)
        #expect(
            try rewritten(subquery(.exists, inner, outer: [t.output[0]])) == """
                Join LeftSemi, (c#3 = a#1)
                :- Scan parquet t [a#1, b#2]
                +- Filter (d#4 < 5)
                   +- Scan parquet u [c#3, d#4]
                """)
    }

    @Test("an EXISTS without correlation asks for one row")
    func uncorrelatedExists() throws {
        #expect(
            try rewritten(call("not", subquery(.exists, u))) == """
                Join LeftAnti
                :- Scan parquet t [a#1, b#2]
                +- Limit 1
                   +- Scan parquet u [c#3, d#4]
                """)
    }

    @Test("a scalar subquery is joined as one row, checked unless it is a global aggregate")
    func scalar() throws {
        let value = LogicalPlan.project([named(u("c"), u.output[0])], input: u)
        #expect(try rewritten(call("less", t("a"), subquery(.scalar, value))).contains("SingleRow"))
        let largest = maker.column("m")
        let aggregate = LogicalPlan.aggregate(
            groups: [],
            aggregates: [NamedAggregate(AggregateCall("max", [u("c")], type: .int32), as: largest)], input: u)
        let text = try rewritten(call("less", t("a"), subquery(.scalar, aggregate)))
        #expect(text.contains("Filter (a#1 < m#5)"))
        #expect(!text.contains("SingleRow"))
    }

    @Test("a correlated scalar aggregate is grouped by its correlation; a count of nothing is 0")
    func correlatedScalar() throws {
        let inner = LogicalPlan.filter(call("equal", u("c"), t("a")), input: u)
        let smallest = maker.column("m")
        let aggregate = LogicalPlan.aggregate(
            groups: [],
            aggregates: [NamedAggregate(AggregateCall("min", [u("d")], type: .int32), as: smallest)],
            input: inner)
        let text = try rewritten(call("equal", t("b"), subquery(.scalar, aggregate, outer: [t.output[0]])))
        #expect(text.contains("Join LeftOuter, (key#6 = a#1)"))
        #expect(text.contains("Aggregate [c#3 AS key#6], [min(d#4) AS m#5]"))
        let count = maker.column("n", .int64)
        let counted = LogicalPlan.aggregate(
            groups: [], aggregates: [NamedAggregate(AggregateCall("count", [], type: .int64), as: count)],
            input: inner)
        let compared = call("equal", .literal(.int64(0)), subquery(.scalar, counted, outer: [t.output[0]]))
        #expect(try rewritten(compared).contains("CASE WHEN isnull(matched#"))
    }

    @Test("EXISTS below OR is joined with a marker")
    func marker() throws {
        let inner = LogicalPlan.filter(call("equal", u("c"), t("a")), input: u)
        let condition = call(
            "or", call("less", t("b"), int(1)), subquery(.exists, inner, outer: [t.output[0]]))
        let text = try rewritten(condition)
        #expect(text.contains("Join LeftOuter, (key#6 = a#1)"))
        #expect(text.contains("OR isnotnull(exists#"))
    }

    @Test("a correlated scalar subquery without an aggregate is checked to have one row at most")
    func unaggregated() throws {
        let inner = LogicalPlan.project(
            [named(u("d"), u.output[1])], input: .filter(call("equal", u("c"), t("a")), input: u))
        let condition = call("equal", t("b"), subquery(.scalar, inner, outer: [t.output[0]]))
        let text = try rewritten(condition)
        #expect(text.contains("only_row(rows#"))
        #expect(text.contains("first(d#"))
    }

    @Test("a comparison below an aggregate takes the outer column's distinct values down to it")
    func pushed() throws {
        let inner = LogicalPlan.aggregate(
            groups: [],
            aggregates: [
                NamedAggregate(AggregateCall("max", [u("d")], type: u.output[1].type), as: u.output[1])
            ], input: .filter(call("less", u("c"), t("a")), input: u))
        let condition = call("equal", t("b"), subquery(.scalar, inner, outer: [t.output[0]]))
        let text = try rewritten(condition)
        #expect(text.contains("Join LeftOuter"))
        #expect(text.contains("Join Cross"))
        #expect(!text.contains("(c#3 < a#1)"))
    }

    @Test("an equality below an aggregate takes nothing down")
    func notPushed() throws {
        let inner = LogicalPlan.aggregate(
            groups: [],
            aggregates: [
                NamedAggregate(AggregateCall("max", [u("d")], type: u.output[1].type), as: u.output[1])
            ], input: .filter(call("equal", u("c"), t("a")), input: u))
        let condition = call("equal", t("b"), subquery(.scalar, inner, outer: [t.output[0]]))
        #expect(!(try rewritten(condition).contains("Join Cross")))
    }

    @Test("LATERAL columns are computed above the left side, without a join")
    func lateral() throws {
        let inner = LogicalPlan.project(
            [named(call("add", t("a"), t("b")), u.output[0])], input: .values(rows: [[]], output: []))
        let plan = LogicalPlan.lateralJoin(
            .cross, left: t, right: inner, condition: nil, outer: t.output)
        let text = try applied(RewriteSubqueries(), plan)
        #expect(!text.contains("Join"))
        #expect(text.contains("(a#1 + b#2)"))
    }
}
