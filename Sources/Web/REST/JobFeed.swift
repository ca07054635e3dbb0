import Protocol

/// Tells what changes of one job: `job` (at its end `end`), `stages`, `tasks` (rows of `Timeline`) and `log`;
/// of a pipeline's run `run` in place of `stages` and `tasks`.
struct JobFeed: EventFeed {
    private let service: any JobService
    private let id: String
    /// Version of the status that the client has.
    private var seen: Int
    private var first: JobStatus?
    private var job: [UInt8]?
    /// The stages, or the run, that the client has.
    private var stages: [UInt8]?
    private var since: Int64?
    private var running: [[Int64]] = []
    private var lineCount = 0
    private var isOver = false

    /// `first` is the job's status now.
    init(service: any JobService, id: String, seen: Int, first: JobStatus) {
        self.service = service
        self.id = id
        self.seen = seen
        self.first = first
    }

    mutating func changes() async throws -> [ServerEvent]? {
        if isOver { return nil }
        let status: JobStatus
        if let first {
            status = first
        } else {
            status = try await service.waitForChange(id, after: seen, milliseconds: 0)
        }
        let isKnown = first != nil && status.version <= seen && !status.state.isEnd
        first = nil
        isOver = status.state.isEnd
        var events: [ServerEvent] = []
        if status.pipeline != nil {
            if let event = try await runEvent(status) { events.append(event) }
        } else {
            if let event = try await stageEvent(status) { events.append(event) }
            if let event = try await taskEvent() { events.append(event) }
        }
        if let lines = try await logEvent() { events.append(lines) }
        let encoded = Problems.encode(status)
        if encoded != job, !isKnown {
            events.append(ServerEvent(name: isOver ? "end" : "job", id: status.version, data: encoded))
        }
        job = encoded
        seen = max(seen, status.version)
        return events
    }

    /// Returns a pipeline's run with its steps and tests, if they changed.
    private mutating func runEvent(_ status: JobStatus) async throws -> ServerEvent? {
        guard let pipelines = service as? any PipelineService else { return nil }
        let run = Problems.encode(try await pipelines.run(id))
        guard run != stages else { return nil }
        stages = run
        return ServerEvent(name: "run", id: status.version, data: run)
    }

    private mutating func stageEvent(_ status: JobStatus) async throws -> ServerEvent? {
        let list = Problems.encode(StageList(try await service.stages(id)))
        guard list != stages else { return nil }
        stages = list
        return ServerEvent(name: "stages", id: status.version, data: list)
    }

    /// Returns the tasks that ended since the last time and those that run; the first time all.
    private mutating func taskEvent() async throws -> ServerEvent? {
        let timeline = try await service.timeline(id, since: since)
        let isFirst = since == nil
        since = timeline.until
        let begun = timeline.running.map { Array($0.prefix(4)) }
        let ended = !timeline.finished.isEmpty || timeline.failed?.isEmpty == false
        guard isFirst || ended || begun != running else { return nil }
        running = begun
        return ServerEvent(name: isFirst ? "tasks" : "more-tasks", data: Problems.encode(timeline))
    }

    private mutating func logEvent() async throws -> ServerEvent? {
        let lines = try await service.logs(id, from: lineCount)
        guard !lines.isEmpty else { return nil }
        let name = lineCount == 0 ? "log" : "more-log"
        lineCount += lines.count
        return ServerEvent(name: name, data: Problems.encode(LogList(lines)))
    }
}

/// Tells what changes of the cluster: `cluster`, `workers`, the newest `jobs`, and deployed `pipelines`.
struct ClusterFeed: EventFeed {
    /// Jobs that a page shows before it asks for more.
    private static let jobCount = 50

    private let service: any JobService
    private var sent: [String: [UInt8]] = [:]

    init(service: any JobService) { self.service = service }

    mutating func changes() async throws -> [ServerEvent]? {
        var events: [ServerEvent] = []
        var shapes: [(String, [UInt8])] = [
            ("cluster", Problems.encode(try await service.cluster())),
            ("jobs", Problems.encode(try await service.jobs(JobQuery(limit: ClusterFeed.jobCount)))),
            ("workers", Problems.encode(WorkerList(try await service.workers()))),
        ]
        if let pipelines = service as? any PipelineService {
            shapes.append(("pipelines", Problems.encode(PipelineList(try await pipelines.pipelines()))))
        }
        for (name, data) in shapes where sent[name] != data {
            sent[name] = data
            events.append(ServerEvent(name: name, data: data))
        }
        return events
    }
}
