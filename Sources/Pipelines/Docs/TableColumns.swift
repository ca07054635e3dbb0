import Protocol

/// Reads which columns a table of Parquet files has.
package enum TableColumns {
    /// Returns the columns of the files at a path. Throws the job's error.
    package static func read(_ path: String, _ service: any JobService) async throws -> [ColumnFact] {
        let job = StepJob(service: service, control: RunControl(), conf: [:], run: "docs")
        let order = StepJob.Order(
            id: ["docs", path, RunIdentity.new(milliseconds: NodeClock.moment().wallMilliseconds)],
            sql: "SELECT * FROM parquet.\(SQLText.name(path)) LIMIT 0", file: path)
        return try await job.run(order).columns
    }
}
