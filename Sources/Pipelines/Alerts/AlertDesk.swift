import Foundation
import Protocol
import Storage
import Vocabulary

/// Decides which alerts a run owes. Pure.
package enum AlertDesk {
    /// Returns the rules that a fact calls for, each at most once for a run; `record` has the fact already.
    package static func due(
        _ fact: RunFact, _ record: RunRecord, _ rules: [AlertRule]
    ) -> [(Int, AlertRule.Event)] {
        if record.header.testsOnly { return [] }
        let event: AlertRule.Event
        switch fact {
        case .ended(.succeeded, _): event = .success
        case .ended(.failed, _): event = .failure
        case .ended(.cancelled, _): event = .cancelled
        case .stepRetrying: event = .retry
        default: return []
        }
        return owed(event, record, rules)
    }

    /// Returns the rules for an event that were not begun yet.
    static func owed(
        _ event: AlertRule.Event, _ record: RunRecord, _ rules: [AlertRule]
    ) -> [(Int, AlertRule.Event)] {
        rules.indices.filter {
            rules[$0].events.contains(event) && !record.alerts.contains("\($0):\(event.rawValue)")
        }
        .map { ($0, event) }
    }

    /// Returns when the next deadline is over that nobody was told of, milliseconds since 1970.
    package static func nextDeadline(_ record: RunRecord, _ rules: [AlertRule]) -> Int64? {
        rules.indices.compactMap { index in
            guard let seconds = rules[index].deadlineSeconds, !record.alerts.contains("\(index):deadline")
            else { return nil }
            return record.header.dueAt + Int64(seconds * 1000)
        }
        .min()
    }

    /// Returns the rules whose deadlines are over and that nobody was told of. Times in milliseconds since
    /// 1970.
    package static func overdue(
        _ record: RunRecord, _ rules: [AlertRule], now: Int64
    ) -> [(Int, AlertRule.Event)] {
        owed(.deadline, record, rules).filter { index, _ in
            record.header.dueAt + Int64((rules[index].deadlineSeconds ?? 0) * 1000) <= now
        }
    }
}

/// Brings alerts and events to servers outside. Calls wait on threads of their own.
package protocol AlertCarrier: Sendable {
    /// Posts JSON. Throws when the server cannot be reached or answers with an error.
    func post(_ json: String, to url: String, headers: [String], caFile: String?) async throws
    /// Hands a mail over.
    func mail(_ message: [UInt8], _ email: AlertRule.Email) async throws
}

/// Brings them there through libcurl.
package struct OutsideCarrier: AlertCarrier {
    /// Tries of each call, and the pause before the second, seconds.
    private static let tries = 3
    private static let pauseSeconds = 1.0

    private let rules: WebRules

    /// `rules` say which servers may be called: any, where the pipeline runs in its user's own program.
    package init(rules: WebRules = .unrestricted) { self.rules = rules }

    package func post(_ json: String, to url: String, headers: [String], caFile: String?) async throws {
        try await repeated { [rules] in
            let status = try OutsideCalls.post(
                url, headers: ["Content-Type: application/json", "User-Agent: millrace"] + headers,
                body: Array(json.utf8), caFile: caFile, rules: rules)
            if (200..<300).contains(status) { return }
            throw EngineError(
                status == 429 || status >= 500 ? .system : .user, "OUTSIDE_CALL",
                "\(AlertRule.host(url)) answered with HTTP status \(status)")
        }
    }

    package func mail(_ message: [UInt8], _ email: AlertRule.Email) async throws {
        guard let server = email.server else {
            throw EngineError.user(
                "OUTSIDE_CALL", "There is no mail server",
                remedy: "Set ETL_SMTP=smtp://user:password@host:587.")
        }
        try await repeated { [rules] in
            try OutsideCalls.send(
                message, from: email.from, to: email.to, through: server, rules: rules)
        }
    }

    private func repeated(_ call: @escaping @Sendable () throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await OwnThread.run(call)
            } catch let error as EngineError
                where error.blame == .system && attempt < OutsideCarrier.tries
            {
                try await Task.sleep(for: .seconds(OutsideCarrier.pauseSeconds * Double(attempt)))
            }
        }
    }
}
