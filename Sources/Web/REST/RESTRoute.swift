/// Names one route of the REST interface; the table is what requests are matched against and what the OpenAPI
/// document lists.
struct RESTRoute: Sendable {
    enum Target: Sendable, Equatable {
        case submit, jobs, job, cancel, stages, tasks, timeline, source, plan, logs, events, result, retry
        case changes, workers, cluster, explain, openAPI, session, login, logout
        case pipelines(PipelineTarget)
    }

    let method: String
    /// Path with `{id}` where a job's id stands.
    let template: String
    let target: Target
    /// Role needed; nil: open to all.
    let role: Role?
    let summary: String
    /// Schema of the answer in the OpenAPI document; nil where it is no JSON object.
    let answer: String?
    /// Query parameters, `name:type`.
    let parameters: [String]

    init(
        _ method: String, _ template: String, _ target: Target, _ role: Role?, _ summary: String,
        answer: String? = nil, parameters: [String] = []
    ) {
        self.method = method
        self.template = template
        self.target = target
        self.role = role
        self.summary = summary
        self.answer = answer
        self.parameters = parameters
    }

    static let all: [RESTRoute] =
        [
            RESTRoute("POST", "/api/v1/jobs", .submit, .submitter, "Submits a job", answer: "JobStatus"),
            RESTRoute(
                "GET", "/api/v1/jobs", .jobs, .viewer, "Lists jobs, newest first, a page at a time",
                answer: "JobList",
                parameters: ["all:boolean", "state:string", "limit:integer", "after:string"]),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}", .job, .viewer,
                "Tells how a job stands; waits for a change if asked to",
                answer: "JobStatus", parameters: ["after:integer", "wait:integer"]),
            RESTRoute(
                "DELETE", "/api/v1/jobs/{id}", .cancel, .submitter, "Cancels a job", answer: "JobStatus"),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/stages", .stages, .viewer, "Lists a job's stages",
                answer: "StageList"),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/tasks", .tasks, .viewer, "Lists a job's tasks", answer: "TaskList",
                parameters: ["stage:string", "state:string", "offset:integer", "limit:integer"]),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/timeline", .timeline, .viewer,
                "Tells when tasks ran and where, as rows of numbers", answer: "Timeline",
                parameters: ["since:integer"]),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/source", .source, .viewer,
                "Gives a job's statements and how each stands", answer: "JobSource"),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/plan", .plan, .viewer, "Gives a job's plans", answer: "PlanText"),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/logs", .logs, .viewer, "Gives lines of a job's log",
                answer: "LogList",
                parameters: ["from:integer"]),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/events", .events, .viewer,
                "Streams a job's changes as server-sent events"),
            RESTRoute(
                "GET", "/api/v1/jobs/{id}/result", .result, .viewer, "Streams the rows of a job's last query"),
            RESTRoute(
                "POST", "/api/v1/jobs/{id}/retry", .retry, .submitter, "Submits a finished job again",
                answer: "JobStatus"),
            RESTRoute(
                "GET", "/api/v1/events", .changes, .viewer,
                "Streams changes of jobs, workers and the cluster as server-sent events"),
            RESTRoute("GET", "/api/v1/workers", .workers, .viewer, "Lists workers", answer: "WorkerList"),
            RESTRoute(
                "GET", "/api/v1/cluster", .cluster, .viewer, "Tells how the cluster stands",
                answer: "ClusterStatus"),
            RESTRoute(
                "POST", "/api/v1/explain", .explain, .submitter, "Plans a job without running it",
                answer: "PlanText"),
            RESTRoute("GET", "/api/v1/openapi.json", .openAPI, nil, "Gives this document"),
            RESTRoute("GET", "/api/v1/session", .session, nil, "Tells who asks and what they may do"),
            RESTRoute("POST", "/api/v1/login", .login, nil, "Keeps a token in a browser's cookie"),
            RESTRoute("POST", "/api/v1/logout", .logout, nil, "Forgets the cookie"),
        ] + pipelines

    /// What a path leads to.
    enum Match: Sendable {
        case route(RESTRoute, id: String)
        /// The path is known, by these methods.
        case otherMethods([String])
        case none
    }

    /// Finds the route of a request.
    static func match(method: String, path: String) -> Match {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        var methods: [String] = []
        for route in all {
            let parts = route.template.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == segments.count else { continue }
            var id = ""
            var fits = true
            for (part, segment) in zip(parts, segments) {
                if part == "{id}" {
                    id = String(segment)
                    fits = fits && !segment.isEmpty
                } else if part != segment {
                    fits = false
                }
            }
            guard fits else { continue }
            if route.method == method || (method == "HEAD" && route.method == "GET") {
                return .route(route, id: id)
            }
            methods.append(route.method)
        }
        return methods.isEmpty ? .none : .otherMethods(methods)
    }
}
