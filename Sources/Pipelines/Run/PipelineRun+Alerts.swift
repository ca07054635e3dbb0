// Telling people of the run.
extension PipelineRun {
    /// Sends the alerts that a fact calls for.
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
            for (rule, event) in AlertDesk.overdue(record, pipeline.alerts, now: clock()) {
                try await send(rule, event)
            }
        }
    }

    private func send(_ index: Int, _ event: AlertRule.Event) async throws {
        // Other steps run on while the fact is written down, and may call for the same alert.
        guard claimAlert("\(index):\(event.rawValue)") else { return }
        let sender = AlertSender(
            pipeline: pipeline.name, rules: pipeline.alerts, carrier: carrier, clock: clock)
        try await sender.send(index, event, record) { try await note($0) }
    }
}
