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
            special: { [self] expression in
                routineName(expression) ?? identifierName(expression) ?? starName(expression)
                    ?? instantName(expression) ?? dateName(expression) ?? memberName(expression)
            }, namedWindow: { [self] name in windowDefinitions[name.span] },
            outerColumns: { [self] span in outerNames[span, default: []].joined(separator: ", ") })
    }

    /// Names a call of a function of users by its whole name and what each parameter is given.
    private func routineName(_ expression: ExpressionSyntax) -> String? {
        guard case .call = expression.kind, let shown = shownCalls[expression.span] else { return nil }
        return "\(shown.name)(\(shown.arguments.compactMap { $0.map(naming.text) }.joined(separator: ", ")))"
    }

    /// Names a star among arguments by its columns, `id, name`.
    private func starName(_ expression: ExpressionSyntax) -> String? {
        guard case .star = expression.kind else { return nil }
        return starNames[expression.span]?.joined(separator: ", ")
    }

    private func identifierName(_ expression: ExpressionSyntax) -> String? {
        guard case .identifier = expression.kind, let parts = identifiers[expression.span] else { return nil }
        return columnTexts[parts.map(\.text)] ?? parts.last?.text
    }

    /// Names `s['a']` of a structure as `s.a`.
    private func memberName(_ expression: ExpressionSyntax) -> String? {
        guard case .element(let base, let position) = expression.kind,
            case .structure? = types[base.span], case .literal(.string(let name)) = position.kind
        else { return nil }
        return "\(naming.text(base)).\(name)"
    }

    /// Names a literal of an instant by its time in the session's zone, whatever zone it was written in.
    private func instantName(_ expression: ExpressionSyntax) -> String? {
        guard case .literal(.timestamp(let text)) = expression.kind else { return nil }
        let instant = Expression.cast(.literal(.string(text)), to: .timestamp, mode: .ansi)
        guard case .string(let shown)? = constant(.cast(instant, to: .string, mode: .ansi))?.value else {
            return nil
        }
        return "TIMESTAMP '\(shown)'"
    }

    /// Names sums of dates and intervals, which Spark turns into functions before it names them.
    private func dateName(_ expression: ExpressionSyntax) -> String? {
        if case .call(let call) = expression.kind { return callName(call) }
        guard case .binary(let kind, let left, let right) = expression.kind,
            [.add, .subtract, .multiply].contains(kind), let first = types[left.span],
            let second = types[right.span]
        else { return nil }
        if kind == .multiply {
            if first == .calendarInterval {
                return "multiply_interval(\(naming.text(left)), \(naming.text(right)))"
            }
            guard isInterval(second), first.isNumeric else { return nil }
            return "(\(naming.text(right)) * \(naming.text(left)))"
        }
        if kind == .subtract, first.isClock || second.isClock, first.isClock || first == .string,
            second.isClock || second == .string
        {
            return "\(naming.text(left)) - \(naming.text(right))"
        }
        let isMoving = first.isIntegral || isInterval(first) || first == .calendarInterval
        if kind == .add, second == .date || isInstant(second) || second.isClock, isMoving {
            return dateSum(kind, (right, second), (left, first))
        }
        return dateSum(kind, (left, first), (right, second))
    }

    /// Names calls that Spark turns into others by the types of their arguments.
    private func callName(_ call: CallSyntax) -> String? {
        let name = call.name.last?.text.lowercased() ?? ""
        guard call.arguments.count == 2, call.window == nil, let type = types[call.arguments[0].value.span]
        else { return nil }
        func texts() -> [String] { call.arguments.map { naming.text($0.value) } }
        switch (name, type) {
        case ("to_char", .date), ("to_char", .timestamp), ("to_char", .timestampNTZ), ("to_varchar", .date),
            ("to_varchar", .timestamp), ("to_varchar", .timestampNTZ):
            return "date_format(\(texts().joined(separator: ", ")))"
        case ("to_char", .binary):
            guard case .literal(.string(let format)) = call.arguments[1].value.kind else { return nil }
            return ["base64", "hex"].contains(format.lowercased())
                ? "\(format.lowercased())(\(texts()[0]))" : "decode(\(texts().joined(separator: ", ")))"
        case ("to_varchar", .binary):
            // Only the formats that stand for functions of one argument drop out.
            guard case .literal(.string(let format)) = call.arguments[1].value.kind,
                ["base64", "hex"].contains(format.lowercased())
            else { return nil }
            return "to_varchar(\(texts()[0]))"
        case ("to_varchar", _): return "to_char(\(texts().joined(separator: ", ")))"
        case ("lpad", .binary), ("rpad", .binary):
            return "\(name)(\(texts().joined(separator: ", ")), X'00')"
        default: return nil
        }
    }

    /// Texts are made only once it is sure that they are used: a chain would make them twice at each level.
    private func dateSum(
        _ kind: BinaryOperator, _ date: (syntax: ExpressionSyntax, type: DataType),
        _ moved: (syntax: ExpressionSyntax, type: DataType)
    ) -> String? {
        let isDate = date.type == .date
        let isClock = date.type.isClock && moved.type.isDayTimeInterval
        guard isDate || isInstant(date.type) || isClock else { return nil }
        guard
            isInterval(moved.type) || moved.type == .calendarInterval || (isDate && moved.type.isIntegral)
        else { return nil }
        let a = naming.text(date.syntax)
        let b = naming.text(moved.syntax)
        if moved.type.isIntegral { return "\(kind == .add ? "date_add" : "date_sub")(\(a), \(b))" }
        if isDate, moved.type.isDayTimeInterval, moved.type.intervalFields?.last == .day {
            let days = "extractansiintervaldays(\(b))"
            return "date_add(\(a), \(kind == .add ? days : "(- \(days))"))"
        }
        return "\(a) \(kind.rawValue) \(b)"
    }

    private func isInstant(_ type: DataType) -> Bool { type == .timestamp || type == .timestampNTZ }
}
