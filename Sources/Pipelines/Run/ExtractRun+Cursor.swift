import Columns
import Vocabulary

// How an extract goes on from where its last read came to, so that no row is left out and none comes twice.
//
// A read begins at the greatest cursor, not behind it: a row that ties with it may have come since. Rows at
// or before it that are read again are told by the table itself, whose rows become valid with the cursor: by
// the columns that tell rows apart where those are known, else by all columns and how often a row is there.
extension ExtractRun {
    /// What a database says of a table before it is read.
    struct Origin {
        /// Up to which transaction all have ended.
        var bound: String?
        /// Columns of its primary key.
        var key: [String] = []
    }

    /// What the new rows say of the cursor.
    struct Cursors {
        /// Rows that the last read may have had: at or before its cursor, or without one.
        var repeated = 0
        var missing = 0
        /// The least cursor of the repeated ones.
        var least: String?
        var form: CursorForm?
    }

    /// Stands between names of columns in what a database is asked for.
    private static let separator: Character = "\u{1F}"

    /// Asks the database before anything is read.
    func origin() async throws -> Origin {
        guard rule.cursor != nil, rule.source == "jdbc" else { return Origin() }
        let row = try await run(
            "SELECT bound, key FROM millrace_bound", [source("millrace_bound", [("probe", "bound")])]
        ).row
        guard row.count == 2 else { return Origin() }
        return Origin(
            bound: row[0], key: row[1]?.split(separator: ExtractRun.separator).map(String.init) ?? [])
    }

    /// Options of a source that make it give what is new.
    func cursorOptions(
        _ before: TableState?, _ after: TableState, _ origin: Origin
    ) -> [(name: String, value: String)] {
        guard let cursor = rule.cursor else { return [] }
        var options = [
            ("incremental.column", cursor.column), ("incremental.missing", cursor.missing.rawValue),
        ]
        if let value = before?.cursor { options.append(("incremental.after", value)) }
        if let form = before?.form { options.append(("incremental.form", form.rawValue)) }
        if let initial = before?.initial ?? cursor.initial, before?.isRewound != true {
            options.append(("incremental.initial", initial))
            if cursor.isInitialLeftOut { options.append(("incremental.range", "open")) }
        }
        if let column = cursor.idColumn { options.append(("incremental.id.column", column)) }
        if identity(origin) == nil { options.append(("incremental.ties", "true")) }
        if let bound = after.bound { options.append(("incremental.bound", bound)) }
        if let bound = before?.bound { options.append(("incremental.bound.after", bound)) }
        if let delay = cursor.delayMilliseconds { options.append(("incremental.delay", "\(delay)")) }
        return options
    }

    /// Columns that beside the cursor tell rows apart; nil where none are known to.
    private func identity(_ origin: Origin) -> [String]? {
        guard let cursor = rule.cursor, !cursor.isUnique else { return [] }
        var key = rule.primaryKey.isEmpty ? origin.key : rule.primaryKey
        if rule.primaryKey.isEmpty, let column = cursor.idColumn { key = [column] }
        if key.isEmpty { return nil }
        key.removeAll { $0.lowercased() == cursor.column.lowercased() }
        return key
    }

    // MARK: rows that come again

    /// The condition that a row may have been read before.
    private func mayBeKnown(
        _ name: String, _ columns: ExtractColumns, _ before: TableState
    ) -> String {
        guard let last = before.cursor else { return "\(name) IS NULL" }
        if columns.hasTextCursor {
            return (before.form ?? CursorForm(last)).isUpTo(name, last)
        }
        return "coalesce(\(name) <= \(literal(last, columns)), true)"
    }

    private func literal(_ value: String, _ columns: ExtractColumns) -> String {
        "try_cast(\(SQLText.value(value)) AS \((columns.cursorType ?? .string).sqlName))"
    }

    /// Throws where a database gave rows without a cursor's column: SQLite takes a name in double quotes that
    /// no column has for a text, and the read would silently be of everything, each time.
    private func checkCursorColumns(_ cursor: CursorRule, _ columns: ExtractColumns) throws {
        guard rule.source == "jdbc" else { return }
        let known = Set(columns.names.map { $0.lowercased() })
        for name in [cursor.column] + (cursor.idColumn.map { [$0] } ?? [])
        where !known.contains(name.lowercased()) {
            let near = Suggestion.nearest(to: name, among: columns.names)
            throw EngineError.user(
                "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                "The rows of \(step.name) have no column for the cursor: \(name).",
                remedy: near.map { "Did you mean '\($0)'?" }
                    ?? "There are: \(columns.names.joined(separator: ", ")).")
        }
    }

    /// Looks at the new rows' cursors. Throws `NULL_CURSOR` when a row has none and must have one: it would
    /// never be read.
    func cursors(_ columns: ExtractColumns, _ before: TableState?, rows: Int) async throws -> Cursors {
        guard let cursor = rule.cursor, rows > 0 else { return Cursors() }
        try checkCursorColumns(cursor, columns)
        guard columns.cursorType != nil else { return Cursors() }
        let name = SQLText.name(cursor.column)
        let known = before.map { mayBeKnown(name, columns, $0) } ?? "false"
        let needed = [name] + (cursor.idColumn.map { [SQLText.name($0)] } ?? [])
        let isMissing = needed.map { "\($0) IS NULL" }.joined(separator: " OR ")
        let row = try await run(
            "SELECT CAST(count_if(\(isMissing)) AS STRING), CAST(count_if(\(known)) AS STRING), "
                + "CAST(min(if(\(known), \(name), NULL)) AS STRING), "
                + (columns.hasTextCursor ? CursorForm.found(in: name) : "NULL")
                + " FROM (\(freshQuery(columns)))", [view("millrace_new", freshPath)]
        ).row
        guard row.count == 4 else {
            throw EngineError.internal("A query gave no row: cursors of \(step.name)")
        }
        let missing = row[0].flatMap { Int($0) } ?? 0
        if missing > 0, cursor.missing == .raise {
            let names = [cursor.column] + (cursor.idColumn.map { [$0] } ?? [])
            throw EngineError.data(
                "NULL_CURSOR",
                "Rows without a value of the cursor cannot be told from those that were read: \(step.name)."
                    + "\(names.joined(separator: " or ")) (\(missing) \(missing == 1 ? "row" : "rows"))",
                remedy: "Fill the column, or set on_cursor_value_missing to exclude (leave such rows out) or "
                    + "include (read them all each time); validate.non.null: false in a connector's file.")
        }
        return Cursors(
            repeated: row[1].flatMap { Int($0) } ?? 0, missing: missing, least: row[2],
            form: row[3].flatMap { CursorForm(rawValue: $0) })
    }

    /// Writes down the new rows that the table does not have, and takes those for the new ones. Returns how
    /// many there are.
    mutating func leaveOutKnown(
        _ columns: inout ExtractColumns, _ cursors: Cursors, _ before: TableState, _ origin: Origin
    ) async throws -> Int {
        guard let cursor = rule.cursor else { return 0 }
        let once = step.name + TableFolder.onceSuffix
        let name = SQLText.name(cursor.column)
        let new = freshQuery(columns)
        let old =
            "SELECT * FROM (SELECT \(columns.list(columns.old)) FROM millrace_old o) WHERE "
            + range(name, columns, cursors, before)
        let names = Set(columns.names.map { $0.lowercased() })
        let keys = identity(origin)
        let query: String
        if let keys, keys.allSatisfy({ names.contains($0.lowercased()) }) {
            let all = [name] + keys.map { SQLText.name($0) }
            let same = all.map { "n.\($0) <=> k.\($0)" }.joined(separator: " AND ")
            query =
                "SELECT n.* FROM (\(new)) n LEFT ANTI JOIN (SELECT DISTINCT "
                + "\(all.joined(separator: ", ")) FROM (\(old))) k ON \(same) "
                + "AND \(mayBeKnown("n." + name, columns, before))"
        } else {
            query = unseen(new, old, columns, mayBeKnown(name, columns, before))
        }
        let views = [view("millrace_new", freshPath), view("millrace_old", state.table(step.name))]
        let count = try await write(query, views, to: state.staged(once))
        state.discard(fresh)
        fresh = once
        columns.settle()
        return count
    }

    /// Returns the query of the new rows that are there more often than among the old ones.
    private func unseen(
        _ new: String, _ old: String, _ columns: ExtractColumns, _ mayBeKnown: String
    ) -> String {
        let row = "\(RowHash.expression(columns.shared)) AS millrace_row"
        let names = columns.names.map { SQLText.name($0) }.joined(separator: ", ")
        return
            "SELECT \(names) FROM (\(new)) WHERE NOT \(mayBeKnown) UNION ALL SELECT \(names) FROM (SELECT *, "
            + "row_number() OVER (PARTITION BY millrace_row ORDER BY millrace_row) AS millrace_nth FROM "
            + "(SELECT *, \(row) FROM (\(new)) WHERE \(mayBeKnown))) n LEFT JOIN (SELECT millrace_row AS "
            + "millrace_known, count(*) AS millrace_count FROM (SELECT \(row) FROM (\(old))) GROUP BY "
            + "millrace_row) k ON n.millrace_row = k.millrace_known "
            + "WHERE n.millrace_nth > coalesce(k.millrace_count, 0)"
    }

    /// The condition that an old row may be one of the repeated ones; files without such rows are not read.
    private func range(
        _ name: String, _ columns: ExtractColumns, _ cursors: Cursors, _ before: TableState
    ) -> String {
        if columns.hasTextCursor { return "true" }
        var parts = cursors.missing > 0 ? ["\(name) IS NULL"] : []
        if let least = cursors.least, let last = before.cursor {
            parts.append(
                "\(name) >= \(literal(least, columns)) AND \(name) <= \(literal(last, columns))")
        }
        return parts.isEmpty ? "true" : parts.joined(separator: " OR ")
    }

    // MARK: what is written down

    /// Writes down with the staged table how far the read came.
    func note(_ after: inout TableState, _ rows: Int, _ columns: ExtractColumns) async throws {
        guard let cursor = rule.cursor else { return }
        if cursor.beginsNow { after.initial = after.initial ?? cursor.initial }
        after.latestRows = rows
        after.totalRows += rows
        if rows > 0, columns.cursorType != nil {
            let column = SQLText.name(cursor.column)
            let id = cursor.idColumn.map {
                "max_by(\(SQLText.name($0)), struct(\(column), \(SQLText.name($0))))"
            }
            let outcome = try await run(
                "SELECT \(columns.greatest(column, after.form)), CAST(\(id ?? "NULL") AS STRING) "
                    + "FROM millrace_table", [view("millrace_table", try state.parts(step.name))])
            after.cursor = outcome.row.first.flatMap { $0 } ?? after.cursor
            if id != nil { after.id = outcome.row.last.flatMap { $0 } ?? after.id }
        }
        try state.stage(after, of: step.name)
    }
}
