// What REST answers around lists and texts: objects, so that fields can be added.

/// Answers `GET /api/v1/jobs`.
package struct JobList: Codable, Sendable {
    package var jobs: [JobStatus]
    package init(_ jobs: [JobStatus]) { self.jobs = jobs }
}

/// Answers `GET /api/v1/jobs/{id}/stages`.
package struct StageList: Codable, Sendable {
    package var stages: [StageStatus]
    package init(_ stages: [StageStatus]) { self.stages = stages }
}

/// Answers `GET /api/v1/jobs/{id}/tasks`.
package struct TaskList: Codable, Sendable {
    package var tasks: [TaskStatus]
    package init(_ tasks: [TaskStatus]) { self.tasks = tasks }
}

/// Answers `GET /api/v1/jobs/{id}/logs`.
package struct LogList: Codable, Sendable {
    package var lines: [LogLine]
    package init(_ lines: [LogLine]) { self.lines = lines }
}

/// Answers `GET /api/v1/workers`.
package struct WorkerList: Codable, Sendable {
    package var workers: [WorkerStatus]
    package init(_ workers: [WorkerStatus]) { self.workers = workers }
}

/// Answers `GET /api/v1/jobs/{id}/plan` and `POST /api/v1/explain`.
package struct PlanText: Codable, Sendable {
    package var plan: String
    package init(_ plan: String) { self.plan = plan }
}
