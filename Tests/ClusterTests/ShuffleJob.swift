import Foundation
import Programs

/// Names a job over TPC-H at scale 0.1 that joins and aggregates through three exchanges, in many tasks.
/// The filter keeps every row, and makes the scan's tasks last so long that a fault strikes among them.
enum ShuffleJob {
    private static let data = ProgramRun.root.appendingPathComponent(".deps/data/tpch0.1/parquet").path

    /// `work`: how often each comment goes into a digest, for nothing but time.
    private static func text(work: Int) -> String {
        """
        SELECT o_orderpriority, count(*) AS lines, sum(l_extendedprice * (1 - l_discount)) AS revenue,
               count(DISTINCT l_suppkey) AS suppliers
        FROM parquet.`\(data)/lineitem.parquet` JOIN parquet.`\(data)/orders.parquet`
          ON l_orderkey = o_orderkey
        WHERE length(sha2(repeat(l_comment, \(work)), 256)) > 0
        GROUP BY o_orderpriority ORDER BY o_orderpriority
        """
    }

    /// A cross join that takes tens of seconds on one slot, in many tasks.
    private static let slowText = """
        SELECT sum(sin(l_orderkey * id)) FROM parquet.`\(data)/lineitem.parquet` CROSS JOIN range(0, 2000)
        """

    /// Takes longer than that in all, in tasks of a few seconds: whoever waits for a slot waits for one's
    /// end.
    private static let manyText = """
        SELECT sum(sin(a.id * b.id)) FROM range(0, 8000000, 1, 80) AS a CROSS JOIN range(0, 300) AS b
        """

    /// Six tasks whose rows are joined with one number, and `count` of them where `condition` is true.
    private static func scan(where condition: String, of count: Int) -> [String] {
        let text = """
            SELECT round(sum(sin(l_orderkey * id)), 2) AS s, count(*) AS n
            FROM parquet.`\(data)/lineitem.parquet` JOIN range(0, \(count))
              ON id < 1 OR \(condition)
            WHERE length(l_comment) > 0
            """
        return ["run", "-e", text, "--output", "csv"] + settings
    }

    /// Six tasks of about two seconds each.
    static let evenArguments = scan(where: "l_orderkey > 0 AND id < 200", of: 200)
    /// Four tasks of a second or two, and two that take ten.
    static let skewedArguments = scan(where: "l_orderkey > 400000", of: 1000)

    private static let settings = [
        "--conf", "spark.sql.files.maxPartitionBytes=1MB", "spark.sql.shuffle.partitions=8",
        "spark.sql.autoBroadcastJoinThreshold=-1",
    ]

    /// Has more rows than the coordinator keeps in its log: they lie on workers when the job has ended.
    static let largeResultArguments = ["run", "-e", "SELECT id, uuid() FROM range(0, 200000)", "--detach"]
    static let arguments = ["run", "-e", text(work: 100), "--output", "csv"] + settings
    /// The same rows in several seconds.
    static let longArguments = ["run", "-e", text(work: 1000), "--output", "csv"] + settings
    static let slowArguments = ["run", "-e", slowText, "--output", "csv"] + settings
    static let manyArguments = ["run", "-e", manyText, "--output", "csv"] + settings
}

extension TestCluster {
    /// Waits for `etl-submit` to print the job's id.
    func jobID(of program: StartedProgram) throws -> String {
        let isThere = eventually(within: 10) { program.errorsSoFar.contains("job ") || !program.isRunning }
        let line = program.errorsSoFar.split(separator: "\n").first { $0.hasPrefix("job ") }
        guard isThere, let line else { throw Failure(what: "no job: \(program.errorsSoFar)") }
        return String(line.dropFirst(4))
    }

    /// Finished tasks of a stage, as REST tells.
    func doneTasks(of job: String, stage: String) throws -> Int {
        struct Stages: Decodable {
            struct Stage: Decodable {
                struct Tasks: Decodable { var done: Int }
                var id: String
                var tasks: Tasks
            }
            var stages: [Stage]
        }
        let text = try get("/api/v1/jobs/\(job)/stages")
        let decoded = try JSONDecoder().decode(Stages.self, from: Data(text.utf8))
        return decoded.stages.first { $0.id == stage }?.tasks.done ?? 0
    }

    /// Shows a task, as REST tells.
    struct Task: Decodable {
        var stage: String
        var index: Int
        var state: String
        var attempts: Int
        var worker: String?
        var startedAt: String?
        var isStored: Bool?
        /// As logs name it.
        var name: String { "task \(index) of stage \(stage)" }
    }

    func tasks(of job: String) throws -> [Task] {
        struct Tasks: Decodable { var tasks: [Task] }
        let text = try get("/api/v1/jobs/\(job)/tasks")
        return try JSONDecoder().decode(Tasks.self, from: Data(text.utf8)).tasks
    }

    /// Tasks of a job, and attempts of them that were made, as REST tells.
    func attempts(of job: String) throws -> (tasks: Int, total: Int) {
        let tasks = try tasks(of: job)
        return (tasks.count, tasks.reduce(0) { $0 + $1.attempts })
    }
}
