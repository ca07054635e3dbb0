import Protocol
import Vocabulary

/// Names what can be asked about pipelines.
enum PipelineTarget: Sendable {
    case bundle, storeBundle, pipelines, pipeline, deploy, remove, pause, resume, runs, backfill, run
    case state, changeState
}

extension RESTRoute {
    /// Routes of pipelines; `{id}` is a pipeline's name, a bundle's digest or a run's id.
    static let pipelines: [RESTRoute] = [
        RESTRoute(
            "GET", "/api/v1/bundles/{id}", .pipelines(.bundle), .viewer, "Tells whether a bundle is stored",
            answer: "BundleStatus"),
        RESTRoute(
            "PUT", "/api/v1/bundles/{id}", .pipelines(.storeBundle), .submitter,
            "Stores a piece of a bundle: a pipeline's directory, named by its SHA-256 digest",
            answer: "BundleStatus", parameters: ["offset:integer", "size:integer"]),
        RESTRoute(
            "GET", "/api/v1/pipelines", .pipelines(.pipelines), .viewer, "Lists deployed pipelines",
            answer: "PipelineList"),
        RESTRoute(
            "GET", "/api/v1/pipelines/{id}", .pipelines(.pipeline), .viewer,
            "Tells how a deployed pipeline stands", answer: "PipelineStatus"),
        RESTRoute(
            "PUT", "/api/v1/pipelines/{id}", .pipelines(.deploy), .submitter,
            "Runs a pipeline by its schedule from now on", answer: "PipelineStatus"),
        RESTRoute(
            "DELETE", "/api/v1/pipelines/{id}", .pipelines(.remove), .submitter,
            "Removes a deployed pipeline; its tables and runs stay", answer: "PipelineStatus"),
        RESTRoute(
            "POST", "/api/v1/pipelines/{id}/pause", .pipelines(.pause), .submitter,
            "Keeps scheduled runs from beginning", answer: "PipelineStatus"),
        RESTRoute(
            "POST", "/api/v1/pipelines/{id}/resume", .pipelines(.resume), .submitter,
            "Lets scheduled runs begin again", answer: "PipelineStatus"),
        RESTRoute(
            "GET", "/api/v1/pipelines/{id}/runs", .pipelines(.runs), .viewer,
            "Lists a pipeline's runs, newest first", answer: "RunList"),
        RESTRoute(
            "POST", "/api/v1/pipelines/{id}/backfill", .pipelines(.backfill), .submitter,
            "Runs the intervals of a stretch of time that did not run yet", answer: "RunList"),
        RESTRoute(
            "GET", "/api/v1/pipelines/{id}/state", .pipelines(.state), .viewer,
            "Tells how far the reads of a pipeline's tables have come", answer: "PipelineState"),
        RESTRoute(
            "POST", "/api/v1/pipelines/{id}/state", .pipelines(.changeState), .submitter,
            "Sets a table's cursor back, or forgets a table", answer: "PipelineState"),
        RESTRoute(
            "GET", "/api/v1/jobs/{id}/run", .pipelines(.run), .viewer,
            "Tells how a pipeline's run stands, with its steps and tests", answer: "RunStatus"),
    ]
}

extension RESTRouter {
    /// Answers what is asked about pipelines. Throws `NOT_FOUND` where there are none, as on workers.
    func answer(_ target: PipelineTarget, id: String, _ request: WebRequest) async throws -> WebResponse {
        guard let pipelines = service as? any PipelineService else {
            throw EngineError.user("NOT_FOUND", "There are no pipelines here: \(request.path)")
        }
        switch target {
        case .bundle: return Problems.json(try await pipelines.bundle(id))
        case .storeBundle: return Problems.json(try await store(id, request, pipelines))
        case .pipelines: return Problems.json(PipelineList(try await pipelines.pipelines()))
        case .pipeline: return Problems.json(try await pipelines.pipeline(id))
        case .deploy:
            return Problems.json(
                try await pipelines.deploy(id, try decoded(request, as: "deployment")), status: 201)
        case .remove: return Problems.json(try await pipelines.remove(id))
        case .pause: return Problems.json(try await pipelines.pause(id))
        case .resume: return Problems.json(try await pipelines.resume(id))
        case .runs: return Problems.json(RunList(try await pipelines.runs(of: id)))
        case .backfill:
            return Problems.json(
                RunList(try await pipelines.backfill(id, try decoded(request, as: "backfill"))), status: 201)
        case .state: return Problems.json(try await pipelines.state(of: id))
        case .changeState:
            return Problems.json(
                try await pipelines.change(try decoded(request, as: "change of the state"), ofState: id))
        case .run: return Problems.json(try await pipelines.run(id))
        }
    }

    private func store(
        _ id: String, _ request: WebRequest, _ pipelines: any PipelineService
    ) async throws -> BundleStatus {
        guard let offset = request.query["offset"].flatMap({ Int($0) }),
            let size = request.query["size"].flatMap({ Int($0) }), offset >= 0, size >= 0
        else {
            throw EngineError.user(
                "INVALID_REQUEST", "A piece of a bundle needs ?offset= and ?size=, whole numbers of bytes")
        }
        return try await pipelines.store(request.body, at: offset, of: size, bundle: id)
    }
}
