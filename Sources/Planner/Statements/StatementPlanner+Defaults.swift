import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// What columns hold for which a statement gives nothing: `DEFAULT expression`, or null.
extension StatementPlanner {
    /// Returns the value of a column that an INSERT leaves out.
    func defaultValue(of field: Field, in table: TableDefinition) throws(EngineError) -> Expression {
        guard let text = table.columnDefaults[field.name.lowercased()] else {
            return .literal(.null(field.type))
        }
        return try defaultValue(text, of: field, at: nil)
    }

    /// Binds the text of a DEFAULT. Throws `INVALID_DEFAULT_VALUE` where it is no constant, or of a type that
    /// the column does not take.
    func defaultValue(
        _ text: String, of field: Field, at place: SourceLocation?
    ) throws(EngineError) -> Expression {
        let own = SQLSource(text)
        let syntax = try SQLParser.expression(own)
        let binder = Binder(catalog: catalog, settings: settings, source: own)
        let bound: Expression
        do {
            bound = try binder.bindConstant(syntax)
        } catch {
            throw .user(
                "INVALID_DEFAULT_VALUE.UNRESOLVED_EXPRESSION",
                "The default value of \(field.name) is no constant: \(text). \(error.message)",
                remedy: "Write a literal, or functions of literals.", at: place)
        }
        if bound.hasSubquery {
            throw .user(
                "INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION",
                "The default value of \(field.name) holds a query: \(text)",
                remedy: "Write a literal, or functions of literals.", at: place)
        }
        if bound.type == field.type { return bound }
        if !bound.type.withNulls.isStorable(as: field.type), bound.type.withNulls != field.type.withNulls {
            throw .user(
                "INVALID_DEFAULT_VALUE.DATA_TYPE",
                "The default value of \(field.name) is of type \(bound.type.sqlName), the column of "
                    + "\(field.type.sqlName): \(text)",
                remedy: "Cast it: CAST(… AS \(field.type.sqlName)).", at: place)
        }
        return .cast(bound, to: field.type, mode: .ansi)
    }

    /// Notes the default values of a new table's columns, which have to be right.
    func note(defaultsOf columns: [FieldSyntax], in table: inout TableDefinition) throws(EngineError) {
        for column in columns {
            guard let text = column.defaultText else { continue }
            _ = try defaultValue(
                text, of: Field(column.name.text, DataType(column.type)), at: location(column.name.span))
            table.columnDefaults[column.name.text.lowercased()] = text
        }
    }

    /// Puts the columns' default values in the place of the words DEFAULT in the rows or the select list of
    /// an INSERT.
    func withDefaults(
        _ insert: InsertTableSyntax, into table: TableDefinition
    ) throws(EngineError) -> QuerySyntax {
        let fixed = Set(insert.partition.filter { $0.value != nil }.map { $0.name.text.lowercased() })
        let named = insert.columns.isEmpty ? nil : insert.columns.map { $0.text.lowercased() }
        let wanted = named ?? table.schema.names.map { $0.lowercased() }.filter { !fixed.contains($0) }
        var query = insert.query
        func replaced(_ value: ExpressionSyntax, _ place: Int) throws(EngineError) -> ExpressionSyntax {
            guard case .column(let parts) = value.kind, parts.count == 1, !parts[0].isQuoted,
                parts[0].text.uppercased() == "DEFAULT", place < wanted.count,
                let index = table.schema.index(of: wanted[place])
            else { return value }
            return try defaultSyntax(of: table.schema[index], in: table, at: value.span)
        }
        switch query.body {
        case .values(let rows, let span) where !insert.isByName:
            var changed: [[ExpressionSyntax]] = []
            for row in rows {
                var values: [ExpressionSyntax] = []
                for (place, value) in row.enumerated() { values.append(try replaced(value, place)) }
                changed.append(values)
            }
            query.body = .values(changed, span: span)
        case .select(var select) where !insert.isByName && select.items.count == wanted.count:
            for place in select.items.indices {
                select.items[place].expression = try replaced(select.items[place].expression, place)
            }
            query.body = .select(select)
        default: break
        }
        return query
    }

    /// A default value as it would be written in place of the word.
    private func defaultSyntax(
        of field: Field, in table: TableDefinition, at span: SourceSpan
    ) throws(EngineError) -> ExpressionSyntax {
        let value = try defaultValue(of: field, in: table)
        let null = ExpressionSyntax(.literal(.null), span: span)
        if value.isNullLiteral { return null }
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        guard !field.type.isNested, field.type != .binary,
            let text = binder.constant(.cast(value, to: .string, mode: .ansi))
        else {
            throw .user(
                "UNSUPPORTED_FEATURE", "DEFAULT cannot stand for a value of type \(field.type.sqlName).",
                remedy: "Leave the column out: name the others behind the table.", at: location(span))
        }
        guard case .string(let shown) = text.value else { return null }
        let type = try SQLParser.type(SQLSource(field.type.sqlName))
        return ExpressionSyntax(
            .cast(ExpressionSyntax(.literal(.string(shown)), span: span), to: type, kind: .cast),
            span: span)
    }
}
