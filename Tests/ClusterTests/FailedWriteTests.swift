import Foundation
import Programs
import Testing

/// Fails, cancels and kills what writes into many folders at once: earlier output stays as it was, byte for
/// byte, and nothing is left beside it once the last task has stopped.
@Suite("Writes that fail on a cluster", .serialized)
struct FailedWriteTests {
    private let cluster: TestCluster
    private let storage: URL

    init() throws {
        cluster = try TestCluster(workers: 2, hasStorage: true)
        storage = cluster.folder.appendingPathComponent("storage")
        let made = try cluster.submit(["run", "-e", Self.write("SELECT id AS x, id % 5 AS p FROM range(50)")])
        guard made.status == 0 else { throw TestCluster.Failure(what: made.errors) }
        try put("large.csv", (0..<200_000).map { "\($0)\n" }.joined())
    }

    /// A job that replaces the earlier output by rows in folders of their `p`.
    private static func write(_ query: String) -> String {
        "CREATE OR REPLACE TABLE t USING parquet PARTITIONED BY (p) LOCATION 'out' AS \(query)"
    }

    /// A million rows of text in 100 folders, in several tasks: seconds on one slot.
    private static let large =
        [
            "run", "-e",
            write(
                "SELECT sha2(concat(_c0, '-', id), 256) AS s, CAST(_c0 AS INT) AS x, "
                    + "(CAST(_c0 AS INT) + id) % 100 AS p FROM csv.`large.csv` CROSS JOIN range(5)"),
        ] + manyTasks

    /// Cuts inputs into many tasks.
    private static let manyTasks = ["--conf", "spark.sql.files.maxPartitionBytes=128KB"]

    private func put(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: storage.appendingPathComponent(name))
    }

    /// Every file and directory of the storage with its contents.
    private func listing() throws -> [String: Data] {
        var found: [String: Data] = [:]
        let walk = FileManager.default.enumerator(atPath: storage.path)
        while let path = walk?.nextObject() as? String {
            found[path] =
                FileManager.default.contents(atPath: storage.appendingPathComponent(path).path) ?? Data()
        }
        return found
    }

    private func isStaging() throws -> Bool {
        try listing().keys.contains { $0.hasPrefix("out/_temporary-") && $0.contains("/p=") }
    }

    /// Waits until no task runs and the storage is as it was, and looks again a while later.
    private func expectUntouched(_ before: [String: Data]) throws {
        #expect(try eventually(within: 20) { try cluster.metric("etl_slots_used") == 0 })
        var now: [String: Data] = [:]
        let isBack = try eventually(within: 10) {
            now = try listing()
            return now == before
        }
        #expect(isBack, "\(now.keys.sorted())")
        usleep(500_000)
        now = try listing()
        #expect(now == before, "\(now.keys.sorted())")
    }

    @Test("a value that cannot be cast, in one task of many")
    func typeError() throws {
        defer { cluster.stop() }
        try put("in.csv", (0..<300_000).map { "\($0)\n" }.joined() + "x\n")
        let before = try listing()
        let run = try cluster.submit(
            ["run", "-e", Self.write("SELECT CAST(_c0 AS INT) AS x, length(_c0) AS p FROM csv.`in.csv`")]
                + Self.manyTasks)
        #expect(run.status == 1)
        #expect(run.errors.contains("[CAST_INVALID_INPUT] The value 'x'"), "\(run.errors)")
        try expectUntouched(before)
    }

    @Test("a broken record that ends a FAILFAST read")
    func broken() throws {
        defer { cluster.stop() }
        try put("in.json", (0..<100_000).map { "{\"a\":\($0)}\n" }.joined() + "{\"a\":\n")
        let before = try listing()
        let view = "CREATE TEMPORARY VIEW v (a INT) USING json OPTIONS (path 'in.json', mode 'FAILFAST'); "
        let run = try cluster.submit(
            ["run", "-e", view + Self.write("SELECT a, a % 50 AS p FROM v")] + Self.manyTasks)
        #expect(run.status == 1)
        #expect(run.errors.contains("[MALFORMED_RECORD_IN_PARSING]"), "\(run.errors)")
        try expectUntouched(before)
    }

    @Test("a job that is cancelled while it writes")
    func cancelled() throws {
        defer { cluster.stop() }
        let before = try listing()
        for _ in 0..<3 {
            let job = try cluster.start(Self.large)
            let id = try cluster.jobID(of: job)
            #expect(try eventually(within: 30) { try isStaging() }, "the job does not write")
            #expect(try cluster.submit(["cancel", id]).status == 0)
            #expect(try job.waited().status == 1)
            try expectUntouched(before)
        }
    }

    @Test("a worker that is killed while it writes: the job succeeds, without a trace of the lost tasks")
    func killed() throws {
        defer { cluster.stop() }
        let job = try cluster.start(Self.large)
        let id = try cluster.jobID(of: job)
        let bothWrite = try eventually(within: 30) {
            let running = try cluster.tasks(of: id).filter { $0.state == "running" }
            return try Set(running.compactMap(\.worker)).count == 2 && isStaging()
        }
        #expect(bothWrite)
        cluster.workers[1].send(SIGKILL)
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(try cluster.tasks(of: id).contains { $0.attempts > 1 }, "the fault did not strike")
        #expect(try eventually(within: 10) { try !listing().keys.contains { $0.contains("_temporary") } })
        let read = try cluster.submit([
            "run", "--output", "csv", "-e",
            "SELECT count(*) AS n, count(DISTINCT s) AS d, sum(x) AS x, sum(p) AS p, "
                + "count(DISTINCT p) AS f FROM parquet.`out`",
        ])
        #expect(read.output == "n,d,x,p,f\n1000000,1000000,99999500000,49500000,100\n", "\(read)")
    }

    @Test("inputs that are missing or cut short, and an output that cannot be written")
    func unusable() throws {
        defer { cluster.stop() }
        let files = try listing()
        let whole = try #require(files.first { $0.key.hasSuffix(".parquet") }).value
        try whole.prefix(whole.count / 2).write(to: storage.appendingPathComponent("cut.parquet"))
        try put("file", "x")
        let before = try listing()
        for (query, code) in [
            (Self.write("SELECT *, 1 AS p FROM parquet.`nowhere`"), "PATH_NOT_FOUND"),
            (Self.write("SELECT *, 1 AS p FROM parquet.`cut.parquet`"), "CANNOT_READ_FILE_FOOTER"),
            ("INSERT OVERWRITE DIRECTORY 'file/out' USING parquet SELECT 1 AS a", "PATH_NOT_ACCESSIBLE"),
        ] {
            let run = try cluster.submit(["run", "-e", query])
            #expect(run.status == 1 && run.errors.contains(code), "\(query): \(run.errors)")
            try expectUntouched(before)
        }
    }
}
