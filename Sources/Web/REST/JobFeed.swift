import Protocol

/// Tells what changes of one job: `job` (at its end `end`), `stages`, `tasks` (rows of `Timeline`) and `log`.
struct JobFeed: EventFeed {
    private let service: any JobService
    private let id: String
    /// Version of the status that the client has.
    private var seen: Int
    private var first: JobStatus?
    private var job: [UInt8]?
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
        let stageList = Problems.encode(StageList(try await service.stages(id)))
        if stageList != stages {
            stages = stageList
            events.append(ServerEvent(name: "stages", id: status.version, data: stageList))
        }
        if let tasks = try await taskEvent() { events.append(tasks) }
        if let lines = try await logEvent() { events.append(lines) }
        let encoded = Problems.encode(status)
        if encoded != job, !isKnown {
            events.append(ServerEvent(name: isOver ? "end" : "job", id: status.version, data: encoded))
        }
        job = encoded
        seen = max(seen, status.version)
        return events
    }

    /// Returns the tasks that ended since the last time and those that run; the first time all.
    private mutating func taskEvent() async throws -> ServerEvent? {
        let timeline = try await service.timeline(id, since: since)
        let isFirst = since == nil
        since = timeline.until
        let begun = timeline.running.map { Array($0.prefix(4)) }
        guard isFirst || !timeline.finished.isEmpty || begun != running else { return nil }
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

/// Tells what changes of the cluster: `cluster`, `workers`, and the newest `jobs`.
struct ClusterFeed: EventFeed {
    /// Jobs that a page shows before it asks for more.
    private static let jobCount = 50

    private let service: any JobService
    private var sent: [String: [UInt8]] = [:]

    init(service: any JobService) { self.service = service }

    mutating func changes() async throws -> [ServerEvent]? {
        var events: [ServerEvent] = []
        let shapes: [(String, [UInt8])] = [
            ("cluster", Problems.encode(try await service.cluster())),
            ("jobs", Problems.encode(try await service.jobs(JobQuery(limit: ClusterFeed.jobCount)))),
            ("workers", Problems.encode(WorkerList(try await service.workers()))),
        ]
        for (name, data) in shapes where sent[name] != data {
            sent[name] = data
            events.append(ServerEvent(name: name, data: data))
        }
        return events
    }
}
