import Columns
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Names columns without alias, knowing what names and types came out of binding.
    var naming: ColumnNaming {
        ColumnNaming(
            columnText: { [self] parts in
                columnTexts[parts.map(\.text)] ?? parts.last?.text ?? ""
            },
            special: { [self] expression in dateName(expression) })
    }

    /// Names sums of dates and intervals, which Spark turns into functions before it names them.
    private func dateName(_ expression: ExpressionSyntax) -> String? {
        guard case .binary(let kind, let left, let right) = expression.kind,
            [.add, .subtract, .multiply].contains(kind), let first = types[left.span],
            let second = types[right.span]
        else { return nil }
        let a = naming.text(left)
        let b = naming.text(right)
        if kind == .multiply { return isInterval(second) && first.isNumeric ? "(\(b) * \(a))" : nil }
        if kind == .add, second == .date || isInstant(second), first.isIntegral || isInterval(first) {
            return dateSum(kind, second, b, first, a, left)
        }
        return dateSum(kind, first, a, second, b, right)
    }

    private func dateSum(
        _ kind: BinaryOperator, _ first: DataType, _ a: String, _ second: DataType, _ b: String,
        _ syntax: ExpressionSyntax
    ) -> String? {
        guard first == .date || isInstant(first) else { return nil }
        if first == .date, second.isIntegral {
            return "\(kind == .add ? "date_add" : "date_sub")(\(a), \(b))"
        }
        if first == .date, second == .dayTimeInterval, Self.isWholeDays(syntax) {
            let days = "extractansiintervaldays(\(b))"
            return "date_add(\(a), \(kind == .add ? days : "(- \(days))"))"
        }
        return isInterval(second) ? "\(a) \(kind.rawValue) \(b)" : nil
    }

    private func isInstant(_ type: DataType) -> Bool { type == .timestamp || type == .timestampNTZ }
}
