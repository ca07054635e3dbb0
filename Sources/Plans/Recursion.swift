import Columns
import Vocabulary

/// Gives the numbers `start`, `start + step`, … of a single `BIGINT` column. Source: Spark's `Range`.
package struct NumberRange: Hashable, Sendable {
    package var start: Int64
    package var step: Int64
    package var count: Int64
    /// Number of tasks that was asked for; nil in a physical plan, which has its own.
    package var slices: Int?

    package init(start: Int64, step: Int64, count: Int64, slices: Int? = nil) {
        self.start = start
        self.step = step
        self.count = count
        self.slices = slices
    }

    /// Returns the positions that task `task` of `tasks` gives: neighbours, parts of even size.
    package func positions(task: Int, of tasks: Int) -> Range<Int64> {
        guard task < tasks else { return 0..<0 }
        let (size, rest) = count.quotientAndRemainder(dividingBy: Int64(tasks))
        let index = Int64(task)
        let begin = index * size + min(index, rest)
        return begin..<(begin + size + (index < rest ? 1 : 0))
    }

    /// Returns the number at a position below `count`; it wraps nowhere, as the last one is in range.
    package func number(at position: Int64) -> Int64 { start &+ position &* step }
}

/// Gives the rows of `anchor`, then again and again those of `step` over the rows given last, until there
/// are none. Columns are matched by position.
package struct LogicalRecursion: Hashable, Sendable {
    /// Names the `.workingTable` leaves of `step`: how many recursions are around this one.
    package var level: Int
    package var anchor: LogicalPlan
    package var step: LogicalPlan
    package var output: [ColumnReference]
    package var limits: RecursionLimits

    package init(
        level: Int, anchor: LogicalPlan, step: LogicalPlan, output: [ColumnReference], limits: RecursionLimits
    ) {
        self.level = level
        self.anchor = anchor
        self.step = step
        self.output = output
        self.limits = limits
    }
}

/// Bounds a recursion; nil: no bound.
package struct RecursionLimits: Hashable, Sendable {
    /// Most times that the step is computed.
    package var levels: Int?
    /// Rows beyond which the step is not computed again.
    package var rows: Int?

    package init(levels: Int? = 100, rows: Int? = 1_000_000) {
        self.levels = levels
        self.rows = rows
    }
}

/// Runs a recursion in one task.
package struct PhysicalRecursion: Hashable, Sendable {
    package var level: Int
    package var anchor: PhysicalPlan
    package var step: PhysicalPlan
    package var schema: Schema
    package var limits: RecursionLimits

    package init(
        level: Int, anchor: PhysicalPlan, step: PhysicalPlan, schema: Schema, limits: RecursionLimits
    ) {
        self.level = level
        self.anchor = anchor
        self.step = step
        self.schema = schema
        self.limits = limits
    }
}
