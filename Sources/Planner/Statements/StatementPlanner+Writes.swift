import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension StatementPlanner {
    /// Holds a query with the files that it is written to.
    struct Target {
        var plan: LogicalPlan
        var write: FileWrite
    }

    /// Holds a table that a statement makes; `plan` is nil when it starts empty.
    struct NewTable {
        var plan: LogicalPlan?
        var write: FileWrite
        var definition: TableDefinition
    }

    func insertDirectory(_ insert: InsertDirectorySyntax, span: SourceSpan) throws(EngineError)
        -> PlannedStatement
    {
        if let source = ExternalSource(rawValue: insert.format.text.lowercased()) {
            return try insertExternal(source, insert, span: span)
        }
        let bound = try bind(insert.query)
        let write = try directoryWrite(insert, bound, span: span)
        return PlannedStatement(
            work: .stages(try steps(bound, write: write).graph),
            warnings: OptionNames.warnings(insert.options, write.format, source))
    }

    func directoryWrite(
        _ insert: InsertDirectorySyntax, _ bound: LogicalPlan, span: SourceSpan
    ) throws(EngineError) -> FileWrite {
        var options = optionValues(insert.options)
        let optionPath = options.removeValue(forKey: "path")
        guard let path = insert.path ?? optionPath, !path.isEmpty else {
            throw .user(
                "MISSING_PATH", "INSERT OVERWRITE DIRECTORY needs the path of the directory",
                remedy: "Write it after DIRECTORY, in quotes.", at: location(insert.format.span))
        }
        let partitionedBy = insert.options.last { $0.key.lowercased() == "partitionby" }
        let folders = try partitionColumns(
            options.removeValue(forKey: "partitionby"), bound.output, span: partitionedBy?.span ?? span)
        try checkColumns(bound.output, of: insert.query, span: span)
        let write = FileWrite(
            path: path, format: try fileFormat(insert.format), mode: .overwrite,
            dynamicPartitionOverwrite: isDynamic(options), partitionColumns: folders, options: options,
            schema: bound.output.schema)
        try checkReplaceable(write, at: insert.pathSpan ?? span)
        return write
    }

    /// Throws where a write would replace the directory that the job works in, with its own text.
    func checkReplaceable(_ write: FileWrite, at span: SourceSpan) throws(EngineError) {
        guard write.mode == .overwrite, !write.dynamicPartitionOverwrite,
            try catalog.holdsWorkingDirectory(write.path)
        else { return }
        throw .user(
            "PATH_NOT_REPLACEABLE",
            "Overwriting this directory would remove all that is in the directory that the job works in: "
                + write.path, remedy: "Write into a directory below it.", at: location(span))
    }

    /// Reads `partitionBy 'a, b'` as positions of output columns.
    private func partitionColumns(
        _ text: String?, _ output: [ColumnReference], span: SourceSpan
    ) throws(EngineError) -> [Int] {
        guard let text else { return [] }
        let names = text.split(separator: ",").map { $0.trimmingSpaces }
        return try positions(of: names, in: output, at: location(span))
    }

    func positions(
        of names: [String], in output: [ColumnReference], at place: SourceLocation?
    ) throws(EngineError) -> [Int] {
        let schema = output.schema
        var found: [Int] = []
        for name in names {
            guard let index = schema.index(of: name) else {
                let near = Suggestion.nearest(to: name, among: schema.names)
                throw .user(
                    "COLUMN_NOT_DEFINED_IN_TABLE",
                    "The column to partition by is not among the query's columns: \(name)",
                    remedy: near.map { "Did you mean \($0)?" }, at: place)
            }
            try checkFolderType(schema[index].type, name, at: place)
            found.append(index)
        }
        if !found.isEmpty, Set(found).count == output.count {
            throw .user(
                "ALL_PARTITION_COLUMNS_NOT_ALLOWED",
                "All columns are partition columns, so the files would hold none",
                remedy: "Leave at least one column out of PARTITIONED BY.", at: place)
        }
        return found
    }

    func isDynamic(_ options: [String: String]) -> Bool {
        let mode =
            options["partitionoverwritemode"] ?? settings.options["spark.sql.sources.partitionOverwriteMode"]
        return mode?.lowercased() == "dynamic"
    }

    /// Throws when values of the type have no text that names a folder and gives them back.
    func checkFolderType(
        _ type: DataType, _ name: String, at place: SourceLocation?
    ) throws(EngineError) {
        if !type.isNested, !type.isInterval, type != .variant, type != .calendarInterval { return }
        throw .user(
            "INVALID_PARTITION_COLUMN_DATA_TYPE",
            "The column \(name) cannot name folders: it is \(type.sqlName)",
            remedy: "Partition by columns of numbers, texts, dates or timestamps.", at: place)
    }

    /// A file without columns holds nothing, and two columns of one name cannot both be in it.
    private func checkColumns(
        _ output: [ColumnReference], of query: QuerySyntax, span: SourceSpan
    ) throws(EngineError) {
        if output.isEmpty {
            throw .user(
                "UNABLE_TO_INFER_SCHEMA",
                "The query has no columns to write: the files that it reads hold no rows",
                remedy: "Give the columns of the files with CREATE TEMPORARY VIEW name (columns) USING ….",
                at: location(columns(of: query) ?? span))
        }
        try checkNames(output, of: query, span: span)
    }

    /// Throws where two columns of a query have one name, which files and views cannot hold.
    func checkNames(
        _ output: [ColumnReference], of query: QuerySyntax, span: SourceSpan
    ) throws(EngineError) {
        var items: [SelectItemSyntax] = []
        if case .select(let select) = query.body, select.items.count == output.count { items = select.items }
        var seen: Set<String> = []
        for (index, column) in output.enumerated() where !seen.insert(column.name.lowercased()).inserted {
            // The second of the two, where the columns are those of the list.
            let item = items.isEmpty ? nil : items[index].alias?.span ?? items[index].expression.span
            throw .user(
                "COLUMN_ALREADY_EXISTS", "Two columns of the query have the same name: \(column.name)",
                remedy: "Give one of them another name with AS.", at: location(item ?? span))
        }
    }

    /// The place of a query's list of columns; nil for other queries than SELECT.
    func columns(of query: QuerySyntax) -> SourceSpan? {
        guard case .select(let select) = query.body, let first = select.items.first,
            let last = select.items.last
        else { return nil }
        return first.expression.span.union(last.alias?.span ?? last.expression.span)
    }

    // MARK: CREATE TABLE

    func createTable(_ create: CreateTableSyntax, span: SourceSpan) throws(EngineError) -> PlannedStatement {
        guard var table = try newTable(create, span: span) else { return PlannedStatement(work: .none) }
        if !isReplay { try findFiles(of: &table, create, span: span) }
        let definition = table.definition
        let change =
            create.isTemporary
            ? CatalogChange.createTable(definition) : CatalogChange.store([.putTable(definition)])
        let warnings = OptionNames.warnings(create.options, table.write.format, source)
        guard let plan = table.plan else {
            return PlannedStatement(work: .none, change: change, warnings: warnings)
        }
        return PlannedStatement(
            work: .stages(try steps(plan, write: table.write).graph), change: change, warnings: warnings)
    }

    /// Looks for files where a new table is to lie. Files that are there already are the table for IF NOT
    /// EXISTS, and an error without, as in Spark: rows would silently be added to them, or they be lost. A
    /// table without a query in a place that the user names is what lies there.
    private func findFiles(
        of table: inout NewTable, _ create: CreateTableSyntax, span: SourceSpan
    ) throws(EngineError) {
        let write = table.write
        if table.plan == nil, !create.isInWarehouse || create.ifNotExists || create.replaces { return }
        guard write.mode != .overwrite, try catalog.holdsFiles(at: write.path) else { return }
        if !create.ifNotExists {
            if create.isInWarehouse {
                throw .warehouseNotEmpty(
                    table.definition.name, write.path, at: self.span(of: create.name))
            }
            let optionSpan = create.options.first { $0.key.lowercased() == "path" }?.span
            throw .locationNotEmpty(write.path, at: location(create.locationSpan ?? optionSpan ?? span))
        }
        let found = try catalog.files(
            format: write.format, paths: [write.path], options: write.options, schema: nil)
        table.plan = nil
        table.definition.schema = found.schema
        table.definition.partitionColumns = found.partitionSchema.names
    }

    /// Returns the table that a CREATE TABLE makes, or nil when IF NOT EXISTS finds it there.
    func newTable(_ create: CreateTableSyntax, span: SourceSpan) throws(EngineError) -> NewTable? {
        let (database, name) = try newName(create.name)
        let isTaken =
            create.isTemporary
            ? catalog.isTemporary([name])
            : catalog.table(named: [database, name]) != nil
                || catalog.storedView(named: [database, name]) != nil
        if isTaken {
            if create.ifNotExists { return nil }
            if !create.replaces {
                throw .user(
                    "TABLE_OR_VIEW_ALREADY_EXISTS", "There is a table or view of this name already: \(name)",
                    remedy: "Use CREATE OR REPLACE TABLE, or IF NOT EXISTS, or drop it first.",
                    at: self.span(of: create.name))
            }
        }
        var options = optionValues(create.options)
        let optionPath = options.removeValue(forKey: "path")
        let usual = settings.options[SettingNames.usualFormat].flatMap {
            FileFormat(rawValue: $0.lowercased())
        }
        let format =
            try create.format.map { name throws(EngineError) in try fileFormat(name) } ?? usual ?? .parquet
        let location =
            create.location ?? optionPath
            ?? catalog.defaultLocation(ofTable: name, in: database, warehouse: warehouse)
        let names = create.partitionedBy.map(\.text)
        guard let query = create.query else {
            let definition = try emptyTable(
                create, database: database, name: name, location: location, format: format, options: options)
            let schema = definition.schema
            let write = FileWrite(path: location, format: format, mode: .append, schema: schema)
            return NewTable(plan: nil, write: write, definition: definition)
        }
        let binder = Binder(catalog: catalog, settings: settings, source: source, notes: notes)
        let bound = try binder.bind(query)
        try checkColumns(bound.output, of: query, span: span)
        let folders = try positions(of: names, in: bound.output, at: self.span(of: create.partitionedBy))
        // What DROP TABLE left behind is nobody's any more.
        let isReplaced = create.replaces || (create.isInWarehouse && catalog.hasDroppedTable(at: location))
        let mode: FileWrite.Mode =
            isReplaced ? .overwrite : create.ifNotExists ? .ignore : .errorIfExists
        let write = FileWrite(
            path: location, format: format, mode: mode,
            partitionColumns: folders, options: options, schema: bound.output.schema)
        try checkReplaceable(write, at: create.locationSpan ?? span)
        let fields = bound.output.schema.fields
        let data = fields.indices.filter { !folders.contains($0) }
        var definition = TableDefinition(
            name: name, location: location, format: format, options: options,
            partitionColumns: folders.map { fields[$0].name },
            schema: Schema((data + folders).map { fields[$0] }))
        for column in bound.output {
            definition.limitedTypes[column.name.lowercased()] = binder.declaredTypes[column.id]?.nullable.sql
        }
        try note(create, database, in: &definition)
        return NewTable(plan: bound, write: write, definition: definition)
    }

    /// Returns a table that starts without rows: its folders' columns come last, as they will be read.
    private func emptyTable(
        _ create: CreateTableSyntax, database: String, name: String, location: String, format: FileFormat,
        options: [String: String]
    ) throws(EngineError) -> TableDefinition {
        try checkNames(create.schema.map(\.name))
        try checkNames(create.partitionedBy)
        var columns = create.schema
        var folders: [FieldSyntax] = []
        for folder in create.partitionedBy {
            guard
                let place = columns.firstIndex(where: {
                    $0.name.text.lowercased() == folder.text.lowercased()
                })
            else {
                let near = Suggestion.nearest(to: folder.text, among: create.schema.map(\.name.text))
                throw .user(
                    "COLUMN_NOT_DEFINED_IN_TABLE",
                    "The column to partition by is not among the table's columns: \(folder.text)",
                    remedy: near.map { "Did you mean \($0)?" }, at: self.location(folder.span))
            }
            let column = columns.remove(at: place)
            try checkFolderType(DataType(column.type), folder.text, at: self.location(folder.span))
            folders.append(column)
        }
        if columns.isEmpty, !folders.isEmpty {
            throw .user(
                "ALL_PARTITION_COLUMNS_NOT_ALLOWED",
                "All columns are partition columns, so the files would hold none",
                remedy: "Leave at least one column out of PARTITIONED BY.",
                at: span(of: create.partitionedBy))
        }
        var definition = TableDefinition(
            name: name, location: location, format: format, options: options,
            partitionColumns: create.partitionedBy.map(\.text),
            schema: Schema((columns + folders).map { Field($0.name.text, DataType($0.type)) }))
        definition.note(create.schema)
        try note(defaultsOf: create.schema, in: &definition)
        for column in create.schema {
            definition.columnComments[column.name.text.lowercased()] = column.comment
        }
        try note(create, database, in: &definition)
        return definition
    }

    /// Notes what is kept of a new table beside its files.
    private func note(
        _ create: CreateTableSyntax, _ database: String, in table: inout TableDefinition
    ) throws(EngineError) {
        table.database = database
        table.buckets = try create.buckets.map { buckets throws(EngineError) in
            try self.buckets(buckets, of: table)
        }
        table.isTemporary = create.isTemporary
        table.isManaged = create.isInWarehouse
        table.comment = create.comment
        table.properties = optionTexts(create.properties)
        table.createdMilliseconds = settings.nowMicroseconds / 1000
    }
}

extension CreateTableSyntax {
    /// Whether the table lies in a directory of its name in the warehouse, as the statement names no other.
    fileprivate var isInWarehouse: Bool {
        location == nil && !options.contains { $0.key.lowercased() == "path" }
    }
}

extension EngineError {
    /// Reports that the directory that a table gets by its name holds files, of an earlier job or another
    /// program.
    fileprivate static func warehouseNotEmpty(
        _ name: String, _ path: String, at place: SourceLocation?
    ) -> EngineError {
        .user(
            "LOCATION_ALREADY_EXISTS",
            "The table \(name) cannot be made in \(path): there are files already",
            remedy:
                "Use CREATE OR REPLACE TABLE to replace them, IF NOT EXISTS to take them as the table, "
                + "another name, or LOCATION.", at: place)
    }
}
