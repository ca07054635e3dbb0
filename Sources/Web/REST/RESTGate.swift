import Protocol
import Transport
import Vocabulary

/// Decides whether a request may do what it asks: tokens, roles, and whether a browser's page stands behind
/// it.
struct RESTGate: Sendable {
    /// Nil: whoever reaches the port may do everything.
    let tokens: (any BearerTokens)?

    static let cookieName = "millrace_token"

    /// Returns who asks, nil when there are no tokens. Throws `UNAUTHENTICATED` or `FORBIDDEN` (user).
    @discardableResult
    func admit(_ request: WebRequest, needs role: Role) async throws(EngineError) -> Bearer? {
        if role > .viewer { try checkOrigin(request) }
        guard let tokens else { return nil }
        guard let token = RESTGate.token(of: request), let bearer = try await tokens.bearer(of: token) else {
            throw .user(
                "UNAUTHENTICATED", "This needs a valid bearer token",
                remedy: "Give one with --token or ETL_TOKEN, or as the header `authorization: Bearer TOKEN`.")
        }
        guard bearer.role >= role else {
            throw .user(
                "FORBIDDEN",
                "This needs the role \(role.rawValue); \(bearer.name) has \(bearer.role.rawValue)",
                remedy: "Ask the cluster's owner for a token with the role \(role.rawValue).")
        }
        return bearer
    }

    /// Refuses changes asked for by pages of other sites.
    func checkOrigin(_ request: WebRequest) throws(EngineError) {
        let site = request.headers["sec-fetch-site"]
        let isForeignSite = site.map { $0 != "same-origin" && $0 != "none" } ?? false
        let origin = request.headers["origin"]
        let isForeignOrigin = origin.map { RESTGate.host(of: $0) != request.authority.lowercased() } ?? false
        if isForeignSite || isForeignOrigin {
            throw .user(
                "FORBIDDEN", "A page of another site may change nothing here: \(origin ?? site ?? "")")
        }
    }

    private static func host(of origin: String) -> String {
        guard let range = origin.firstRange(of: "://") else { return origin.lowercased() }
        return origin[range.upperBound...].lowercased()
    }

    /// Returns the token that a request carries in its header or its cookie.
    static func token(of request: WebRequest) -> String? {
        if let header = request.headers["authorization"] {
            let parts = header.split(separator: " ", maxSplits: 1)
            return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
        }
        for field in request.headers where field.name == "cookie" {
            for item in field.value.split(separator: ";") {
                let parts = item.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == cookieName { return String(parts[1]) }
            }
        }
        return nil
    }

    /// Returns the field that keeps the token in a browser, out of reach of scripts; empty to forget it.
    static func cookie(_ token: String, isSecure: Bool) -> HeaderField {
        let life = token.isEmpty ? "; Max-Age=0" : "; Max-Age=43200"
        let secure = isSecure ? "; Secure" : ""
        return HeaderField(
            "set-cookie", "\(cookieName)=\(token); Path=/; HttpOnly; SameSite=Strict\(life)\(secure)")
    }
}
