import Foundation
import Protocol
import Transport
import Vocabulary

/// Says how far a node is on its way, for Kubernetes' probes.
package struct NodeProbes: Sendable {
    package var isStarted: @Sendable () async -> Bool
    package var isReady: @Sendable () async -> Bool

    package init(
        isStarted: @escaping @Sendable () async -> Bool = { true },
        isReady: @escaping @Sendable () async -> Bool = { true }
    ) {
        self.isStarted = isStarted
        self.isReady = isReady
    }

    /// Answers `/livez`, `/readyz` and `/startupz`; nil for every other path.
    func answer(_ path: String) async -> WebResponse? {
        let isGood: Bool
        switch path {
        case "/livez": isGood = true
        case "/readyz": isGood = await isReady()
        case "/startupz": isGood = await isStarted()
        default: return nil
        }
        return .text(isGood ? "ok\n" : "not yet\n", status: isGood ? 200 : 503)
    }
}

/// Serves probes and metrics alone: what a worker shows on its web port.
package struct ProbeRouter: WebHandler {
    private let probes: NodeProbes
    private let metrics: @Sendable () async -> MetricsText

    package init(probes: NodeProbes, metrics: @escaping @Sendable () async -> MetricsText) {
        self.probes = probes
        self.metrics = metrics
    }

    package func handle(_ request: WebRequest) async -> WebResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return Problems.response(
                EngineError.user("METHOD_NOT_ALLOWED", "Only GET is known here"), status: 405)
        }
        if let answer = await probes.answer(request.path) { return answer }
        if request.path == "/metrics" { return .text(await metrics().text, type: MetricsText.contentType) }
        return Problems.response(EngineError.user("NOT_FOUND", "There is nothing here: \(request.path)"))
    }
}

/// Answers the REST interface, the page, probes and metrics from any `JobService`.
package struct RESTRouter: WebHandler {
    let service: any JobService
    let gate: RESTGate
    private let probes: NodeProbes
    private let totals = JobTotals()
    private let servesPage: Bool

    /// Longest time that a request may ask to wait for a change, milliseconds.
    static let waitLimitMilliseconds = 60_000

    /// `tokens` nil: whoever reaches the port may do everything.
    package init(
        service: any JobService, tokens: TokenTable? = nil, probes: NodeProbes = NodeProbes(),
        servesPage: Bool = true
    ) {
        self.service = service
        gate = RESTGate(tokens: tokens)
        self.probes = probes
        self.servesPage = servesPage
    }

    package func handle(_ request: WebRequest) async -> WebResponse {
        var answer: WebResponse
        do {
            answer = try await route(request)
        } catch {
            answer = Problems.response(error, status: RESTRouter.status(of: error))
        }
        answer.headers.append(HeaderField("x-content-type-options", "nosniff"))
        if answer.headers["cache-control"] == nil {
            answer.headers.append(HeaderField("cache-control", "no-store"))
        }
        if request.method == "HEAD" { answer.body = .bytes([]) }
        return answer
    }

    private static func status(of error: any Error) -> Int? {
        switch (error as? EngineError)?.code {
        case "METHOD_NOT_ALLOWED": 405
        case "BODY_TOO_LARGE", "SQL_TOO_LONG": 413
        case "UNSUPPORTED_MEDIA_TYPE": 415
        case "RESULT_EXPIRED", "RESULT_LOST": 410
        default: nil
        }
    }

    private func route(_ request: WebRequest) async throws -> WebResponse {
        if request.method == "GET" || request.method == "HEAD" {
            if let answer = await probes.answer(request.path) { return answer }
            if request.path == "/metrics" {
                try gate.admit(request, needs: .viewer)
                return .text(try await totals.metrics(of: service).text, type: MetricsText.contentType)
            }
            if servesPage, let answer = PageFiles.answer(request.path) { return answer }
        }
        switch RESTRoute.match(method: request.method, path: request.path) {
        case .route(let route, let id):
            if let role = route.role { try gate.admit(request, needs: role) }
            return try await answer(route.target, id: id, request)
        case .otherMethods(let methods):
            throw EngineError.user(
                "METHOD_NOT_ALLOWED", "\(request.path) knows no \(request.method)",
                remedy: "Use \(methods.joined(separator: " or ")).")
        case .none:
            throw EngineError.user(
                "NOT_FOUND", "There is nothing here: \(request.path)",
                remedy: "All routes are listed at /api/v1/openapi.json.")
        }
    }

    private func answer(_ target: RESTRoute.Target, id: String, _ request: WebRequest) async throws
        -> WebResponse
    {
        switch target {
        case .submit:
            let status = try await service.submit(try jobRequest(request))
            var answer = Problems.json(status, status: 201)
            answer.headers.append(HeaderField("location", "/api/v1/jobs/\(status.id)"))
            return answer
        case .jobs:
            let all = ["true", "1", ""].contains(request.query["all"] ?? "false")
            return Problems.json(JobList(try await service.jobs(all: all)))
        case .job: return try await job(id, request)
        case .cancel: return Problems.json(try await service.cancel(id))
        case .stages: return Problems.json(StageList(try await service.stages(id)))
        case .tasks: return Problems.json(TaskList(try await service.tasks(id)))
        case .plan: return Problems.json(PlanText(try await service.plan(id)))
        case .logs:
            let from = try number("from", request) ?? 0
            return Problems.json(LogList(try await service.logs(id, from: from)))
        case .events: return try await events(id, request)
        case .result: return try await result(id, request)
        case .retry: return Problems.json(try await service.retry(id), status: 201)
        case .workers: return Problems.json(WorkerList(try await service.workers()))
        case .cluster: return Problems.json(try await service.cluster())
        case .explain: return Problems.json(PlanText(try await service.explain(try jobRequest(request))))
        case .openAPI: return .text(OpenAPIDocument.text, type: "application/json")
        case .session: return session(request)
        case .pipelines(let target): return try await self.answer(target, id: id, request)
        case .login: return try login(request)
        case .logout:
            try gate.checkOrigin(request)
            return WebResponse(status: 204, headers: [RESTGate.cookie("", isSecure: request.isSecure)])
        }
    }

    private func job(_ id: String, _ request: WebRequest) async throws -> WebResponse {
        guard let after = try number("after", request) else {
            return Problems.json(try await service.job(id))
        }
        let wait = min(try number("wait", request) ?? 0, RESTRouter.waitLimitMilliseconds)
        return Problems.json(try await service.waitForChange(id, after: after, milliseconds: wait))
    }

    /// Returns a query's number; -1 and up.
    private func number(_ name: String, _ request: WebRequest) throws -> Int? {
        guard let text = request.query[name] else { return nil }
        guard let number = Int(text), number >= -1 else {
            throw EngineError.user(
                "INVALID_REQUEST", "The parameter \(name) takes a whole number, not: \(text.prefix(80))")
        }
        return number
    }

    private func jobRequest(_ request: WebRequest) throws -> JobRequest {
        try checkJSON(request)
        do {
            let job = try JSONDecoder().decode(JobRequest.self, from: Data(request.body))
            guard job.sql.utf8.count <= Limits.sqlBytes else {
                throw EngineError.user(
                    "SQL_TOO_LONG", "The SQL text is longer than \(ByteSize.format(Limits.sqlBytes))")
            }
            return job
        } catch let error as DecodingError {
            throw EngineError.user(
                "INVALID_REQUEST", "The body is no job: \(RESTRouter.describe(error))",
                remedy: "Send {\"sql\": \"SELECT 1\"}; the fields are in /api/v1/openapi.json.")
        }
    }

    func checkJSON(_ request: WebRequest) throws {
        guard request.body.count <= Limits.requestBodyBytes else {
            throw EngineError.user(
                "BODY_TOO_LARGE", "The body is longer than \(ByteSize.format(Limits.requestBodyBytes))")
        }
        let type = request.headers["content-type"]?.lowercased() ?? ""
        guard type == "application/json" || type.hasPrefix("application/json;") else {
            throw EngineError.user(
                "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON, with content-type: application/json")
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "the field `\(key.stringValue)` is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the field `\(context.codingPath.map(\.stringValue).joined(separator: "."))` has another type"
        default: "it is not valid JSON"
        }
    }

    // MARK: - Sessions of the page

    private struct Session: Codable {
        var tokensNeeded: Bool
        var role: String?
        var name: String?
    }

    private func session(_ request: WebRequest) -> WebResponse {
        guard let tokens = gate.tokens else {
            return Problems.json(Session(tokensNeeded: false, role: Role.admin.rawValue))
        }
        let bearer = RESTGate.token(of: request).flatMap { tokens.bearer(of: $0) }
        return Problems.json(Session(tokensNeeded: true, role: bearer?.role.rawValue, name: bearer?.name))
    }

    private struct Login: Codable { var token: String }

    private func login(_ request: WebRequest) throws -> WebResponse {
        try gate.checkOrigin(request)
        try checkJSON(request)
        guard let login = try? JSONDecoder().decode(Login.self, from: Data(request.body)),
            gate.tokens?.bearer(of: login.token) != nil
        else { throw EngineError.user("UNAUTHENTICATED", "This token is not known here") }
        return WebResponse(status: 204, headers: [RESTGate.cookie(login.token, isSecure: request.isSecure)])
    }
}
