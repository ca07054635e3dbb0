import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Rules on expressions and filters")
struct RuleTests {
    private let maker = PlanMaker()
    private let t: LogicalPlan
    private let u: LogicalPlan

    init() {
        t = maker.table("t", [("a", .int32), ("b", .int32), ("s", .string)])
        u = maker.table("u", [("c", .int32), ("d", .int32)])
    }

    @Test("SimplifyExpressions: a filter that is always true goes, one that never is gives no rows")
    func trivialFilters() throws {
        #expect(try applied(SimplifyExpressions(), .filter(call("less", int(1), int(2)), input: t)) == "\(t)")
        let none = LogicalPlan.filter(call("and", t("a"), .literal(.boolean(false))), input: t)
        #expect(try applied(SimplifyExpressions(), none) == "LocalRelation [a#1, b#2, s#3], 0 rows")
    }

    @Test(
        "SimplifyExpressions: the literal goes right, the cast goes to the literal, IN of one is an equality")
    func comparisons() throws {
        func simplified(_ condition: Expression) throws -> String {
            try applied(SimplifyExpressions(), .filter(condition, input: t)).split(separator: "\n").first.map(
                String.init) ?? ""
        }
        #expect(try simplified(call("less", int(5), t("a"))) == "Filter (a#1 > 5)")
        let wide = Expression.cast(t("a"), to: .int64, mode: .ansi)
        #expect(try simplified(call("less", wide, .literal(.int64(7)))) == "Filter (a#1 < 7)")
        #expect(try simplified(call("less", wide, .literal(.int64(1 << 40)))).contains("cast"))
        #expect(try simplified(.inList(t("a"), [.int32(4), .int32(4)])) == "Filter (a#1 = 4)")
        #expect(try simplified(call("not", call("less", t("a"), int(1)))) == "Filter (a#1 >= 1)")
        let divided = call("divide", .literal(.double(1)), .literal(.double(0)), type: .double)
        let ratio = Expression.cast(t("a"), to: .double, mode: .ansi)
        #expect(try simplified(call("equal", ratio, divided)).contains("1.0 / 0.0"))
    }

    @Test("FactorDisjunctions: what all branches share comes in front of the OR")
    func factoring() throws {
        let join = call("equal", t("a"), t("b"))
        let one = call("and", join, call("equal", t("s"), .literal(.string("x"))))
        let two = call("and", join, call("equal", t("s"), .literal(.string("y"))))
        #expect(
            try applied(FactorDisjunctions(), .filter(call("or", one, two), input: t))
                .hasPrefix("Filter ((a#1 = b#2) AND ((s#3 = 'x') OR (s#3 = 'y')))"))
        let other = call("or", one, call("equal", t("s"), .literal(.string("y"))))
        #expect(
            try applied(FactorDisjunctions(), .filter(other, input: t))
                == "\(LogicalPlan.filter(other, input: t))")
    }

    @Test("PushPredicates: a filter over a product becomes filters of both sides and the join's condition")
    func pushThroughJoin() throws {
        let product = LogicalPlan.join(.cross, left: t, right: u, condition: nil)
        let condition = call(
            "and", call("and", call("equal", t("a"), u("c")), call("less", t("b"), int(3))),
            call("less", u("d"), int(4)))
        #expect(
            try applied(PushPredicates(), .filter(condition, input: product)) == """
                Join Inner, (a#1 = c#4)
                :- Scan parquet t [a#1, b#2, s#3], filters: [(b#2 < 3)]
                +- Scan parquet u [c#4, d#5], filters: [(d#5 < 4)]
                """)
    }

    @Test("PushPredicates: a filter on the inner side of a left join stays above it")
    func staysAboveOuterJoin() throws {
        let join = LogicalPlan.join(.left, left: t, right: u, condition: call("equal", t("a"), u("c")))
        let filter = LogicalPlan.filter(call("is_null", u("d")), input: join)
        #expect(try applied(PushPredicates(), filter) == "\(filter)")
        let left = LogicalPlan.filter(call("less", t("b"), int(3)), input: join)
        #expect(try applied(PushPredicates(), left).contains("t [a#1, b#2, s#3], filters: [(b#2 < 3)]"))
    }

    @Test("PushPredicates: a filter on a group key goes below the aggregation, one on a result does not")
    func pushThroughAggregate() throws {
        let key = maker.column("k")
        let sum = maker.column("n", .int64)
        let aggregate = LogicalPlan.aggregate(
            groups: [named(t("a"), key)],
            aggregates: [NamedAggregate(AggregateCall("count", [], type: .int64), as: sum)], input: t)
        let condition = call(
            "and", call("less", .column(key), int(3)), call("less", .column(sum), .literal(.int64(5))))
        #expect(
            try applied(PushPredicates(), .filter(condition, input: aggregate)) == """
                Filter (n#7 < 5)
                +- Aggregate [a#1 AS k#6], [count(*) AS n#7]
                   +- Scan parquet t [a#1, b#2, s#3], filters: [(a#1 < 3)]
                """)
    }

    @Test("PushPredicates: nothing goes below a limit")
    func limitIsABarrier() throws {
        let plan = LogicalPlan.filter(
            call("less", t("a"), int(3)), input: .limit(count: 5, offset: 0, input: t))
        #expect(try applied(PushPredicates(), plan) == "\(plan)")
    }

    @Test("NarrowOuterJoins: a filter that rejects nulls makes a left join inner; IS NULL does not")
    func narrowing() throws {
        let join = LogicalPlan.join(.left, left: t, right: u, condition: call("equal", t("a"), u("c")))
        #expect(
            try applied(NarrowOuterJoins(), .filter(call("less", u("d"), int(3)), input: join)).contains(
                "Join Inner"))
        #expect(
            try applied(NarrowOuterJoins(), .filter(call("is_null", u("d")), input: join)).contains(
                "Join LeftOuter"))
        let full = LogicalPlan.join(.full, left: t, right: u, condition: call("equal", t("a"), u("c")))
        #expect(
            try applied(NarrowOuterJoins(), .filter(call("less", t("b"), int(3)), input: full)).contains(
                "Join LeftOuter"))
    }

    @Test("DerivePredicates: what limits one key limits the other; each side of an OR limits its table")
    func deriving() throws {
        let left = LogicalPlan.filter(call("equal", t("a"), int(7)), input: t)
        let join = LogicalPlan.join(.inner, left: left, right: u, condition: call("equal", t("a"), u("c")))
        #expect(try applied(DerivePredicates(), join).contains("+- Filter (c#4 = 7)"))
        let outer = LogicalPlan.join(.full, left: left, right: u, condition: call("equal", t("a"), u("c")))
        #expect(try !applied(DerivePredicates(), outer).contains("c#4 = 7"))
        let one = call("and", call("equal", t("b"), int(1)), call("equal", u("d"), int(2)))
        let two = call("and", call("equal", t("b"), int(2)), call("equal", u("d"), int(1)))
        let either = LogicalPlan.join(.inner, left: t, right: u, condition: call("or", one, two))
        #expect(try applied(DerivePredicates(), either).contains("Filter ((b#2 = 1) OR (b#2 = 2))"))
    }

    @Test("PruneColumns: columns that nothing reads are not scanned")
    func pruning() throws {
        let out = maker.column("x")
        let plan = LogicalPlan.project([named(t("b"), out)], input: t)
        #expect(
            try applied(PruneColumns(), plan) == """
                Project [b#2 AS x#6]
                +- Scan parquet t [b#2]
                """)
    }

    @Test("PushLimits: a limit goes below a projection and meets the sort; it does not pass a filter")
    func limits() throws {
        let out = maker.column("x")
        let sorted = LogicalPlan.sort([SortKey(t("a"))], input: t)
        let plan = LogicalPlan.limit(
            count: 3, offset: 1, input: .project([named(t("b"), out)], input: sorted))
        #expect(
            try applied(PushLimits(), plan) == """
                Project [b#2 AS x#6]
                +- Limit 3 OFFSET 1
                   +- Sort [a#1 ASC NULLS FIRST]
                      +- Scan parquet t [a#1, b#2, s#3]
                """)
        let filtered = LogicalPlan.limit(
            count: 3, offset: 0, input: .filter(call("less", t("a"), int(1)), input: t))
        #expect(try applied(PushLimits(), filtered) == "\(filtered)")
    }

    @Test("RemoveSorts: an order below an aggregation goes, one that a limit picks by stays")
    func sorts() throws {
        let sorted = LogicalPlan.sort([SortKey(t("a"))], input: t)
        let counted = LogicalPlan.aggregate(groups: [], aggregates: [], input: sorted)
        #expect(try !applied(RemoveSorts(), counted).contains("Sort"))
        let top = LogicalPlan.aggregate(
            groups: [], aggregates: [], input: .limit(count: 3, offset: 0, input: sorted))
        #expect(try applied(RemoveSorts(), top).contains("Sort"))
        #expect(try applied(RemoveSorts(), sorted) == "\(sorted)")
    }

    @Test("CollapseProjects: two projections become one, unless that computes something twice")
    func collapsing() throws {
        let sum = maker.column("x")
        let inner = LogicalPlan.project([named(call("add", t("a"), t("b"), type: .int32), sum)], input: t)
        let once = LogicalPlan.project(
            [named(call("negate", .column(sum), type: .int32), maker.column("y"))], input: inner)
        #expect(try applied(CollapseProjects(), once).hasPrefix("Project [-(a#1 + b#2) AS y#7]\n+- Scan"))
        let twice = LogicalPlan.project(
            [named(call("multiply", .column(sum), .column(sum), type: .int32), maker.column("z"))],
            input: inner)
        #expect(try applied(CollapseProjects(), twice) == "\(twice)")
    }
}
