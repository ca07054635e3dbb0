import Protocol
import Vocabulary

/// Holds how a run stands: the sum of its facts. Pure.
package struct RunRecord: Sendable {
    /// Says where a step is.
    package enum StepState: String, Codable, Sendable, Hashable {
        case waiting, running, succeeded, failed, skipped
        /// The run ended while the step was at work, or before it began.
        case cancelled
    }

    /// Holds how one step stands.
    package struct Step: Sendable, Hashable {
        package var state = StepState.waiting
        package var attempt = 0
        package var rowsIn = 0
        package var rowsOut = 0
        package var columns: [ColumnFact] = []
        package var seconds = 0.0
        package var startedAt: Int64?
        package var endedAt: Int64?
        package var error: JobFailure?
        /// Whether the table of this attempt is written aside.
        package var isMade = false
        /// When the next attempt may begin, milliseconds since 1970.
        package var notBefore: Int64 = 0

        package init(state: StepState = .waiting) { self.state = state }

        /// Takes in that the run has ended, by somebody's wish if `isCancelled`.
        mutating func cutOff(at milliseconds: Int64, isCancelled: Bool) {
            if state == .running {
                state = .cancelled
                endedAt = milliseconds
                seconds = Double(milliseconds - (startedAt ?? milliseconds)) / 1000
            } else if state == .waiting, isCancelled {
                state = .cancelled
            }
        }
    }

    /// Holds how one test ended.
    package struct Test: Sendable, Hashable {
        package var name: String
        package var step: String
        package var outcome: TestOutcome
        package var failures: Int
        /// What was found, where that tells more.
        package var found: String?
    }

    package let header: RunHeader
    package private(set) var state = JobState.queued
    package private(set) var startedAt: Int64?
    package private(set) var endedAt: Int64?
    package private(set) var error: JobFailure?
    /// Names of the steps in their order, known once the run began.
    package private(set) var order: [String] = []
    package private(set) var steps: [String: Step] = [:]
    /// Kinds of the steps, and what each waits for.
    package private(set) var kinds: [String: String] = [:]
    package private(set) var parents: [String: [String]] = [:]
    /// What the steps are made from, as digests.
    package private(set) var definitions: [String: String] = [:]
    package private(set) var tests: [Test] = []
    /// Tables that were published before the run; nil until it began.
    package private(set) var tables: Set<String>?
    package private(set) var isCancelled = false
    package private(set) var isClosed = false
    /// Alerts that were begun, as `rule:event`.
    package private(set) var alerts: Set<String> = []

    /// Steps that were done in the run that this one goes on with, and are not done again.
    package private(set) var kept: Set<String>

    package init(_ header: RunHeader) {
        self.header = header
        kept = Set(header.kept)
        for step in header.kept { steps[step] = Step(state: .succeeded) }
    }

    /// Takes a fact in.
    package mutating func apply(_ entry: RunEntry) {
        switch entry.fact {
        case .began(let tables, let names, let kinds, let parents, let remade, let definitions):
            self.definitions = Dictionary(zip(names, definitions ?? [])) { first, _ in first }
            self.kinds = Dictionary(zip(names, kinds)) { first, _ in first }
            self.parents = Dictionary(zip(names, parents)) { first, _ in first }
            self.tables = Set(tables)
            order = names
            startedAt = entry.at
            state = .running
            for name in remade ?? [] {
                kept.remove(name)
                steps[name] = nil
            }
            for name in names where steps[name] == nil { steps[name] = Step() }
        case .stepStarted(let name, let attempt):
            change(name) {
                $0.state = .running
                $0.attempt = attempt
                $0.isMade = false
                $0.error = nil
                $0.startedAt = $0.startedAt ?? entry.at
            }
            tests.removeAll { $0.step == name }
        case .stepMade(let name, let rowsIn, let rowsOut, let columns):
            change(name) {
                $0.isMade = true
                $0.rowsIn = rowsIn
                $0.rowsOut = rowsOut
                $0.columns = columns
            }
        case .tested(let step, let name, let outcome, let failures, let found):
            tests.removeAll { $0.step == step && $0.name == name }
            tests.append(
                Test(name: name, step: step, outcome: outcome, failures: failures, found: found))
        case .stepDone(let name, let seconds):
            change(name) {
                $0.state = .succeeded
                $0.seconds = seconds
                $0.endedAt = entry.at
            }
        case .stepRetrying(let name, _, let delay, let error):
            change(name) {
                $0.error = error
                $0.isMade = false
                $0.notBefore = entry.at + Int64(delay * 1000)
            }
        case .stepFailed(let name, let error):
            change(name) {
                $0.state = .failed
                $0.error = error
                $0.endedAt = entry.at
            }
        case .stepSkipped(let name): change(name) { $0.state = .skipped }
        case .cancelled: isCancelled = true
        case .ended(let state, let error):
            self.state = state
            self.error = error
            endedAt = entry.at
            // What was cut off in its middle does not run on in what is shown.
            let isCancelled = isCancelled
            for name in steps.keys { change(name) { $0.cutOff(at: entry.at, isCancelled: isCancelled) } }
        case .alerting(let rule, let event): alerts.insert("\(rule):\(event)")
        case .closed: isClosed = true
        case .alerted: break
        }
    }

    private mutating func change(_ name: String, _ body: (inout Step) -> Void) {
        body(&steps[name, default: Step()])
    }

    /// Steps that were done, here or in the run that this one goes on with.
    package var doneSteps: [String] {
        steps.filter { $0.value.state == .succeeded }.keys.sorted()
    }

    /// Counts how it went.
    package var summary: RunSummary {
        var summary = RunSummary()
        summary.isOfTests = header.testsOnly
        for name in order {
            switch steps[name]?.state {
            case .succeeded where kept.contains(name): summary.kept += 1
            case .succeeded: summary.succeeded += 1
            case .failed: summary.failed += 1
            case .skipped: summary.skipped += 1
            case .cancelled: summary.cancelled += 1
            case .running where isCancelled, .waiting where isCancelled: summary.cancelled += 1
            default: break
            }
        }
        for test in tests {
            switch test.outcome {
            case .pass: summary.testsPassed += 1
            case .warn: summary.testsWarned += 1
            case .fail: summary.testsFailed += 1
            case .skip: summary.testsSkipped += 1
            }
        }
        return summary
    }
}

/// Counts how a run ended.
package struct RunSummary: Sendable, Hashable {
    package var succeeded = 0
    /// Done in the run before, and not again.
    package var kept = 0
    package var failed = 0
    package var skipped = 0
    /// Of a cancelled run: those that were at work, or had not begun.
    package var cancelled = 0
    package var testsPassed = 0
    package var testsWarned = 0
    package var testsFailed = 0
    package var testsSkipped = 0
    /// Whether the run made nothing, and only tested what is there.
    package var isOfTests = false

    package var isSuccess: Bool { failed == 0 && testsFailed == 0 }

    /// Says the counts in one line.
    package var text: String {
        var parts = ["\(Counted.text(succeeded, "step")) \(isOfTests ? "tested" : "done")"]
        if kept > 0 { parts.append("\(kept) done before") }
        parts += ["\(failed) failed", "\(skipped) skipped"]
        if cancelled > 0 { parts.append("\(cancelled) cancelled") }
        var tests =
            "\(Counted.text(testsPassed, "test")) passed, \(testsWarned) warned, \(testsFailed) failed"
        if testsSkipped > 0 { tests += ", \(testsSkipped) skipped" }
        return parts.joined(separator: ", ") + "; " + tests + "."
    }
}
