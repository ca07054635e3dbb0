import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

/// Stands for a common table expression while its own query is bound.
final class RecursiveTable {
    /// Recursions around this one.
    let level: Int
    /// The columns, once the anchor is bound; what comes before may not refer to the table.
    var columns: [ColumnReference]?
    var useCount = 0

    init(level: Int) { self.level = level }
}

// Common table expressions of WITH RECURSIVE. Source of the rules: Spark's ResolveWithCTE and UnionLoop.
extension Binder {
    /// Binds a use of a table of WITH RECURSIVE; nil when it does not refer to itself.
    func recursion(_ common: CommonTable, named name: String) throws(EngineError) -> LogicalPlan? {
        let table = RecursiveTable(level: openRecursions)
        openRecursions += 1
        defer { openRecursions -= 1 }
        var own = common
        own.recursive = table
        let query = common.syntax.query
        // Tables of the query's own WITH may not refer to it.
        own.recursive = RecursiveTable(level: table.level)
        commonTables[name.lowercased()] = own
        for inner in query.with {
            commonTables[inner.name.text.lowercased()] = CommonTable(
                syntax: inner, visible: commonTables, source: source)
        }
        own.recursive = table
        if !query.with.contains(where: { $0.name.text.lowercased() == name.lowercased() }) {
            commonTables[name.lowercased()] = own
        }
        let isPlain = query.orderBy == nil && query.limit == nil && query.offset == nil
        guard isPlain, case .unionAll(let inputs) = unwrapped(query.body), let last = inputs.last else {
            // Refers to itself nowhere, or says at that place what is wrong.
            isDistinctRecursion = isUnion(query.body)
            defer { isDistinctRecursion = false }
            _ = try self.query(query)
            return nil
        }
        var anchor = try unionAll(Array(inputs.dropLast()))
        let names = common.syntax.columns
        if !names.isEmpty, names.count != anchor.output.count {
            throw .user(
                "ASSIGNMENT_ARITY_MISMATCH",
                "The list names \(names.count) columns, the query gives \(anchor.output.count).",
                at: location(common.syntax.name.span))
        }
        let columns = anchor.output.enumerated().map { place, column in
            newColumn(names.isEmpty ? column.name : names[place].text, column.type.withNulls)
        }
        anchor = converted(anchor, to: columns.map(\.type))
        table.columns = columns
        let step = try body(last).plan
        if table.useCount == 0 { return nil }
        try checkPlaces(step, of: table, at: last.span)
        return .recursion(
            LogicalRecursion(
                level: table.level, anchor: anchor, step: try fitted(step, to: columns, at: last.span),
                output: columns, limits: try recursionLimits(common.syntax)))
    }

    /// Returns the working table that a recursive table's name stands for in its own query.
    func workingTable(_ table: RecursiveTable, named name: String, at span: SourceSpan) throws(EngineError)
        -> BoundRelation
    {
        guard let columns = table.columns else {
            if isDistinctRecursion {
                throw .user(
                    "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE",
                    "A common table expression that refers to itself takes UNION ALL, not UNION: \(name).",
                    at: location(span))
            }
            throw .user(
                "INVALID_RECURSIVE_CTE",
                "A common table expression may refer to itself only in the last input of the UNION ALL that "
                    + "it is: \(name).",
                remedy: "Write WITH RECURSIVE name AS (first rows UNION ALL further rows).",
                at: location(span))
        }
        table.useCount += 1
        let output = columns.map { newColumn($0.name, $0.type) }
        return BoundRelation(.workingTable(level: table.level, output: output), qualifier: [name])
    }

    private func unwrapped(_ body: QueryBodySyntax) -> QueryBodySyntax {
        guard case .nested(let query) = body, query.with.isEmpty, query.orderBy == nil, query.limit == nil,
            query.offset == nil
        else { return body }
        return unwrapped(query.body)
    }

    private func isUnion(_ body: QueryBodySyntax) -> Bool {
        if case .setOperation(let operation) = unwrapped(body) { return operation.operator == .union }
        return false
    }

    /// Casts the step's columns to the anchor's types, which must hold them.
    private func fitted(_ step: LogicalPlan, to columns: [ColumnReference], at span: SourceSpan)
        throws(EngineError) -> LogicalPlan
    {
        let given = step.output
        if given.count != columns.count {
            throw .user(
                "NUM_COLUMNS_MISMATCH",
                "UNION needs inputs with the same number of columns: the first has \(columns.count), the "
                    + "second \(given.count).", at: location(span))
        }
        for (column, wanted) in zip(given, columns) where !isHeld(column.type, in: wanted.type) {
            throw .user(
                "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE",
                "The recursion begins with \(wanted.type.sqlName) in the column \(wanted.name), and goes on "
                    + "with \(column.type.sqlName), which may not fit.",
                remedy: "Cast the first rows to the wider type.", at: location(span))
        }
        return converted(step, to: columns.map(\.type))
    }

    private func isHeld(_ type: DataType, in wider: DataType) -> Bool {
        let type = type.withNulls
        if type == wider || type == .null { return true }
        if wider == .string { return !type.isNested && type != .binary }
        if type == .string { return false }
        return commonType(wider, type)?.withNulls == wider
    }

    private func recursionLimits(_ syntax: CommonTableSyntax) throws(EngineError) -> RecursionLimits {
        let defaults = RecursionLimits()
        func limit(_ name: String, _ usual: Int?) -> Int? {
            guard let text = settings.options[name], let value = Int(text) else { return usual }
            return value < 0 ? nil : value
        }
        return RecursionLimits(
            levels: syntax.levelLimit ?? limit(SettingNames.recursionLevels, defaults.levels),
            rows: limit(SettingNames.recursionRows, defaults.rows))
    }

    // MARK: Places

    /// Refuses references where a level would depend on all of its rows at once, or give rows for those that
    /// are missing.
    private func checkPlaces(_ plan: LogicalPlan, of table: RecursiveTable, at span: SourceSpan)
        throws(EngineError)
    {
        let reads = plan.readsWorkingTable(of: table.level)
        let isRefused: Bool
        switch plan {
        case .aggregate, .window, .sort: isRefused = reads
        case .join(.left, _, let right, _), .join(.leftSemi, _, let right, _),
            .join(.leftAnti, _, let right, _), .join(.leftAntiNullAware, _, let right, _),
            .lateralJoin(.left, _, let right, _, _):
            isRefused = right.readsWorkingTable(of: table.level)
        case .join(.right, let left, _, _): isRefused = left.readsWorkingTable(of: table.level)
        case .join(.full, _, _, _): isRefused = reads
        default: isRefused = false
        }
        if isRefused {
            throw .user(
                "INVALID_RECURSIVE_REFERENCE.PLACE",
                "A recursive reference cannot be used on the right side of left outer, semi and anti joins, "
                    + "on the left side of right outer joins, in full outer joins, in aggregates, window "
                    + "functions and sorts.", at: location(span))
        }
        for child in plan.children { try checkPlaces(child, of: table, at: span) }
        var inner: [LogicalPlan] = []
        for expression in plan.expressions {
            expression.forEach { if case .subquery(let subquery) = $0 { inner.append(subquery.plan) } }
        }
        for plan in inner { try checkPlaces(plan, of: table, at: span) }
    }
}

extension DataType {
    /// The type with nulls allowed in all that it holds: a later level may give them.
    fileprivate var withNulls: DataType {
        switch self {
        case .array(let element, _): .array(element.withNulls, containsNull: true)
        case .map(let key, let value, _):
            .map(key: key.withNulls, value: value.withNulls, valueContainsNull: true)
        case .structure(let fields):
            .structure(fields.map { Field($0.name, $0.type.withNulls, nullable: true) })
        default: self
        }
    }
}

extension LogicalPlan {
    /// Whether the working table of a level is read here or in a subquery.
    fileprivate func readsWorkingTable(of level: Int) -> Bool {
        if case .workingTable(level, _) = self { return true }
        if children.contains(where: { $0.readsWorkingTable(of: level) }) { return true }
        var found = false
        for expression in expressions {
            expression.forEach {
                if case .subquery(let subquery) = $0, subquery.plan.readsWorkingTable(of: level) {
                    found = true
                }
            }
        }
        return found
    }
}
