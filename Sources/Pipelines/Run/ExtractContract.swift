import Columns
import Vocabulary

/// Says what new rows of an extract give for each column of its table.
struct ExtractColumns {
    /// Names of the table's columns afterwards.
    var names: [String] = []
    /// Expressions for them over the new rows, and over the old ones, which are `o`.
    var fresh: [String] = []
    var old: [String] = []
    /// Columns for values that do not fit a column any more.
    var variants: [(name: String, type: DataType, value: String)] = []
    /// What new rows must meet to be kept.
    var demands: [Demand] = []
    /// The same in one condition, if any.
    var condition: String? {
        demands.isEmpty ? nil : demands.map { "(\($0.condition))" }.joined(separator: " AND ")
    }
    /// Whether the new rows must be written again.
    var isChanged = false
    /// Whether the old ones must be, too.
    var isWidened = false
    /// The cursor's type in the table; nil where there is no cursor, or no row has one.
    var cursorType: DataType?
    /// Whether the cursor's values are texts that may mean numbers or times; to databases they are texts.
    var hasTextCursor = false
    /// Columns that the old rows and the new ones have both.
    var shared: [Field] = []

    /// A condition on a column, and what is wrong with rows that do not meet it.
    struct Demand {
        var column: String
        var condition: String
        var fault: String
    }

    /// The greatest value of the cursor's column, as text. Texts are in the order of their form.
    func greatest(_ column: String, _ form: CursorForm?) -> String {
        hasTextCursor ? (form ?? .text).greatest(column) : "CAST(max(\(column)) AS STRING)"
    }

    /// Has the new rows be written down as the table has them.
    mutating func settle() {
        fresh = names.map { SQLText.name($0) }
        demands = []
        isChanged = false
    }

    func list(_ expressions: [String]) -> String {
        zip(expressions, names).map { "\($0) AS \(SQLText.name($1))" }.joined(separator: ", ")
    }
}

/// Brings the columns of an extract's new rows to those of its table, as the step's `schema_contract` lets
/// it. What counts is values, as in dlt: a column of another type whose values all fit is none that changed.
struct ExtractContract {
    let run: ExtractRun

    private var rule: ExtractRule { run.rule }
    private var step: PipelineStep { run.step }

    /// Holds a column whose type is not the table's any more.
    private struct Change {
        var column: Field
        var found: DataType
        var fit: ValueFit
        /// Rows with a value that does not fit, and with a field that the column has not.
        var unfit = 0
        var cut = 0

        var name: String { SQLText.name(column.name) }
    }

    /// Returns what becomes of the new rows' columns. Throws `SCHEMA_CONTRACT` (data).
    func columns(hasTable: Bool) async throws -> ExtractColumns {
        let found = try await schema(run.freshPath)
        var columns = ExtractColumns()
        setCursor(&columns, found)
        guard hasTable, rule.disposition != .replace || !rule.contract.isOpen else {
            columns.names = found.map(\.name)
            columns.fresh = found.map { SQLText.name($0.name) }
            return columns
        }
        let known = try await schema(run.state.table(step.name))
        // The table's type stays, whatever the new rows' is.
        setCursor(&columns, known)
        let changes = try await changes(known, found)
        for column in known {
            let name = SQLText.name(column.name)
            columns.names.append(column.name)
            columns.old.append("o.\(name)")
            if ExtractContract.named(column.name, found) != nil { columns.shared.append(column) }
            if let change = changes[column.name] {
                try take(change, known, &columns)
            } else if let now = ExtractContract.named(column.name, found) {
                columns.fresh.append(SQLText.name(now.name))
                // A file that spells the column in another way would give the table two of it.
                columns.isChanged = columns.isChanged || now.name != column.name
            } else {
                columns.fresh.append("CAST(NULL AS \(column.type.sqlName))")
                // A file without the column reads as null.
                columns.isChanged = columns.isChanged || rule.disposition != .append
            }
        }
        addVariants(&columns, known)
        for column in found where ExtractContract.named(column.name, known) == nil {
            try add(column, &columns)
        }
        if !columns.demands.isEmpty { columns.isChanged = true }
        return columns
    }

    private func setCursor(_ columns: inout ExtractColumns, _ fields: [Field]) {
        guard let cursor = rule.cursor, let column = ExtractContract.named(cursor.column, fields) else {
            return
        }
        columns.cursorType = column.type
        columns.hasTextCursor = rule.source != "jdbc" && column.type == .string
    }

    private func schema(_ path: String) async throws -> [Field] {
        try await run.run("SELECT * FROM millrace_table LIMIT 0", [run.view("millrace_table", path)]).fields
    }

    private static func named(_ name: String, _ columns: [Field]) -> Field? {
        columns.first { $0.name.lowercased() == name.lowercased() }
    }

    /// Returns the columns of other types by their names in the table, and counts values that do not fit.
    private func changes(_ known: [Field], _ found: [Field]) async throws -> [String: Change] {
        var changes: [Change] = known.compactMap { column in
            guard let now = ExtractContract.named(column.name, found) else { return nil }
            let fit = ValueFit(
                known: column.type, found: now.type, evolves: rule.contract.columns == .evolve)
            if fit.known == fit.found { return nil }
            return Change(column: column, found: now.type, fit: fit)
        }
        if changes.isEmpty { return [:] }
        let counts = changes.flatMap { change in
            [change.fit.fits(change.name), change.fit.isWhole(change.name) ?? "true"]
                .map { "CAST(count_if(NOT \($0)) AS STRING)" }
        }
        let outcome = try await run.run(
            "SELECT \(counts.joined(separator: ", ")) FROM millrace_new",
            [run.view("millrace_new", run.freshPath)])
        let numbers = outcome.row.map { $0.flatMap { Int($0) } ?? 0 }
        for place in changes.indices where numbers.count == counts.count {
            changes[place].unfit = numbers[2 * place]
            changes[place].cut = numbers[2 * place + 1]
        }
        return Dictionary(uniqueKeysWithValues: changes.map { ($0.column.name, $0) })
    }

    private func take(
        _ change: Change, _ known: [Field], _ columns: inout ExtractColumns
    ) throws {
        let (name, fit) = (change.name, change.fit)
        let (fits, kept) = (fit.fits(name), fit.kept(name))
        columns.isChanged = true
        if fit.widened != fit.known {
            columns.isWidened = true
            columns.old[columns.old.count - 1] = fit.old("o.\(name)")
        }
        try limitFields(change, &columns)
        if change.unfit == 0 { return columns.fresh.append(kept) }
        let partly = "if(\(fits), \(kept), NULL)"
        switch rule.contract.dataType {
        case .freeze:
            throw EngineError.data(
                "SCHEMA_CONTRACT",
                "The type of a column changed from \(change.column.type.catalogName) to "
                    + "\(change.found.catalogName), and the "
                    + "contract freezes types: \(step.name).\(change.column.name) (rows with a value that "
                    + "does not fit: \(change.unfit))",
                remedy:
                    "Set schema_contract: {data_type: evolve}, or reset the table with: etl-submit state "
                    + "reset.")
        case .discardValue: columns.fresh.append(partly)
        case .discardRow:
            columns.fresh.append(kept)
            columns.demands.append(
                .init(
                    column: change.column.name, condition: fits,
                    fault: "a value that does not fit \(change.column.type.catalogName)"))
        case .evolve:
            // Values that fit stay in the column; others go to one beside it, named as dlt names it.
            columns.fresh.append(partly)
            let isNested = ValueFit.isJSON(fit.found)
            let type = isNested ? DataType.string : change.found
            let value = isNested ? "to_json(\(name))" : name
            columns.variants.append(
                (variantName(change, type, known), type, "if(\(fits), NULL, \(value))"))
        }
    }

    /// Applies the contract of columns to fields of structures.
    private func limitFields(_ change: Change, _ columns: inout ExtractColumns) throws {
        guard change.cut > 0, let field = change.fit.missing else { return }
        switch rule.contract.columns {
        case .evolve, .discardValue: return
        case .discardRow:
            guard let isWhole = change.fit.isWhole(change.name) else { return }
            columns.demands.append(
                .init(column: change.column.name, condition: isWhole, fault: "the new field \(field)"))
        case .freeze: throw newColumn("\(change.column.name).\(field)")
        }
    }

    /// Names the column for values of another type; by the whole type where the short name is taken by one of
    /// yet another type.
    private func variantName(_ change: Change, _ type: DataType, _ known: [Field]) -> String {
        let short =
            ValueFit.isJSON(change.fit.found)
            ? "json" : String(type.catalogName.prefix { $0.isLetter || $0.isNumber })
        let name = "\(change.column.name)__v_\(short)"
        guard let taken = ExtractContract.named(name, known), taken.type != type else { return name }
        let words = type.catalogName.split { !$0.isLetter && !$0.isNumber }
        return "\(change.column.name)__v_\(words.joined(separator: "_"))"
    }

    /// Gives the values that do not fit a column of their own; the table may have it from an earlier read.
    private func addVariants(_ columns: inout ExtractColumns, _ known: [Field]) {
        for variant in columns.variants {
            if let place = columns.names.firstIndex(of: variant.name) {
                columns.fresh[place] = variant.value
                columns.shared += known.filter { $0.name == variant.name }
            } else {
                columns.names.append(variant.name)
                columns.fresh.append(variant.value)
                columns.old.append("CAST(NULL AS \(variant.type.sqlName))")
            }
        }
    }

    private func newColumn(_ name: String) -> EngineError {
        .data(
            "SCHEMA_CONTRACT",
            "The source has a new column, and the contract freezes columns: \(step.name).\(name)",
            remedy: "Set schema_contract: {columns: evolve}, or leave the column out of the query.")
    }

    private func add(_ column: Field, _ columns: inout ExtractColumns) throws {
        let name = SQLText.name(column.name)
        switch rule.contract.columns {
        case .evolve:
            columns.names.append(column.name)
            columns.fresh.append(name)
            columns.old.append("CAST(NULL AS \(column.type.sqlName))")
        case .freeze: throw newColumn(column.name)
        case .discardValue: columns.isChanged = true
        case .discardRow:
            columns.demands.append(
                .init(column: column.name, condition: "\(name) IS NULL", fault: "a value of the new column"))
        }
    }

    // MARK: rows that are thrown away

    /// Counts the new rows that the contract throws away, and warns of them.
    func discarded(_ columns: ExtractColumns) async throws -> Int {
        guard let all = columns.condition else { return 0 }
        let counts = ([all] + columns.demands.map(\.condition)).map {
            "CAST(count_if(NOT coalesce(\($0), false)) AS STRING)"
        }
        let row = try await run.run(
            "SELECT \(counts.joined(separator: ", ")) FROM millrace_new",
            [run.view("millrace_new", run.freshPath)]
        ).row.map { $0.flatMap { Int($0) } ?? 0 }
        guard let total = row.first, total > 0 else { return 0 }
        let reasons = zip(columns.demands, row.dropFirst()).filter { $0.1 > 0 }
            .map { "\($0.column) (\(Counted.text($1, "row")) with \($0.fault))" }
        run.job.warn(
            "\(step.name): \(Counted.text(total, "row")) thrown away, as schema_contract says discard_row, "
                + "for \(reasons.joined(separator: ", "))")
        return total
    }
}
