import Execution
import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Says how a source is logged in to.
enum RESTAuthentication: Sendable {
    case none
    case bearer(token: String)
    /// User and password as the header carries them (RFC 7617).
    case basic(String)
    case key(name: String, value: String, inQuery: Bool)
    case clientCredentials(ClientCredentials)

    /// Holds what OAuth 2.0's client credentials grant needs (RFC 6749, 4.4).
    struct ClientCredentials: Sendable {
        var address: WebAddress
        var form: [(name: String, value: String)]
        /// Seconds that a token lives of which the server does not say it.
        var defaultSeconds: Int
    }

    /// Reads `client.auth`. Throws `INVALID_OPTION` and `SECRET_NOT_SET`.
    init(_ value: OptionValue, _ secrets: SecretResolver) throws(EngineError) {
        /// A secret, kept out of all texts in each of the ways in which it is sent.
        func secret(_ key: String) throws(EngineError) -> String {
            let text = try secrets.resolve(try value.needed(key))
            secrets.note(text)
            secrets.note(WebAddress.encoded(text))
            return text
        }
        let type = try value.text("type") ?? "bearer"
        switch type {
        case "bearer":
            try value.check(keys: ["type", "token"])
            self = .bearer(token: try secret("token"))
        case "http_basic":
            try value.check(keys: ["type", "username", "password"])
            let user = try secrets.resolve(try value.needed("username"))
            let pair = Base64.text(Array("\(user):\(try secret("password"))".utf8))
            secrets.note(pair)
            self = .basic(pair)
        case "api_key":
            try value.check(keys: ["type", "name", "api_key", "location"])
            let location = try value.text("location") ?? "header"
            guard ["header", "query", "param"].contains(location) else {
                throw value.error("has a location that must be header or query: \(location)")
            }
            self = .key(
                name: try value.text("name") ?? "Authorization", value: try secret("api_key"),
                inQuery: location != "header")
        case "oauth2_client_credentials":
            try value.check(keys: [
                "type", "access_token_url", "client_id", "client_secret", "access_token_request_data",
                "scope",
                "default_token_expiration",
            ])
            var form = [("grant_type", "client_credentials")]
            form.append(("client_id", try secrets.resolve(try value.needed("client_id"))))
            form.append(("client_secret", try secret("client_secret")))
            if let scope = try value.text("scope") { form.append(("scope", scope)) }
            for (name, item) in value["access_token_request_data"]?.members ?? [] {
                form.append((name, try secrets.resolve(item.scalar ?? "")))
            }
            let address = try WebAddress(
                try secrets.resolve(try value.needed("access_token_url")),
                option: value.path + ".access_token_url")
            self = .clientCredentials(
                ClientCredentials(
                    address: address, form: form,
                    defaultSeconds: try value.number("default_token_expiration", atLeast: 1) ?? 3600))
        default:
            let known = ["bearer", "http_basic", "api_key", "oauth2_client_credentials"]
            let near = Suggestion.nearest(to: type, among: known)
            throw value.error(
                "has a type that must be one of \(known.joined(separator: ", ")): \(type)",
                remedy: near.map { "Did you mean \($0)?" })
        }
    }
}

/// Puts the login into requests; fetches tokens, keeps them, and renews them before they end. One thread.
struct RESTLogin {
    private let authentication: RESTAuthentication
    private let secrets: SecretResolver
    private var token: (text: String, endSeconds: Int)?

    /// A token is renewed so long before its end, seconds.
    private static let marginSeconds = 30
    /// A token is kept so long at most, whatever the server says, seconds.
    private static let longestSeconds = 86_400

    init(_ authentication: RESTAuthentication, _ secrets: SecretResolver) {
        self.authentication = authentication
        self.secrets = secrets
    }

    /// Whether a token that is refused may be replaced.
    var canRenew: Bool { if case .clientCredentials = authentication { true } else { false } }

    mutating func forgetToken() { token = nil }

    /// Returns what a request to the source's own origin carries besides.
    mutating func parts(
        _ client: WebClient, _ retries: WebRetries, _ wanted: Wanted
    ) throws(EngineError) -> (
        headers: [(name: String, value: String)], query: [(name: String, value: String)]
    ) {
        switch authentication {
        case .none: return ([], [])
        case .bearer(let token): return ([("Authorization", "Bearer \(token)")], [])
        case .basic(let pair): return ([("Authorization", "Basic " + pair)], [])
        case .key(let name, let value, let inQuery):
            return inQuery ? ([], [(name, value)]) : ([(name, value)], [])
        case .clientCredentials(let credentials):
            let now = Int(time(nil))
            if let token, token.endSeconds > now { return ([("Authorization", "Bearer \(token.text)")], []) }
            let fresh = try fetch(credentials, client, retries, wanted)
            let lives = max(0, min(fresh.seconds, RESTLogin.longestSeconds))
            token = (fresh.token, now + max(1, lives - RESTLogin.marginSeconds))
            return ([("Authorization", "Bearer \(fresh.token)")], [])
        }
    }

    private func fetch(
        _ credentials: RESTAuthentication.ClientCredentials, _ client: WebClient, _ retries: WebRetries,
        _ wanted: Wanted
    ) throws(EngineError) -> (token: String, seconds: Int) {
        var request = WebRequest(method: "POST", address: credentials.address)
        request.headers = [
            ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"),
        ]
        let form = credentials.form.map { "\(WebAddress.encoded($0.name))=\(WebAddress.encoded($0.value))" }
        request.body = Array(form.joined(separator: "&").utf8)
        let response = try retries.run(wanted) { () throws(EngineError) in
            try client.exchange(request, wanted)
        }
        guard response.status == 200 else {
            throw .user(
                "REST_LOGIN",
                "No token is given out (status \(response.status)): \(credentials.address.shown)",
                remedy: "Check client_id and client_secret, and the variables that they come from.")
        }
        let document: JSONDocument
        do throws(JSONFault) { document = try JSONDocument(response.body) } catch {
            throw .data("REST_LOGIN", "The answer \(error.text): \(credentials.address.shown)")
        }
        guard
            let token = document.member("access_token", of: document.root).flatMap(document.scalar)
        else { throw .data("REST_LOGIN", "The answer holds no access_token: \(credentials.address.shown)") }
        secrets.note(token)
        let seconds = document.member("expires_in", of: document.root).flatMap(document.scalar)
        return (token, seconds.flatMap { Int($0) } ?? credentials.defaultSeconds)
    }
}
