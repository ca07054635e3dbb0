import Pipelines
import Protocol
import Vocabulary

/// Names a job that did a part of a run's work.
struct RunPart: Sendable {
    var step: String
    var status: JobStatus
}

/// Sums what stages read and wrote, bytes.
struct StageWork: Sendable {
    var bytesIn = 0
    var bytesOut = 0
    var shuffleBytes = 0
    var spillBytes = 0

    mutating func add(_ stage: StageStatus) {
        bytesIn += stage.bytesIn
        bytesOut += stage.bytesOut
        shuffleBytes += stage.shuffleBytes
        spillBytes += stage.spillBytes
    }
}

extension CoordinatorNode {
    /// Counts a run that has ended among the jobs.
    func runEnded(_ state: Protocol.JobState, _ milliseconds: Int64) {
        measured.jobEnded(state.rawValue, milliseconds)
    }

    /// Sums the work of the jobs of a run's steps, by step.
    func work(ofRun id: String) -> [String: StageWork] {
        var work: [String: StageWork] = [:]
        for job in runParts[id] ?? [] {
            guard let step = books[job]?.request.step else { continue }
            for stage in scheduler.progress(of: job)?.stages ?? [] {
                work[step, default: StageWork()].add(shown(stage))
            }
        }
        return work
    }

    /// Lists the jobs of a run's steps as they were submitted.
    func parts(ofRun id: String) -> [RunPart] {
        (runParts[id] ?? []).compactMap { job in
            guard let book = books[job], let step = book.request.step else { return nil }
            return RunPart(step: step, status: status(of: book))
        }
    }
}

// Runs as REST shows them.
extension PipelineHost {
    func status(of record: RunRecord) -> JobStatus {
        let steps = record.order.compactMap { record.steps[$0]?.state }
        let done = steps.count { $0 == .succeeded || $0 == .failed || $0 == .skipped }
        return JobStatus(
            id: record.header.id, name: "pipeline \(record.header.pipeline)", state: record.state,
            submittedAt: TimeText.rfc3339(record.header.acceptedAt),
            startedAt: record.startedAt.map { TimeText.rfc3339($0) },
            finishedAt: record.endedAt.map { TimeText.rfc3339($0) },
            progress: record.state == .succeeded ? 1 : Double(done) / Double(max(1, steps.count)),
            stages: .init(
                total: steps.count, done: steps.count { $0 == .succeeded },
                running: steps.count { $0 == .running }),
            error: failure(of: record), version: books[record.header.id]?.version ?? 0,
            pipeline: record.header.pipeline)
    }

    /// Why a run failed, in one error: its own, or what its steps and tests say.
    private func failure(of record: RunRecord) -> JobFailure? {
        guard record.state == .failed else { return nil }
        if let error = record.error { return error }
        let failed = record.order.compactMap { name in record.steps[name]?.error.map { (name, $0) } }
        let summary = record.summary.text
        var error = EngineError(
            failed.first.flatMap { Blame(rawValue: $0.1.blame) } ?? .data, "PIPELINE_FAILED",
            "The pipeline \(record.header.pipeline) failed: \(summary)")
        error.remedy =
            "Read the log; go on from there with: etl-submit retry \(record.header.id), or with files that "
            + "were corrected since: etl-submit retry DIRECTORY"
        if let (name, first) = failed.first {
            error.message += " First failed \(name): [\(first.code)] \(first.message)"
            error.location = first.engineError.location
        }
        return JobFailure(error)
    }

    /// Says what a run's time goes into.
    func why(_ record: RunRecord, _ parts: [RunPart]) -> String? {
        let pipeline = record.header.pipeline
        let others = ledger.open.filter {
            $0 != record.header.id && ledger.runs[$0]?.header.pipeline == pipeline
        }
        return RunDiagnosis(record: record, parts: parts, otherRuns: others, now: now).text
    }

    /// Shows a run as REST does; `parts` are the jobs of its steps.
    func runStatus(of record: RunRecord, withSteps: Bool, _ parts: [RunPart] = []) -> RunStatus {
        let header = record.header
        let jobs = Dictionary(grouping: parts, by: \.step)
        let steps = record.order.map { name in
            let step = record.steps[name] ?? RunRecord.Step()
            let own = jobs[name] ?? []
            return RunStatus.Step(
                name: name, kind: record.kinds[name] ?? "step", state: step.state.rawValue,
                attempts: step.attempt, rowsIn: step.rowsIn, rowsOut: step.rowsOut, seconds: step.seconds,
                dependencies: record.parents[name] ?? [], error: step.state == .failed ? step.error : nil,
                startedAt: step.startedAt.map { TimeText.rfc3339($0) },
                finishedAt: step.endedAt.map { TimeText.rfc3339($0) }, jobs: own.map(\.status.id),
                progress: own.last { $0.status.state == .running }?.status.progress)
        }
        return RunStatus(
            id: header.id, pipeline: header.pipeline, kind: header.testsOnly ? "test" : header.kind.rawValue,
            state: record.state,
            submittedAt: TimeText.rfc3339(header.acceptedAt),
            startedAt: record.startedAt.map { TimeText.rfc3339($0) },
            finishedAt: record.endedAt.map { TimeText.rfc3339($0) },
            intervalStart: CivilTime.rfc3339(header.intervalStart),
            intervalEnd: CivilTime.rfc3339(header.intervalEnd), retryOf: header.retryOf,
            error: failure(of: record), steps: withSteps ? steps : [],
            tests: withSteps
                ? record.tests.map {
                    RunStatus.Test(
                        name: $0.name, step: $0.step, outcome: $0.outcome.rawValue, failures: $0.failures,
                        found: $0.found)
                } : [])
    }
}
