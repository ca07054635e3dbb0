import Foundation
import Programs
import Testing

/// Has two parts of a statement read what a third one computed once, on processes of which one dies.
@Suite("A shared subplan on a cluster of processes", .serialized)
struct SharedSubplanTests {
    private static let data = ProgramRun.root.appendingPathComponent(".deps/data/tpch0.1/parquet").path

    /// Stages by number: 3 computes `s`, 4 reads it at once, 5 takes seconds over it.
    private static let arguments =
        [
            "run", "--output", "csv", "-e",
            """
            WITH s AS (
              SELECT l_suppkey AS k, year(l_shipdate) AS y, sum(l_quantity) AS t, count(*) AS n
              FROM parquet.`\(data)/lineitem.parquet` JOIN parquet.`\(data)/orders.parquet`
                ON l_orderkey = o_orderkey
              GROUP BY l_suppkey, year(l_shipdate))
            SELECT a.y, lines, quantity
            FROM (SELECT y, sum(n) AS lines FROM s GROUP BY y) AS a
            JOIN (SELECT y, sum(t) AS quantity FROM s
                  WHERE length(sha2(repeat(CAST(t AS STRING), 60000), 256)) > 0 GROUP BY y) AS b ON a.y = b.y
            ORDER BY a.y
            """,
            "--conf", "spark.sql.shuffle.partitions=8", "spark.sql.autoBroadcastJoinThreshold=-1",
        ]

    @Test("a worker killed between the two readers: what it held is computed once more, for both")
    func workerKilled() throws {
        let cluster = try TestCluster(workers: 3)
        defer { cluster.stop() }
        let job = try cluster.start(Self.arguments)
        let id = try cluster.jobID(of: job)
        let isBetween = try eventually(within: 60) {
            try cluster.doneTasks(of: id, stage: "0.4") == 8
        }
        #expect(isBetween)
        #expect(try cluster.doneTasks(of: id, stage: "0.5") < 8, "the slow reader was too fast")
        let before = try cluster.tasks(of: id)
        let killed = try cluster.address(of: cluster.workers[1])
        cluster.workers[1].send(SIGKILL)
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == Self.rows, "\(ended.output)")
        let held = before.filter { $0.stage.hasSuffix("0.3") && $0.worker == killed }
        #expect(!held.isEmpty, "\(before)")
        let after = try cluster.tasks(of: id)
        for task in before where task.stage.hasSuffix("0.3") {
            let attempts = after.first { $0.name == task.name }?.attempts ?? 0
            #expect(attempts <= (task.worker == killed ? 2 : 1), "\(task.name): \(attempts)")
        }
        #expect(after.contains { $0.stage.hasSuffix("0.3") && $0.attempts == 2 }, "\(after)")
    }

    /// As DuckDB gives them.
    private static let rows = """
        y,lines,quantity
        1992,76408,1953013.00
        1993,89333,2282179.00
        1994,92040,2348522.00
        1995,91800,2338755.00
        1996,90962,2331027.00
        1997,90514,2312320.00
        1998,69515,1768986.00

        """
}
