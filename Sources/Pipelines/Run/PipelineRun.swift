import Protocol
import Vocabulary

/// Tells what happens in a run, as it happens.
package enum RunEvent: Sendable {
    case finished(step: String, kind: PipelineStep.Kind, rowsIn: Int, rowsOut: Int, seconds: Double)
    case tested(test: String, outcome: TestOutcome)
    case retrying(step: String, attempt: Int, afterSeconds: Double, error: EngineError)
    case failed(step: String, error: EngineError)
    /// A step that did not run since one that it needs failed.
    case skipped(step: String)
}

/// Counts how a run ended.
package struct RunSummary: Sendable, Hashable {
    package var succeeded = 0
    package var failed = 0
    package var skipped = 0
    package var testsPassed = 0
    package var testsWarned = 0
    package var testsFailed = 0

    package var isSuccess: Bool { failed == 0 && testsFailed == 0 }
}

/// Runs a pipeline's steps in order. Each step's table is written aside, tested there, and only then
/// published:
///
///     query ─▶ staging/NAME ─▶ tests ─▶ write: path ─▶ tables/NAME
///                  └ a failure of any of them: removed, the published table stays as it was
package struct PipelineRun {
    private let pipeline: Pipeline
    private let state: StateFolder
    private let job: StepJob
    private let report: @Sendable (RunEvent) -> Void

    /// `settle` waits until nothing of a failed job is left; `report` is called for each event in order.
    package init(
        _ pipeline: Pipeline, state: StateFolder, service: any JobService, current: CurrentJob,
        conf: [String: String] = [:], settle: @escaping @Sendable (String) async -> Void,
        report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.pipeline = pipeline
        self.state = state
        self.report = report
        job = StepJob(service: service, settle: settle, current: current, conf: conf)
    }

    /// Runs the chosen steps and returns how it went. What a failed step's tables would feed is skipped;
    /// other steps go on. Throws only when the run was cancelled.
    package func run(_ chosen: Set<String>) async throws -> RunSummary {
        var summary = RunSummary()
        var broken = Set<String>()
        for step in pipeline.steps where chosen.contains(step.name) {
            if step.dependencies.contains(where: broken.contains) {
                broken.insert(step.name)
                summary.skipped += 1
                report(.skipped(step: step.name))
                continue
            }
            do {
                if try await run(step, &summary) {
                    summary.succeeded += 1
                } else {
                    broken.insert(step.name)
                    summary.failed += 1
                }
            } catch var error as EngineError {
                state.discard(step.name)
                if error.location == nil { error.location = step.location }
                if job.current.isCancelled { throw error }
                broken.insert(step.name)
                summary.failed += 1
                report(.failed(step: step.name, error: error))
            }
        }
        return summary
    }

    /// Runs the tests of the chosen steps on what is published.
    package func test(_ chosen: Set<String>) async throws -> RunSummary {
        var summary = RunSummary()
        for step in pipeline.steps where chosen.contains(step.name) && !step.tests.isEmpty {
            _ = try await testAll(step, staged: nil, &summary)
        }
        return summary
    }

    /// Returns whether the step was published. Throws when its query fails.
    private func run(_ step: PipelineStep, _ summary: inout RunSummary) async throws -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = try await make(step)
        if step.load != nil { return done(step, outcome, since: start) }
        guard try await testAll(step, staged: step.name, &summary) else {
            state.discard(step.name)
            report(
                .failed(
                    step: step.name,
                    error: .data(
                        "TEST_FAILED",
                        "The step's table did not pass its tests and was not published: \(step.name)")))
            return false
        }
        if let write = step.write {
            let options = SQLText.options(write.options)
            _ = try await job.run(
                prelude: [],
                sql:
                    "INSERT OVERWRITE DIRECTORY \(SQLText.value(write.path)) USING \(write.format)\(options) "
                    + "SELECT * FROM parquet.\(SQLText.name(state.staged(step.name)))",
                file: "write of \(step.name)", timeoutSeconds: pipeline.retries.timeoutSeconds)
        }
        try state.publish(step.name)
        return done(step, outcome, since: start)
    }

    private func done(
        _ step: PipelineStep, _ outcome: StepJob.Outcome, since start: ContinuousClock.Instant
    ) -> Bool {
        let took = ContinuousClock().now - start
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        report(
            .finished(
                step: step.name, kind: step.kind, rowsIn: outcome.rowsIn, rowsOut: outcome.rowsOut,
                seconds: seconds))
        return true
    }

    /// Brings the table of another step into a database. Another try of the same table changes nothing there.
    private func load(_ step: PipelineStep, _ rule: LoadRule) async throws -> StepJob.Outcome {
        let id = "\(pipeline.name)/\(step.name)/\(state.generation(of: rule.from))"
        let options = SQLText.options(rule.options + (rule.source == "jdbc" ? [("loadid", id)] : []))
        let target = "INSERT OVERWRITE DIRECTORY USING \(rule.source)\(options)"
        return try await job.run(
            prelude: try views(step.relations, staged: nil) + [target], sql: step.sql, file: step.label,
            timeoutSeconds: pipeline.retries.timeoutSeconds)
    }

    /// Writes the step's table aside; tries again what the machine failed.
    private func make(_ step: PipelineStep) async throws -> StepJob.Outcome {
        let sql =
            "INSERT OVERWRITE DIRECTORY \(SQLText.value(state.staged(step.name))) USING parquet\n" + step.sql
        var attempt = 1
        while true {
            do {
                if let load = step.load { return try await self.load(step, load) }
                if let rule = step.extract, !rule.isPlain {
                    return try await ExtractRun(
                        step: step, rule: rule, state: state, job: job,
                        timeoutSeconds: pipeline.retries.timeoutSeconds
                    ).make()
                }
                let prelude = try views(step.relations, staged: nil)
                // The line with INSERT is not the user's either.
                return try await job.run(
                    prelude: prelude + [sql.prefix { $0 != "\n" }].map(String.init),
                    sql: step.sql, file: step.label, timeoutSeconds: pipeline.retries.timeoutSeconds)
            } catch let error as EngineError where error.blame == .system && !job.current.isCancelled {
                guard attempt <= pipeline.retries.retries else { throw error }
                attempt += 1
                let delay = pipeline.retries.delay(before: attempt)
                report(.retrying(step: step.name, attempt: attempt, afterSeconds: delay, error: error))
                try await Task.sleep(for: .seconds(delay))
            }
        }
    }

    /// Statements that make the tables a query reads known to it.
    private func views(_ relations: [Relation], staged: String?) throws -> [String] {
        try relations.map { relation in
            guard let step = relation.step else {
                return "CREATE TEMPORARY VIEW \(SQLText.name(relation.view)) \(relation.definition);"
            }
            if step != staged, !state.hasTable(step) {
                throw EngineError.user(
                    "TABLE_NOT_MADE", "The table of this step has not been made yet: \(step)",
                    remedy: "Run it first, or choose it too, with --select +name.")
            }
            let path = step == staged ? state.staged(step) : state.table(step)
            // Files of a table that grows may lack its newer columns.
            let grows = pipeline.step(named: step)?.extract?.disposition == .append
            return "CREATE TEMPORARY VIEW \(SQLText.name(relation.view)) USING parquet"
                + SQLText.options([("path", path)] + (grows ? [("mergeSchema", "true")] : [])) + ";"
        }
    }

    /// Returns whether no test failed.
    private func testAll(
        _ step: PipelineStep, staged: String?, _ summary: inout RunSummary
    ) async throws -> Bool {
        var isGood = true
        for test in step.tests {
            var relations: [Relation] = []
            for relation in test.relations where !relations.contains(relation) { relations.append(relation) }
            let outcome = try await job.run(
                prelude: try views(relations, staged: staged), sql: test.query, file: "test \(test.name)",
                timeoutSeconds: pipeline.retries.timeoutSeconds)
            guard outcome.row.count == 3, let failures = outcome.row[0].flatMap({ Int($0) }) else {
                throw EngineError.internal("A test gave no count: \(test.name)")
            }
            let result = test.outcome(
                failures: failures, shouldWarn: outcome.row[1] == "true",
                shouldError: outcome.row[2] == "true")
            report(.tested(test: test.name, outcome: result))
            switch result {
            case .pass: summary.testsPassed += 1
            case .warn: summary.testsWarned += 1
            case .fail:
                summary.testsFailed += 1
                isGood = false
            }
        }
        return isGood
    }
}
