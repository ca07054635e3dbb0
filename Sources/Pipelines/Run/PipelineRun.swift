import Protocol
import Vocabulary

/// Runs a pipeline's steps, several at a time, each as soon as what it needs is done. A step's table is
/// written aside, tested there, and only then published:
///
///     query ─▶ staging/RUN/NAME ─▶ tests ─▶ write: path ─▶ tables/NAME
///                  └ a failure of any of them: removed, the published table stays as it was
///
/// Whatever happens is a fact, kept by the journal before it counts. A run that is made of a record with
/// facts goes on where those end: finished steps are not run again, and a job that had begun is followed, as
/// its id follows from the run, the step and the try.
package actor PipelineRun {
    let pipeline: Pipeline
    let tables: TableFolder
    let job: StepJob
    let control: RunControl
    package private(set) var record: RunRecord
    private let journal: any RunJournal
    let clock: @Sendable () -> Int64
    let carrier: any AlertCarrier
    private let report: @Sendable (RunFact, RunRecord) -> Void
    private let lineage: LineageReporter?
    let chosen: [PipelineStep]
    /// Steps that are not made, and whose tests are run on what is published.
    private let onlyTested: Set<String>
    private let chosenNames: Set<String>
    private var started = Set<String>()
    /// Whether a step waits for another run; `turnsSeen` is how those stood then.
    private var isHeldUp = false
    private var turnsSeen = 0
    private let turns: TableTurns?
    /// Alerts that this actor has begun to send, by rule and event.
    private var claimedAlerts = Set<String>()

    /// `turns` is shared by the runs that may be at work on the same tables, of which this one has a place
    /// there. `report` is called for each fact, in order; `warn` for what goes wrong beside the run,
    /// `say` for what its programs and databases say.
    package init(
        _ pipeline: Pipeline, record: RunRecord, tables: TableFolder, service: any JobService,
        control: RunControl, journal: any RunJournal, turns: TableTurns? = nil,
        carrier: any AlertCarrier = OutsideCarrier(),
        clock: @escaping @Sendable () -> Int64 = { NodeClock.moment().wallMilliseconds },
        warn: @escaping @Sendable (String) -> Void,
        say: @escaping @Sendable (String) -> Void = { _ in },
        report: @escaping @Sendable (RunFact, RunRecord) -> Void
    ) throws {
        self.pipeline = pipeline
        self.record = record
        self.tables = tables.naming(pipeline.steps)
        self.control = control
        self.turns = turns
        self.journal = journal
        self.clock = clock
        self.carrier = carrier
        self.report = report
        job = StepJob(
            service: service, control: control, conf: record.header.conf, run: record.header.id,
            warn: warn, say: say)
        let choice = try pipeline.chosen(select: record.header.select, exclude: record.header.exclude)
        chosen = choice.steps
        chosenNames = choice.names
        onlyTested = record.header.testsOnly ? chosenNames : choice.onlyTested
        lineage =
            record.header.testsOnly
            ? nil
            : pipeline.lineage.map { target in
                LineageReporter(
                    LineageEvent(pipeline: pipeline, target: target, onlyTested: choice.onlyTested),
                    carrier: carrier,
                    failed: { warn(LineageReporter.failure($0, target)) })
            }
    }

    /// Runs the chosen steps, or their tests alone, and returns how it went. What a failed step's tables
    /// would feed is skipped; other steps go on. Throws only what the journal throws.
    package func run() async throws -> RunRecord {
        if record.state.isEnd { return try await close() }
        if record.tables == nil {
            let published = chosen.map(\.name).filter { tables.hasTable($0) }
            let (remade, notices) = try remadeSteps()
            try await note(
                .began(
                    tables: published, steps: chosen.map(\.name), kinds: chosen.map(\.kind.rawValue),
                    parents: chosen.map { Set($0.dependencies).sorted() },
                    remade: remade.isEmpty ? nil : remade, definitions: chosen.map(\.definition)))
            for text in notices { job.warn(text) }
        }
        for text in pipeline.warnings { job.warn(text) }
        for (name, step) in record.steps where step.state != .waiting && step.state != .running {
            started.insert(name)
        }
        turns?.declare(
            record.header.id,
            chosen.filter { !started.contains($0.name) }
                .map { TableTurns.Use($0, testsOnly: isOnlyTested($0)) })
        let deadlines = Task { try await watchDeadlines() }
        defer { deadlines.cancel() }
        try await performAll()
        tables.discardAll(run: record.header.id)
        try await note(.ended(state: endState, error: nil))
        return try await close()
    }

    /// Runs the steps, each as soon as it may.
    private func performAll() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            var (active, isWaiting) = (0, false)
            while true {
                while active < pipeline.maxActiveTasks, !isStopping, let step = try await nextReady() {
                    active += 1
                    group.addTask {
                        try await self.perform(step)
                        return true
                    }
                }
                if active == 0, isStopping || !isHeldUp { break }
                if isHeldUp, !isWaiting, active < pipeline.maxActiveTasks {
                    isWaiting = true
                    group.addTask {
                        try await self.waitForTurn()
                        return false
                    }
                }
                if try await group.next() == true { active -= 1 } else { isWaiting = false }
            }
            group.cancelAll()
        }
    }

    /// Time between two looks at other runs, milliseconds.
    private static let turnMilliseconds = 20

    /// Waits until another run has come further, or this one is to stop.
    private func waitForTurn() async throws {
        let seen = turnsSeen
        while !isStopping, turns?.version == seen, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(PipelineRun.turnMilliseconds))
        }
    }

    /// Does what is owed after the end; a run that ended before a restart may owe alerts still.
    private func close() async throws -> RunRecord {
        if !record.isClosed {
            try await alert(on: .ended(state: record.state, error: record.error))
            await lineage?.finish()
            try await note(.closed)
        }
        return record
    }

    /// Jobs of the run that failed or were cancelled.
    package var failedJobs: [String] { control.failedJobs }

    private var isStopping: Bool { record.isCancelled || control.isCancelled }

    private var endState: JobState {
        if isStopping { return .cancelled }
        return record.summary.isSuccess ? .succeeded : .failed
    }

    /// Keeps a fact and takes it in.
    func note(_ fact: RunFact) async throws {
        let entry = RunEntry(at: clock(), fact: fact)
        try await journal.append(entry)
        record.apply(entry)
        switch fact {
        case .stepDone(let name, _), .stepFailed(let name, _), .stepSkipped(let name):
            turns?.finished(name, of: record.header.id)
        default: break
        }
        report(fact, record)
        lineage?.take(entry, record)
        if !record.state.isEnd { try await alert(on: fact) }
    }

    /// Returns whether an alert is the caller's to send: true once for each.
    func claimAlert(_ key: String) -> Bool { claimedAlerts.insert(key).inserted }

    /// Returns the first step whose needs are met, and marks it as begun; skips those that cannot run.
    private func nextReady() async throws -> PipelineStep? {
        turnsSeen = turns?.version ?? 0
        isHeldUp = false
        for step in chosen where !started.contains(step.name) {
            let needs = step.dependencies.compactMap { state(of: $0) }
            if !isOnlyTested(step), needs.contains(where: { $0 == .failed || $0 == .skipped }) {
                started.insert(step.name)
                try await note(.stepSkipped(step: step.name))
                continue
            }
            let waits = needs + step.testDependencies.compactMap { state(of: $0) }
            if !record.header.testsOnly, waits.contains(where: { $0 == .waiting || $0 == .running }) {
                continue
            }
            if let turns, !turns.mayBegin(TableTurns.Use(step, testsOnly: isOnlyTested(step)), run) {
                isHeldUp = true
                continue
            }
            started.insert(step.name)
            return step
        }
        return nil
    }

    /// Where a step of this run is; nil for steps that are not chosen.
    func state(of name: String) -> RunRecord.StepState? {
        chosenNames.contains(name) ? record.steps[name]?.state : nil
    }

    /// Whether a step's table stays as it is, and is only tested.
    func isOnlyTested(_ step: PipelineStep) -> Bool { onlyTested.contains(step.name) }

    /// Runs one step to its end, with all its tries.
    private func perform(_ step: PipelineStep) async throws {
        var attempt = 1
        var isContinued = false
        if let known = record.steps[step.name], known.state == .running {
            isContinued = known.error == nil
            if isContinued, !known.isMade, let rule = step.extract, !rule.isPlain {
                // Several jobs depend on each other and on files between them: read again.
                await ExtractJobs.cancel(
                    [record.header.id, step.name, "\(known.attempt)"], job.service)
                isContinued = false
            }
            attempt = isContinued ? known.attempt : known.attempt + 1
            try await pause(until: known.notBefore)
        }
        while true {
            if !isContinued { try await note(.stepStarted(step: step.name, attempt: attempt)) }
            isContinued = false
            do {
                if isOnlyTested(step) {
                    try await testPublished(step)
                } else {
                    try await make(step, attempt)
                }
                return
            } catch var error as EngineError {
                tables.discard(step.name, run: record.header.id)
                if error.location == nil { error.location = step.location }
                if isStopping { return }
                guard error.blame == .system, attempt <= pipeline.retries.retries else {
                    return try await note(.stepFailed(step: step.name, error: JobFailure(error)))
                }
                attempt += 1
                let delay = pipeline.retries.delay(before: attempt)
                try await note(
                    .stepRetrying(
                        step: step.name, attempt: attempt, afterSeconds: delay, error: JobFailure(error)))
                try await pause(until: record.steps[step.name]?.notBefore ?? 0)
                if isStopping { return }
            }
        }
    }

    /// Waits for a time, milliseconds since 1970, or until the run is cancelled.
    private func pause(until time: Int64) async throws {
        while clock() < time, !isStopping {
            try await Task.sleep(for: .milliseconds(min(200, time - clock())))
        }
    }

    /// Says that the run is to stop, and returns the jobs to cancel.
    package func cancel() async throws -> [String] {
        if !record.isCancelled, !record.state.isEnd { try await note(.cancelled) }
        return control.cancel()
    }
}
