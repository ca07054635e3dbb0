import Pipelines
import Protocol
import Vocabulary

/// Names what the rules of alerts are read from.
struct AlertSource: Hashable {
    var bundle: String
    var vars: [String: String]

    init?(_ header: RunHeader) {
        guard let bundle = header.bundle, !header.testsOnly else { return nil }
        (self.bundle, vars) = (bundle, header.vars)
    }
}

// Alerts of runs that are not at work: of those that wait their deadlines, and of those that never came to
// work their end. A run that is at work tells of itself.
extension PipelineHost {
    /// Pipelines whose rules are remembered.
    private static let rememberedRules = 1000

    /// Returns the run as it is once the alerts are written down that are on their way.
    func claimed(_ record: RunRecord) -> RunRecord {
        var record = record
        for key in claimedAlerts[record.header.id] ?? [] {
            let parts = key.split(separator: ":")
            guard parts.count == 2, let rule = Int(parts[0]) else { continue }
            record.apply(RunEntry(at: now, fact: .alerting(rule: rule, event: String(parts[1]))))
        }
        return record
    }

    /// Runs that wait, or whose pipeline is being read.
    private var waiting: [RunRecord] {
        ledger.open.compactMap { id in
            guard active[id]?.run == nil, let record = ledger.runs[id], !record.state.isEnd else {
                return nil
            }
            return record
        }
    }

    /// When the next deadline of a run that waits is over, milliseconds since 1970.
    var nextDeadline: Int64? {
        waiting.compactMap { record in
            AlertSource(record.header).flatMap { waitingRules[$0] }.flatMap {
                AlertDesk.nextDeadline(claimed(record), $0)
            }
        }
        .min()
    }

    /// Tells of deadlines of waiting runs that are over.
    func tellDeadlines() async {
        if ledger.open.isEmpty || waitingRules.count > PipelineHost.rememberedRules { waitingRules = [:] }
        for record in waiting {
            guard let source = AlertSource(record.header), waitingRules[source] == nil else { continue }
            waitingRules[source] = await rules(of: record.header)
        }
        for record in waiting {
            guard let rules = AlertSource(record.header).flatMap({ waitingRules[$0] }) else { continue }
            let due = AlertDesk.overdue(claimed(record), rules, now: now)
            claim(due, record)
            if !due.isEmpty { Task { try? await tell(due, record) } }
        }
    }

    /// Tells of the end of a run that never came to work, or could not be gone on with.
    func tellEnd(_ id: String) async throws {
        guard let record = ledger.runs[id] else { return }
        let known = await rules(of: record.header)
        let due = AlertDesk.due(
            .ended(state: record.state, error: record.error), claimed(record), known)
        for place in known.indices where known[place].events.isEmpty {
            note(
                id, "warning",
                "alert   \(place + 1) of etl.yml cannot be read either, so that nobody was told by it")
        }
        claim(due, record)
        try await tell(due, record)
    }

    private func claim(_ alerts: [(Int, AlertRule.Event)], _ record: RunRecord) {
        for (rule, event) in alerts {
            claimedAlerts[record.header.id, default: []].insert("\(rule):\(event.rawValue)")
        }
    }

    private func tell(_ alerts: [(Int, AlertRule.Event)], _ record: RunRecord) async throws {
        if alerts.isEmpty { return }
        let (id, clock) = (record.header.id, clock)
        // Subjects and texts are those of this run.
        let sender = AlertSender(
            pipeline: record.header.pipeline, rules: await rules(of: record.header), carrier: carrier,
            clock: { clock().wallMilliseconds })
        for (rule, event) in alerts where sender.hasRule(rule, for: event) {
            try await sender.send(rule, event, record) { fact in
                try await self.keep(.run(id: id, RunEntry(at: clock().wallMilliseconds, fact: fact)))
            }
        }
    }

    /// Reads who is told of a run from its bundle, beside the actor; nobody where that cannot be read.
    private func rules(of header: RunHeader) async -> [AlertRule] {
        guard let digest = header.bundle else { return [] }
        let (settings, bundles) = (settings, bundles.store)
        let rules = try? await node.environment.crashes.piping(PipelineHost.mark(header)) {
            var loader = PipelineLoader(
                directory: try bundles.directory(digest), shownAs: ".", vars: header.vars,
                run: RunContext(header, hasTable: { _ in false }), environment: { settings.variable($0) })
            loader.isHidden = { settings.hides($0) }
            loader.takeMail(of: settings.environment)
            return loader.readableAlerts()
        }
        return rules ?? []
    }
}
