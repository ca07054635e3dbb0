import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Columns of CHAR(n) and VARCHAR(n) are texts everywhere, but the binder notes what they were declared as,
// as Spark does in the metadata of attributes: texts of CHAR(n) are filled up with blanks where a table is
// read, and beside them what they are compared with (Spark's `ApplyCharTypePadding`). What CREATE TABLE …
// AS SELECT takes of them over keeps its length.
extension Binder {
    private func isOn(_ setting: String, usually: Bool) -> Bool {
        settings.options[setting].map { $0.lowercased() == "true" } ?? usually
    }

    private var minds: Bool { !isOn(SettingNames.charAsString, usually: false) }

    /// Notes the types as written of a table's columns, and fills up the texts of those of CHAR(n).
    func declared(_ bound: BoundRelation, as types: [String: String]) -> BoundRelation {
        if types.isEmpty || !minds { return bound }
        let pads = isOn(SettingNames.readPadding, usually: true)
        var result = bound
        var items: [NamedExpression] = []
        var isPadded = false
        for place in bound.scope.columns.indices {
            let column = bound.scope.columns[place].reference
            guard let text = types[column.name.lowercased()], let type = try? SQLParser.type(SQLSource(text))
            else {
                items.append(NamedExpression(.column(column), as: column))
                continue
            }
            let limit = TextLimit(type)
            var output = column
            if pads, limit.fills {
                output = newColumn(column.name, column.type, nullable: column.nullable)
                items.append(NamedExpression(CharPadding.call(.column(column), limit), as: output))
                result.scope.columns[place].reference = output
                isPadded = true
            } else {
                items.append(NamedExpression(.column(column), as: column))
            }
            declaredTypes[output.id] = type
        }
        if isPadded { result.plan = .project(items, input: bound.plan) }
        return result
    }

    /// Notes that a column holds what another one does.
    func inherit(_ column: ColumnReference, from expression: Expression) {
        guard !declaredTypes.isEmpty, case .column(let source) = expression,
            let type = declaredTypes[source.id]
        else { return }
        declaredTypes[column.id] = type
    }

    // MARK: Comparisons

    private func length(_ expression: Expression) -> Int? {
        guard case .column(let column) = expression, case .char(let count)? = declaredTypes[column.id] else {
            return nil
        }
        return count
    }

    private func text(_ expression: Expression) -> String? {
        guard expression.type == .string, case .string(let text)? = constant(expression)?.value else {
            return nil
        }
        return text
    }

    /// Fills up the shorter one of a column of CHAR(n) and a constant, or of two such columns.
    func padded(_ left: Expression, _ right: Expression) -> (Expression, Expression) {
        if declaredTypes.isEmpty { return (left, right) }
        switch (length(left), length(right)) {
        case (let a?, let b?):
            return (filled(left, a, to: b), filled(right, b, to: a))
        case (let a?, nil):
            guard let text = text(right) else { return (left, right) }
            let count = text.unicodeScalars.count
            return (filled(left, a, to: count), filled(right, count, to: a))
        case (nil, .some):
            let (second, first) = padded(right, left)
            return (first, second)
        case (nil, nil): return (left, right)
        }
    }

    /// Fills up a column of CHAR(n) and the constants of its list to the longest of them.
    func padded(_ value: Expression, in list: [Expression]) -> (Expression, [Expression]) {
        if declaredTypes.isEmpty { return (value, list) }
        guard let count = length(value) else { return (value, list) }
        let lengths = list.map { item in
            item.isNullLiteral ? 0 : text(item).map { $0.unicodeScalars.count } ?? length(item)
        }
        guard let longest = lengths.map({ $0 ?? -1 }).max(), !lengths.contains(nil) else {
            return (value, list)
        }
        let wanted = max(count, longest)
        return (
            filled(value, count, to: wanted),
            zip(list, lengths).map { item, length in filled(item, length ?? 0, to: wanted) }
        )
    }

    private func filled(_ value: Expression, _ count: Int, to wanted: Int) -> Expression {
        if count >= wanted || value.isNullLiteral { return value }
        if let text = text(value), wanted - count <= ConstantFolding.plannedBytes - text.utf8.count {
            return .literal(.string(text + String(repeating: " ", count: wanted - count)))
        }
        return CharPadding.call(value, .filled(wanted))
    }
}
