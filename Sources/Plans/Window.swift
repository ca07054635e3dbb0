import Columns
import Vocabulary

/// Names one end of a window frame.
package indirect enum WindowBound: Hashable, Sendable {
    case unboundedPreceding
    /// So many rows after the current one; before it when negative.
    case rows(Int)
    /// As start the first, as end the last row that equals the current one by the window's order.
    case peers
    /// As start the first row whose `key` is not before `value` in the window's order, as end the last one
    /// whose `key` is not after it. `value` is computed from the current row.
    case value(Expression, key: Expression)
    case unboundedFollowing

    /// The expressions of the bound, the value first.
    package var expressions: [Expression] {
        if case .value(let value, let key) = self { [value, key] } else { [] }
    }

    func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> WindowBound {
        guard case .value(let value, let key) = self else { return self }
        return .value(try transform(value), key: try transform(key))
    }
}

/// Names the rows around the current one that a window function sees, within its partition.
package struct WindowFrame: Hashable, Sendable {
    package var start: WindowBound
    package var end: WindowBound

    package init(start: WindowBound, end: WindowBound) {
        self.start = start
        self.end = end
    }

    /// The whole partition.
    package static let whole = WindowFrame(start: .unboundedPreceding, end: .unboundedFollowing)
}

/// Calls a window or aggregate function over the frame of each row, by its canonical name in the registry.
package struct WindowCall: Hashable, Sendable {
    package var function: String
    package var arguments: [Expression]
    package var frame: WindowFrame
    /// `IGNORE NULLS`: rows whose first argument is null are passed over.
    package var ignoresNulls: Bool
    package var type: DataType
    package var ansi: Bool
    /// Where the call stands in the user's text.
    package var origin: Origin

    package init(
        _ function: String, _ arguments: [Expression], frame: WindowFrame = .whole,
        ignoresNulls: Bool = false, type: DataType, ansi: Bool = true, origin: Origin = .none
    ) {
        self.function = function
        self.arguments = arguments
        self.frame = frame
        self.ignoresNulls = ignoresNulls
        self.type = type
        self.ansi = ansi
        self.origin = origin
    }

    /// Returns the call with `transform` applied to its arguments and the values of its frame.
    package func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> WindowCall {
        var call = self
        call.arguments = try arguments.map(transform)
        call.frame.start = try frame.start.mapExpressions(transform)
        call.frame.end = try frame.end.mapExpressions(transform)
        return call
    }
}

/// Names the value of a window function as a column.
package struct NamedWindow: Hashable, Sendable {
    package var call: WindowCall
    package var output: ColumnReference

    package init(_ call: WindowCall, as output: ColumnReference) {
        self.call = call
        self.output = output
    }
}

/// Computes window functions that share partitions and order. Output: the input's columns, then the calls'.
package struct LogicalWindow: Hashable, Sendable {
    package var partition: [Expression]
    package var order: [SortKey]
    package var calls: [NamedWindow]
    package var input: LogicalPlan

    package init(partition: [Expression], order: [SortKey], calls: [NamedWindow], input: LogicalPlan) {
        self.partition = partition
        self.order = order
        self.calls = calls
        self.input = input
    }

    func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> LogicalWindow {
        var window = self
        window.partition = try partition.map(transform)
        window.order = try order.map { try $0.mapExpressions(transform) }
        window.calls = try calls.map { NamedWindow(try $0.call.mapExpressions(transform), as: $0.output) }
        return window
    }
}

extension SortKey {
    /// Returns the key with `transform` applied to its expression.
    package func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> SortKey {
        SortKey(try transform(expression), ascending: ascending, nullsFirst: nullsFirst)
    }
}

/// Computes window functions over rows that come sorted by the partition, then by the order; each partition
/// is in one task. Output: the input's columns, then one per call.
package struct PhysicalWindow: Hashable, Sendable {
    package var partition: [Expression]
    package var order: [SortKey]
    package var calls: [WindowCall]
    package var schema: Schema
    package var input: PhysicalPlan

    package init(
        partition: [Expression], order: [SortKey], calls: [WindowCall], schema: Schema, input: PhysicalPlan
    ) {
        self.partition = partition
        self.order = order
        self.calls = calls
        self.schema = schema
        self.input = input
    }
}
