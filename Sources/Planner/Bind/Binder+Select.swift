import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Holds one item of a select list once stars are expanded.
struct SelectColumn {
    var expression: Expression
    var name: String
    /// What the user wrote; nil for columns out of a star.
    var syntax: ExpressionSyntax?
    var span: SourceSpan
}

extension Binder {
    /// Binds SELECT … FROM … WHERE … GROUP BY … HAVING, with the ORDER BY behind it, which may use columns
    /// that the list leaves out.
    func select(
        _ select: SelectSyntax, order: OrderSyntax?, windows: [NamedWindowSyntax]
    ) throws(EngineError) -> BoundRelation {
        let collector = WindowCollector()
        for window in windows + select.windows {
            collector.named[window.name.text.lowercased()] = window.window
        }
        var bound =
            try select.from.map { from throws(EngineError) in try relation(from, hinted: select.hints) }
            ?? BoundRelation(.values(rows: [[]], output: []))
        let savedFiles = (inputFileColumns, metadataColumns)
        defer { (inputFileColumns, metadataColumns) = savedFiles }
        bound = try inputFiles(select, order, bound)
        bound = try lateralViews(select.lateralViews, bound)
        if let filter = select.filter {
            let context = BindContext(scope: bound.scope, clause: "WHERE")
            let condition = try condition(bind(filter, context), "WHERE", at: filter.span)
            bound.plan = .filter(condition, input: bound.plan)
        }
        let savedWindows = windowColumns
        defer { windowColumns = savedWindows }
        windowColumns = [:]
        bound.plan = try timeWindows(select, bound)
        bound.plan = try sessionWindows(select, bound, over: bound.plan)
        if select.isSelectPipe, let item = select.items.first(where: { hasAggregate($0.expression) }) {
            throw aggregateInPipe("SELECT", at: item.expression.span)
        }
        if select.isAggregatePipe { try checkAggregates(select) }
        if aggregates(select, order) { return try aggregated(select, order, bound, collector) }
        var context = BindContext(scope: bound.scope, clause: "SELECT")
        context.windows = collector
        context.namesLateralAliases = true
        context.hasFrom = select.from != nil
        try selectGenerators(select.items, &bound.plan, &context)
        let items = try selectList(select.items, &context)
        return try projected(items, select, order, bound, context)
    }

    private func aggregates(_ select: SelectSyntax, _ order: OrderSyntax?) -> Bool {
        if select.groupBy != nil || select.having != nil { return true }
        if select.items.contains(where: { hasAggregate($0.expression) }) { return true }
        if case .items(let items)? = order { return items.contains { hasAggregate($0.expression) } }
        return false
    }

    // MARK: The select list

    /// Binds the items, each of which may use the aliases before it where no column has that name.
    func selectList(_ items: [SelectItemSyntax], _ context: inout BindContext) throws(EngineError)
        -> [SelectColumn]
    {
        var columns: [SelectColumn] = []
        for item in items {
            let span = item.expression.span
            if let made = context.generated[span] {
                columns += made.map {
                    SelectColumn(expression: .column($0), name: $0.name, syntax: nil, span: span)
                }
                // Items behind it may use what it gives, but where rows are grouped.
                for column in made where !item.aliases.isEmpty && context.aggregates == nil {
                    context.aliases[column.name.lowercased()] = .column(column)
                }
                continue
            }
            if item.aliases.count > 1 {
                throw .user(
                    "UNSUPPORTED_GENERATOR.NOT_GENERATOR",
                    "Only functions such as explode give several columns.", at: location(span))
            }
            if case .star(let qualifier, let except) = item.expression.kind {
                columns += try star(qualifier, except, context, at: span)
                continue
            }
            let expression = try bind(item.expression, context)
            let name = item.alias?.text ?? naming.name(of: item.expression)
            columns.append(
                SelectColumn(expression: expression, name: name, syntax: item.expression, span: span))
            if let alias = item.alias?.text.lowercased(),
                context.aliases.updateValue(expression, forKey: alias) != nil
            {
                context.repeatedAliases.insert(alias)
            }
        }
        return columns
    }

    /// Expands `*`, `t.*` and `s.*` of a structure, less the columns of EXCEPT.
    private func star(
        _ qualifier: [NameSyntax], _ except: [[NameSyntax]], _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> [SelectColumn] {
        var found = context.scope.starColumns(qualifier).map {
            SelectColumn(expression: .column($0.reference), name: $0.reference.name, syntax: nil, span: span)
        }
        if found.isEmpty, !qualifier.isEmpty {
            guard let base = try? column(qualifier, context, at: span),
                case .structure(let fields) = base.type
            else {
                let tables = Set(context.scope.columns.compactMap(\.qualifier.last)).sorted()
                let near = Suggestion.nearest(to: qualifier.last?.text ?? "", among: tables)
                throw .user(
                    "CANNOT_RESOLVE_STAR_EXPAND",
                    "There is no table of this name in FROM: "
                        + "\(qualifier.map(\.text).joined(separator: ".")).",
                    remedy: near.map { "Did you mean '\($0).*'?" }, at: location(span))
            }
            found = fields.indices.map { index in
                SelectColumn(
                    expression: .member(base, index: index, type: fields[index].type),
                    name: fields[index].name,
                    syntax: nil, span: span)
            }
        } else if found.isEmpty, !context.hasFrom {
            throw .user(
                "INVALID_USAGE_OF_STAR_OR_REGEX", "A star needs a FROM clause.", at: location(span))
        }
        if !except.isEmpty, found.allSatisfy({ $0.expression.columnReference == nil }) {
            return try withoutMembers(found, except, context)
        }
        var starred = context
        let kept = Set(found.compactMap(\.expression.columnReference?.id))
        starred.scope.columns = context.scope.columns.filter { kept.contains($0.reference.id) }
        var members: [Expression: [[Int]]] = [:]
        for name in except {
            let excluded = try column(name, starred, at: name.first?.span ?? span)
            if let index = found.firstIndex(where: { $0.expression == excluded }) {
                found.remove(at: index)
                continue
            }
            let (base, path) = Self.memberPath(excluded)
            guard !path.isEmpty, found.contains(where: { $0.expression == base }) else {
                throw unresolved(name, starred, at: name.first?.span ?? span)
            }
            members[base, default: []].append(path)
        }
        for index in found.indices {
            guard let paths = members[found[index].expression] else { continue }
            found[index].expression = try without(paths, found[index].expression, at: span)
        }
        return found
    }

    /// Returns what a member is taken from at the bottom, and the positions on the way up.
    private static func memberPath(_ expression: Expression) -> (base: Expression, path: [Int]) {
        guard case .member(let inner, let index, _) = expression else { return (expression, []) }
        let (base, path) = memberPath(inner)
        return (base, path + [index])
    }

    /// Builds a structure anew without the members at some paths. As in Spark, null becomes a structure of
    /// nulls.
    private func without(
        _ paths: [[Int]], _ value: Expression, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        guard case .structure(let fields) = value.type else { return value }
        var parts: [Expression] = []
        for (index, field) in fields.enumerated() {
            let below = paths.filter { $0.first == index }.map { Array($0.dropFirst()) }
            if below.contains([]) { continue }
            let member = Expression.member(value, index: index, type: field.type)
            parts.append(.literal(.string(field.name)))
            parts.append(below.isEmpty ? member : try without(below, member, at: span))
        }
        return try call("named_struct", parts, at: span)
    }

    /// Leaves out members of a structure by their names.
    private func withoutMembers(
        _ members: [SelectColumn], _ except: [[NameSyntax]], _ context: BindContext
    ) throws(EngineError) -> [SelectColumn] {
        var kept = members
        for name in except {
            let text = name.last?.text.lowercased() ?? ""
            guard name.count == 1, let place = kept.firstIndex(where: { $0.name.lowercased() == text }) else {
                throw unresolved(name, context, at: name.first?.span ?? .none)
            }
            kept.remove(at: place)
        }
        return kept
    }

    // MARK: Projection and order

    /// Projects the items and sorts, without aggregation.
    private func projected(
        _ items: [SelectColumn], _ select: SelectSyntax, _ order: OrderSyntax?, _ input: BoundRelation,
        _ context: BindContext
    ) throws(EngineError) -> BoundRelation {
        let list = named(items.map { ($0.expression, $0.name) })
        var sorting = context
        sorting.clause = "ORDER BY"
        let keys = try sortKeys(order, list, items, sorting) { key in key }
        let qualified = try qualification(select, items, context)
        var plan = try context.windows?.applied(to: input.plan) ?? input.plan
        if let qualified { plan = .filter(qualified, input: plan) }
        return try BoundRelation(finish(list, keys, isDistinct: select.isDistinct, plan, at: select.span))
    }

    /// Binds QUALIFY, which may use the aliases of the select list.
    func qualification(
        _ select: SelectSyntax, _ items: [SelectColumn], _ context: BindContext
    ) throws(EngineError) -> Expression? {
        guard let syntax = select.qualify else { return nil }
        var inner = context
        inner.clause = "QUALIFY"
        inner.namesLateralAliases = false
        for item in items where inner.aliases[item.name.lowercased()] == nil {
            inner.aliases[item.name.lowercased()] = item.expression
        }
        return try condition(bind(syntax, inner), "QUALIFY", at: syntax.span)
    }

    /// Binds the items of an ORDER BY: positions, aliases, expressions over what is below. `rewrite` takes
    /// expressions over the input to expressions over the aggregate, where there is one. Parts that equal a
    /// select item become its column.
    func sortKeys(
        _ order: OrderSyntax?, _ list: [NamedExpression], _ items: [SelectColumn], _ context: BindContext,
        _ rewrite: (Expression) throws(EngineError) -> Expression
    ) throws(EngineError) -> [SortKey] {
        guard let order else { return [] }
        var context = context
        context.aliases = [:]
        context.prefersAliases = true
        context.namesLateralAliases = false
        for (item, output) in zip(items, list) { context.listed[output.output.id] = item.expression }
        // A name that two columns of the list have stands for neither, but for what is below.
        let named = Dictionary(grouping: list) { $0.output.name.lowercased() }
        for (name, items) in named where items.count == 1 { context.aliases[name] = .column(items[0].output) }
        switch order {
        case .all(let isDescending, let nullsFirst):
            return list.map { SortKey(.column($0.output), ascending: !isDescending, nullsFirst: nullsFirst) }
        case .items(let syntax):
            var keys: [SortKey] = []
            for item in syntax {
                if let position = try ordinal(item.expression, count: list.count, clause: "ORDER BY") {
                    keys.append(try sortKey(.column(list[position].output), item))
                    continue
                }
                let bound = Self.replacing(try bind(item.expression, context), items, list)
                let key = try rewrite(bound)
                keys.append(try sortKey(Self.replacing(key, list), item))
            }
            return keys
        }
    }

    /// Replaces parts that equal a select item, as bound over the input, by the item's column.
    private static func replacing(
        _ key: Expression, _ items: [SelectColumn], _ list: [NamedExpression]
    ) -> Expression {
        if case .column = key { return key }
        if case .literal = key { return key }
        for (item, output) in zip(items, list) where item.expression == key { return .column(output.output) }
        return key.mapChildren { replacing($0, items, list) }
    }

    private static func replacing(_ key: Expression, _ list: [NamedExpression]) -> Expression {
        if case .literal = key { return key }
        for item in list where item.expression == key { return .column(item.output) }
        return key.mapChildren { replacing($0, list) }
    }

    /// Refuses rows with maps where rows are compared as a whole.
    func refuseMaps(_ columns: [ColumnReference], _ clause: String, at span: SourceSpan) throws(EngineError) {
        for column in columns {
            if column.type.hasVariant {
                throw .user(
                    "UNSUPPORTED_FEATURE.SET_OPERATION_ON_VARIANT_TYPE",
                    "\(clause) cannot compare variants: the column \(column.name).",
                    remedy: "Compare CAST(… AS STRING) instead.", at: location(span))
            }
            guard case .map = column.type else { continue }
            throw .user(
                "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                "\(clause) cannot compare maps: the column \(column.name).",
                remedy: "Compare map_entries(…) instead.", at: location(span))
        }
    }

    /// Puts projection, DISTINCT and sort above the input. Keys over columns that the list leaves out take
    /// them along and drop them again.
    func finish(
        _ list: [NamedExpression], _ keys: [SortKey], isDistinct: Bool, _ input: LogicalPlan,
        at span: SourceSpan
    ) throws(EngineError) -> LogicalPlan {
        let output = Set(list.map(\.output.id))
        let below = Dictionary(input.output.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var missing: [ColumnReference] = []
        for key in keys {
            for id in key.expression.columns.subtracting(output).sorted()
            where !missing.contains(where: { $0.id == id }) {
                if let reference = below[id] { missing.append(reference) }
            }
        }
        if isDistinct {
            try refuseMaps(list.map(\.output), "SELECT DISTINCT", at: span)
            if let reference = missing.first {
                throw .user(
                    "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                    "ORDER BY after SELECT DISTINCT uses a column that the select list does not have: "
                        + "\(reference.name).", remedy: "Add it to the select list.",
                    at: columnSpans[reference.id].map { location($0) })
            }
            let distinct = LogicalPlan.distinct(input: .project(list, input: input))
            return keys.isEmpty ? distinct : .sort(keys, input: distinct)
        }
        if keys.isEmpty { return .project(list, input: input) }
        let extra = missing.map { NamedExpression(.column($0), as: $0) }
        let sorted = LogicalPlan.sort(keys, input: .project(list + extra, input: input))
        if extra.isEmpty { return sorted }
        return .project(list.map { NamedExpression(.column($0.output), as: $0.output) }, input: sorted)
    }
}
