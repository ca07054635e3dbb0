import Protocol

/// Runs the jobs of one try of an extract step, each with an id of its own that follows from their order.
final class ExtractJobs {
    /// More jobs than any try has; ids that no job has are passed over.
    private static let limit = 40

    private let job: StepJob
    private let id: [String]
    private let deadline: ContinuousClock.Instant?
    private var count = 0

    init(_ job: StepJob, id: [String], deadline: ContinuousClock.Instant?) {
        self.job = job
        self.id = id
        self.deadline = deadline
    }

    func run(
        prelude: [String], sql: String, file: String, conf: [String: String]
    ) async throws -> StepJob.Outcome {
        count += 1
        return try await job.run(
            StepJob.Order(
                id: id + ["extract", "\(count)"], prelude: prelude, sql: sql, file: file, deadline: deadline,
                conf: conf))
    }

    /// Tells the user of something that is no error.
    func warn(_ text: String) { job.warn(text) }

    /// Ends the jobs of a try that a restart cut off: the step is read again from its begin.
    static func cancel(_ id: [String], _ service: any JobService) async {
        for place in 1...limit {
            _ = try? await service.cancel(RunIdentity.derived(id + ["extract", "\(place)"]))
        }
    }
}
