import Columns
import Protocol
import Vocabulary

// One try of one step.
extension PipelineRun {
    /// Says which step, which try of it, and until when it may work.
    struct Try {
        var step: PipelineStep
        var number: Int
        var deadline: ContinuousClock.Instant?
    }

    /// Makes the step's table, tests and publishes it. Throws what was wrong.
    func make(_ step: PipelineStep, _ attempt: Int) async throws {
        let start = ContinuousClock.now
        let deadline = pipeline.retries.timeoutSeconds.map { start + .seconds($0) }
        let this = Try(step: step, number: attempt, deadline: deadline)
        if record.steps[step.name]?.isMade != true {
            let outcome: StepJob.Outcome
            do {
                outcome = try await stage(this)
            } catch let error as EngineError where error.code == "SOURCE_EMPTY" && step.kind == .extract {
                guard let empty = try await stageEmpty(this) else {
                    return try await passOver(this, since: start)
                }
                outcome = empty
            } catch var error as EngineError {
                if error.code != "CONTRACT_VIOLATED" { error.location = step.place(of: error.location) }
                if let remedy = remedy(for: error) { error.remedy = remedy }
                throw error
            }
            try noteKeptRows(step, outcome.rowsOut)
            try await note(
                .stepMade(
                    step: step.name, rowsIn: outcome.rowsIn, rowsOut: outcome.rowsOut,
                    columns: outcome.columns))
        }
        if step.load != nil { return try await finish(this, since: start) }
        guard try await testAll(this, staged: true) else {
            throw failure(of: step)
        }
        // What the run before has appended there is there.
        if let write = step.write, !isRemade(step) || write.mode == .overwrite {
            let sql = write.statements(of: tables.staged(step.name, run: run))
            do {
                _ = try await job.run(order(this, ["write"], sql: sql, "write of \(step.name)"))
            } catch let error as EngineError {
                throw write.explained(error)
            }
        }
        try await publish(this)
        try await finish(this, since: start)
    }

    /// Says how a query reads the table of a step that it names without ref().
    private func remedy(for error: EngineError) -> String? {
        guard error.code == "TABLE_OR_VIEW_NOT_FOUND",
            let step = pipeline.steps.first(where: {
                $0.load == nil && error.message.lowercased().hasSuffix(": \($0.name.lowercased()).")
            })
        else { return nil }
        return "A query reads the table of a step by its reference: {{ ref('\(step.name)') }}."
    }

    /// Writes down with the staged table that it keeps the rows of earlier runs, where nothing else tells.
    private func noteKeptRows(_ step: PipelineStep, _ newRows: Int) throws {
        let isExtract = step.extract.map { $0.disposition != .replace && $0.cursor == nil } == true
        guard isExtract || step.materialization.kind == .incremental else { return }
        var state = TableState()
        (state.keepsRows, state.latestRows) = (true, newRows)
        try StagedTables(tables: tables, run: run).stage(state, of: step.name)
    }

    /// Names the tests that keep a step's table from being published.
    private func failure(of step: PipelineStep) -> EngineError {
        let failed = record.tests.filter { $0.step == step.name && $0.outcome == .fail }
        let list = failed.prefix(5).map { "\($0.name) (\($0.found ?? "\($0.failures) wrong"))" }
        let more = failed.count > 5 ? " and \(failed.count - 5) more" : ""
        let first = step.tests.first { test in failed.contains { $0.name == test.name } }
        let isKept = first?.storesFailures == true
        var error = EngineError.data(
            "TEST_FAILED",
            "The table of \(step.name) did not pass its tests"
                + (isOnlyTested(step) ? ": " : " and was not published: ")
                + list.joined(separator: ", ") + more,
            remedy: isKept
                ? "The wrong rows are in \(tables.failures(first?.name ?? ""))."
                : "store_failures: true at the test keeps the wrong rows; severity: warn lets them pass.")
        error.location = first?.location
        return error
    }

    func finish(_ this: Try, since start: ContinuousClock.Instant) async throws {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try await note(.stepDone(step: this.step.name, seconds: seconds))
    }

    /// Runs the step's tests on what is published.
    func testPublished(_ step: PipelineStep) async throws {
        let isGood = try await testAll(Try(step: step, number: 1), staged: false)
        // Within a run that makes tables, what reads this one is skipped, and a retry tests it again.
        if !isGood, !record.header.testsOnly { throw failure(of: step) }
        try await note(.stepDone(step: step.name, seconds: 0))
    }

    var run: String { record.header.id }

    func order(
        _ this: Try, _ part: [String], prelude: [String] = [], sql: String, _ file: String
    ) -> StepJob.Order {
        StepJob.Order(
            id: [run, this.step.name, "\(this.number)"] + part, prelude: prelude, sql: sql, file: file,
            deadline: this.deadline)
    }

    func overwrite(_ path: String) -> String {
        "INSERT OVERWRITE DIRECTORY \(SQLText.value(path)) USING parquet"
    }

    /// Writes the step's table aside.
    private func stage(_ this: Try) async throws -> StepJob.Outcome {
        let step = this.step
        if let rule = step.load { return try await load(this, rule) }
        try refuseWhatIsGone(step)
        let path = tables.staged(step.name, run: run)
        try await finishPublication(this)
        if let rule = step.extract, !rule.isPlain {
            let jobs = ExtractJobs(job, id: [run, step.name, "\(this.number)"], deadline: this.deadline)
            var extract = ExtractRun(
                step: step, rule: rule, state: StagedTables(tables: tables, run: run), job: jobs)
            var outcome = try await extract.make()
            if pipeline.lineage != nil { outcome.fields = try await stagedColumns(this) }
            return outcome
        }
        try await checkContract(this)
        if let microbatch = step.materialization.microbatch {
            var outcome = try await stageBatches(this, of: microbatch)
            if pipeline.lineage != nil { outcome.fields = try await stagedColumns(this) }
            return outcome
        }
        let isMerged = keepsTable(step)
        let prelude = try views(step.relations, staged: nil)
        // The line with INSERT is not the user's either.
        let new = step.name + TableFolder.freshSuffix
        let target = isMerged ? tables.staged(new, run: run) : path
        let query = framed(step)
        var outcome = try await job.run(
            order(
                this, ["make"], prelude: prelude + [overwrite(target)] + query.prelude, sql: query.sql,
                step.label))
        if isMerged, try await merge(this, new: target, count: outcome.rowsOut, into: path) {
            tables.discard(new, run: run)
        }
        if pipeline.lineage != nil { outcome.fields = try await stagedColumns(this) }
        return outcome
    }

    /// Whether the step's rows come to those of a table that was there when the run began.
    func keepsTable(_ step: PipelineStep) -> Bool {
        step.isIncremental && record.tables?.contains(step.name) == true
    }

    /// Brings the table of another step into a database. Another try of the same table changes nothing there;
    /// where tables cannot be told apart, another try of the same run.
    private func load(_ this: Try, _ rule: LoadRule) async throws -> StepJob.Outcome {
        if let write = rule.write {
            do {
                return try await job.run(
                    order(
                        this, ["load"], prelude: try views(this.step.relations, staged: nil),
                        sql: write.statements(selecting: this.step.sql), this.step.label))
            } catch let error as EngineError where error.code == "LOCATION_NOT_EMPTY" {
                throw write.explained(error)
            }
        }
        if let from = rule.from, rule.appends, record.tables?.contains(from) == true,
            pipeline.step(named: from)?.keepsEarlierRows == true
        {
            job.warn(
                "\(this.step.name): append loads all rows of \(from) in every run, those of earlier runs "
                    + "again. Use write_disposition: merge with a primary_key, or replace.")
        }
        let made = try rule.from.flatMap { try tables.generation(of: $0) } ?? run
        let id = "\(pipeline.name)/\(this.step.name)/\(made)"
        let options = SQLText.options(rule.options + (rule.source == "jdbc" ? [("loadid", id)] : []))
        let target = "INSERT OVERWRITE DIRECTORY USING \(rule.source)\(options)"
        return try await job.run(
            order(
                this, ["load"], prelude: try views(this.step.relations, staged: nil) + [target],
                sql: this.step.sql, this.step.label))
    }

    /// Brings an incremental model's new rows together with those that are there. Returns whether the new
    /// ones are not needed any more.
    private func merge(_ this: Try, new: String, count: Int, into path: String) async throws -> Bool {
        let step = this.step
        let prelude = [
            view(IncrementalPlan.oldView, tables.table(step.name)), view(IncrementalPlan.newView, new),
        ]
        let plan = IncrementalPlan(
            how: step.materialization,
            old: try await columns(this, [prelude[0]], IncrementalPlan.oldView, "old"),
            new: try await columns(this, [prelude[1]], IncrementalPlan.newView, "new"))
        if plan.onlyAdds, step.write == nil { return try add(this, new: new, count: count, into: path) }
        let query = try plan.query()
        if let duplicates = plan.duplicates {
            let found = try await job.run(
                order(this, ["keys"], prelude: prelude, sql: duplicates, "keys of \(step.name)"))
            if let key = found.row.first ?? nil {
                throw EngineError.data(
                    "DUPLICATE_KEY",
                    "The new rows of \(step.name) have a key twice, so they cannot be merged: \(key)",
                    remedy: "Make unique_key unique in the query, or use the strategy delete+insert.")
            }
        }
        _ = try await job.run(
            order(
                this, ["merge"], prelude: prelude + [overwrite(path)], sql: query,
                "merge of \(step.name)"))
        return true
    }

    /// Has the new rows' files come after the table's, of which none is written again. Returns whether the
    /// new rows are not needed any more.
    private func add(_ this: Try, new: String, count: Int, into path: String) throws -> Bool {
        let (state, name) = (StagedTables(tables: tables, run: run), this.step.name)
        if !tables.publishesByRename {
            try state.stageAddition(count == 0 ? nil : name + TableFolder.freshSuffix, to: name)
            return count == 0
        }
        if count > 0 { try state.moveFiles(from: new, to: path) }
        try state.addPublishedFiles(of: name, to: path)
        return true
    }

    private func stagedColumns(_ this: Try) async throws -> [Field] {
        let parts = try tables.stagedParts(this.step.name, run: run)
        let order = order(
            this, ["columns", "columns"], prelude: [view("millrace_staged", parts, grows: parts.count > 1)],
            sql: "SELECT * FROM millrace_staged LIMIT 0", "columns of \(this.step.name)")
        return try await job.run(order).fields
    }

    /// Returns the columns of a view.
    func columns(
        _ this: Try, _ prelude: [String], _ view: String, _ part: String
    ) async throws -> [Field] {
        let order = order(
            this, ["columns", part], prelude: prelude, sql: "SELECT * FROM \(view) LIMIT 0",
            "columns of \(this.step.name)")
        return try await job.run(order).fields
    }

    /// Makes the staged table the published one, by the engine where directories cannot be renamed.
    private func publish(_ this: Try) async throws {
        let name = this.step.name
        if tables.publishesByRename { return try tables.publish(name, run: run) }
        let making = "\(run)-\(this.number)"
        if try tables.beginPublication(of: name, run: run, making: making) {
            try await copyStaged(this, of: run, adding: tables.pendingAddition(to: name), "publish")
            try tables.endPublication(of: name, making: making)
        }
        tables.discard(name, run: run)
    }

    /// Overwrites the published table with a run's staged one, or adds the rows of a directory of it. Done
    /// again it gives the same.
    private func copyStaged(
        _ this: Try, of run: String, adding rows: String?, _ part: String
    ) async throws {
        let name = this.step.name
        if let rows { return try await tables.add(rows, of: run, to: name) }
        let from = SQLText.name(tables.staged(name, run: run))
        _ = try await job.run(
            order(
                this, [part], prelude: [overwrite(tables.table(name))], sql: "SELECT * FROM parquet.\(from)",
                "publication of \(name)"))
    }

    /// Ends a publication to an object store that was cut off, before a step reads the table that it adds to.
    private func finishPublication(_ this: Try) async throws {
        let (step, name) = (this.step, this.step.name)
        let addsToTable = step.isIncremental || step.extract.map { !$0.isPlain } == true
        guard addsToTable, !tables.publishesByRename, let begun = try tables.unfinished(name) else { return }
        try await copyStaged(this, of: begun.run, adding: begun.added, "finish")
        try tables.endPublication(of: name, making: begun.id)
        tables.discard(name, run: begun.run)
    }

    // MARK: views

    func view(_ name: String, _ path: String, grows: Bool = false) -> String {
        view(name, [path], grows: grows)
    }

    private func view(_ name: String, _ paths: [String], grows: Bool) -> String {
        view(Relation(view: name), paths, grows: grows)
    }

    private func view(_ relation: Relation, _ paths: [String], grows: Bool) -> String {
        relation.creation + " USING parquet"
            + SQLText.options(SQLText.paths(paths) + (grows ? [("mergeSchema", "true")] : [])) + ";"
    }

    /// Statements that make the tables a query reads known to it; with a batch, of those that have an
    /// `event_time` the rows of its time.
    func views(
        _ relations: [Relation], staged: String?, batch: TimeRange? = nil
    ) throws -> [String] {
        try relations.flatMap { relation in
            guard let batch, let column = relation.eventTime else {
                return [try view(of: relation, staged: staged)]
            }
            var whole = relation
            whole.view = "millrace_all_" + relation.view
            let part =
                "\(relation.creation) AS SELECT * FROM \(whole.reference) "
                + "WHERE \(batch.condition(SQLText.name(column)));"
            return [try view(of: whole, staged: staged), part]
        }
    }

    private func view(of relation: Relation, staged: String?) throws -> String {
        guard let step = relation.step else {
            return "\(relation.creation) \(relation.definition);"
        }
        // Files of a table that grows may lack its newer columns.
        let grows = pipeline.step(named: step)?.extract?.disposition == .append
        if step == staged {
            return view(relation, try tables.stagedParts(step, run: run), grows: grows)
        }
        guard tables.hasTable(step) else { throw missing(step) }
        return view(relation, [tables.table(step)], grows: grows)
    }

    // MARK: tests

    /// Returns whether no test failed.
    private func testAll(_ this: Try, staged: Bool) async throws -> Bool {
        var isGood = true
        for test in this.step.tests {
            if let known = record.tests.first(where: { $0.step == this.step.name && $0.name == test.name }) {
                isGood = isGood && known.outcome != .fail
                continue
            }
            let others = test.relations.compactMap(\.step).filter { $0 != this.step.name }
            let isBroken = others.contains { [.failed, .skipped].contains(state(of: $0)) }
            var verdict = Verdict()
            if !isBroken { verdict = try await judge(test, this, staged: staged) }
            try await note(
                .tested(
                    step: this.step.name, test: test.name, outcome: verdict.outcome,
                    failures: verdict.failures, found: verdict.found))
            isGood = isGood && verdict.outcome != .fail
        }
        return isGood
    }

    /// Says how a test ended.
    private struct Verdict {
        var outcome = TestOutcome.skip
        var failures = 0
        var found: String?
    }

    private func judge(_ test: DataTest, _ this: Try, staged: Bool) async throws -> Verdict {
        var relations: [Relation] = []
        for relation in test.relations where !relations.contains(relation) { relations.append(relation) }
        var prelude = try views(relations, staged: staged ? this.step.name : nil)
        var sql = test.query
        let file = "test \(test.name)"
        let row: [String?]
        // Lines of the job before the test's own query.
        var linesBefore = test.storesFailures ? 0 : DataTest.linesBefore
        do {
            if test.storesFailures {
                let path = tables.failures(test.name)
                _ = try await job.run(
                    order(
                        this, ["failures", test.name], prelude: prelude + [overwrite(path)], sql: test.rows,
                        file))
                prelude = []
                sql = test.query(over: "SELECT * FROM parquet.\(SQLText.name(path))")
                linesBefore = Int.max
            }
            row = try await job.run(order(this, ["test", test.name], prelude: prelude, sql: sql, file)).row
        } catch var error as EngineError {
            error.location = test.place(of: error.location, after: linesBefore)
            throw error
        }
        guard row.count == 3, let failures = row[0].flatMap({ Int($0) }) else {
            throw EngineError.internal("A test gave no count: \(test.name)")
        }
        var verdict = Verdict(
            outcome: test.outcome(shouldWarn: row[1] == "true", shouldError: row[2] == "true"),
            failures: failures)
        if verdict.outcome != .pass, let wanted = test.wanted, !test.storesFailures {
            let wrong = try await job.run(
                order(this, ["found", test.name], prelude: prelude, sql: test.rows, file))
            verdict.found = (wrong.row.first ?? nil).map { "\($0) \(wanted)" }
        }
        return verdict
    }
}
