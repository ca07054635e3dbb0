import Foundation
import Protocol
import Templates

/// Writes what somebody is told of a run.
struct AlertMessage {
    let pipeline: String
    let event: AlertRule.Event
    let record: RunRecord
    let rule: Int

    /// The same for the same run, rule and event, so that receivers can tell a message that came twice.
    var id: String { RunIdentity.derived([record.header.id, "\(rule)", event.rawValue]) }

    private var headline: String {
        switch event {
        case .success: "Pipeline \(pipeline) succeeded"
        case .failure: "Pipeline \(pipeline) failed"
        case .retry: "Pipeline \(pipeline) tries a step again"
        case .cancelled: "Pipeline \(pipeline) was cancelled"
        case .deadline: "Pipeline \(pipeline) is not done in its time"
        }
    }

    private var failed: [(name: String, error: JobFailure)] {
        record.order.compactMap { name in
            guard let step = record.steps[name], let error = step.error,
                step.state == .failed || event == .retry
            else { return nil }
            return (name, error)
        }
    }

    /// The message for people.
    var text: String {
        let header = record.header
        var lines = [
            headline + ".", "", "Run:       \(header.id) (\(header.kind.rawValue))",
            "Interval:  \(CivilTime.text(header.intervalStart))Z to \(CivilTime.text(header.intervalEnd))Z",
            (header.scheduledFor == nil ? "Asked for: " : "Due:       ") + TimeText.rfc3339(header.dueAt),
            "State:     \(record.state.rawValue)",
            "Steps:     \(record.summary.text)",
        ]
        if let error = record.error { lines += ["", error.engineError.description] }
        for (name, error) in failed { lines += ["", "Step \(name):", error.engineError.description] }
        for test in record.tests where test.outcome == .fail {
            lines += ["", "Test \(test.name) of \(test.step): \(test.failures) wrong"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The message for programs; `text` in it is what chat services show.
    var json: String {
        let header = record.header
        func text(_ value: String?) -> TemplateValue { value.map { .text($0) } ?? .none }
        let steps = failed.map { name, error in
            TemplateValue.map(
                TemplateMap([
                    ("name", .text(name)), ("code", .text(error.code)), ("message", .text(error.message)),
                ]))
        }
        let tests = record.tests.filter { $0.outcome == .fail }.map { test in
            TemplateValue.map(
                TemplateMap([
                    ("name", .text(test.name)), ("step", .text(test.step)),
                    ("failures", .integer(test.failures)),
                ]))
        }
        return TemplateValue.map(
            TemplateMap([
                ("text", .text(headline + ".")), ("event", .text(event.rawValue)),
                ("pipeline", .text(pipeline)), ("run", .text(header.id)),
                ("kind", .text(header.kind.rawValue)), ("state", .text(record.state.rawValue)),
                ("dataIntervalStart", .text(CivilTime.rfc3339(header.intervalStart))),
                ("dataIntervalEnd", .text(CivilTime.rfc3339(header.intervalEnd))),
                ("acceptedAt", .text(TimeText.rfc3339(header.acceptedAt))),
                ("dueAt", .text(TimeText.rfc3339(header.dueAt))),
                ("endedAt", text(record.endedAt.map { TimeText.rfc3339($0) })),
                ("error", text(record.error?.message)), ("failedSteps", .list(steps)),
                ("failedTests", .list(tests)),
            ])
        ).json
    }

    /// The mail (RFC 5322), lines ended with CR LF.
    func mail(_ email: AlertRule.Email, now: Int64) -> [UInt8] {
        let fields = [
            "From: \(email.from)", "To: \(email.to.joined(separator: ", "))",
            "Subject: \(AlertMessage.encoded(email.subject ?? headline))",
            "Date: \(AlertMessage.date(now))", "Message-ID: <\(id)@millrace>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
            "Auto-Submitted: auto-generated",
        ]
        let body = Data(text.utf8).base64EncodedString(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        return Array((fields.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n").utf8)
    }

    /// Writes a subject so that any mail server takes it (RFC 2047); line breaks in it become spaces.
    private static func encoded(_ text: String) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        if line.utf8.allSatisfy({ (32..<127).contains($0) }), line.utf8.count < 200 { return line }
        var words: [String] = []
        var piece = ""
        for character in line {
            if (piece + String(character)).utf8.count > 45 {
                words.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        words.append(piece)
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    private static func date(_ milliseconds: Int64) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss +0000"
        return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }
}
