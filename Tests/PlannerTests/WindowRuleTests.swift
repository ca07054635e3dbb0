import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("Rules on windows and generators")
struct WindowRuleTests {
    private let maker = PlanMaker()
    private let t: LogicalPlan

    init() {
        t = maker.table("t", [("a", .int32), ("b", .int32), ("l", .array(.int32, containsNull: true))])
    }

    private func ranked() -> LogicalPlan {
        let rank = ColumnReference(id: ColumnID(90), name: "k", type: .int32)
        let call = WindowCall("rank", [], type: .int32)
        return .window(
            LogicalWindow(
                partition: [t("a")], order: [SortKey(t("b"))], calls: [NamedWindow(call, as: rank)], input: t)
        )
    }

    private func exploded() -> LogicalPlan {
        let element = ColumnReference(id: ColumnID(91), name: "x", type: .int32)
        return .generate(Generator(t("l"), isOuter: false), output: [element], input: t)
    }

    @Test("PushPredicates: a filter on a window's partition goes below it, one on its order or result stays")
    func filterBelowWindow() throws {
        let window = ranked()
        let moved = try applied(PushPredicates(), .filter(call("equal", t("a"), int(3)), input: window))
        #expect(moved.hasPrefix("Window ") && moved.contains("filters: [(a#1 = 3)]"))
        for column in ["b", "k"] {
            let kept = LogicalPlan.filter(call("equal", window(column), int(1)), input: window)
            #expect(try applied(PushPredicates(), kept) == "\(kept)")
        }
    }

    @Test("PushPredicates: a filter on the input goes below a generator, one on its elements stays")
    func filterBelowGenerator() throws {
        let rows = exploded()
        let moved = try applied(PushPredicates(), .filter(call("equal", t("a"), int(3)), input: rows))
        #expect(moved.hasPrefix("Generate explode") && moved.contains("filters: [(a#1 = 3)]"))
        let kept = LogicalPlan.filter(call("equal", rows("x"), int(1)), input: rows)
        #expect(try applied(PushPredicates(), kept) == "\(kept)")
    }

    @Test("PruneColumns: a window whose results nobody reads goes, one that is read keeps what it needs")
    func pruning() throws {
        let window = ranked()
        let a = NamedExpression(t("a"), as: try #require(t.output.first))
        let unread = try applied(PruneColumns(), .project([a], input: window))
        #expect(!unread.contains("Window") && !unread.contains("b#2"))
        let rank = NamedExpression(.column(window.output[3]), as: window.output[3])
        let read = try applied(PruneColumns(), .project([rank], input: window))
        #expect(read.contains("Window") && read.contains("b#2") && !read.contains("l#3"))
    }
}
