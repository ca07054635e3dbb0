import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Finds what a name stands for: a column of this query, an alias, a column of a query around it, a
    /// function without parentheses.
    func column(_ parts: [NameSyntax], _ context: BindContext, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        if let variable = context.lambdaVariables[parts[0].text.lowercased()] {
            var value = variable
            for part in parts.dropFirst() { value = try member(part, of: value, at: span) }
            return value
        }
        let alias = parts.count == 1 ? context.aliases[parts[0].text.lowercased()] : nil
        if context.prefersAliases, let alias { return alias }
        let found = context.scope.matches(parts)
        if found.count > 1 { throw ambiguous(parts, found, at: span) }
        if let match = found.first { return try value(of: match, parts, at: span) }
        if let alias {
            if context.namesLateralAliases {
                if context.repeatedAliases.contains(parts[0].text.lowercased()) {
                    throw .user(
                        "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
                        "Several columns before have this alias: \(parts[0].text).",
                        remedy: "Give them different ones.", at: location(span))
                }
                columnTexts[parts.map(\.text)] = "lateralAliasReference(\(parts[0].text))"
            }
            return alias
        }
        if let member = try aliasMember(parts, context, at: span) { return member }
        if let window = try windowMember(parts, at: span) { return window }
        for level in outer.indices.reversed() {
            let found = outer[level].context.scope.matches(parts)
            if found.count > 1 { throw ambiguous(parts, found, at: span) }
            guard let match = found.first else { continue }
            // Every query between here and there passes the column on.
            for inner in level..<outer.count {
                outer[inner].names.append(match.column.reference.name)
                if outer[inner].references.contains(match.column.reference) { continue }
                outer[inner].references.append(match.column.reference)
            }
            return try value(of: match, parts, at: span)
        }
        if parts.count == 1, let function = try functionWithoutParentheses(parts[0], at: span) {
            return function
        }
        if let variable = try variable(parts, at: span) { return variable }
        if let found = try metadata(parts, context, at: span) { return found }
        throw unresolved(parts, context, at: span)
    }

    /// Finds a variable of the session, and members below it.
    private func variable(_ parts: [NameSyntax], at span: SourceSpan) throws(EngineError) -> Expression? {
        for count in 1...min(3, parts.count) {
            let names = parts.prefix(count).map(\.text)
            guard let variable = catalog.variable(named: names), viewDatabase == nil else { continue }
            if openViews.isEmpty { temporaryNames.append(names.joined(separator: ".")) }
            columnTexts[names] =
                "variablereference(system.session.\(variable.name)=\(LiteralSQL.text(variable.value)))"
            var value = Expression.literal(variable.value)
            for part in parts.dropFirst(count) { value = try member(part, of: value, at: span) }
            return value
        }
        return nil
    }

    /// Returns the name that the text of `IDENTIFIER(text)` is.
    func identifier(_ text: ExpressionSyntax, at span: SourceSpan) throws(EngineError) -> [NameSyntax] {
        let bound = try bindConstant(text)
        guard let literal = constant(bound), case .string(let name) = literal.value else {
            throw .user(
                bound.type == .string
                    ? "NOT_A_CONSTANT_STRING.NULL" : "NOT_A_CONSTANT_STRING.WRONG_TYPE",
                "IDENTIFIER takes a constant text, not a value of type \(bound.type.sqlName).",
                at: location(text.span))
        }
        do throws(EngineError) {
            var parts = try SQLParser.name(SQLSource(name, file: source.file))
            for index in parts.indices { parts[index].span = span }
            return parts
        } catch {
            throw .user(
                "PARSE_SYNTAX_ERROR", "The text of IDENTIFIER is no name: \(name).", at: location(span))
        }
    }

    /// Finds `window` or `session_window` and its members, where the SELECT names windows of time.
    private func windowMember(_ parts: [NameSyntax], at span: SourceSpan) throws(EngineError) -> Expression? {
        let name = parts[0].text.lowercased()
        guard let column = windowColumns.values.first(where: { $0.name == name }) else { return nil }
        var value = Expression.column(column)
        for part in parts.dropFirst() { value = try member(part, of: value, at: span) }
        return value
    }

    /// Finds members of an alias of the select list, as in `alias.member`.
    private func aliasMember(
        _ parts: [NameSyntax], _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        guard parts.count > 1, let base = context.aliases[parts[0].text.lowercased()], base.type.isNested
        else {
            return nil
        }
        var value = base
        for part in parts.dropFirst() { value = try member(part, of: value, at: span) }
        return value
    }

    private func value(
        of match: Scope.Match, _ parts: [NameSyntax], at span: SourceSpan
    ) throws(EngineError) -> Expression {
        let text = parts[match.qualifierCount...].map(\.text).joined(separator: ".")
        columnTexts[parts.map(\.text)] = text
        columnSpans[match.column.reference.id] = span
        var value = Expression.column(match.column.reference)
        for part in match.members { value = try member(part, of: value, at: span) }
        return value
    }

    /// Takes a member out of a structure; out of an array of structures, of each; a value out of a map.
    func member(_ name: NameSyntax, of base: Expression, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        switch base.type {
        case .structure(let fields):
            let lowered = name.text.lowercased()
            let found = fields.indices.filter { fields[$0].name.lowercased() == lowered }
            if found.count > 1 {
                throw .user(
                    "AMBIGUOUS_REFERENCE_TO_FIELDS",
                    "The structure has several fields of this name: \(name.text).",
                    at: location(name.span))
            }
            guard let index = found.first else {
                let near = Suggestion.nearest(to: name.text, among: fields.map(\.name))
                throw .user(
                    "FIELD_NOT_FOUND",
                    "There is no such struct field \(name.text) in "
                        + "\(fields.map(\.name).joined(separator: ", ")).",
                    remedy: near.map { "Did you mean '\($0)'?" },
                    at: location(name.span))
            }
            return .member(base, index: index, type: fields[index].type)
        case .array(.structure, _): return try memberOfEach(name, of: base, at: span)
        case .map, .array:
            return try element(of: base, .literal(.string(name.text)), at: span)
        default:
            throw .user(
                "INVALID_EXTRACT_BASE_FIELD_TYPE",
                "Only structures, arrays of them and maps have fields: \(name.text) was asked of a value of "
                    + "type \(base.type.sqlName).",
                at: location(span))
        }
    }

    /// Takes a member out of each structure of an array, as `transform(base, x -> x.name)` does.
    private func memberOfEach(_ name: NameSyntax, of base: Expression, at span: SourceSpan)
        throws(EngineError) -> Expression
    {
        guard case .array(let element, _) = base.type else { return base }
        let numbers = [Int(newID().rawValue), Int(newID().rawValue)]
        let each = try member(name, of: LambdaForm.variable(numbers[0], element), at: span)
        return .call(
            FunctionCall(
                LambdaForm.transform.rawValue, [base, each] + numbers.map { .literal(.int64(Int64($0))) },
                type: .array(each.type, containsNull: true), ansi: settings.ansi, origin: origin(span)))
    }

    /// Takes `base[index]`: an item of an array, from 0, or the value of a map's key.
    func element(of base: Expression, _ index: Expression, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        switch base.type {
        case .array where settings.ansi && !index.type.isIntegral && index.type != .null:
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "The index of an array is an integer, not a value of type \(index.type.sqlName).",
                at: location(span))
        case .array, .map: return try call("element", [base, index], at: span)
        case .structure:
            guard let literal = index.literalValue, case .string(let name) = literal.value else { break }
            return try member(NameSyntax(name, span: span), of: base, at: span)
        default: break
        }
        throw .user(
            "INVALID_EXTRACT_BASE_FIELD_TYPE",
            "Only arrays, maps and structures have elements, not a value of type \(base.type.sqlName).",
            at: location(span))
    }

    private func functionWithoutParentheses(_ name: NameSyntax, at span: SourceSpan) throws(EngineError)
        -> Expression?
    {
        let known = [
            "current_date", "current_timestamp", "current_user", "current_catalog", "current_database",
            "user", "session_user", "current_time",
        ]
        let lowered = name.text.lowercased()
        guard known.contains(lowered), !name.isQuoted else { return nil }
        columnTexts[[name.text]] = lowered == "current_time" ? "\(lowered)(6)" : "\(lowered)()"
        return try call(lowered, [], at: span)
    }

    // MARK: Errors

    func ambiguous(_ parts: [NameSyntax], _ found: [Scope.Match], at span: SourceSpan) -> EngineError {
        let candidates = found.map {
            ($0.column.qualifier + [$0.column.reference.name]).joined(separator: ".")
        }
        return .user(
            "AMBIGUOUS_REFERENCE",
            "The name could mean several columns (\(candidates.joined(separator: ", "))): "
                + "\(parts.map(\.text).joined(separator: ".")).",
            remedy: "Put the table's name or alias before it.", at: location(span))
    }

    func unresolved(_ parts: [NameSyntax], _ context: BindContext, at span: SourceSpan) -> EngineError {
        let name = parts.map(\.text).joined(separator: ".")
        let hint = suggestion(for: parts, in: context.scope)
        return .user(
            hint == nil ? "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION" : "UNRESOLVED_COLUMN.WITH_SUGGESTION",
            "There is no column of this name: \(name).", remedy: hint, at: location(span))
    }

    /// Names the column most like the one asked for, else the first few there are.
    func suggestion(for parts: [NameSyntax], in scope: Scope) -> String? {
        let visible = scope.starColumns([])
        if visible.isEmpty { return nil }
        guard let last = parts.last?.text else { return nil }
        let full = parts.map(\.text).joined(separator: ".")
        let qualified = visible.filter { !$0.qualifier.isEmpty }
            .map { ($0.qualifier.suffix(1) + [$0.reference.name]).joined(separator: ".") }
        if parts.count > 1, let near = Suggestion.nearest(to: full, among: qualified) {
            return "Did you mean '\(near)'?"
        }
        if let near = Suggestion.nearest(to: last, among: visible.map(\.reference.name)) {
            return "Did you mean '\(near)'?"
        }
        let names = visible.prefix(5).map(\.reference.name).joined(separator: ", ")
        return "The columns are: \(names)\(visible.count > 5 ? ", …" : "")."
    }
}
