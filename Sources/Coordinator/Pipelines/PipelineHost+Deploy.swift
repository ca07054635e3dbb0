import Pipelines
import Protocol
import Vocabulary

// Bundles and schedules.
extension PipelineHost: PipelineService {
    /// Most runs that one backfill asks for.
    private static let backfillLimit = 1000

    package func bundle(_ digest: String) async throws -> BundleStatus {
        BundleStatus(bundle: digest, isComplete: try await bundles.has(digest))
    }

    package func store(
        _ bytes: [UInt8], at offset: Int, of size: Int, bundle: String
    ) async throws -> BundleStatus {
        let status = try await bundles.store(bytes, at: offset, of: size, bundle)
        if offset == 0 { await cleanBundles() }
        return status
    }

    /// Runs whose bundles are kept, so that they can be retried, and the jobs of their steps.
    static let keptRuns = 100

    /// Removes the bundles that neither a deployment nor an open or late run names.
    func cleanBundles(isStart: Bool = false) async {
        let runs = (ledger.open + ledger.order.suffix(PipelineHost.keptRuns)).compactMap {
            ledger.runs[$0]?.header.bundle
        }
        let named = Set(runs + ledger.deployments.values.map(\.bundle))
        await bundles.clean(named: named, isStart: isStart)
    }

    package func deploy(_ name: String, _ request: DeployRequest) async throws -> PipelineStatus {
        let minutes = Int(now / 60_000)
        let header = RunHeader(
            id: "", pipeline: name, acceptedAt: now, intervalStart: minutes, intervalEnd: minutes,
            vars: request.vars ?? [:], conf: request.conf ?? [:], bundle: request.bundle)
        let pipeline = try await load(header) { _ in false }
        guard pipeline.name == name else {
            throw EngineError.user(
                "INVALID_REQUEST", "The bundle holds the pipeline \(pipeline.name), not \(name)")
        }
        try pipeline.checkOutside(settings.outside)
        try await node.environment.crashes.piping(PipelineHost.mark(header)) { try pipeline.checkSyntax() }
        guard let schedule = pipeline.scheduleText else {
            throw EngineError.user(
                "PIPELINE_FORMAT", "The pipeline has no schedule, so it cannot be deployed: \(name)",
                remedy: "Add schedule: \"0 2 * * *\" to etl.yml, or run it once with: etl-submit DIR")
        }
        try await keep(
            .deployed(
                Deployment(
                    name: name, bundle: request.bundle, vars: request.vars ?? [:], conf: request.conf ?? [:],
                    schedule: schedule, maxActiveRuns: pipeline.maxActiveRuns, deployedAt: now)))
        await pump()
        return try status(ofPipeline: name)
    }

    package func pipelines() async throws -> [PipelineStatus] {
        let names = ledger.deployments.keys.sorted()
        let newest = newestRuns(of: Set(names))
        return try names.map { try status(ofPipeline: $0, newest[$0] ?? []) }
    }

    package func pipeline(_ name: String) async throws -> PipelineStatus { try status(ofPipeline: name) }

    package func pause(_ name: String) async throws -> PipelineStatus {
        _ = try status(ofPipeline: name)
        if !ledger.paused.contains(name) { try await keep(.paused(name)) }
        return try status(ofPipeline: name)
    }

    package func resume(_ name: String) async throws -> PipelineStatus {
        _ = try status(ofPipeline: name)
        if ledger.paused.contains(name) { try await keep(.resumed(name, at: now)) }
        await pump()
        return try status(ofPipeline: name)
    }

    package func remove(_ name: String) async throws -> PipelineStatus {
        let status = try status(ofPipeline: name)
        try await keep(.removed(name))
        await cleanBundles()
        return status
    }

    package func runs(of name: String) async throws -> [RunStatus] {
        let found = ledger.order.reversed().compactMap { ledger.runs[$0] }
            .filter { $0.header.pipeline == name }
        if found.isEmpty, ledger.deployments[name] == nil { throw missing(name) }
        return found.map { runStatus(of: $0, withSteps: false) }
    }

    package func backfill(_ name: String, _ request: BackfillRequest) async throws -> [RunStatus] {
        _ = try status(ofPipeline: name)
        guard let from = CivilTime.parse(request.from), let to = CivilTime.parse(request.to), from < to else {
            throw EngineError.user(
                "INVALID_REQUEST",
                "A backfill goes from a date to a later one: \(request.from), \(request.to)",
                remedy: "Write them like 2024-01-01 or 2024-01-01T06:00, in UTC.")
        }
        let headers = ledger.backfill(
            name, from: from, to: to, limit: PipelineHost.backfillLimit + 1, now: now)
        guard headers.count <= PipelineHost.backfillLimit else {
            throw EngineError.user(
                "INVALID_REQUEST", "A backfill has at most \(PipelineHost.backfillLimit) runs",
                remedy: "Choose a shorter stretch, and the rest later.")
        }
        for header in headers { try await keep(.accepted(header)) }
        await pump()
        return headers.compactMap { ledger.runs[$0.id] }.map { runStatus(of: $0, withSteps: false) }
    }

    package func run(_ id: String) async throws -> RunStatus {
        guard ledger.runs[id] != nil else {
            throw EngineError.user("JOB_NOT_FOUND", "There is no run of a pipeline with this id: \(id)")
        }
        let parts = await node.parts(ofRun: id)
        guard let record = ledger.runs[id] else { throw EngineError.internal("a run was forgotten") }
        return runStatus(of: record, withSteps: true, parts)
    }

    func missing(_ name: String) -> EngineError {
        let near = Suggestion.nearest(to: name, among: ledger.deployments.keys.sorted())
        return .user(
            "PIPELINE_NOT_FOUND", "There is no deployed pipeline of this name: \(name)",
            remedy: near.map { "Did you mean \($0)?" } ?? "Deploy it with: etl-submit deploy DIR")
    }

    /// Runs that a pipeline's status tells of at most.
    private static let toldRuns = 12

    /// Returns the latest runs of pipelines, newest first.
    private func newestRuns(of names: Set<String>) -> [String: [RunStatus]] {
        var open = names
        var found: [String: [RunStatus]] = [:]
        for id in ledger.order.reversed() {
            if open.isEmpty { break }
            // What only tests made nothing.
            guard let record = ledger.runs[id], open.contains(record.header.pipeline),
                !record.header.testsOnly
            else { continue }
            let name = record.header.pipeline
            found[name, default: []].append(runStatus(of: record, withSteps: false))
            if found[name]?.count == PipelineHost.toldRuns { open.remove(name) }
        }
        return found
    }

    private func status(ofPipeline name: String) throws -> PipelineStatus {
        try status(ofPipeline: name, newestRuns(of: [name])[name] ?? [])
    }

    private func status(ofPipeline name: String, _ newest: [RunStatus]) throws -> PipelineStatus {
        guard let deployment = ledger.deployments[name] else { throw missing(name) }
        let isPaused = ledger.paused.contains(name)
        let next = isPaused ? nil : ledger.nextInterval(of: name, now: Int(now / 60_000))
        return PipelineStatus(
            name: name, state: isPaused ? "paused" : "active", schedule: deployment.schedule?.cron,
            timezone: deployment.schedule?.timezone, bundle: deployment.bundle,
            deployedAt: TimeText.rfc3339(deployment.deployedAt),
            nextIntervalStart: next.map { CivilTime.rfc3339($0.start) },
            nextIntervalEnd: next.map { CivilTime.rfc3339($0.end) },
            activeRuns: ledger.open.count { ledger.runs[$0]?.header.pipeline == name },
            newestRuns: newest)
    }
}
