/// Runs pipelines beside jobs: what `etl-submit` talks to for directories, and what the REST handlers call. A
/// run is a job, too: `submit` takes a request with a pipeline, and all that is asked about jobs can be asked
/// about it.
package protocol PipelineService: JobService {
    /// Says whether a bundle is stored.
    func bundle(_ digest: String) async throws -> BundleStatus
    /// Stores a piece of a bundle of `size` bytes; the last one makes it complete. Idempotent. Throws
    /// `BUNDLE` (user) when the whole is not what its digest says.
    func store(_ bytes: [UInt8], at offset: Int, of size: Int, bundle: String) async throws -> BundleStatus
    /// Runs a pipeline by its schedule from now on, in place of an earlier one of its name.
    func deploy(_ name: String, _ request: DeployRequest) async throws -> PipelineStatus
    func pipelines() async throws -> [PipelineStatus]
    /// Throws `PIPELINE_NOT_FOUND`, as all below do.
    func pipeline(_ name: String) async throws -> PipelineStatus
    /// No scheduled run begins until `resume`.
    func pause(_ name: String) async throws -> PipelineStatus
    func resume(_ name: String) async throws -> PipelineStatus
    /// Forgets the pipeline; its runs and tables stay.
    func remove(_ name: String) async throws -> PipelineStatus
    /// Newest first; without their steps.
    func runs(of name: String) async throws -> [RunStatus]
    /// Runs the intervals of a stretch of time that did not run yet.
    func backfill(_ name: String, _ request: BackfillRequest) async throws -> [RunStatus]
    /// How far the reads of a pipeline's tables have come, also of one that only ran and is not deployed.
    func state(of name: String) async throws -> PipelineState
    /// Sets a cursor back or forgets a table. Throws `PIPELINE_STATE` while a run of the pipeline is open,
    /// and for steps without such a table.
    func change(_ change: StateChange, ofState name: String) async throws -> PipelineState
    /// A run with its steps and tests. Throws `JOB_NOT_FOUND` for jobs that are no runs, too.
    func run(_ id: String) async throws -> RunStatus
}
