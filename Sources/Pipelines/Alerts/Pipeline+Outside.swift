import Storage
import Vocabulary

extension Pipeline {
    /// Throws `HTTP_NOT_ALLOWED` (user) when the pipeline would have calls made to servers that no rule
    /// allows, with the place in `etl.yml`: whoever writes it hears so at once, not when an alert is missed.
    package func checkOutside(_ rules: WebRules) throws(EngineError) {
        var calls = lineage.map { [($0.endpoint, $0.location?.withoutLine)] } ?? []
        for rule in alerts {
            if let webhook = rule.webhook { calls.append((webhook.url, webhook.location)) }
            if let email = rule.email, let server = email.server, !server.isOperators {
                calls.append((server.url, email.location))
            }
        }
        for (url, place) in calls {
            do throws(EngineError) { try rules.checkOrigin(url) } catch {
                var placed = error
                placed.location = place
                throw placed
            }
        }
    }
}
