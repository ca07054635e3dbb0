import Foundation
import Programs
import Testing

/// Runs the jobs of `Tests/Oracle` with the built programs and compares with what Spark gave. Needs the data
/// and the Python of `scripts/dependencies --tests`, and fails without them.
@Suite("Jobs as Spark runs them", .serialized)
struct OracleTests {
    /// Cuts even small data into many tasks with real exchanges.
    private static let manyTasks = [
        "--conf", "spark.sql.files.maxPartitionBytes=1MB", "spark.sql.shuffle.partitions=5",
        "spark.sql.autoBroadcastJoinThreshold=-1",
    ]

    @Test("embedded, every job gives Spark's columns, types and rows")
    func embedded() throws {
        let cases = try OracleCase.all()
        #expect(cases.count >= 31)
        for oracleCase in cases {
            let difference = try oracleCase.difference([])
            #expect(difference == nil, "\(difference ?? "")")
            // Rows as text do not show their types; files do.
            if !oracleCase.writesFiles {
                let typed = try oracleCase.difference([], asFiles: true)
                #expect(typed == nil, "as files: \(typed ?? "")")
            }
        }
    }

    @Test("on a coordinator and three workers over TLS, too, planned as usual and cut into many tasks")
    func cluster() throws {
        let cluster = try TestCluster(workers: 3)
        defer { cluster.stop() }
        for oracleCase in try OracleCase.all() {
            for settings in [[], OracleTests.manyTasks] {
                let difference = try oracleCase.difference(cluster.clientArguments + settings)
                #expect(difference == nil, "\(settings) \(difference ?? "")")
            }
        }
        // The rows did travel between processes, and nothing had to be tried twice.
        #expect(try cluster.metric("etl_shuffle_bytes_total") > 10_000_000)
        #expect(try cluster.metric("etl_task_retries_total") == 0)
    }

    @Test("DuckDB, the second oracle, agrees with what Spark gave for every job")
    func secondOracle() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/duckdb_check.py").path
        let checked = try ProgramRun.run(ProgramRun.python, [script], seconds: 400)
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        #expect(checked.output.split(separator: "\n").count == (try OracleCase.all().count))
    }

    @Test("a result with one value changed is told from Spark's")
    func differences() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "oracle-\(UUID().uuidString).json")
        try #"{"revenue":1.0000}"#.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try OracleCase.python(["tpch-q6", file.path]).status == 1)
    }
}
