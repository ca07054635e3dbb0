import Columns
import Plans
import Shuffle
import Vocabulary

/// Computes a common table expression that refers to itself: the anchor's rows, then level after level the
/// step's over the rows of the level before, until a level is empty.
///
///     anchor ──finished──▶ level 1 ──finished──▶ level 2 ──▶ … ──empty level──▶ finished
///
/// Rows are given as they come, so that a limit above ends a recursion that has no end of its own.
final class RecursionOperator: Operator {
    private let plan: PhysicalRecursion
    private let context: TaskContext
    /// Makes the step's operators, alike at each level, so that tables of joins that were kept are found.
    private let factory: OperatorFactory
    private var source: (any Operator)?
    private var fresh: WorkingRows
    /// Levels begun; the anchor is none.
    private var level = 0
    private var rowCount = 0

    init(
        _ plan: PhysicalRecursion, anchor: any Operator, factory: OperatorFactory, context: TaskContext
    ) {
        self.plan = plan
        self.factory = factory
        self.context = context
        source = anchor
        fresh = WorkingRows(schema: plan.schema, context: context)
    }

    func next() throws -> Pull {
        while let current = source {
            try context.checkCancelled()
            let pull = try current.next()
            switch pull {
            case .blocked: return pull
            case .batch(let batch):
                try fresh.append(batch)
                rowCount += batch.count
                return pull
            case .finished: source = fresh.count == 0 ? nil : try nextLevel()
            }
        }
        return .finished
    }

    /// Returns what computes the level over the rows that the one before gave. Throws where the recursion is
    /// at its limits.
    private func nextLevel() throws -> any Operator {
        level += 1
        if let most = plan.limits.levels, level > most {
            throw EngineError.user(
                "RECURSION_LEVEL_LIMIT_EXCEEDED",
                "A recursion went through \(most) levels and did not end.",
                remedy: "Check its condition to end, or allow more with WITH RECURSIVE name MAX RECURSION "
                    + "LEVEL n AS (…) or the setting spark.sql.cteRecursionLevelLimit.")
        }
        if let most = plan.limits.rows, rowCount > most {
            throw EngineError.user(
                "RECURSION_ROW_LIMIT_EXCEEDED", "A recursion gave more than \(most) rows and did not end.",
                remedy: "Check its condition to end, or allow more with the setting "
                    + "spark.sql.cteRecursionRowLimit.")
        }
        let working = fresh
        fresh = WorkingRows(schema: plan.schema, context: context)
        var maker = factory
        return try maker.make(plan.step, working, level: plan.level)
    }
}

/// Gives the rows of the level before.
final class WorkingTableOperator: Operator {
    private let rows: WorkingRows
    private var place = 0

    init(_ rows: WorkingRows) { self.rows = rows }

    func next() throws -> Pull {
        guard let batch = try rows.batch(at: place) else { return .finished }
        place += 1
        return .batch(batch)
    }
}

/// Makes an operator when its first batch is asked for: what feeds the table of a join is not read when the
/// table was kept from an earlier level.
final class DeferredOperator: Operator {
    private let make: () throws -> any Operator
    private var made: (any Operator)?

    init(_ make: @escaping () throws -> any Operator) { self.make = make }

    func next() throws -> Pull {
        if let made { return try made.next() }
        let new = try make()
        made = new
        return try new.next()
    }
}
