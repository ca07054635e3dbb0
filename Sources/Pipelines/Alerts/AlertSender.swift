import Protocol
import Vocabulary

/// Tells people of a run. Each alert is a fact first: over a crash it may be lost, but is never sent twice.
package struct AlertSender: Sendable {
    let pipeline: String
    let rules: [AlertRule]
    let carrier: any AlertCarrier
    let clock: @Sendable () -> Int64

    /// `clock` tells milliseconds since 1970.
    package init(
        pipeline: String, rules: [AlertRule], carrier: any AlertCarrier,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.pipeline = pipeline
        self.rules = rules
        self.carrier = carrier
        self.clock = clock
    }

    /// Says whether a rule can be told of an event now.
    package func hasRule(_ index: Int, for event: AlertRule.Event) -> Bool {
        rules.indices.contains(index) && rules[index].events.contains(event)
    }

    /// Writes down with `note` that the alert is begun, sends it, and writes down how that went. Throws what
    /// `note` throws, and when the task is cancelled.
    package func send(
        _ index: Int, _ event: AlertRule.Event, _ record: RunRecord,
        note: @Sendable (RunFact) async throws -> Void
    ) async throws {
        let rule = rules[index]
        try await note(.alerting(rule: index, event: event.rawValue))
        let message = AlertMessage(pipeline: pipeline, event: event, record: record, rule: index)
        var failures: [EngineError] = []
        // Who was told, and who was not.
        var (told, missed): ([String], [String]) = ([], [])
        if let email = rule.email {
            do {
                try await carrier.mail(message.mail(email, now: clock()), email)
                told.append(email.target)
            } catch let error as EngineError {
                failures.append(error)
                missed.append(email.target)
            }
        }
        if let webhook = rule.webhook {
            do {
                try await carrier.post(
                    message.json, to: webhook.url,
                    headers: webhook.headers.map { "\($0.name): \($0.value)" }
                        + ["Idempotency-Key: \(message.id)"], caFile: webhook.caFile)
                told.append(webhook.target)
            } catch let error as EngineError {
                failures.append(error)
                missed.append(webhook.target)
            }
        }
        var failure = failures.first
        if failures.count > 1 { failure?.message += "; " + failures[1].message }
        if !told.isEmpty { failure?.message += " (sent to \(told.joined(separator: " and ")))" }
        let targets = failure == nil ? told : missed
        try await note(
            .alerted(
                rule: index, event: event.rawValue, to: targets.joined(separator: " and "),
                error: failure.map { JobFailure($0) }))
    }
}
