import Foundation
import Programs
import Testing

/// Kills the coordinator of a running cluster at chosen places of a job that joins, aggregates, sorts, spills
/// and writes into partitions, starts it again each time, and looks at what became of the job.
final class Torture {
    /// Names a place of `FailPoint`, and how often the coordinator comes there before it kills itself.
    struct Point: CustomStringConvertible {
        var place: String
        var count: Int
        var description: String { "\(place):\(count)" }
    }

    let cluster: TestCluster
    private let expected: String
    /// The coordinator is armed with this point, which has not struck yet.
    private var armed: Point?
    /// Where the coordinator was killed, in order.
    private(set) var struck: [Point] = []
    /// The longest time from a start of the coordinator to the end of the job, or to the next kill.
    private(set) var longestSeconds = 0.0
    private var started = Date()
    private(set) var jobs = 0

    static let data = ProgramRun.root.appendingPathComponent(".deps/data/tpch0.1/parquet").path

    private static let text = """
        CREATE OR REPLACE TABLE sums USING parquet PARTITIONED BY (part) LOCATION 'sums' AS
        SELECT c_custkey, max(c_name) AS name, count(*) AS orders, sum(o_totalprice) AS total,
               max(repeat(o_comment, 24)) AS text, o_orderpriority AS part
        FROM parquet.`\(data)/orders.parquet` JOIN parquet.`\(data)/customer.parquet` ON o_custkey = c_custkey
        GROUP BY c_custkey, o_orderpriority ORDER BY total;
        SELECT part, count(*) AS rows, sum(orders) AS orders, sum(total) AS total, md5(max(text)) AS text,
               max(name) AS name
        FROM parquet.`sums` GROUP BY part ORDER BY part
        """

    static let arguments = [
        "run", "-e", text, "--output", "csv", "--conf", "spark.sql.files.maxPartitionBytes=1MB",
        "spark.sql.shuffle.partitions=2", "spark.sql.autoBroadcastJoinThreshold=-1",
        // The larger partition is split, and its groups get a stage of their own, while the job runs.
        "spark.sql.adaptive.skewJoin.skewedPartitionFactor=1",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes=1",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes=100kb",
    ]

    /// Starts the cluster and runs the job without a fault. Throws when it failed or did not spill.
    init() throws {
        cluster = try TestCluster(
            workers: 2, slots: 2, memory: "64m", hasStorage: true,
            coordinatorFlags: ["--history", "2"], flags: ["--allow-path", Torture.data])
        let run = try cluster.submit(Torture.arguments)
        expected = run.output
        let spilled = try cluster.metric("etl_spill_bytes_total")
        guard run.status == 0, run.output.split(separator: "\n").count == 6, spilled > 0 else {
            throw TestCluster.Failure(what: "\(run.errors) \(run.output) \(spilled) bytes spilled")
        }
    }

    /// Returns how often the coordinator comes to each place, from its start to the end of one job.
    func census() throws -> [String: Int] {
        try restart(armedWith: nil, failPoint: "trace")
        try run()
        cluster.coordinator?.send(SIGTERM)
        let errors = try cluster.coordinator?.waited().errors ?? ""
        var counts: [String: Int] = [:]
        for line in errors.split(separator: "\n") where line.hasPrefix("passes ") {
            counts[String(line.dropFirst(7)), default: 0] += 1
        }
        return counts
    }

    /// Arms the coordinator, which is killed and started for it, with a point.
    func arm(_ point: Point?) throws { try restart(armedWith: point, failPoint: point?.description) }

    private func restart(armedWith point: Point?, failPoint: String?) throws {
        if cluster.coordinator?.isRunning == true { try cluster.killCoordinator() }
        started = Date()
        armed = point
        try cluster.startCoordinator(failPoint: failPoint)
    }

    /// Runs the job once. Whenever the coordinator kills itself it is started again, armed with what `next`
    /// returns. The point that did not strike stays for the next run.
    func run(next: () -> Point? = { nil }) throws {
        let done = doneTasks().count
        try reviveIfKilled(next)
        var ended = try waited(try cluster.start(Torture.arguments), next)
        while ended.status == 1, !ended.errors.contains("job ") {
            // Killed before it was asked for the first time: `etl-submit` finds no coordinator, and says so.
            #expect(ended.errors.contains("CONNECTION_REFUSED"), "\(ended.errors)")
            try reviveIfKilled(next)
            ended = try waited(try cluster.start(Torture.arguments), next)
        }
        jobs += 1
        let kills = struck.suffix(5)
        #expect(ended.status == 0, "killed at \(kills): \(ended.errors)")
        #expect(ended.output == expected, "killed at \(kills)")
        // Each task is done once: workers say so whenever a task ends well, and none is told twice.
        let now = doneTasks()
        let repeated = Dictionary(grouping: now) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
        #expect(repeated.isEmpty, "finished tasks ran again, killed at \(kills): \(repeated)")
        #expect(now.count - done >= 14, "\(now.count - done) tasks for a job")
    }

    /// Waits for the end of the job, and starts the coordinator again whenever it has killed itself.
    private func waited(_ job: StartedProgram, _ next: () -> Point?) throws -> ProgramRun {
        let began = Date()
        while job.isRunning {
            if Date().timeIntervalSince(began) > 120 {
                throw TestCluster.Failure(
                    what: "the job hangs after a kill at \(struck.suffix(3)): \(job.errorsSoFar)")
            }
            try reviveIfKilled(next)
            usleep(5_000)
        }
        note()
        return try job.waited()
    }

    private func reviveIfKilled(_ next: () -> Point?) throws {
        while let point = armed, cluster.coordinator?.isRunning == false {
            let ended = try cluster.coordinator?.waited()
            #expect(ended?.status == 128 + SIGKILL, "\(point): \(ended?.errors.suffix(2000) ?? "")")
            note()
            struck.append(point)
            try arm(next())
        }
    }

    private func note() { longestSeconds = max(longestSeconds, Date().timeIntervalSince(started)) }

    /// Tasks that workers have done, as their logs say: `job stage task`.
    private func doneTasks() -> [String] {
        cluster.workers.flatMap { worker in
            worker.errorsSoFar.matches(of: /task done .*job=(\S+) .*stage=(\S+) task=(\d+)/).map {
                "\($0.1) \($0.2) \($0.3)"
            }
        }
    }
}
