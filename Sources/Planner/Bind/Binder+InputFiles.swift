import Columns
import Plans
import SQLSyntax
import Vocabulary

// `input_file_name()`, `input_file_block_start()`, `input_file_block_length()` and the hidden column
// `_metadata`: what a row was read from.
extension Binder {
    /// The functions, in the order of the columns that stand for them.
    static let inputFileFunctions = ["input_file_name", "input_file_block_start", "input_file_block_length"]

    /// Adds the columns behind the functions to the files that a SELECT reads, where it calls one. They are
    /// constants of each file, like the values of its folders: files are pruned by them too. Calls over
    /// anything but files give what Spark gives there: no name and -1. A block is a whole file here.
    func inputFiles(_ select: SelectSyntax, _ order: OrderSyntax?, _ bound: BoundRelation)
        throws(EngineError) -> BoundRelation
    {
        (inputFileColumns, metadataColumns) = ([], [])
        var expressions =
            select.items.map(\.expression) + [select.filter, select.having, select.qualify].compactMap { $0 }
        if case .items(let items)? = order { expressions += items.map(\.expression) }
        if case .items(let items)? = select.groupBy {
            for case .expression(let expression) in items { expressions.append(expression) }
        }
        let call = expressions.compactMap(Self.inputFileCall).first
        let member = expressions.compactMap { Self.metadataName($0, bound.scope) }.first
        guard let place = call ?? member else { return bound }
        var scans = 0
        bound.plan.countFileScans(&scans)
        if scans > 1 {
            throw .user(
                "MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION",
                "input_file_name and its kin, and _metadata, do not support more than one source.",
                remedy: "Take them in a subquery that reads one of the sources.", at: location(place.span))
        }
        var columns =
            call == nil
            ? []
            : [
                newColumn(Self.inputFileFunctions[0], .string, nullable: false),
                newColumn(Self.inputFileFunctions[1], .int64, nullable: false),
                newColumn(Self.inputFileFunctions[2], .int64, nullable: false),
            ]
        let functionCount = columns.count
        if member != nil {
            columns += Self.metadataMembers.map {
                newColumn($0.name, $0.type, nullable: $0.type == .timestamp)
            }
            let isNumbered = expressions.contains { Self.namesRowIndex($0, bound.scope) }
            if isNumbered, bound.plan.readsParquet { columns.append(newColumn("row_index", .int64)) }
        }
        var result = bound
        if let plan = bound.plan.givingFiles(columns) {
            result.plan = plan
            inputFileColumns = Array(columns.prefix(functionCount))
            metadataColumns = Array(columns.dropFirst(functionCount))
        }
        return result
    }

    /// The members of `_metadata`, in Spark's order; those of Parquet files have a `row_index` behind them.
    private static let metadataMembers: [(name: String, type: DataType)] = [
        ("file_path", .string), ("file_name", .string), ("file_size", .int64), ("file_block_start", .int64),
        ("file_block_length", .int64), ("file_modification_time", .timestamp),
    ]

    /// Whether numbers of rows are asked for: as a member of `_metadata`, or with all of it.
    private static func namesRowIndex(_ expression: ExpressionSyntax, _ scope: Scope) -> Bool {
        if case .column(let parts) = expression.kind, let place = metadataPlace(parts),
            scope.matches(parts).isEmpty
        {
            return parts.count == place + 1 || parts[place + 1].text.lowercased() == "row_index"
        }
        return expression.children.contains { namesRowIndex($0, scope) }
    }

    /// Returns the first place that names `_metadata`, which no column of the scope hides.
    private static func metadataName(_ expression: ExpressionSyntax, _ scope: Scope) -> ExpressionSyntax? {
        if case .column(let parts) = expression.kind, metadataPlace(parts) != nil,
            scope.matches(parts).isEmpty
        {
            return expression
        }
        for child in expression.children {
            if let found = metadataName(child, scope) { return found }
        }
        return nil
    }

    /// Which of the first parts of a name is `_metadata`: a table may stand before it.
    private static func metadataPlace(_ parts: [NameSyntax]) -> Int? {
        parts.prefix(3).firstIndex { $0.text.lowercased() == "_metadata" }
    }

    /// Binds `_metadata` and its members; nil for other names, and where no files are read.
    func metadata(
        _ parts: [NameSyntax], _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        guard let place = Self.metadataPlace(parts), !metadataColumns.isEmpty else { return nil }
        let table = parts[..<place].map { $0.text.lowercased() }
        let isTable = context.scope.columns.contains { $0.qualifier.suffix(place) == table[...] }
        guard table.isEmpty || isTable else { return nil }
        columnTexts[parts.map(\.text)] = parts[place...].map(\.text).joined(separator: ".")
        if parts.count > place + 1,
            let column = metadataColumns.first(where: { $0.name == parts[place + 1].text.lowercased() })
        {
            var value = Expression.column(column)
            for part in parts.dropFirst(place + 2) { value = try member(part, of: value, at: span) }
            return value
        }
        let members = metadataColumns.flatMap { [.literal(.string($0.name)), Expression.column($0)] }
        var value = try call("named_struct", members, at: span)
        for part in parts.dropFirst(place + 1) { value = try member(part, of: value, at: span) }
        return value
    }

    private static func inputFileCall(_ expression: ExpressionSyntax) -> ExpressionSyntax? {
        if case .call(let call) = expression.kind, call.name.count == 1,
            inputFileFunctions.contains(call.name[0].text.lowercased())
        {
            return expression
        }
        for child in expression.children {
            if let found = inputFileCall(child) { return found }
        }
        return nil
    }

    /// Binds one of the functions; nil for other names.
    func inputFileValue(_ name: String, _ arguments: [ArgumentSyntax]) -> Expression? {
        guard arguments.isEmpty, let place = Self.inputFileFunctions.firstIndex(of: name) else { return nil }
        if !inputFileColumns.isEmpty { return .column(inputFileColumns[place]) }
        return .literal(place == 0 ? .string("") : .int64(-1))
    }
}

extension LogicalPlan {
    /// Whether the files that are read are Parquet files.
    fileprivate var readsParquet: Bool {
        if case .scan(let scan) = self, case .files(let relation) = scan.relation {
            return relation.format == .parquet
        }
        return children.contains(where: \.readsParquet)
    }

    fileprivate func countFileScans(_ count: inout Int) {
        switch self {
        case .scan(let scan): if case .files = scan.relation { count += 1 }
        case .filter(_, let input), .project(_, let input), .limit(_, _, let input), .sort(_, let input),
            .distinct(let input), .aggregate(_, _, let input), .expand(_, _, let input),
            .generate(_, _, let input), .singleRow(let input, _), .repartition(_, let input),
            .hinted(_, let input):
            input.countFileScans(&count)
        case .join(_, let left, let right, _), .lateralJoin(_, let left, let right, _, _):
            left.countFileScans(&count)
            right.countFileScans(&count)
        case .window(let window): window.input.countFileScans(&count)
        case .union, .values, .range, .recursion, .workingTable, .kept: break
        }
    }

    /// Returns the plan with more columns, each of what its name says of a row's file; nil where rows are not
    /// those of one relation of files.
    fileprivate func givingFiles(_ columns: [ColumnReference]) -> LogicalPlan? {
        let kept = columns.map { NamedExpression(.column($0), as: $0) }
        switch self {
        case .scan(var scan):
            guard case .files(var relation) = scan.relation else { return nil }
            let facts = columns.filter { $0.name != "row_index" }
            if let numbers = columns.first(where: { $0.name == "row_index" }) {
                // Of each row, so that it is a column of the file, behind the others and before its folders.
                let place = relation.dataSchema.count
                relation.dataSchema.fields.append(Field(FileRelation.rowIndexColumn, .int64))
                scan.columns = scan.columns.map { $0 < place ? $0 : $0 + 1 } + [place]
                scan.output.append(numbers)
            }
            let first = relation.schema.count
            relation.partitionSchema.fields += facts.map { Field($0.name, $0.type, nullable: $0.nullable) }
            for place in relation.files.indices {
                let file = relation.files[place]
                relation.files[place].partitionValues += facts.map { Self.fact($0.name, of: file) }
            }
            scan.relation = .files(relation)
            scan.output += facts
            scan.columns += facts.indices.map { first + $0 }
            return .scan(scan)
        case .filter(let condition, let input):
            return input.givingFiles(columns).map { .filter(condition, input: $0) }
        case .project(let list, let input):
            return input.givingFiles(columns).map { .project(list + kept, input: $0) }
        case .sort(let keys, let input): return input.givingFiles(columns).map { .sort(keys, input: $0) }
        case .repartition(let given, let input):
            return input.givingFiles(columns).map { .repartition(given, input: $0) }
        case .hinted(let strategy, let input):
            return input.givingFiles(columns).map { .hinted(strategy, input: $0) }
        case .limit(let count, let offset, let input):
            return input.givingFiles(columns).map { .limit(count: count, offset: offset, input: $0) }
        case .generate(let generator, let output, let input):
            return input.givingFiles(columns).map { .generate(generator, output: output, input: $0) }
        default: return nil
        }
    }

    private static func fact(_ name: String, of file: FileEntry) -> Literal {
        switch name {
        case "file_path": .string(file.path.contains("://") ? file.path : "file:" + file.path)
        case "file_name": .string(file.path.split(separator: "/").last.map(String.init) ?? file.path)
        case "input_file_block_start", "file_block_start": .int64(0)
        case "input_file_block_length", "file_size", "file_block_length": .int64(Int64(file.byteCount))
        case "file_modification_time":
            file.modifiedMicroseconds.map { Literal(.integer($0), .timestamp) } ?? .null(.timestamp)
        default: .string(address(file.path))
        }
    }

    /// A path as Spark shows it: a local one as `file:///…`.
    private static func address(_ path: String) -> String {
        path.contains("://") ? path : "file://" + (path.hasPrefix("/") ? path : "/" + path)
    }
}
