import Storage
import Vocabulary

/// Makes an extract step's table where that is more than one query: reads what is new, brings it to the
/// table's schema, puts it with the rows that are there, and notes how far it came.
///
/// ```
///   bound ─▶ new rows ─▶ staging/NAME.new ─▶ contract
///      ├ append   old files + new files ────────────┐
///      ├ merge    old rows without new keys + new ──┼▶ staging/NAME with its state
///      └ replace  new rows ─────────────────────────┘
/// ```
/// In an object store, which has no links and no rename, new rows of `append` stay where they are until the
/// store copies their files into the table; those of `replace` are written twice.
struct ExtractRun {
    let step: PipelineStep
    let rule: ExtractRule
    let state: StagedTables
    let job: ExtractJobs

    /// The directory with the new rows.
    var fresh: String
    var freshPath: String { state.staged(fresh) }

    init(step: PipelineStep, rule: ExtractRule, state: StagedTables, job: ExtractJobs) {
        (self.step, self.rule, self.state, self.job) = (step, rule, state, job)
        fresh = step.name + TableFolder.freshSuffix
    }

    /// Leaves the table staged. Throws the first error of a job, with the step's place.
    mutating func make() async throws -> StepJob.Outcome {
        let before = rule.cursor == nil ? nil : try state.tableState(step.name)
        let old = state.hasTable(step.name)
        state.discard(fresh)
        state.discard(step.name + TableFolder.onceSuffix)
        var after = before ?? TableState()
        after.isRewound = nil
        var history = rule.readsFilesOnce ? try state.fileHistory(step.name) : FileHistory()
        var only: [FileStatus]?
        if rule.readsFilesOnce, let path = rule.options.first(where: { $0.name == "path" })?.value {
            let all = try state.files(path)
            let new = ExtractRun.limited(history.new(all))
            // Empty files have no columns either.
            if old, !all.isEmpty, new.allSatisfy({ $0.byteCount == 0 }) {
                try await append(ExtractColumns(), isEmpty: true)
                history.add(new)
                try state.stage(history, of: step.name)
                return StepJob.Outcome()
            }
            // Named one by one, as another may come in the meantime. Where nothing is, the job says so.
            if !all.isEmpty { only = new }
        }
        let origin = try await origin()
        after.bound = origin.bound
        var outcome = StepJob.Outcome()
        do { outcome = try await readAlike(before, after, origin, &only) } catch let error as EngineError
            where error.code == "SOURCE_EMPTY" && old && rule.disposition != .replace
        {
            // Sources without a schema of their own have none where nothing is new; the table stays as it is.
            try await append(ExtractColumns(), isEmpty: true)
            try await note(&after, 0, ExtractColumns())
            history.add(only ?? [])
            if rule.readsFilesOnce { try state.stage(history, of: step.name) }
            return outcome
        }
        history.add(only ?? [])
        let contract = ExtractContract(run: self)
        var columns = try await contract.columns(hasTable: old)
        let read = outcome.rowsOut
        outcome.rowsOut -= try await contract.discarded(columns)
        let cursors = try await cursors(columns, before, rows: read)
        after.form = cursors.form ?? after.form
        if old, rule.disposition == .append, cursors.repeated > 0, let before {
            outcome.rowsOut = try await leaveOutKnown(&columns, cursors, before, origin)
        }
        if old, rule.disposition == .append || (rule.disposition == .merge && read == 0) {
            try await append(columns, isEmpty: outcome.rowsOut == 0)
        } else if rule.disposition == .merge {
            try await merge(columns, after.form, hasTable: old)
        } else if columns.isChanged || !state.tables.publishesByRename {
            try await rewrite(columns)
        } else {
            try state.moveFiles(from: freshPath, to: state.staged(step.name))
        }
        try await note(&after, outcome.rowsOut, columns)
        if rule.readsFilesOnce { try state.stage(history, of: step.name) }
        outcome.rowsIn = max(outcome.rowsIn, read)
        return outcome
    }

    func run(_ sql: String, _ views: [String]) async throws -> StepJob.Outcome {
        try await job.run(
            prelude: views, sql: sql, file: step.label, conf: rule.conf)
    }

    func view(_ name: String, _ paths: String...) -> String { view(name, paths) }

    func view(_ name: String, _ paths: [String]) -> String {
        "CREATE TEMPORARY VIEW \(name) USING parquet"
            + SQLText.options(SQLText.paths(paths) + [("mergeSchema", "true")]) + ";"
    }

    func source(_ name: String, _ more: [(name: String, value: String)]) -> String {
        "CREATE TEMPORARY VIEW \(name) USING \(rule.source)" + SQLText.options(rule.options + more) + ";"
    }

    // MARK: reading

    /// Longest list of files in a job's text, bytes.
    private static let fileListBytes = 128 * 1024

    /// Returns the first files whose names one job's text has room for; the next run reads on from there.
    private static func limited(_ files: [FileStatus]) -> [FileStatus] {
        var bytes = 0
        return Array(
            files.prefix { file in
                // Quoted, a sign may take two.
                bytes += 2 * file.path.utf8.count + 2
                return bytes <= fileListBytes
            })
    }

    /// Reads the new files that have the columns of the first; those after them are left to the next run, as
    /// one read takes columns by their place.
    private func readAlike(
        _ before: TableState?, _ after: TableState, _ origin: Origin, _ files: inout [FileStatus]?
    ) async throws -> StepJob.Outcome {
        while true {
            do { return try await readNew(before, after, origin, files) } catch let error as EngineError
                where error.code == "CSV_HEADER_MISMATCH" && (files?.count ?? 0) > 1
            {
                files = files.map { Array($0.prefix($0.count / 2)) }
                job.warn(
                    "\(step.name): files with other columns than \(files?.first?.path ?? "") wait for the "
                        + "next run.")
            }
        }
    }

    private func readNew(
        _ before: TableState?, _ after: TableState, _ origin: Origin, _ files: [FileStatus]?
    ) async throws -> StepJob.Outcome {
        var more = cursorOptions(before, after, origin)
        if let files { more.append(("onlyFiles", files.map(\.path).joined(separator: "\n"))) }
        let target = "INSERT OVERWRITE DIRECTORY \(SQLText.value(freshPath)) USING parquet"
        return try await run("SELECT * FROM millrace_input", [source("millrace_input", more), target])
    }

    // MARK: putting together

    /// Writes a query's rows to a directory, and returns how many there are.
    func write(_ query: String, _ views: [String], to path: String) async throws -> Int {
        let target = "INSERT OVERWRITE DIRECTORY \(SQLText.value(path)) USING parquet"
        return try await run(query, views + [target]).rowsOut
    }

    /// The new rows as the table has them; `more` stands behind their columns.
    func freshQuery(_ columns: ExtractColumns, _ more: String = "") -> String {
        "SELECT \(columns.list(columns.fresh))\(more) FROM millrace_new"
            + (columns.condition.map { " WHERE \($0)" } ?? "")
    }

    private func rewrite(_ columns: ExtractColumns) async throws {
        _ = try await write(
            freshQuery(columns), [view("millrace_new", freshPath)], to: state.staged(step.name))
        state.discard(fresh)
    }

    private func append(_ columns: ExtractColumns, isEmpty: Bool) async throws {
        if columns.isWidened, !isEmpty { return try await widen(columns) }
        if !state.tables.publishesByRename { return try await add(columns, isEmpty: isEmpty) }
        let staged = state.staged(step.name)
        if isEmpty {
            state.discard(fresh)
        } else if columns.isChanged {
            try await rewrite(columns)
        } else {
            try state.moveFiles(from: freshPath, to: staged)
        }
        try state.addPublishedFiles(of: step.name, to: staged)
    }

    /// Writes the table's rows anew with the new ones: files of one table cannot differ in what is nested.
    private func widen(_ columns: ExtractColumns) async throws {
        let old = "SELECT \(columns.list(columns.old)) FROM millrace_old o"
        _ = try await write(
            "\(old) UNION ALL \(freshQuery(columns))",
            [view("millrace_new", freshPath), view("millrace_old", state.table(step.name))],
            to: state.staged(step.name))
        state.discard(fresh)
    }

    /// Has the new rows come after the table's, where they are staged or as they fit its columns.
    private func add(_ columns: ExtractColumns, isEmpty: Bool) async throws {
        if isEmpty {
            state.discard(fresh)
            return try state.stageAddition(nil, to: step.name)
        }
        if !columns.isChanged { return try state.stageAddition(fresh, to: step.name) }
        let count = try await write(
            freshQuery(columns), [view("millrace_new", freshPath)], to: state.staged(step.name))
        state.discard(fresh)
        try state.stageAddition(count == 0 ? nil : step.name, to: step.name)
    }

    private func merge(
        _ columns: ExtractColumns, _ form: CursorForm?, hasTable: Bool
    ) async throws {
        let keys = rule.primaryKey.map { SQLText.name($0) }
        var order: [String] = []
        if let cursor = rule.cursor, columns.cursorType != nil {
            let value = SQLText.name(cursor.column)
            order = columns.hasTextCursor ? (form ?? .text).keys(value) : [value]
        }
        // Of equals the one that was read last: files, and rows in them, are in the order of reading.
        order.append("millrace_place")
        let rows = freshQuery(columns, ", monotonically_increasing_id() AS millrace_place")
        let newest =
            "SELECT \(columns.names.map { SQLText.name($0) }.joined(separator: ", ")) FROM (SELECT *, "
            + "row_number() OVER (PARTITION BY \(keys.joined(separator: ", ")) ORDER BY "
            + order.map { "\($0) DESC" }.joined(separator: ", ")
            + ") AS millrace_rank FROM (\(rows))) WHERE millrace_rank = 1"
        var views = [view("millrace_new", freshPath)]
        var query = newest
        if hasTable {
            views.append(view("millrace_old", state.table(step.name)))
            let same = keys.map { "o.\($0) <=> n.\($0)" }.joined(separator: " AND ")
            let old = columns.list(columns.old)
            query =
                "SELECT \(old) FROM millrace_old o LEFT ANTI JOIN (SELECT DISTINCT "
                + "\(keys.joined(separator: ", ")) FROM (\(freshQuery(columns)))) n ON \(same) "
                + "UNION ALL \(newest)"
        }
        _ = try await write(query, views, to: state.staged(step.name))
        state.discard(fresh)
    }
}
