import Storage
import Vocabulary

extension Pipeline {
    /// Throws `HTTP_NOT_ALLOWED` (user) when the pipeline would have calls made to servers that no rule
    /// allows: whoever writes it hears so at once, not when an alert is missed.
    package func checkOutside(_ rules: WebRules) throws(EngineError) {
        var urls = lineage.map { [$0.endpoint] } ?? []
        for rule in alerts {
            if let webhook = rule.webhook { urls.append(webhook.url) }
            if let server = rule.email?.server, !server.isOperators { urls.append(server.url) }
        }
        for url in urls { try rules.checkOrigin(url) }
    }
}
