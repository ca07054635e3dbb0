import Execution
import Plans
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a program whose JSON lines are the rows.
struct CommandSource: LandingSource {
    let isAllowed: Bool
    let isRepeatable = false

    func land(
        _ relation: ExternalRelation, into rows: LandedRows, _ context: ConnectorContext, _ wanted: Wanted
    ) throws(EngineError) -> [String: String] {
        guard isAllowed else {
            throw .user(
                "COMMANDS_NOT_ALLOWED", "Jobs of this cluster may not run programs: \(relation.name)",
                remedy: "Have it allowed with --allow-commands on the coordinator and the workers.")
        }
        rows.remedy =
            "The program writes one JSON object a line to its standard output, and nothing else there: "
            + "messages go to standard error."
        let run = CommandRun(try CommandSettings(relation, context.secrets), rows, context.secrets)
        try run.run(wanted)
        return ["log": run.log.text]
    }
}

/// Is one run of a program. Used by one thread.
private final class CommandRun {
    private let settings: CommandSettings
    private let rows: LandedRows
    let log: LastLines
    private var byteCount = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    /// A program that is asked to end has so long before it is killed, milliseconds.
    private static let graceMilliseconds = 2000
    /// After the program's end its output may still be held open by what it started; so long it is read.
    private static let drainMilliseconds = 1000

    init(_ settings: CommandSettings, _ rows: LandedRows, _ secrets: SecretResolver) {
        self.settings = settings
        self.rows = rows
        log = LastLines(secrets)
    }

    deinit { buffer.deallocate() }

    func run(_ wanted: Wanted) throws(EngineError) {
        let child = try ChildProcess(settings)
        let end = ContinuousClock.now + .seconds(settings.timeoutSeconds)
        var status: Int32?
        while true {
            do throws(EngineError) {
                try wanted.check()
                if ContinuousClock.now > end { throw late }
                try readAll(child)
            } catch {
                stop(child)
                throw error
            }
            status = child.ended()
            if status != nil { break }
            child.waitForOutput(milliseconds: Wanted.pollMilliseconds)
        }
        var rest = CommandRun.drainMilliseconds
        while rest > 0, child.output >= 0 || child.errors >= 0 {
            try readAll(child)
            if child.output < 0, child.errors < 0 { break }
            child.waitForOutput(milliseconds: 10)
            rest -= 10
        }
        log.finish()
        guard status == 0 else { throw failed(status ?? -1) }
    }

    private func stop(_ child: ChildProcess) {
        child.end(SIGTERM)
        var rest = CommandRun.graceMilliseconds
        while rest > 0, child.ended() == nil {
            usleep(10_000)
            rest -= 10
        }
        child.end(SIGKILL)
    }

    private var name: String { settings.words.joined(separator: " ") }

    private var late: EngineError {
        .system(
            "COMMAND_TIMEOUT",
            "The program took longer than \(settings.timeoutSeconds) s and was ended: \(name)",
            remedy: "Raise timeout, or let the program do less.")
    }

    private func failed(_ status: Int32) -> EngineError {
        let how = status > 128 ? "was ended by signal \(status - 128)" : "failed with exit status \(status)"
        let lines = log.lastLines
        let message = "The program \(how): \(name)" + (lines.isEmpty ? "" : "\n" + lines)
        // What cannot be started does not start the next time either; anything else may pass, such as what
        // a program that fetches meets.
        return status == 126 || status == 127
            ? .user("COMMAND_FAILED", message, remedy: remedy(status))
            : .system("COMMAND_FAILED", message, remedy: remedy(status))
    }

    /// What the shells' own statuses, and signals, mean.
    private func remedy(_ status: Int32) -> String? {
        switch status {
        case 127:
            "Status 127 says that a program was not found: install \(settings.words[0]), or what it calls, "
                + "where workers run, in a folder of PATH, or give its whole path."
        case 126:
            "Status 126 says that a file cannot be run: make it executable, or name its interpreter first, "
                + "as in [python3, fetch.py]."
        case 134, 137: "It may need more memory than its limit."
        default: nil
        }
    }

    /// Reads what is there, but no more than a buffer full of each: a program that writes without end must
    /// not keep its errors, its time and the job's end from being seen.
    private func readAll(_ child: ChildProcess) throws(EngineError) {
        var rest = buffer.count
        while rest > 0, child.output >= 0, let piece = ChildProcess.read(child.output, into: buffer) {
            rest -= piece.count
            if piece.isEmpty {
                child.closeOutput()
                break
            }
            byteCount += piece.count
            guard byteCount <= settings.outputBytes else {
                throw .data(
                    "COMMAND_OUTPUT_TOO_LARGE",
                    "The program wrote more than \(ByteSize.format(settings.outputBytes)): \(name)")
            }
            try rows.append(lines: piece)
        }
        rest = buffer.count
        while rest > 0, child.errors >= 0, let piece = ChildProcess.read(child.errors, into: buffer) {
            rest -= piece.count
            if piece.isEmpty {
                child.closeErrors()
                break
            }
            log.append(piece)
        }
    }
}

/// Keeps the last lines of what a program says, without secrets. Used by one thread.
final class LastLines {
    private let secrets: SecretResolver
    private var lines: [String] = []
    private var open: [UInt8] = []

    private static let lineCount = 100
    /// What is held of a line, and how much of it is kept without secrets.
    private static let lineBytes = 64 << 10
    private static let lineCharacters = 1000
    private static let shownCount = 10

    init(_ secrets: SecretResolver) { self.secrets = secrets }

    func append(_ piece: UnsafeRawBufferPointer) {
        for byte in piece {
            if byte == 10 {
                finish()
            } else if open.count < LastLines.lineBytes {
                open.append(byte)
            }
        }
    }

    /// Ends the line that has begun.
    func finish() {
        if !open.isEmpty {
            // Secrets go before the line is cut: half of one would not be found.
            let line = secrets.redacted(String(decoding: open, as: UTF8.self))
            lines.append(String(line.prefix(LastLines.lineCharacters)))
        }
        open = []
        if lines.count > LastLines.lineCount { lines.removeFirst(lines.count - LastLines.lineCount) }
    }

    var text: String { lines.joined(separator: "\n") }
    var lastLines: String { lines.suffix(LastLines.shownCount).joined(separator: "\n") }
}
