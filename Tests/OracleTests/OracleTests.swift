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

    /// Has nearly every stage planned again by what those before it wrote: splits, and sides read whole.
    private static let adapted = [
        "--conf", "spark.sql.files.maxPartitionBytes=1MB", "spark.sql.shuffle.partitions=5",
        "spark.sql.autoBroadcastJoinThreshold=100kb", "spark.sql.adaptive.skewJoin.skewedPartitionFactor=1",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes=1",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes=20kb",
    ]

    /// Runs jobs, which leave their results in a folder for as long, and compares them with Spark's.
    private static func compare(
        _ jobs: (_ folder: URL, _ results: inout [(case: OracleCase, path: URL)]) throws -> Void
    ) throws {
        let folder = try ProgramRun.makeFolder("oracle")
        defer { try? FileManager.default.removeItem(at: folder) }
        var results: [(case: OracleCase, path: URL)] = []
        try jobs(folder, &results)
        let difference = try OracleCase.difference(results)
        #expect(difference == nil, "\(difference ?? "")")
    }

    @Test("embedded, every job gives Spark's columns, types and rows")
    func embedded() throws {
        let cases = try OracleCase.all()
        #expect(cases.count >= 31)
        try OracleTests.compare { folder, results in
            for oracleCase in cases {
                results.append((oracleCase, try oracleCase.run([], in: folder)))
                // Rows as text do not show their types; files do.
                if !oracleCase.writesFiles {
                    results.append((oracleCase, try oracleCase.run([], asFiles: true, in: folder)))
                }
            }
        }
    }

    /// Leaves the rows of a stage in few tasks, which then cannot hold them in memory.
    private static let fewTasks = [
        "--conf", "spark.sql.shuffle.partitions=2", "spark.sql.autoBroadcastJoinThreshold=-1",
    ]
    /// Cases with the largest sorts, groupings and joins.
    private static let large = [
        "sort", "groupby_high", "join_write", "tpch-q3", "tpch-q9", "tpch-q13", "tpch-q18", "tpch-q21",
    ]

    // Data of this scale fits but for the sort; `SpillTests` have every operator go to disk.
    @Test("with one worker of 64 MiB the rows are the same, and what does not fit goes to disk")
    func spilled() throws {
        let cluster = try TestCluster(workers: 1, memory: "64m")
        defer { cluster.stop() }
        var spilled: [String: Double] = [:]
        var before = 0.0
        try OracleTests.compare { folder, results in
            for oracleCase in try OracleCase.all() where OracleTests.large.contains(oracleCase.name) {
                let arguments = cluster.clientArguments + OracleTests.fewTasks
                results.append((oracleCase, try oracleCase.run(arguments, in: folder)))
                let after = try cluster.metric("etl_spill_bytes_total")
                spilled[oracleCase.name] = after - before
                before = after
            }
        }
        #expect(spilled.count == OracleTests.large.count)
        #expect(spilled["sort"] ?? 0 > 1_000_000, "the sort kept everything in memory: \(spilled)")
        #expect(try cluster.metric("etl_task_retries_total") == 0)
    }

    @Test(
        "on a coordinator and three workers over TLS, too: as usual, in many tasks, planned again meanwhile")
    func cluster() throws {
        let cluster = try TestCluster(workers: 3)
        defer { cluster.stop() }
        for settings in [[], OracleTests.manyTasks, OracleTests.adapted] {
            try OracleTests.compare { folder, results in
                for oracleCase in try OracleCase.all() {
                    let arguments = cluster.clientArguments + settings
                    results.append((oracleCase, try oracleCase.run(arguments, in: folder)))
                }
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
        // Large results are compared column by column.
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/columnar_check.py").path
        let checked = try ProgramRun.run(ProgramRun.python, [script])
        #expect(checked.status == 0, "\(checked.errors)")
    }
}
