import Protocol
import Synchronization
import Templates
import Vocabulary

/// Writes facts of a run as OpenLineage run events (openlineage.io/spec/2-0-2). The run of the pipeline is
/// the parent of its steps' runs. Pure.
struct LineageEvent {
    let pipeline: Pipeline
    let target: LineageTarget
    /// Steps of the run that make nothing: the tables that they have are tested.
    var onlyTested: Set<String> = []

    private static let producer = "https://github.com/millrace/millrace/tree/" + ProgramVersion.text
    private static let spec = "https://openlineage.io/spec/"

    private static func object(_ pairs: [(String, TemplateValue)]) -> TemplateValue {
        .map(TemplateMap(pairs))
    }

    private static func facet(_ schema: String, _ pairs: [(String, TemplateValue)]) -> TemplateValue {
        object(
            [("_producer", .text(producer)), ("_schemaURL", .text(spec + schema))] + pairs)
    }

    /// Returns the events of a fact, as JSON texts; `record` has the fact already.
    func events(of entry: RunEntry, _ record: RunRecord) -> [String] {
        switch entry.fact {
        case .began: [run("START", entry, record)]
        case .stepStarted(let name, 1): step(name, "START", entry, record)
        case .stepDone(let name, _): step(name, "COMPLETE", entry, record)
        case .stepFailed(let name, _): step(name, "FAIL", entry, record)
        case .ended(.succeeded, _): [run("COMPLETE", entry, record)]
        case .ended(.cancelled, _): [run("ABORT", entry, record)]
        case .ended: [run("FAIL", entry, record)]
        default: []
        }
    }

    private func run(_ type: String, _ entry: RunEntry, _ record: RunRecord) -> String {
        var facets = [("nominalTime", nominalTime(record))]
        if type == "FAIL" {
            let failed = record.order.filter { record.steps[$0]?.state == .failed }
            let message = record.error?.message ?? "Steps failed: \(failed.joined(separator: ", "))"
            facets.append(("errorMessage", LineageEvent.error(message)))
        }
        return event(
            type, entry, runID: record.header.id, facets: facets, job: pipeline.name, kind: "PIPELINE",
            sql: nil, inputs: [], outputs: [])
    }

    private func step(_ name: String, _ type: String, _ entry: RunEntry, _ record: RunRecord) -> [String] {
        guard let step = pipeline.step(named: name), let known = record.steps[name] else { return [] }
        let parent = LineageEvent.facet(
            "facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet",
            [
                ("run", LineageEvent.object([("runId", .text(record.header.id))])),
                (
                    "job",
                    LineageEvent.object([
                        ("namespace", .text(target.namespace)), ("name", .text(pipeline.name)),
                    ])
                ),
            ])
        var facets = [("parent", parent), ("nominalTime", nominalTime(record))]
        if type == "FAIL", let error = known.error {
            facets.append(("errorMessage", LineageEvent.error(error.message)))
        }
        let isTested = onlyTested.contains(name)
        let own = input(Relation(view: name, step: name), record)
        let reads = step.relations.filter { $0.step != name && $0.view != name }.map { input($0, record) }
        // A step that found nothing new has made nothing either.
        let hasOutput = !isTested && (type != "COMPLETE" || known.isMade)
        let outputs =
            [output(step, known, isDone: type == "COMPLETE")]
            + (step.write.map { [LineageEvent.dataset("file", $0.path, [], [])] } ?? [])
        return [
            event(
                type, entry, runID: RunIdentity.derived([record.header.id, name]), facets: facets,
                job: "\(pipeline.name).\(name)", kind: isTested ? "TEST" : step.kind.rawValue.uppercased(),
                sql: isTested ? nil : step.sql, inputs: isTested ? [own] : reads,
                outputs: hasOutput ? outputs : [])
        ]
    }

    private func nominalTime(_ record: RunRecord) -> TemplateValue {
        LineageEvent.facet(
            "facets/1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet",
            [
                ("nominalStartTime", .text(CivilTime.rfc3339(record.header.intervalStart))),
                ("nominalEndTime", .text(CivilTime.rfc3339(record.header.intervalEnd))),
            ])
    }

    private static func error(_ message: String) -> TemplateValue {
        facet(
            "facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
            [("message", .text(message)), ("programmingLanguage", .text("SQL"))])
    }

    private func input(_ relation: Relation, _ record: RunRecord) -> TemplateValue {
        guard let step = relation.step else {
            return LineageEvent.dataset("file", relation.path ?? relation.view, [], [])
        }
        return LineageEvent.dataset(
            target.namespace, "\(pipeline.name).\(step)", schema(record.steps[step]?.columns ?? []), [])
    }

    private func output(_ step: PipelineStep, _ known: RunRecord.Step, isDone: Bool) -> TemplateValue {
        let statistics = LineageEvent.facet(
            "facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet",
            [("rowCount", .integer(known.rowsOut))])
        return LineageEvent.dataset(
            target.namespace, "\(pipeline.name).\(step.name)", isDone ? schema(known.columns) : [],
            isDone ? [("outputFacets", LineageEvent.object([("outputStatistics", statistics)]))] : [])
    }

    private func schema(_ columns: [ColumnFact]) -> [(String, TemplateValue)] {
        if columns.isEmpty { return [] }
        let fields = columns.map {
            LineageEvent.object([("name", .text($0.name)), ("type", .text($0.type))])
        }
        return [
            (
                "schema",
                LineageEvent.facet(
                    "facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet",
                    [("fields", .list(fields))])
            )
        ]
    }

    private static func dataset(
        _ namespace: String, _ name: String, _ facets: [(String, TemplateValue)],
        _ more: [(String, TemplateValue)]
    ) -> TemplateValue {
        object([("namespace", .text(namespace)), ("name", .text(name)), ("facets", object(facets))] + more)
    }

    private func event(
        _ type: String, _ entry: RunEntry, runID: String, facets: [(String, TemplateValue)], job: String,
        kind: String, sql: String?, inputs: [TemplateValue], outputs: [TemplateValue]
    ) -> String {
        var jobFacets = [
            (
                "jobType",
                LineageEvent.facet(
                    "facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
                    [
                        ("processingType", .text("BATCH")), ("integration", .text("MILLRACE")),
                        ("jobType", .text(kind)),
                    ])
            )
        ]
        if let sql {
            jobFacets.append(
                (
                    "sql",
                    LineageEvent.facet(
                        "facets/1-1-0/SQLJobFacet.json#/$defs/SQLJobFacet", [("query", .text(sql))])
                ))
        }
        return LineageEvent.object([
            ("eventType", .text(type)), ("eventTime", .text(TimeText.rfc3339(entry.at))),
            ("run", LineageEvent.object([("runId", .text(runID)), ("facets", LineageEvent.object(facets))])),
            (
                "job",
                LineageEvent.object([
                    ("namespace", .text(target.namespace)), ("name", .text(job)),
                    ("facets", LineageEvent.object(jobFacets)),
                ])
            ),
            ("inputs", .list(inputs)), ("outputs", .list(outputs)),
            ("producer", .text(LineageEvent.producer)),
            ("schemaURL", .text(LineageEvent.spec + "2-0-2/OpenLineage.json#/$defs/RunEvent")),
        ]).json
    }
}

/// Posts events one after the other, beside the run: a lineage server that is slow or away keeps no run from
/// its end for long, and fails none.
package final class LineageReporter: Sendable {
    /// Longest wait for the last events when the run is over, seconds.
    private static let patienceSeconds = 10.0

    private let events: LineageEvent
    private let input: AsyncStream<String>.Continuation
    private let posting: Task<Void, Never>
    private let isDone: DoneFlag

    /// Says whether all was posted.
    private final class DoneFlag: Sendable {
        private let flag = Mutex(false)
        var isSet: Bool { flag.withLock { $0 } }
        func set() { flag.withLock { $0 = true } }
    }

    /// `failed` is told once when an event could not be posted.
    init(
        _ events: LineageEvent, carrier: any AlertCarrier, failed: @escaping @Sendable (EngineError) -> Void
    ) {
        self.events = events
        let (queue, input) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(10_000))
        self.input = input
        let target = events.target
        let done = DoneFlag()
        isDone = done
        posting = Task {
            var hasFailed = false
            for await event in queue {
                do {
                    try await carrier.post(
                        event, to: target.endpoint,
                        headers: target.token.map { ["Authorization: Bearer \($0)"] } ?? [],
                        caFile: target.caFile)
                } catch {
                    if !hasFailed { failed((error as? EngineError) ?? .internal("\(error)")) }
                    hasFailed = true
                }
            }
            done.set()
        }
    }

    /// Says that events are not sent, with the place in `etl.yml` that asks for them.
    static func failure(_ error: EngineError, _ target: LineageTarget) -> String {
        let place = target.location.map { " (\($0.file):\($0.line))" } ?? ""
        let remedy = error.remedy ?? "Check the URL of metrics.openlineage, or leave it out."
        return "OpenLineage events of this run are not sent\(place): \(error.message). \(remedy)"
    }

    func take(_ entry: RunEntry, _ record: RunRecord) {
        for event in events.events(of: entry, record) { input.yield(event) }
    }

    /// Waits until the events are posted, but not for ever.
    func finish() async {
        input.finish()
        let end = ContinuousClock.now + .seconds(LineageReporter.patienceSeconds)
        while !isDone.isSet, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(5)) }
        posting.cancel()
    }
}
