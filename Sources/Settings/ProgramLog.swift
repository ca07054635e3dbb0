import FoundationEssentials
import Logging
import Synchronization
import Vocabulary

/// Writes what happens in a program that runs for long to standard error, a line an event: text for people,
/// or JSON (`--log-format json`) for what collects logs. Events about jobs carry `job`, `stage`, `task` and
/// `attempt` as fields; an attempt's number is its own in the whole cluster, and counts no tries of a task.
package enum ProgramLog {
    /// Names the forms of lines.
    enum Form: String, Sendable, CaseIterable { case text, json }

    /// The form of the program's lines, once its settings are read.
    private static let form = Mutex(Form.text)

    /// Tells why the program ends: as text, or with `--log-format json` as a line like all others.
    package static func report(_ text: String, of program: String) {
        switch form.withLock({ $0 }) {
        case .text: StandardError.print("\(program): \(text)")
        case .json:
            let event = LogEvent(
                level: .error, message: "\(text)", metadata: nil, source: "", file: "", function: "", line: 0)
            LineLog(program: program, form: .json).log(event: event)
        }
    }

    /// Returns the program's logger. Throws `USAGE` for an unknown `--log-format`.
    package static func logger(_ program: String, _ settings: ProgramSettings) throws(EngineError) -> Logger {
        let name = settings["log-format"] ?? Form.text.rawValue
        guard let form = Form(rawValue: name) else {
            throw .user("USAGE", "--log-format is neither text nor json: \(name)")
        }
        self.form.withLock { $0 = form }
        return Logger(label: program) { LineLog(program: $0, form: form) }
    }

    /// Returns what a program says on standard output when it is ready: the text, or with
    /// `--log-format json` a line as all others.
    package static func greeting(_ text: String, of program: String, _ settings: ProgramSettings) -> String {
        guard settings["log-format"] == Form.json.rawValue else { return text }
        let event = LogEvent(
            level: .info, message: "\(text)", metadata: nil, source: "", file: "", function: "", line: 0)
        return LineLog(program: program, form: .json).line(event, at: Date())
    }
}

/// Writes each event as one line, whole.
struct LineLog: LogHandler {
    let program: String
    let form: ProgramLog.Form
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(program: String, form: ProgramLog.Form) {
        self.program = program
        self.form = form
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { StandardError.print(line(event, at: Date())) }

    /// Returns the line of an event.
    func line(_ event: LogEvent, at time: Date) -> String {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let clock = time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        switch form {
        case .text:
            let tail = fields.map { " \($0.key)=\($0.value)" }.joined()
            return "\(clock) \(event.level) \(program): \(event.message)\(tail)"
        case .json:
            let all =
                [
                    ("time", clock), ("level", event.level.rawValue), ("program", program),
                    ("message", event.message.description),
                ].map { (name: $0.0, value: JSONString.quoted($0.1)) }
                + fields.map { (name: $0.key, value: LineLog.json($0.value)) }
            return "{" + all.map { JSONString.quoted($0.name) + ":" + $0.value }.joined(separator: ",") + "}"
        }
    }

    private static func json(_ value: Logger.MetadataValue) -> String {
        if case .stringConvertible(let number) = value, let number = number as? Int { return "\(number)" }
        return JSONString.quoted("\(value)")
    }
}
