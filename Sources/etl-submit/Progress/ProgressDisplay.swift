import ArgumentParser
import Protocol
import Synchronization
import Vocabulary

/// Names the ways to show progress.
enum ProgressForm: String, ExpressibleByArgument, CaseIterable {
    case auto, plain, none
}

/// Shows a running job on standard error: live lines on a terminal, one line a stage when it ends elsewhere.
final class ProgressDisplay: Sendable {
    private struct State {
        var linesShown = 0
        var stagesReported = Set<String>()
        /// The pace of each running stage, by its id.
        var paces: [String: StageLine.Pace] = [:]
        var isStopped = false
    }

    private let isLive: Bool
    private let isPlain: Bool
    private let state = Mutex(State())

    init(_ form: ProgressForm) {
        isLive = form == .auto && Terminal.errorIsTerminal
        isPlain = form == .plain
    }

    /// Whether it is worth asking for the stages.
    var wantsStages: Bool { isLive || isPlain }
    var wantsSummary: Bool { isLive || isPlain }

    /// Shows the stages that run, in place of those shown before.
    func show(_ status: JobStatus, stages: [StageStatus]) {
        state.withLock { state in
            if state.isStopped { return }
            if isPlain { return ProgressDisplay.reportFinished(stages, &state) }
            guard isLive else { return }
            ProgressDisplay.clear(&state)
            let running = stages.filter { $0.state == "running" }
            let width = Terminal.width
            let lines = running.map { stage in
                let pace = StageLine.Pace(of: stage, after: state.paces[stage.id])
                state.paces[stage.id] = pace
                return String(StageLine.text(stage, pace: pace, width: width).prefix(width))
            }
            Terminal.write(lines.map { $0 + "\n" }.joined())
            state.linesShown = lines.count
        }
    }

    /// Takes the live lines away.
    func clear() { state.withLock { ProgressDisplay.clear(&$0) } }

    /// Prints a line of information in place of the live lines.
    func note(_ text: String) {
        state.withLock { state in
            if state.isStopped { return }
            ProgressDisplay.clear(&state)
            Terminal.printNote(text)
        }
    }

    /// Takes the live lines away while `body` writes something else.
    func apart(_ body: () -> Void) {
        state.withLock { state in
            ProgressDisplay.clear(&state)
            body()
        }
    }

    /// Takes the live lines away and shows nothing any more, so that the user can be asked.
    func stop() {
        state.withLock { state in
            ProgressDisplay.clear(&state)
            state.isStopped = true
        }
    }

    private static func clear(_ state: inout State) {
        guard state.linesShown > 0 else { return }
        // From the first column: a terminal that echoed ^C stands behind it.
        Terminal.write("\r\u{1B}[\(state.linesShown)A\u{1B}[J")
        state.linesShown = 0
    }

    private static func reportFinished(_ stages: [StageStatus], _ state: inout State) {
        for stage in stages
        where stage.state == "succeeded" && state.stagesReported.insert(stage.id).inserted {
            Terminal.printNote("stage done: \(StageLine.text(stage, pace: nil, width: 0))")
        }
    }

    /// Says in a line what the job did.
    func summarise(_ status: JobStatus, stages: [StageStatus]) {
        if isPlain { state.withLock { ProgressDisplay.reportFinished(stages, &$0) } }
        let rows = stages.reduce(0) { $0 + $1.rowsIn }
        let bytes = stages.reduce(0) { $0 + $1.bytesIn }
        let seconds = stages.reduce(0) { $0 + $1.seconds }
        Terminal.printNote(
            "\(status.name) succeeded: \(stages.count) \(stages.count == 1 ? "stage" : "stages"), "
                + "\(StageLine.count(rows)) \(rows == 1 ? "row" : "rows") and "
                + "\(ByteSize.format(bytes)) in, "
                + "\(StageLine.seconds(seconds)) s of work")
    }
}

/// Renders one stage as a line: tasks, rows, bytes, rate and time to go.
enum StageLine {
    /// What a stage had done when one of its tasks last ended, and after how many seconds.
    struct Pace {
        let done: Int
        let seconds: Double

        init(of stage: StageStatus, after last: Pace?) {
            done = stage.tasks.done
            seconds = last?.done == done ? last?.seconds ?? stage.seconds : stage.seconds
        }

        /// Returns the seconds to go, which run down between the ends of two tasks; nil once they are up.
        func secondsToGo(of stage: StageStatus) -> Double? {
            guard seconds > 0, done > 0, done < stage.tasks.total else { return nil }
            let left = seconds * Double(stage.tasks.total - done) / Double(done) - (stage.seconds - seconds)
            return left > 0 ? left : nil
        }
    }

    /// Returns the line, with a bar as wide as there is room.
    static func text(_ stage: StageStatus, pace: Pace?, width: Int) -> String {
        let done = stage.tasks.done
        let total = max(stage.tasks.total, 1)
        let cells = max(0, min(20, width - 70))
        let filled = cells * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        var text = cells == 0 ? stage.id : "\(stage.id) \(bar)"
        text += " \(done)/\(Counted.text(stage.tasks.total, "task"))  " + amounts(stage)
        if stage.bytesIn > 0 || stage.rowsIn > 0, let left = pace?.secondsToGo(of: stage) {
            text += "  ETA \(seconds(left)) s"
        }
        return text + "  " + stage.name
    }

    /// Says how much came in and how fast. Of a stage that reads no bytes, as of a range, rows tell it; where
    /// no row comes in, as from literal ones, those that go out.
    private static func amounts(_ stage: StageStatus) -> String {
        let isSource = stage.rowsIn == 0 && stage.rowsOut > 0
        let rows = isSource ? stage.rowsOut : stage.rowsIn
        var text = "\(count(rows)) \(rows == 1 ? "row" : "rows")\(isSource ? " out" : "")"
        if stage.bytesIn > 0 || rows == 0 { text += "  " + ByteSize.format(stage.bytesIn) }
        guard stage.seconds > 0 else { return text }
        if stage.bytesIn > 0 {
            text += "  \(ByteSize.format(Int(Double(stage.bytesIn) / stage.seconds)))/s"
        } else if rows > 0 {
            text += "  \(count(Int(Double(rows) / stage.seconds))) rows/s"
        }
        return text
    }

    /// Returns a count in thousands or millions: `1.2 M`.
    static func count(_ number: Int) -> String {
        if number < 10_000 { return String(number) }
        if number < 1_000_000 { return "\((number + 500) / 1000) k" }
        return number < 10_000_000
            ? "\(seconds(Double(number) / 1e6)) M" : "\((number + 500_000) / 1_000_000) M"
    }

    /// Returns a number, as of seconds, with one decimal.
    static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
