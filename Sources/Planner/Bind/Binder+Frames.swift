import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Refuses what functions that go by the order do not take: a window without order, another frame.
    func refuseFrame(
        _ name: String, _ syntax: WindowSyntax, _ order: [SortKey], at span: SourceSpan
    ) throws(EngineError) {
        if order.isEmpty {
            throw .user(
                "WINDOW_FUNCTION_WITHOUT_ORDER_BY", "\(name) needs the window's ORDER BY.",
                remedy: "Write OVER (… ORDER BY …).", at: location(span))
        }
        guard let frame = syntax.frame else { return }
        let isOwn = frame.unit == .rows && frame.start == .unboundedPreceding && frame.end == .currentRow
        if name == "lag" || name == "lead" || !isOwn {
            throw .user(
                "WINDOW_FUNCTION_AND_FRAME_MISMATCH", "\(name) takes no frame of its own.",
                remedy: "Leave ROWS or RANGE out.", at: location(span))
        }
    }

    /// Binds a frame. Without one: up to the current row's peers where there is an order, else everything.
    func frame(
        _ syntax: WindowFrameSyntax?, _ order: [SortKey], _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> WindowFrame {
        guard let syntax else {
            return order.isEmpty ? .whole : WindowFrame(start: .unboundedPreceding, end: .peers)
        }
        if syntax.start == .unboundedFollowing || syntax.end == .unboundedPreceding {
            throw .user(
                "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND",
                "A frame cannot begin at the end of the partition or end at its start.", at: location(span))
        }
        let frame = WindowFrame(
            start: try bound(syntax.start, syntax.unit, order, context, at: span),
            end: try bound(syntax.end, syntax.unit, order, context, at: span))
        let first = try intervalType(of: syntax.start)
        if let first, let last = try intervalType(of: syntax.end),
            first.isYearMonthInterval != last.isYearMonthInterval
        {
            throw .user(
                "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES",
                "The two ends of a frame have distances of one type.", at: location(span))
        }
        if syntax.unit == .range, order.isEmpty, frame != .whole {
            throw .user(
                "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", "A RANGE frame needs the window's ORDER BY.",
                at: location(span))
        }
        if case .rows(let low) = frame.start, case .rows(let high) = frame.end, low > high {
            throw .user(
                "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON",
                "The frame begins after its end.", at: location(span))
        }
        return frame
    }

    private func intervalType(of bound: WindowFrameSyntax.Bound) throws(EngineError) -> DataType? {
        switch bound {
        case .preceding(let syntax), .following(let syntax):
            let type = try bindConstant(syntax).type
            return isInterval(type) ? type : nil
        default: return nil
        }
    }

    private func bound(
        _ bound: WindowFrameSyntax.Bound, _ unit: WindowFrameSyntax.Unit, _ order: [SortKey],
        _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> WindowBound {
        switch bound {
        case .unboundedPreceding: return .unboundedPreceding
        case .unboundedFollowing: return .unboundedFollowing
        case .currentRow: return unit == .rows ? .rows(0) : .peers
        case .preceding(let syntax), .following(let syntax):
            var isAfter = false
            if case .following = bound { isAfter = true }
            let distance = try bind(syntax, BindContext(scope: .empty, clause: "OVER"))
            guard let constant = constant(distance), !constant.value.isNull else {
                throw .user(
                    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE",
                    "The bounds of a frame are constants.", at: location(syntax.span))
            }
            if unit == .range { return try value(syntax, distance, isAfter, order, at: span) }
            guard case .integer(let rows) = constant.value, constant.type.isIntegral,
                constant.type != .int64
            else {
                throw .user(
                    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                    "The bounds of a ROWS frame are integers.", at: location(syntax.span))
            }
            return .rows(isAfter ? Int(rows) : -Int(rows))
        }
    }

    /// Makes a bound of a RANGE frame: the order's key moved by the distance, in the order's direction.
    private func value(
        _ syntax: ExpressionSyntax, _ distance: Expression, _ isAfter: Bool, _ order: [SortKey],
        at span: SourceSpan
    ) throws(EngineError) -> WindowBound {
        guard order.count == 1, let sort = order.first else {
            throw .user(
                order.isEmpty
                    ? "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER"
                    : "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
                "A RANGE frame with a distance needs a window that is ordered by one expression.",
                at: location(span))
        }
        var (key, step) = (sort.expression, distance)
        let isTime = [.date, .timestamp, .timestampNTZ].contains(key.type) || isInterval(key.type)
        guard key.type.isNumeric || isTime else { throw mismatch(sort, distance, at: span) }
        if key.type.isIntegral, step.type.isIntegral {
            // Wide enough for any sum of the two.
            (key, step) = (cast(key, to: .int64), cast(step, to: .int64))
        }
        let kind: BinaryOperator = isAfter == sort.ascending ? .add : .subtract
        do {
            let moved = try binary(kind, key, step, (syntax, syntax), at: span)
            guard let type = commonType(moved.type, key.type) else {
                throw mismatch(sort, distance, at: span)
            }
            return .value(cast(moved, to: type), key: cast(key, to: type))
        } catch {
            throw mismatch(sort, distance, at: span)
        }
    }

    private func mismatch(_ sort: SortKey, _ distance: Expression, at span: SourceSpan) -> EngineError {
        .user(
            "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE",
            "A distance of type \(distance.type.sqlName) does not fit the order's type "
                + "\(sort.expression.type.sqlName).", at: location(span))
    }
}
