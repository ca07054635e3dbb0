import Protocol
import Vocabulary

/// Says in one sentence what a job's time goes into, from the numbers that its stages show.
///
/// The rules stand in the order in which they explain: what keeps tasks from running at all, then what makes
/// those that run slow.
struct JobDiagnosis {
    var state: JobState
    var stages: [StageStatus]
    /// Statements that are done, and all.
    var statements: JobStatus.StatementCounts
    var activeWorkers: Int
    var slots: WorkerStatus.Share
    /// From the job's start to now or its end.
    var seconds: Double
    /// Jobs that run, and most that may, while the job waits for its turn.
    var turn: (running: Int, most: Int)?
    /// Most tasks of the job that may run at once; 0: any number.
    var slotLimit = 0

    /// Times the median that a task must take to be called skewed, and the least time that it must take.
    private static let skewLimit = 4.0
    private static let leastSkewSeconds = 1.0
    /// A job shorter than that needs no explanation once it has ended.
    private static let leastEndedSeconds = 1.0

    var text: String? {
        switch state {
        case .queued, .running: whileItRuns
        case .succeeded, .failed, .cancelled: afterItsEnd
        }
    }

    private var whileItRuns: String? {
        if let turn { return "Waits for its turn: \(count(turn.running, "job")) run, at most \(turn.most)." }
        let open = stages.filter { $0.state == "waiting" || $0.state == "running" }
        let running = open.filter { $0.tasks.running > 0 }
        let waiting = open.reduce(0) { $0 + $1.tasks.total - $1.tasks.done - $1.tasks.running }
        if open.isEmpty {
            let isPublishing = stages.contains { $0.id.hasPrefix("\(statements.done).") }
            return isPublishing
                ? "Publishing what statement \(statements.done + 1) wrote."
                : "Planning statement \(statements.done + 1) of \(statements.total)."
        }
        if activeWorkers == 0 { return "No worker is connected; \(count(waiting, "task")) wait." }
        if let line = limitLine(running) ?? slotLine(running, waiting) { return line }
        guard let longest = running.max(by: { $0.seconds < $1.seconds }) else { return nil }
        return running.compactMap { skewLine($0) }.first ?? repeatLine(running) ?? spillLine(longest)
            ?? workLine(longest)
    }

    /// Tells of tasks that wait for others of their own job.
    private func limitLine(_ running: [StageStatus]) -> String? {
        let own = running.reduce(0) { $0 + $1.tasks.running }
        let ready = running.reduce(0) { $0 + $1.tasks.total - $1.tasks.done - $1.tasks.running }
        guard slotLimit > 0, own >= slotLimit, ready > 0 else { return nil }
        return "As many tasks run as spark.cores.max lets (\(slotLimit)), and \(count(ready, "task")) wait."
    }

    /// Tells of tasks that only wait for their turn.
    private func slotLine(_ running: [StageStatus], _ waiting: Int) -> String? {
        guard slots.used >= slots.total, waiting > 0 else { return nil }
        let own = running.reduce(0) { $0 + $1.tasks.running }
        let others = max(0, slots.total - own)
        if running.isEmpty || others > own {
            return "Waiting for slots: \(count(waiting, "task")) wait while other jobs use \(others) of "
                + "\(slots.total) slots."
        }
        // Tasks that read stages not yet done wait for those, not for slots.
        let ready = running.reduce(0) { $0 + $1.tasks.total - $1.tasks.done - $1.tasks.running }
        guard ready > 0 else { return nil }
        let pace = running.compactMap { stage in workLine(stage) }.first.map { " " + $0 } ?? ""
        return "All \(slots.total) slots are at work, and \(count(ready, "task")) wait for one.\(pace)"
    }

    private func skewLine(_ stage: StageStatus) -> String? {
        guard let slow = stage.slowest, slow.medianSeconds > 0, slow.seconds >= JobDiagnosis.leastSkewSeconds,
            slow.seconds >= JobDiagnosis.skewLimit * slow.medianSeconds
        else { return nil }
        let what = stage.dependsOn?.isEmpty == false ? "Partition" : "Task"
        let verb = slow.isRunning ? "it takes" : "it took"
        return "\(what) \(slow.task) of \(name(stage)) is skewed: \(verb) "
            + "\(times(slow.seconds / slow.medianSeconds)) the median task's time."
    }

    private func repeatLine(_ running: [StageStatus]) -> String? {
        guard let stage = running.first(where: { ($0.tasks.retried ?? 0) > 0 }) else { return nil }
        return "Tasks of \(name(stage)) run again after a failure or a lost worker: "
            + "\(count(stage.tasks.retried ?? 0, "further attempt")) so far; the log tells why."
    }

    private func spillLine(_ stage: StageStatus) -> String? {
        guard stage.spillBytes > 0 else { return nil }
        return
            "\(capitalised(name(stage))) spills: \(ByteSize.format(stage.spillBytes)) did not fit in memory "
            + "and went to disk."
    }

    private func workLine(_ stage: StageStatus) -> String? {
        guard stage.seconds > 0 else { return nil }
        if stage.dependsOn?.isEmpty != false, stage.bytesIn > 0 {
            let rate = ByteSize.format(Int(Double(stage.bytesIn) / stage.seconds))
            return "Reading from storage: \(ByteSize.format(stage.bytesIn)) so far, \(rate) a second."
        }
        guard stage.rowsIn > 0 else { return "\(capitalised(name(stage))) is at work." }
        let rate = Int(Double(stage.rowsIn) / stage.seconds)
        return "\(capitalised(name(stage))) is at work: \(number(stage.rowsIn)) "
            + "\(stage.rowsIn == 1 ? "row" : "rows") so far, "
            + "\(number(rate)) a second."
    }

    private var afterItsEnd: String? {
        guard seconds >= JobDiagnosis.leastEndedSeconds,
            let longest = stages.max(by: { $0.seconds < $1.seconds }), longest.seconds > 0
        else { return nil }
        let share = Int((100 * min(1, longest.seconds / seconds)).rounded())
        let line = "\(capitalised(name(longest))) took \(share) % of the time."
        if let reason = skewLine(longest) { return line + " " + reason }
        if longest.spillBytes > 0 {
            return line + " It spilled \(ByteSize.format(longest.spillBytes)) that did not fit in memory."
        }
        if longest.dependsOn?.isEmpty != false, longest.bytesIn > 0 {
            return line + " It read \(ByteSize.format(longest.bytesIn)) from storage."
        }
        return line
    }

    // MARK: - Words

    private func name(_ stage: StageStatus) -> String {
        stage.name.isEmpty ? "stage \(stage.id)" : "stage \(stage.id) (\(stage.name))"
    }

    private func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    private func count(_ count: Int, _ what: String) -> String {
        "\(number(count)) \(what)\(count == 1 ? "" : "s")"
    }

    private func times(_ factor: Double) -> String {
        factor >= 10 ? "\(Int(factor.rounded())) ×" : "\((factor * 10).rounded() / 10) ×"
    }

    /// Returns a number with thousands apart: `12 345 678`.
    private func number(_ value: Int) -> String {
        var text = ""
        for (place, digit) in String(value).reversed().enumerated() {
            if place > 0, place % 3 == 0 { text.append("\u{202F}") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
