import Execution
import Plans
import Storage
import Vocabulary

/// Holds what a REST source is asked for, in the words of dlt's REST API source.
struct RESTSettings: Sendable {
    var base: WebAddress
    var headers: [(name: String, value: String)] = []
    var authentication = RESTAuthentication.none
    var paginator = PaginatorSettings.auto
    var limits = WebLimits()
    var retries = WebRetries()
    var path = ""
    var method = "GET"
    var parameters: [(name: String, value: String)] = []
    var body: OptionValue?
    var selector: JSONPath?
    var incremental: RESTIncremental?
    var actions: [ResponseAction] = []

    private static let clientKeys = [
        "base_url", "headers", "auth", "paginator", "timeout", "max_response_bytes", "retries",
        "max_retry_delay",
    ]
    private static let endpointKeys = [
        "path", "method", "params", "json", "data_selector", "paginator", "incremental", "response_actions",
        "headers",
    ]

    /// Most that `client` may ask for.
    private static let longestSeconds = 86_400
    private static let mostResponseBytes = 1 << 30
    private static let mostRetries = 100

    /// Reads the options `client` and `endpoint`, or `url` alone. Throws `INVALID_OPTION`, `SECRET_NOT_SET`.
    init(_ relation: ExternalRelation, _ secrets: SecretResolver) throws(EngineError) {
        let options = relation.options
        let known = ["url", "client", "endpoint", "data_selector"]
        for name in options.keys.sorted() where !known.contains(name) && !name.hasPrefix("incremental.") {
            let near = Suggestion.nearest(to: name, among: known)
            throw .user(
                "INVALID_OPTION", "The source rest has no option of this name: \(name)",
                remedy: near.map { "Did you mean \($0)?" } ?? "Known are: \(known.joined(separator: ", ")).")
        }
        let client = try OptionValue(options["client"] ?? "{}", path: "client")
        let endpoint = try OptionValue(options["endpoint"] ?? "{}", path: "endpoint")
        try client.check(keys: RESTSettings.clientKeys)
        try endpoint.check(keys: RESTSettings.endpointKeys)
        let given: String? = if let url = options["url"] { url } else { try client.text("base_url") }
        guard let given else {
            throw .user(
                "INVALID_OPTION", "The source needs an address: \(relation.name)",
                remedy: "Add url 'https://…', or client '{\"base_url\": \"https://…\"}'.")
        }
        base = try WebAddress(
            try secrets.resolve(address: given), option: options["url"] == nil ? "client.base_url" : "url")
        try readClient(client, secrets)
        try readEndpoint(endpoint, options, secrets)
    }

    private mutating func readClient(
        _ client: OptionValue, _ secrets: SecretResolver
    ) throws(EngineError) {
        headers = try RESTSettings.pairs(client["headers"], secrets)
        if let value = client["auth"] { authentication = try RESTAuthentication(value, secrets) }
        if let value = client["paginator"] { paginator = try PaginatorSettings(value) }
        if let seconds = try client.number("timeout", atLeast: 1) {
            limits.totalSeconds = min(seconds, RESTSettings.longestSeconds)
            limits.readSeconds = limits.totalSeconds
            limits.connectSeconds = min(limits.totalSeconds, limits.connectSeconds)
        }
        if let bytes = try client.number("max_response_bytes", atLeast: 1) {
            limits.responseBytes = min(bytes, RESTSettings.mostResponseBytes)
        }
        if let count = try client.number("retries", atLeast: 0) {
            retries.attempts = 1 + min(count, RESTSettings.mostRetries)
        }
        if let seconds = try client.number("max_retry_delay", atLeast: 0) {
            retries.longestSeconds = min(seconds, RESTSettings.longestSeconds)
        }
    }

    private mutating func readEndpoint(
        _ endpoint: OptionValue, _ options: [String: String], _ secrets: SecretResolver
    ) throws(EngineError) {
        path = try endpoint.text("path") ?? ""
        method = try endpoint.text("method")?.uppercased() ?? "GET"
        guard ["GET", "POST", "PUT", "PATCH"].contains(method) else {
            throw .user("INVALID_OPTION", "endpoint.method must be GET, POST, PUT or PATCH: \(method)")
        }
        headers += try RESTSettings.pairs(endpoint["headers"], secrets)
        parameters = try RESTSettings.pairs(endpoint["params"], secrets)
        body = endpoint["json"]
        selector = try endpoint.jsonPath("data_selector")
        if let text = options["data_selector"] { selector = try JSONPath(text, option: "data_selector") }
        if let value = endpoint["paginator"] { paginator = try PaginatorSettings(value) }
        incremental = try RESTIncremental(endpoint["incremental"], options)
        for value in endpoint["response_actions"]?.elements ?? [] {
            actions.append(try ResponseAction(value))
        }
    }

    private static func pairs(
        _ value: OptionValue?, _ secrets: SecretResolver
    ) throws(EngineError) -> [(name: String, value: String)] {
        guard let value else { return [] }
        guard value.kind == .object else { throw value.error("must be a mapping") }
        var pairs: [(name: String, value: String)] = []
        for (name, value) in value.members {
            guard let text = value.scalar else { throw value.error("must be text") }
            pairs.append((name, try secrets.resolve(text)))
        }
        return pairs
    }

    /// Returns the first request, with the incremental cursor put in.
    func firstRequest(_ secrets: SecretResolver) throws(EngineError) -> WebRequest {
        let start = incremental?.start
        func filled(_ text: String) -> String {
            text.replacing("{incremental.start_value}", with: start ?? "")
                .replacing("{incremental.last_value}", with: start ?? "")
                .replacing("{incremental.initial_value}", with: incremental?.initial ?? "")
                .replacing("{incremental.end_value}", with: incremental?.end ?? "")
        }
        var address = base
        if !path.isEmpty {
            let isWhole = path.hasPrefix("http://") || path.hasPrefix("https://")
            var text = filled(path)
            if !isWhole {
                // As dlt joins them: the path goes below the base, whether or not slashes are there.
                var front = Substring(base.target.prefix { $0 != "?" })
                while front.hasSuffix("/") { front.removeLast() }
                text = base.origin + front + "/" + text.drop { $0 == "/" }
            }
            address = try WebAddress(text, option: "endpoint.path")
        }
        var query = parameters.map { (name: $0.name, value: filled($0.value)) }
        if let incremental {
            if let name = incremental.startParameter, let start { query.append((name, start)) }
            if let name = incremental.endParameter, let end = incremental.end { query.append((name, end)) }
        }
        var request = WebRequest(method: method, address: address.setting(query))
        request.headers = headers.map { ($0.name, filled($0.value)) }
        if !headers.contains(where: { $0.name.lowercased() == "accept" }) {
            request.headers.append(("Accept", "application/json"))
        }
        request.headers.append(("User-Agent", "millrace/\(ProgramVersion.text)"))
        if let body {
            let text = try body.rewritten { text throws(EngineError) in try secrets.resolve(filled(text)) }
            request.body = Array(text.utf8)
            request.headers.append(("Content-Type", "application/json"))
        }
        return request
    }
}

/// Says what is done about an answer: dlt's `response_actions`.
struct ResponseAction: Sendable {
    enum Action: String, CaseIterable {
        case ignore, retry, fail
    }
    let status: Int?
    let content: String?
    let action: Action

    /// What is looked at of an answer.
    private static let contentBytes = 1 << 20

    init(_ value: OptionValue) throws(EngineError) {
        try value.check(keys: ["status_code", "content", "action"])
        status = try value.number("status_code", atLeast: 100)
        content = try value.text("content")
        let text = try value.needed("action")
        guard let action = Action(rawValue: text) else {
            throw value.error("has an action that must be one of ignore, retry, fail: \(text)")
        }
        guard status != nil || content != nil else { throw value.error("needs status_code or content") }
        self.action = action
    }

    func matches(_ response: WebResponse) -> Bool {
        if let status, status != response.status { return false }
        guard let content else { return true }
        let body = response.body.prefix(ResponseAction.contentBytes)
        return String(decoding: body, as: UTF8.self).contains(content)
    }
}
