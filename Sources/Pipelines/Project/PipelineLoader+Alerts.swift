import Storage
import Templates
import Vocabulary

extension PipelineLoader {
    /// Takes the mail server and the sender that who runs the program names: `ETL_SMTP` and `ETL_SMTP_FROM`.
    package mutating func takeMail(of environment: (String) -> String?) {
        mailServer = environment("ETL_SMTP")
        mailSender = environment("ETL_SMTP_FROM")
    }

    /// Reads who is told of runs. Throws with the place of what is missing.
    func alerts(_ root: FormatValue) throws -> [AlertRule] {
        guard let value = root["alerts"] else { return [] }
        let entries = try FormatReader(scope: valueScope).checked(
            value, PipelineFormat.alerts, path: "alerts")
        return try entries.elements.map { try alert($0, root) }
    }

    /// Reads who is told of runs, and nothing else: of a run that waits, and of one whose pipeline cannot be
    /// read any more. What cannot be read of a rule either, such as a webhook whose variable is not set, is
    /// left out; rules keep their places.
    package mutating func readableAlerts() -> [AlertRule] {
        guard let text = try? files.text("etl.yml", limitBytes: FormatDocument.fileBytes),
            let root = try? FormatDocument.read(text, file: files.path("etl.yml"))
        else { return [] }
        takeVars(root)
        let reader = FormatReader(scope: valueScope)
        return (root["alerts"]?.elements ?? []).map { entry in
            for missing in [nil, "webhook", "email"] {
                let part = entry.without(missing)
                if let checked = try? reader.checked(part, .object(PipelineFormat.alert), path: "alerts"),
                    let rule = try? alert(checked, root)
                {
                    return rule
                }
            }
            return AlertRule(events: [])
        }
    }

    private func alert(_ entry: FormatValue, _ root: FormatValue) throws -> AlertRule {
        guard let events = entry["on"] else { throw entry.error("An alert says on what: on: [failure]") }
        var rule = AlertRule(events: Set(events.texts.compactMap(AlertRule.Event.init(rawValue:))))
        rule.deadlineSeconds = entry["deadline"].flatMap { FormatReader.seconds($0.printed) }
        if rule.events.contains(.deadline) != (rule.deadlineSeconds != nil) {
            throw entry.error("on: deadline and deadline: (a time such as 2h) belong together")
        }
        rule.email = try entry["email"].map { try email($0, root) }
        rule.webhook = try entry["webhook"].map(webhook)
        if rule.email == nil, rule.webhook == nil {
            throw entry.error("An alert needs email or webhook, so that somebody is told")
        }
        return rule
    }

    private func email(_ value: FormatValue, _ root: FormatValue) throws -> AlertRule.Email {
        var server: MailServer?
        if let name = value["connection"] {
            guard let raw = root["connections"]?[name.printed]?["uri"] else {
                throw name.error("There is no connection of this name with a uri: \(name.printed)")
            }
            // Connections of databases keep references; a mail is sent from here.
            let uri = try FormatReader(scope: valueScope).checked(
                raw, .text, path: "connections.\(name.printed).uri")
            server = try PipelineLoader.server(uri.printed) { raw.hiddenError($0, remedy: $1) }
        } else if let uri = mailServer, !uri.isEmpty {
            server = try PipelineLoader.server(uri) { value.error("ETL_SMTP: \($0)", remedy: $1) }
            server?.isOperators = true
        }
        guard let to = value["to"], !to.texts.isEmpty else { throw value.error("A mail needs its to:") }
        let from = value["from"]?.printed ?? mailSender ?? "millrace@localhost"
        for address in to.texts + [from] where !PipelineLoader.isAddress(address) {
            throw value.error("This is no mail address: \(address)")
        }
        return AlertRule.Email(
            to: to.texts, from: from, subject: value["subject"]?.printed, server: server,
            location: value.hiddenPlace)
    }

    /// What a run says at its begin whose mails cannot be sent; it goes on, as they may never be due.
    static let withoutMailServer =
        "There is no mail server, so alerts by mail will not be sent. Set "
        + "ETL_SMTP=smtp://user:password@host:587, or name a connection with email.connection."

    /// Whether a text can stand in the commands and fields of mail as one address.
    private static func isAddress(_ text: String) -> Bool {
        text.wholeMatch(of: /[^\s<>,;:"@\\]+@[^\s<>,;:"@\\]+/) != nil
    }

    /// Reads `smtp[s]://[user[:password]@]host[:port][?starttls=required]`. `error` must not show the text:
    /// it holds a password.
    private static func server(
        _ text: String, _ error: (String, String?) -> EngineError
    ) throws -> MailServer {
        let pattern = /(smtps?):\/\/(?:([^:@\/]*)(?::([^@\/]*))?@)?([^@\/?:]+)(?::(\d+))?\/?(?:\?(.*))?/
        guard let match = text.wholeMatch(of: pattern) else {
            throw error(
                "This is no address of a mail server", "Write it like smtp://user:password@host:587.")
        }
        let port = match.5.map { ":\($0)" } ?? ""
        var server = MailServer(url: "\(match.1)://\(match.4)\(port)")
        server.user = match.2.map { WebAddress.decoded(String($0)) }
        server.password = match.3.map { WebAddress.decoded(String($0)) }
        // A password goes over a protected line only, unless the user says otherwise.
        server.requiresTLS = server.password != nil && match.1 == "smtp"
        for item in (match.6 ?? "").split(separator: "&") {
            switch item {
            case "starttls=required": server.requiresTLS = true
            case "starttls=optional": server.requiresTLS = false
            case _ where item.hasPrefix("ca="): server.caFile = WebAddress.decoded(String(item.dropFirst(3)))
            default:
                throw error(
                    "The mail server's address has an unknown setting",
                    "Known are starttls=required, starttls=optional and ca=FILE.")
            }
        }
        return server
    }

    private func webhook(_ value: FormatValue) throws -> AlertRule.Webhook {
        guard let url = value["url"], PipelineLoader.isURL(url.printed) else {
            throw value.hiddenError("A webhook needs its url: http://… or https://…")
        }
        var headers: [(name: String, value: String)] = []
        if case .map(let pairs)? = value["headers"]?.kind {
            for (key, item) in pairs {
                guard key.printed.wholeMatch(of: /[A-Za-z0-9-]+/) != nil,
                    !item.printed.contains(where: \.isNewline)
                else { throw key.hiddenError("This is no HTTP header") }
                headers.append((key.printed, item.printed))
            }
        }
        return AlertRule.Webhook(
            url: url.printed, headers: headers, caFile: value["ca"]?.printed, location: url.hiddenPlace)
    }

    private static func isURL(_ text: String) -> Bool {
        text.wholeMatch(of: /https?:\/\/[^\s\/]+(?:\/\S*)?/) != nil
    }

    /// Reads where runs are reported; an empty URL is none.
    func lineage(_ root: FormatValue) throws -> LineageTarget? {
        guard let given = root["metrics"] else { return nil }
        let metrics = try FormatReader(scope: valueScope).checked(
            given, .object(PipelineFormat.metrics), path: "metrics")
        guard let value = metrics["openlineage"] else { return nil }
        let url = value.scalar ?? value["url"]?.printed ?? ""
        if url.isEmpty { return nil }
        guard PipelineLoader.isURL(url) else {
            throw value.hiddenError("openlineage takes a URL: http://… or https://…")
        }
        return LineageTarget(
            url: url, namespace: value["namespace"]?.printed ?? "millrace", token: value["token"]?.printed,
            caFile: value["ca"]?.printed, location: value.location)
    }
}
