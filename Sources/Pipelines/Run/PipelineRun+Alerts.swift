import Protocol
import Vocabulary

// Telling people of the run.
extension PipelineRun {
    /// Sends the alerts that a fact calls for. Each is a fact first: over a crash it may be lost, but is
    /// never sent twice.
    func alert(on fact: RunFact) async throws {
        for (rule, event) in AlertDesk.due(fact, record, pipeline.alerts) { try await send(rule, event) }
    }

    /// Waits for deadlines while the run is at work. Ends with the task that calls it.
    func watchDeadlines() async throws {
        while !record.state.isEnd, let time = AlertDesk.nextDeadline(record, pipeline.alerts) {
            let wait = time - clock()
            if wait > 0 {
                try await Task.sleep(for: .milliseconds(wait))
                continue
            }
            for (rule, event) in AlertDesk.owed(.deadline, record, pipeline.alerts)
            where record.header.acceptedAt + Int64((pipeline.alerts[rule].deadlineSeconds ?? 0) * 1000)
                <= clock()
            {
                try await send(rule, event)
            }
        }
    }

    private func send(_ index: Int, _ event: AlertRule.Event) async throws {
        // Other steps run on while the fact is written down, and may call for the same alert.
        guard claimAlert("\(index):\(event.rawValue)") else { return }
        let rule = pipeline.alerts[index]
        try await note(.alerting(rule: index, event: event.rawValue))
        let message = AlertMessage(pipeline: pipeline.name, event: event, record: record, rule: index)
        var failures: [EngineError] = []
        do {
            if let email = rule.email {
                try await carrier.mail(message.mail(email, now: clock()), email)
            }
        } catch let error as EngineError { failures.append(error) }
        do {
            if let webhook = rule.webhook {
                try await carrier.post(
                    message.json, to: webhook.url,
                    headers: webhook.headers.map { "\($0.name): \($0.value)" }
                        + ["Idempotency-Key: \(message.id)"], caFile: webhook.caFile)
            }
        } catch let error as EngineError { failures.append(error) }
        var failure = failures.first
        if failures.count > 1 { failure?.message += "; " + failures[1].message }
        try await note(
            .alerted(
                rule: index, event: event.rawValue, to: rule.target, error: failure.map { JobFailure($0) }))
    }
}
