import Storage
import Vocabulary

/// Says when somebody is told of a run, and how.
package struct AlertRule: Sendable {
    /// Names what can happen to a run.
    package enum Event: String, Sendable, Hashable, CaseIterable {
        case success, failure, retry, cancelled
        /// The run is not done in its time.
        case deadline
    }

    /// Holds the parts of a mail that the user wrote.
    package struct Email: Sendable {
        package var to: [String]
        package var from: String
        package var subject: String?
        /// nil where none is known: nothing can be sent.
        package var server: MailServer?
        /// Where it stands in `etl.yml`, without the line.
        var location: SourceLocation?

        /// Who is told.
        var target: String { to.joined(separator: ", ") }
    }

    /// Holds where to post.
    package struct Webhook: Sendable {
        package var url: String
        package var headers: [(name: String, value: String)]
        package var caFile: String?
        /// Where it stands in `etl.yml`, without the line: a URL is often a secret.
        var location: SourceLocation?

        /// Who is told, without secrets.
        var target: String { "the webhook at \(AlertRule.host(url))" }
    }

    package var events: Set<Event>
    /// Seconds after the run was accepted.
    package var deadlineSeconds: Double?
    package var email: Email?
    package var webhook: Webhook?

    /// Who is told, without secrets.
    package var target: String {
        [email?.target, webhook?.target].compactMap { $0 }.joined(separator: " and ")
    }

    /// The host of a URL: the rest of a webhook's is often a secret.
    static func host(_ url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        return String(authority.split(separator: "@").last ?? "")
    }
}

/// Says where OpenLineage events go.
package struct LineageTarget: Sendable {
    /// The base URL, or the whole one with `/api/v1/lineage`.
    package var url: String
    package var namespace: String
    package var token: String?
    package var caFile: String?
    /// Where it stands in `etl.yml`.
    package var location: SourceLocation?

    /// The URL that events are posted to.
    package var endpoint: String {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        return base.hasSuffix("/lineage") ? base : base + "/api/v1/lineage"
    }
}
