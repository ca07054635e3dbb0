import Columns
import Vocabulary

/// Takes jobs and tells of them: what `etl-submit` talks to, be it the cluster embedded in its own process or
/// a coordinator far away, and what the REST handlers call.
package protocol JobService: Sendable {
    /// Takes a job in; durable once this returns. The same id with the same payload again gives the job that
    /// is there. Throws `JOB_ID_CONFLICT` for another payload.
    func submit(_ request: JobRequest) async throws -> JobStatus
    /// Throws `JOB_NOT_FOUND`, as all below do.
    func job(_ id: String) async throws -> JobStatus
    /// Lists jobs, newest first, a page at a time.
    func jobs(_ query: JobQuery) async throws -> JobList
    func stages(_ id: String) async throws -> [StageStatus]
    func tasks(_ id: String) async throws -> [TaskStatus]
    /// Tells when tasks ran and where: all of them, or those that changed after an earlier answer's `until`.
    func timeline(_ id: String, since: Int64?) async throws -> Timeline
    /// The job's text with the state of each statement.
    func source(_ id: String) async throws -> JobSource
    /// Plans of the job's statements as text, as far as they are planned.
    func plan(_ id: String) async throws -> String
    /// Lines of the job's log from line `from` on.
    func logs(_ id: String, from: Int) async throws -> [LogLine]
    /// Returns the job's status once it differs from `version`, or after `milliseconds`: a long poll.
    func waitForChange(_ id: String, after version: Int, milliseconds: Int) async throws -> JobStatus
    /// The rows of the job's last query, once it has succeeded.
    func result(_ id: String) async throws -> JobResult
    func cancel(_ id: String) async throws -> JobStatus
    /// Submits a finished job's request again under a new id.
    func retry(_ id: String) async throws -> JobStatus
    func workers() async throws -> [WorkerStatus]
    func cluster() async throws -> ClusterStatus
    /// Plans without running and returns the text that EXPLAIN gives.
    func explain(_ request: JobRequest) async throws -> String
}

/// Streams the rows of a query to the client.
package struct JobResult: Sendable {
    package var schema: Schema
    /// The session's zone, in which instants are shown.
    package var timeZone: String
    /// Yields batches in order; ends, or throws when a worker with results is lost.
    package var batches: AsyncThrowingStream<Batch, any Error>

    package init(
        schema: Schema, timeZone: String = "UTC", batches: AsyncThrowingStream<Batch, any Error>
    ) {
        self.schema = schema
        self.timeZone = timeZone
        self.batches = batches
    }
}

extension JobService {
    /// Lists all jobs, or all unfinished ones, newest first.
    package func jobs(all: Bool) async throws -> [JobStatus] {
        var query = JobQuery(states: all ? nil : JobQuery.unfinished, limit: JobQuery.greatestLimit)
        var found: [JobStatus] = []
        while true {
            let page = try await jobs(query)
            found += page.jobs
            guard let next = page.next else { return found }
            query.after = next
        }
    }
}
