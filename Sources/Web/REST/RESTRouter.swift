import Foundation
import Protocol
import Transport
import Vocabulary

/// Answers the REST interface, the page, probes and metrics from any `JobService`.
package struct RESTRouter: WebHandler {
    let service: any JobService
    let gate: RESTGate
    private let probes: NodeProbes
    private let totals = JobTotals()
    private let requests = RequestLatencies()
    private let latencies: @Sendable () async -> [LatencyFamily]
    private let servesPage: Bool

    /// Longest time that a request may ask to wait for a change, milliseconds.
    static let waitLimitMilliseconds = 60_000

    /// `tokens` nil: whoever reaches the port may do everything.
    package init(
        service: any JobService, tokens: (any BearerTokens)? = nil, probes: NodeProbes = NodeProbes(),
        latencies: @escaping @Sendable () async -> [LatencyFamily] = { [] }, servesPage: Bool = true
    ) {
        self.service = service
        gate = RESTGate(tokens: tokens)
        self.probes = probes
        self.latencies = latencies
        self.servesPage = servesPage
    }

    package func handle(_ request: WebRequest) async -> WebResponse {
        let answer: WebResponse
        do {
            answer = try await route(request)
        } catch {
            answer = Problems.response(error, status: RESTRouter.status(of: error))
        }
        return finished(answer, to: request)
    }

    /// Refuses changes that the bearer may not make before their bodies are read.
    package func refusal(of head: WebRequest) async -> WebResponse? {
        guard head.method != "GET", head.method != "HEAD",
            case .route(let route, _) = RESTRoute.match(method: head.method, path: head.path),
            let role = route.role
        else { return nil }
        do {
            try await gate.admit(head, needs: role)
            return nil
        } catch {
            return finished(Problems.response(error, status: RESTRouter.status(of: error)), to: head)
        }
    }

    /// Adds what all answers have.
    private func finished(_ answer: WebResponse, to request: WebRequest) -> WebResponse {
        var answer = answer
        answer.headers.append(HeaderField("x-content-type-options", "nosniff"))
        if answer.headers["cache-control"] == nil {
            answer.headers.append(HeaderField("cache-control", "no-store"))
        }
        if request.method == "HEAD" {
            if case .bytes(let bytes) = answer.body {
                answer.headers.append(HeaderField("content-length", String(bytes.count)))
            }
            answer.body = .bytes([])
        }
        return answer
    }

    /// Bodies that hold a job's text may be longer than others.
    package func bodyLimit(method: String, path: String) -> Int {
        guard case .route(let route, _) = RESTRoute.match(method: method, path: path),
            route.target == .submit || route.target == .explain
        else { return Limits.requestBodyBytes }
        return Limits.jobBodyBytes
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
                try await gate.admit(request, needs: .viewer)
                var metrics = try await totals.metrics(of: service)
                for family in await latencies() + [requests.family] { metrics.histograms(family) }
                return .text(metrics.text, type: MetricsText.contentType)
            }
            if servesPage, let answer = PageFiles.answer(request) { return answer }
        }
        switch RESTRoute.match(method: request.method, path: request.path) {
        case .route(let route, let id):
            if let role = route.role { try await gate.admit(request, needs: role) }
            let begin = ContinuousClock.now
            let answer = try await answer(route.target, id: id, request)
            if case .bytes = answer.body, request.query["wait"] == nil {
                requests.observe("\(route.method) \(route.template)", ContinuousClock.now - begin)
            }
            return answer
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
        case .jobs: return Problems.json(try await service.jobs(try jobQuery(request)))
        case .job: return try await job(id, request)
        case .cancel: return Problems.json(try await service.cancel(id))
        case .stages: return Problems.json(StageList(try await service.stages(id)))
        case .tasks: return try await tasks(id, request)
        case .timeline:
            let since = try number("since", request).map { Int64($0) }
            return Problems.json(try await service.timeline(id, since: since))
        case .source: return Problems.json(try await service.source(id))
        case .plan: return Problems.json(PlanText(try await service.plan(id)))
        case .logs:
            let from = try number("from", request) ?? 0
            return Problems.json(LogList(try await service.logs(id, from: from)))
        case .events: return try await events(id, request)
        case .changes: return changes()
        case .result: return try await result(id, request)
        case .retry: return Problems.json(try await service.retry(id), status: 201)
        case .workers: return Problems.json(WorkerList(try await service.workers()))
        case .cluster: return Problems.json(try await service.cluster())
        case .explain: return Problems.json(PlanText(try await service.explain(try jobRequest(request))))
        case .openAPI: return .text(OpenAPIDocument.text, type: "application/json")
        case .session: return await session(request)
        case .pipelines(let target): return try await self.answer(target, id: id, request)
        case .login: return try await login(request)
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

    private func jobQuery(_ request: WebRequest) throws -> JobQuery {
        var query = JobQuery(limit: try number("limit", request) ?? 100, after: request.query["after"])
        if let text = request.query["state"] {
            query.states = Set(try text.split(separator: ",").map { try state(named: $0) })
        } else if ["false", "0"].contains(request.query["all"]) {
            query.states = JobQuery.unfinished
        }
        return query
    }

    private func state(named text: Substring) throws -> JobState {
        guard let state = JobState(rawValue: String(text)) else {
            throw EngineError.user(
                "INVALID_REQUEST", "There is no job state of this name: \(text.prefix(80))",
                remedy: "States are queued, running, succeeded, failed and cancelled.")
        }
        return state
    }

    private func tasks(_ id: String, _ request: WebRequest) async throws -> WebResponse {
        var tasks = try await service.tasks(id)
        if let stage = request.query["stage"] { tasks.removeAll { $0.stage != stage } }
        if let state = request.query["state"] { tasks.removeAll { $0.state != state } }
        let offset = max(0, try number("offset", request) ?? 0)
        let limit = max(0, try number("limit", request) ?? tasks.count)
        return Problems.json(TaskList(Array(tasks.dropFirst(offset).prefix(limit))))
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
        let job: JobRequest = try decoded(
            request, as: "job",
            remedy: "Send {\"sql\": \"SELECT 1\"}; the fields are in /api/v1/openapi.json.")
        try JobText.check(job.sql)
        return job
    }

    /// Reads a JSON body, `noun` in messages. Throws `INVALID_REQUEST` with what is wrong in it.
    func decoded<Body: Decodable>(
        _ request: WebRequest, as noun: String, remedy: String = "The fields are in /api/v1/openapi.json."
    ) throws -> Body {
        try checkJSON(request)
        do {
            return try JSONDecoder().decode(Body.self, from: Data(request.body))
        } catch let error as DecodingError {
            throw EngineError.user(
                "INVALID_REQUEST", "The body is no \(noun): \(RESTRouter.describe(error))",
                remedy: remedy)
        }
    }

    func checkJSON(_ request: WebRequest) throws {
        let limit = bodyLimit(method: request.method, path: request.path)
        guard request.body.count <= limit else {
            throw EngineError.user("BODY_TOO_LARGE", "The body is longer than \(ByteSize.format(limit))")
        }
        let type = request.headers["content-type"]?.lowercased() ?? ""
        guard type == "application/json" || type.hasPrefix("application/json;") else {
            throw EngineError.user(
                "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON, with content-type: application/json")
        }
        if JSONNesting.exceeds(Limits.nestingDepth, request.body) {
            throw EngineError.user(
                "INVALID_REQUEST", "The body is nested deeper than \(Limits.nestingDepth) levels")
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
}
