import Execution
import Plans
import Storage
import Vocabulary

/// Reads JSON from web services, page by page.
struct RESTSource: LandingSource {
    let rules: WebRules
    let isRepeatable = true

    func land(
        _ relation: ExternalRelation, into rows: LandedRows, _ context: ConnectorContext, _ wanted: Wanted
    ) throws(EngineError) -> [String: String] {
        let settings = try RESTSettings(relation, context.secrets)
        var reading = RESTReading(settings, rules, context.secrets, wanted)
        try reading.run(into: rows)
        var notes = ["pages": String(reading.pageCount)]
        notes["warning"] = reading.warning
        return notes
    }
}

/// Is one read of a source, on one thread.
private struct RESTReading {
    private let settings: RESTSettings
    private let secrets: SecretResolver
    private let wanted: Wanted
    private let client: WebClient
    private var login: RESTLogin
    private var incremental: RESTIncremental?
    /// Requests that were made: a link that leads back to one ends the read.
    private var seen: Set<String> = []
    /// Lengths and hashes of the bodies that had records: a page that came before ends the read, too.
    private var bodies: Set<[Int]> = []
    private(set) var pageCount = 0
    /// What the user should know of how the read ended.
    private(set) var warning: String?

    /// What is looked at of a server's refusal, and how much of it is shown.
    private static let excerptBytes = 64 << 10
    private static let excerptCharacters = 300

    init(
        _ settings: RESTSettings, _ rules: WebRules, _ secrets: SecretResolver, _ wanted: Wanted
    ) {
        self.settings = settings
        self.secrets = secrets
        self.wanted = wanted
        client = WebClient(rules, settings.limits)
        login = RESTLogin(settings.authentication, secrets)
        incremental = settings.incremental
    }

    mutating func run(into rows: LandedRows) throws(EngineError) {
        var pagination = Pagination(settings.paginator, first: try settings.firstRequest(secrets))
        var next: WebRequest? = try pagination.start()
        while let request = next {
            let key = request.address.text + "\n" + String(decoding: request.body ?? [], as: UTF8.self)
            guard seen.insert(key).inserted else { return }
            guard let response = try page(request) else { return }
            let document = try read(response)
            let records = PageDetection.records(document, settings.selector)
            // A server that does not know the parameter of its pages gives the same one again and again, and
            // links may lead back to the first page under another address.
            let body = [response.body.count, response.body.hashValue]
            if !records.isEmpty, !bodies.insert(body).inserted {
                warning =
                    "The server gave a page again that it had given before, which ends the read after "
                    + "\(pageCount) \(pageCount == 1 ? "page" : "pages"): \(response.address.shown). "
                    + "If rows are missing, see whether it knows the paginator's parameters."
                return
            }
            pageCount += 1
            for record in records where try incremental?.takes(record, of: document) ?? true {
                try rows.append(record, of: document)
            }
            next = try pagination.next(response, document, rows: records.count)
        }
    }

    private func read(_ response: WebResponse) throws(EngineError) -> JSONDocument {
        // An answer without a body has no rows.
        let isNothing = response.body.isEmpty && response.status == 204
        do throws(JSONFault) { return try JSONDocument(isNothing ? Array("[]".utf8) : response.body) } catch {
            throw .data(
                "MALFORMED_PAGE",
                "A page \(error.text) (page \(pageCount + 1)): "
                    + response.address.shown,
                remedy: "Look at the page with: curl URL.")
        }
    }

    /// Returns the answer to a request that succeeded; nil where an action says that the read ends here.
    private mutating func page(_ request: WebRequest) throws(EngineError) -> WebResponse? {
        var response = try exchange(request)
        if response.status == 401, login.canRenew {
            login.forgetToken()
            response = try exchange(request)
        }
        if let action = settings.actions.first(where: { $0.matches(response) })?.action {
            switch action {
            case .ignore: return nil
            case .fail: throw failed(response)
            case .retry: break
            }
        }
        guard (200..<300).contains(response.status) else { throw failed(response) }
        return response
    }

    private mutating func exchange(_ request: WebRequest) throws(EngineError) -> WebResponse {
        let actions = settings.actions
        // Secrets go to the source's own server, never to one that a page links to.
        let isOwn = request.address.origin == settings.base.origin
        var own: (headers: [(name: String, value: String)], query: [(name: String, value: String)]) = ([], [])
        if isOwn { own = try login.parts(client, settings.retries, wanted) }
        var sent = request
        let open = ["accept", "user-agent", "content-type"]
        sent.headers = request.headers.filter { open.contains($0.name.lowercased()) }
        sent.address = request.address.setting(own.query)
        let secret =
            own.headers
            + (isOwn ? request.headers.filter { !open.contains($0.name.lowercased()) } : [])
        return try settings.retries.run(
            wanted,
            isPassing: { response in
                switch actions.first(where: { $0.matches(response) })?.action {
                case .retry: true
                case .ignore, .fail: false
                case nil: WebRetries.passing.contains(response.status)
                }
            }
        ) { () throws(EngineError) in
            try client.exchange(sent, secret: secret, wanted)
        }
    }

    private func failed(_ response: WebResponse) -> EngineError {
        let place = response.address.shown
        let text = "The server answers with status \(response.status)"
        switch response.status {
        case 401, 403:
            return .user(
                "REST_LOGIN", "\(text), it refuses the login: \(place)",
                remedy: "Check client.auth, and the variables that its secrets come from.")
        case 404: return .user("REST_NOT_FOUND", "\(text): \(place)", remedy: "Check base_url and path.")
        case 300..<500:
            return .user(
                "HTTP_STATUS", "\(text): \(place)\(excerpt(response))",
                remedy: RESTReading.remedy(response.status))
        default:
            return .system(
                "HTTP_STATUS", "\(text): \(place)", remedy: "Look at the server, or run the step later.")
        }
    }

    private static func remedy(_ status: Int) -> String {
        switch status {
        case 300..<400: "Use the address that the server sends to as base_url and path."
        case 405: "Check the endpoint's method."
        case 410: "Check base_url and path: the server says that this is gone for good."
        case 413, 414: "Ask for less: see the endpoint's params and the paginator's limit."
        default:
            "Check the endpoint's path, params and json against the service's reference; "
                + "response_actions says what to do about such an answer."
        }
    }

    /// What the server says of a request that it does not take, shortened and on one line.
    private func excerpt(_ response: WebResponse) -> String {
        // Secrets go before the text is cut: half of one would not be found.
        let text = secrets.redacted(
            String(decoding: response.body.prefix(RESTReading.excerptBytes), as: UTF8.self))
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.isEmpty ? "" : " says: \(line.prefix(RESTReading.excerptCharacters))"
    }
}
