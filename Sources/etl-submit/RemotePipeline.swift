import Pipelines
import Protocol
import Vocabulary

/// Hands a pipeline's directory to a coordinator.
struct RemotePipeline {
    private let service: RemoteJobService
    private let directory: String
    private let options: PipelineOptions
    private let vars: [(String, String)]
    private let conf: [String: String]

    init(
        _ service: RemoteJobService, _ directory: String, _ options: PipelineOptions,
        vars: [(String, String)], conf: [String: String]
    ) {
        self.service = service
        self.directory = PipelinePlace.directory(directory)
        self.options = options
        self.vars = vars
        self.conf = conf
    }

    /// Packs the directory and stores it where it is not there yet; returns its digest.
    private func store() async throws -> String {
        if options.state != nil {
            throw EngineError.user(
                "USAGE", "--state is for runs in this process; on a cluster the state is the coordinator's")
        }
        guard PipelinePlace.hasPipeline(directory) else {
            throw PipelinePlace.missing(directory)
        }
        let bundle = try PipelineBundle(directory: directory)
        try await service.store(bundle: bundle.digest, bundle.bytes)
        return bundle.digest
    }

    /// Submits a run that goes on with an earlier one of the same pipeline, the last one that was no run of
    /// tests where none is named, with the directory's files as they are now; follows it to its end, or prints
    /// its id.
    func retry(_ run: String?, detach: Bool, progress: ProgressForm) async throws {
        guard PipelinePlace.hasPipeline(directory) else { throw PipelinePlace.missing(directory) }
        let earlier: String
        if let run {
            earlier = run
        } else {
            let name = try PipelineLoader.name(in: directory)
            guard let last = try await service.runs(of: name).first(where: { $0.kind != "test" }) else {
                throw EngineError.user(
                    "RUN_NOT_FOUND", "The pipeline has not run on the coordinator yet: \(name)")
            }
            earlier = last.id
        }
        try await submit(
            testsOnly: false, id: nil, name: nil, detach: detach, progress: progress, retryOf: earlier)
    }

    /// Submits a run and follows it to its end.
    func submit(
        testsOnly: Bool, id: String?, name: String?, detach: Bool, progress: ProgressForm,
        retryOf: String? = nil
    ) async throws {
        let pipeline = PipelineRequest(
            bundle: try await store(), select: options.select.isEmpty ? nil : options.select,
            exclude: options.exclude.isEmpty ? nil : options.exclude,
            vars: vars.isEmpty ? nil : Dictionary(vars) { $1 }, fullRefresh: options.fullRefresh ? true : nil,
            testsOnly: testsOnly ? true : nil, eventTimeStart: options.eventTimeStart,
            eventTimeEnd: options.eventTimeEnd, retryOf: retryOf)
        let status = try await Submission.send(
            JobRequest(id: id, name: name, sql: "", conf: conf.isEmpty ? nil : conf, pipeline: pipeline),
            to: service)
        if detach {
            print(status.id)
            return
        }
        Terminal.printNote("job \(status.id)")
        let follower = RunFollower(service: service, progress: progress)
        try await Farewell.following(status, of: service, display: follower.display) {
            try await follower.follow(status)
        }
    }

    /// Deploys the pipeline and returns how it stands.
    func deploy(as name: String) async throws -> PipelineStatus {
        let request = DeployRequest(
            bundle: try await store(), vars: vars.isEmpty ? nil : Dictionary(vars) { $1 },
            conf: conf.isEmpty ? nil : conf)
        return try await service.deploy(name, request)
    }
}
