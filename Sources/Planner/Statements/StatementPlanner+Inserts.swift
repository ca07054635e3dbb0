import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension StatementPlanner {
    // MARK: INSERT INTO TABLE

    func insertTable(_ insert: InsertTableSyntax, span: SourceSpan) throws(EngineError) -> PlannedStatement {
        if let planned = try insertExternal(insert, span: span) { return planned }
        let target = try tableWrite(insert, span: span)
        if try isThere(insert) { return PlannedStatement(work: .none) }
        var planned = PlannedStatement(
            work: .stages(try steps(target.plan, write: target.write).graph))
        planned.change = unanalysed(insert)?.change
        return planned
    }

    /// Tells whether the partition that `IF NOT EXISTS` asks for is there: then nothing is written.
    func isThere(_ insert: InsertTableSyntax) throws(EngineError) -> Bool {
        guard insert.ifNotExists, let table = catalog.table(named: insert.table.map(\.text)) else {
            return false
        }
        let spec = try partitionSpec(insert.partition, of: table)
        return try partitions(of: table).contains { partition in
            spec.allSatisfy { partition.values[$0.key] == $0.value }
        }
    }

    /// Returns what makes the table's statistics go: what ANALYZE TABLE found is no longer so.
    func unanalysed(_ insert: InsertTableSyntax) -> PlannedStatement? {
        guard var table = catalog.table(named: insert.table.map(\.text)), table.statistics != nil else {
            return nil
        }
        table.statistics = nil
        return put(table)
    }

    /// `known` has bound what the insert's query is from, where several have the same source.
    func tableWrite(
        _ insert: InsertTableSyntax, span: SourceSpan, binder known: Binder? = nil
    ) throws(EngineError) -> Target {
        guard let table = catalog.table(named: insert.table.map(\.text)) else {
            throw try notInsertable(insert.table)
        }
        let binder = known ?? Binder(catalog: catalog, settings: settings, source: source, notes: notes)
        let bound = try binder.bind(try withDefaults(insert, into: table))
        try checkNames(insert, table)
        var fixed: [String: Expression] = [:]
        for part in insert.partition {
            guard let value = part.value else { continue }
            fixed[part.name.text.lowercased()] = try binder.bindConstant(value)
        }
        let plan = try aligned(bound, to: table, insert: insert, fixed: fixed, span: span)
        let folders = try positions(of: table.partitionColumns, in: plan.output, at: location(span))
        let isDynamicTarget = isDynamic([:]) || !fixed.isEmpty
        let write = FileWrite(
            path: table.location, format: table.format, mode: insert.overwrites ? .overwrite : .append,
            dynamicPartitionOverwrite: insert.overwrites && !folders.isEmpty && isDynamicTarget,
            partitionColumns: folders, options: table.writeOptions, schema: plan.output.schema)
        try checkReplaceable(write, at: span)
        let target = Target(plan: plan, write: write)
        return insert.overwrites && !fixed.isEmpty ? try narrowed(target, insert, table) : target
    }

    /// Turns an overwrite whose PARTITION clause gives values to the first partition columns into one of the
    /// folder that they name: what it holds goes even where no row takes its place.
    private func narrowed(
        _ target: Target, _ insert: InsertTableSyntax, _ table: TableDefinition
    ) throws(EngineError) -> Target {
        let spec = try partitionSpec(insert.partition, of: table)
        // A text that is filled up with blanks names another folder than the one that was written.
        let fixed = table.partitionColumns.prefix {
            spec[$0.lowercased()] != nil && limit(of: $0.lowercased(), in: table).isNone
        }
        guard !fixed.isEmpty, case .project(let items, let input) = target.plan else { return target }
        var target = target
        let names = Set(fixed.map { $0.lowercased() })
        target.plan = .project(items.filter { !names.contains($0.output.name.lowercased()) }, input: input)
        let folders = fixed.map {
            FolderText.escaped($0) + "=" + FolderText.escaped(spec[$0.lowercased()] ?? "")
        }
        let root = table.location.hasSuffix("/") ? String(table.location.dropLast()) : table.location
        target.write.path = ([root] + folders).joined(separator: "/")
        let open = Array(table.partitionColumns.dropFirst(fixed.count))
        target.write.partitionColumns = try positions(of: open, in: target.plan.output, at: nil)
        target.write.dynamicPartitionOverwrite = !open.isEmpty && isDynamic([:])
        target.write.schema = target.plan.output.schema
        return target
    }

    /// Says why a name takes no rows: it is a view, or nothing at all.
    private func notInsertable(_ name: [NameSyntax]) throws(EngineError) -> EngineError {
        guard try catalog.relation(named: name.map(\.text)) != nil else { return notFound(name) }
        let text = name.map(\.text).joined(separator: ".")
        if !catalog.isTemporary(name.map(\.text)) {
            return .user(
                "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "INSERT takes a table, and this is a view: \(text)",
                at: span(of: name))
        }
        return .user(
            "UNSUPPORTED_INSERT.NOT_ALLOWED", "INSERT takes a table, and this is a temporary view: \(text)",
            remedy: "Make a table on the files: CREATE TABLE name (columns) USING format LOCATION 'path'.",
            at: span(of: name))
    }

    /// Throws for names behind the table or in PARTITION that the table does not have, or that stand twice.
    private func checkNames(
        _ insert: InsertTableSyntax, _ table: TableDefinition
    ) throws(EngineError) {
        var seen: Set<String> = []
        for column in insert.columns {
            guard table.schema.index(of: column.text) != nil else {
                let near = Suggestion.nearest(to: column.text, among: table.schema.names)
                throw .user(
                    "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                    "The table \(table.name) has no column of this name: \(column.text)",
                    remedy: near.map { "Did you mean \($0)?" }
                        ?? "Its columns are: \(table.schema.names.joined(separator: ", ")).",
                    at: location(column.span))
            }
            if !seen.insert(column.text.lowercased()).inserted {
                throw .user(
                    "COLUMN_ALREADY_EXISTS", "The column stands twice behind the table: \(column.text)",
                    remedy: "Name each column once.", at: location(column.span))
            }
        }
        let folders = Set(table.partitionColumns.map { $0.lowercased() })
        var parts: Set<String> = []
        for part in insert.partition {
            guard folders.contains(part.name.text.lowercased()) else {
                throw .user(
                    "PARTITIONS_NOT_FOUND",
                    "The table \(table.name) is not partitioned by this column: \(part.name.text)",
                    remedy: folders.isEmpty
                        ? "Leave PARTITION out: the table has no partitions."
                        : "It is partitioned by: \(table.partitionColumns.joined(separator: ", ")).",
                    at: location(part.name.span))
            }
            if !parts.insert(part.name.text.lowercased()).inserted {
                throw .user(
                    "DUPLICATE_KEY", "The column stands twice in PARTITION: \(part.name.text)",
                    at: location(part.name.span))
            }
        }
    }

    /// Returns the query with the table's columns, in its order and of its types.
    private func aligned(
        _ bound: LogicalPlan, to table: TableDefinition, insert: InsertTableSyntax,
        fixed: [String: Expression], span: SourceSpan
    ) throws(EngineError) -> LogicalPlan {
        let open = table.schema.fields.filter { fixed[$0.name.lowercased()] == nil }
        let given = bound.output
        let named = insert.columns.map { $0.text.lowercased() }
        let wanted = named.isEmpty ? open.map { $0.name.lowercased() } : named
        if insert.isByName {
            try checkOutput(given, of: insert, fits: open, of: table)
        } else if wanted.count != given.count {
            let isLess = given.count < wanted.count
            throw .user(
                fixed.isEmpty
                    ? "INSERT_COLUMN_ARITY_MISMATCH.\(isLess ? "NOT_ENOUGH" : "TOO_MANY")_DATA_COLUMNS"
                    : "INSERT_PARTITION_COLUMN_ARITY_MISMATCH",
                "The query gives \(Counted.text(given.count, "column")), the table takes \(wanted.count): "
                    + "\(table.name)",
                remedy: "Name the columns that it gives behind the table, or give as many as the table has.",
                at: location(columns(of: insert.query) ?? insert.query.span))
        }
        var items: [NamedExpression] = []
        for (position, field) in table.schema.fields.enumerated() {
            let key = field.name.lowercased()
            let found =
                insert.isByName
                ? given.firstIndex { $0.name.lowercased() == key } : wanted.firstIndex(of: key)
            let limit = limit(of: key, in: table)
            let place = found.map { self.span(ofColumn: $0, of: given.count, in: insert.query) }
            let assignment = StoreAssignment(
                policy: try storePolicy(), naming: insert.naming, table: table.name,
                place: location(place ?? insert.query.span))
            var value: Expression
            if let constant = fixed[key] {
                value = constant
                if constant.type != field.type {
                    value = .cast(
                        constant, to: field.type, mode: .ansi,
                        origin: Origin(location(insert.query.span)))
                }
                if !limit.isNone { value = assignment.stored(value, field, limit) }
            } else if let found {
                value = try assignment.value(.column(given[found]), for: field, limit: limit)
            } else {
                value = try defaultValue(of: field, in: table)
                if !limit.isNone { value = assignment.stored(value, field, limit) }
            }
            let id = ColumnID(rawValue: UInt32.max / 2 + UInt32(position))
            items.append(
                NamedExpression(value, as: ColumnReference(id: id, name: field.name, type: field.type)))
        }
        return .project(items, input: bound)
    }

    private func limit(of column: String, in table: TableDefinition) -> TextLimit {
        if settings.options[SettingNames.charAsString]?.lowercased() == "true" { return .none }
        return table.limitedType(of: column).map { TextLimit($0) } ?? .none
    }

    /// INSERT … BY NAME takes each name once, and none that the table does not have.
    private func checkOutput(
        _ given: [ColumnReference], of insert: InsertTableSyntax, fits open: [Field],
        of table: TableDefinition
    ) throws(EngineError) {
        var seen: Set<String> = []
        let names = Set(open.map { $0.name.lowercased() })
        for (index, column) in given.enumerated() {
            let place = location(span(ofColumn: index, of: given.count, in: insert.query))
            if !names.contains(column.name.lowercased()) {
                let near = Suggestion.nearest(to: column.name, among: open.map(\.name))
                throw .user(
                    "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS",
                    "The table \(table.name) has no column for the query's column: \(column.name)",
                    remedy: near.map { "Did you mean it for \($0)? Name it with AS \($0)." }
                        ?? "Name it as a column of the table with AS, or leave BY NAME out.", at: place)
            }
            if !seen.insert(column.name.lowercased()).inserted {
                throw .user(
                    "INCOMPATIBLE_DATA_FOR_TABLE.AMBIGUOUS_COLUMN_NAME",
                    "Two columns of the query have the same name: \(column.name)",
                    remedy: "Give one of them another name with AS.", at: place)
            }
        }
    }

    /// The place of a query's column where its list names one for each, else that of the list or the query.
    private func span(ofColumn index: Int, of count: Int, in query: QuerySyntax) -> SourceSpan {
        guard case .select(let select) = query.body, select.items.count == count else {
            return columns(of: query) ?? query.span
        }
        return select.items[index].expression.span
    }

    private func storePolicy() throws(EngineError) -> StoreAssignment.Policy {
        guard let text = settings.options[StoreAssignment.setting] else { return .ansi }
        return StoreAssignment.Policy(rawValue: text.uppercased()) ?? .ansi
    }
}

extension InsertTableSyntax {
    fileprivate var naming: StoredColumn.Naming {
        isByName ? .byName : columns.isEmpty ? .byPlace : .byNameInLists
    }
}
