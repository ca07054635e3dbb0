import Columns
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds a relation of FROM; an alias renames it and its columns.
    func relation(_ syntax: RelationSyntax) throws(EngineError) -> BoundRelation {
        var bound: BoundRelation
        var names: [NameSyntax] = []
        // An alias is all that a relation is called by, and hints do not reach what is below it.
        let hints = openHints
        if syntax.alias != nil { openHints = [] }
        defer { openHints = hints }
        switch syntax.kind {
        case .table(let parts):
            names = parts
            bound = try table(parts, at: syntax.span, options: syntax.options)
        case .identifier(let text):
            names = try identifier(text, at: syntax.span)
            bound = try table(names, at: syntax.span)
        case .subquery(let query): bound = try BoundRelation(self.query(query).plan)
        case .values(let rows): bound = BoundRelation(try values(rows, at: syntax.span))
        case .function(let call): bound = try tableFunction(call, at: syntax.span)
        case .nested(let inner): bound = try relation(inner)
        case .pivot(let inner, let pivot): bound = try pivoted(inner, pivot)
        case .unpivot(let inner, let unpivot): bound = try unpivoted(inner, unpivot)
        case .sample(let inner, let sample): bound = try sampled(inner, sample)
        case .pipe(let inner, let operation): bound = try pipe(inner, operation)
        case .join(let join): bound = try self.join(join, at: syntax.span)
        case .common:
            guard let commonSource else { throw .internal("A common source is not bound.") }
            bound = commonSource
        }
        guard let alias = syntax.alias else {
            return names.isEmpty ? bound : marked(bound, by: hints, named: names.map(\.text))
        }
        if case .values = syntax.kind, !alias.columns.isEmpty, alias.columns.count != bound.plan.output.count
        {
            throw .user(
                "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                "The alias names \(alias.columns.count) columns, but the rows have "
                    + "\(bound.plan.output.count).", at: location(alias.name.span))
        }
        if !alias.columns.isEmpty {
            let visible = LogicalPlan.project(
                named(bound.scope.starColumns([]).map { (.column($0.reference), $0.reference.name) }),
                input: bound.plan)
            bound = BoundRelation(try renamed(visible, alias.columns, at: alias.name.span))
        }
        bound.scope = bound.scope.aliased(alias.name.text)
        return marked(bound, by: hints, named: [alias.name.text])
    }

    // MARK: Tables

    /// `options` are those that stand behind the name: a reader takes them before its own.
    private func table(
        _ parts: [NameSyntax], at span: SourceSpan, options: [OptionSyntax] = []
    ) throws(EngineError) -> BoundRelation {
        relationCount += 1
        if relationCount > Self.relationLimit {
            throw .user(
                "UNSUPPORTED_FEATURE.RELATION_COUNT",
                "The statement reads more than \(Self.relationLimit) relations.",
                remedy: "Write the common table expressions that are used many times to a directory first.",
                at: location(span))
        }
        let names = parts.map(\.text)
        if parts.count == 1, let common = commonTables[names[0].lowercased()] {
            if let own = common.recursive { return try workingTable(own, named: names[0], at: span) }
            return try bind(common, named: names[0], at: span)
        }
        let known = try located(span) { () throws(EngineError) in
            if let viewDatabase { return try catalog.relation(named: names, in: viewDatabase) }
            return try catalog.relation(named: names)
        }
        if openViews.isEmpty, catalog.isTemporary(names) {
            temporaryNames.append(names.joined(separator: "."))
        }
        switch known {
        case .files(var relation):
            for option in options { relation.options[option.key.lowercased()] = option.value }
            let types = catalog.declaredTypes(named: names, in: viewDatabase)
            return declared(scan(.files(relation), qualifier: names), as: types)
        case .external(let relation): return scan(.external(relation), qualifier: names)
        case .view(let view): return try bind(view, names, at: span)
        case nil: break
        }
        if parts.count == 2, let format = FileFormat(rawValue: names[0].lowercased()) {
            let values = Dictionary(
                options.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { _, later in later })
            let relation = try located(span) { () throws(EngineError) in
                try catalog.files(format: format, paths: [names[1]], options: values, schema: nil)
            }
            notes?.add(relation)
            return scan(.files(relation), qualifier: names)
        }
        throw unknownTable(parts, at: span)
    }

    private func unknownTable(_ parts: [NameSyntax], at span: SourceSpan) -> EngineError {
        let name = parts.map(\.text).joined(separator: ".")
        let formats = FileFormat.allCases.map(\.rawValue)
        if parts.count == 2, parts[1].isQuoted,
            parts[1].text.contains("/") || parts[1].text.contains(".")
                || ["xml", "delta", "iceberg"].contains(parts[0].text.lowercased())
        {
            return .user(
                "UNSUPPORTED_DATASOURCE_FOR_DIRECT_QUERY",
                "Files of this format cannot be read: \(parts[0].text).",
                remedy: Suggestion.nearest(to: parts[0].text.lowercased(), among: formats)
                    .map { "Did you mean '\($0)'?" } ?? "The formats are \(formats.joined(separator: ", ")).",
                at: location(parts[0].span))
        }
        if parts.count > 2 {
            return .user(
                "REQUIRES_SINGLE_PART_NAMESPACE",
                "A table is named by its database and its name, not by \(parts.count) parts: \(name).",
                at: location(span))
        }
        let candidates = catalog.relationNames + commonTables.values.map(\.syntax.name.text).sorted()
        let nearest = Suggestion.nearest(to: name, among: candidates)
        return .user(
            "TABLE_OR_VIEW_NOT_FOUND", "There is no table or view of this name: \(name).",
            remedy: nearest.map { "Did you mean '\($0)'?" }
                ?? "Create it with CREATE TEMPORARY VIEW, or name files directly, such as parquet.`path`.",
            at: location(span))
    }

    private func scan(_ relation: ScanRelation, qualifier: [String]) -> BoundRelation {
        let fields = relation.schema.fields
        let output = fields.map { newColumn($0.name, $0.type, nullable: $0.nullable) }
        let scan = LogicalScan(relation: relation, output: output, columns: Array(fields.indices))
        return BoundRelation(.scan(scan), qualifier: qualifier)
    }

    private func bind(_ common: CommonTable, named name: String, at span: SourceSpan) throws(EngineError)
        -> BoundRelation
    {
        let saved = (commonTables, source, outer)
        defer { (commonTables, source, outer) = saved }
        commonTables = common.visible
        source = common.source
        outer = []
        if common.syntax.isRecursive, let plan = try recursion(common, named: name) {
            return BoundRelation(plan, qualifier: [name])
        }
        commonTables = common.visible
        let plan = try renamed(
            self.query(common.syntax.query).plan, common.syntax.columns, at: common.syntax.name.span)
        return BoundRelation(plan, qualifier: [name])
    }

    private func bind(_ view: ViewDefinition, _ names: [String], at span: SourceSpan) throws(EngineError)
        -> BoundRelation
    {
        let name = names.joined(separator: ".").lowercased()
        if openViews.contains(name) {
            throw .user(
                "RECURSIVE_VIEW",
                "The view refers to itself: \((openViews + [name]).joined(separator: " -> ")).",
                remedy: "Give the new view another name.", at: location(span))
        }
        if openViews.count >= Limits.nestingDepth {
            throw .user(
                "VIEW_EXCEED_MAX_NESTED_DEPTH", "Views refer to each other too deeply.", at: location(span))
        }
        openViews.append(name)
        let saved = (commonTables, source, outer, viewDatabase, settings)
        defer {
            (commonTables, source, outer, viewDatabase, settings) = saved
            openViews.removeLast()
        }
        if let ansi = view.ansi { settings.ansi = ansi }
        viewDatabase = view.database
        commonTables = [:]
        outer = []
        source = view.source
        let columns = view.columns.map { NameSyntax($0) }
        let bound = try shown(self.query(view.query).plan, by: view, at: span)
        let plan = try renamed(bound, columns, at: view.query.span)
        return BoundRelation(plan, qualifier: names)
    }

    /// Picks the columns that a kept view had when it was made; its tables may have got further ones.
    private func shown(
        _ plan: LogicalPlan, by view: ViewDefinition, at span: SourceSpan
    ) throws(EngineError) -> LogicalPlan {
        let output = plan.output
        if view.queryColumns.isEmpty || output.map(\.name) == view.queryColumns { return plan }
        var picked: [(expression: Expression, name: String)] = []
        for name in view.queryColumns {
            guard let column = output.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                throw .user(
                    "INCOMPATIBLE_VIEW_SCHEMA_CHANGE",
                    "The view's query no longer gives the column \(name).",
                    remedy: "Make the view anew with CREATE OR REPLACE VIEW.", at: location(span))
            }
            picked.append((.column(column), column.name))
        }
        return .project(named(picked), input: plan)
    }

    // MARK: Table functions

    /// Most tasks that `range` may ask for.
    private static let rangeSlices = 1...Int64(100_000)

    /// Binds `range([start,] end[, step[, slices]])`; each slice is a task.
    private func tableFunction(_ call: CallSyntax, at span: SourceSpan) throws(EngineError) -> BoundRelation {
        let name = call.name.map(\.text).joined(separator: ".")
        if let routine = try routineRelation(call, at: span) { return routine }
        if GeneratorNames.name(of: call) != nil {
            let context = BindContext(scope: .empty, clause: "FROM")
            let generator = try generator(call, context, at: span)
            let made = try generated(generator, [], over: .values(rows: [[]], output: []), at: span)
            return BoundRelation(made.plan)
        }
        if name.lowercased() == "sql_keywords", call.arguments.isEmpty {
            let output = [
                newColumn("keyword", .string, nullable: false),
                newColumn("reserved", .boolean, nullable: false),
            ]
            let rows = SQLKeywords.all.map { [Literal.string($0), .boolean(false)] }
            return BoundRelation(.values(rows: rows, output: output))
        }
        guard name.lowercased() == "range" else {
            throw .user(
                "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "There is no table function of this name: \(name).",
                remedy: "The one there is: range(end), range(start, end, step). Files are named directly: "
                    + "json.`path`, csv.`path`, parquet.`path`.", at: location(span))
        }
        var numbers: [Int64] = []
        for argument in call.arguments {
            let bound = try bindConstant(argument.value)
            guard bound.type.isNumeric || bound.type == .string,
                let literal = constant(cast(bound, to: .int64)), case .integer(let value) = literal.value
            else {
                throw .user(
                    bound.type == .string && settings.ansi
                        ? "CAST_INVALID_INPUT" : "UNEXPECTED_INPUT_TYPE",
                    "range takes constant integers.",
                    at: location(argument.value.span))
            }
            numbers.append(value)
        }
        guard (1...4).contains(numbers.count), numbers.count < 3 || numbers[2] != 0 else {
            throw .user(
                (1...4).contains(numbers.count)
                    ? "FAILED_FUNCTION_CALL" : "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                "range takes an end, or a start, an end and a step other than zero.",
                at: location(span))
        }
        let start = numbers.count == 1 ? 0 : numbers[0]
        let end = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = numbers.count > 2 ? numbers[2] : 1
        let count = RangeRows.count(start: start, end: end, step: step)
        guard let count else {
            throw .user(
                "UNSUPPORTED_FEATURE.RANGE_SIZE", "range gives more rows than a BIGINT counts.",
                at: location(span))
        }
        let slices = numbers.count > 3 ? numbers[3] : nil
        if let slices, !Binder.rangeSlices.contains(slices) {
            throw .user(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                "range takes 1 to \(Binder.rangeSlices.upperBound) slices, its fourth argument.",
                at: location(span))
        }
        let output = newColumn("id", .int64, nullable: false)
        let range = NumberRange(start: start, step: step, count: count, slices: slices.map { Int($0) })
        return BoundRelation(.range(range, output: [output]))
    }
}

/// Counts the rows of `range`.
enum RangeRows {
    /// Returns ⌈(end − start) ÷ step⌉, 0 when the step leads away from the end; nil on overflow.
    static func count(start: Int64, end: Int64, step: Int64) -> Int64? {
        let (distance, overflow) = end.subtractingReportingOverflow(start)
        if overflow || step == .min || distance == .min { return nil }
        if distance == 0 || (distance > 0) != (step > 0) { return 0 }
        return (abs(distance) - 1) / abs(step) + 1
    }
}
