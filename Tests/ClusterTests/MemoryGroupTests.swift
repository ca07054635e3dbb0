import Foundation
import Programs
import Testing

/// A group of the test's own.
private final class MemoryGroup {
    /// Whether this machine lets tests bound memory: containers often show control groups read-only.
    static var canBeMade: Bool {
        guard let group = try? MemoryGroup(bytes: 512 << 20) else { return false }
        defer { group.remove() }
        return FileManager.default.fileExists(atPath: group.folder + "/cgroup.procs")
    }

    private let folder: String
    private let isOfVersion1: Bool

    init(bytes: Int) throws {
        let name = "millrace-\(UUID().uuidString.prefix(8))"
        let base = "/sys/fs/cgroup"
        isOfVersion1 = FileManager.default.fileExists(atPath: "\(base)/memory/memory.limit_in_bytes")
        folder = isOfVersion1 ? "\(base)/memory/\(name)" : "\(base)/\(name)"
        if !isOfVersion1 { try? Data("+memory".utf8).write(to: file("../cgroup.subtree_control")) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try set(isOfVersion1 ? "memory.limit_in_bytes" : "memory.max", bytes)
    }

    /// Removes the group, once its processes have ended.
    func remove() { rmdir(folder) }

    private func file(_ name: String) -> URL { URL(fileURLWithPath: "\(folder)/\(name)") }

    private func set(_ name: String, _ value: Int) throws {
        try Data("\(value)".utf8).write(to: file(name))
    }

    /// How many processes of the group the kernel has killed.
    func kills() throws -> Int {
        let text = try String(
            contentsOf: file(isOfVersion1 ? "memory.oom_control" : "memory.events"), encoding: .utf8)
        return text.firstMatch(of: /oom_kill (\d+)/).flatMap { Int($0.1) } ?? 0
    }

    /// What starts a program in the group: `sh`, which becomes the program.
    var launcher: [String] {
        ["/bin/sh", "-c", "echo $$ > \(folder)/cgroup.procs && exec \"$@\"", "sh"]
    }
}

/// Bounds a worker's memory by a control group of the kernel's, as a container does. Needs root, and the
/// memory controller of control groups of version 1 or 2.
@Suite(
    "Workers whose memory a control group bounds", .serialized,
    .enabled(if: MemoryGroup.canBeMade, "no group with a bound can be made here"))
struct MemoryGroupTests {
    /// Groups of a kilobyte each: far more than the worker may hold.
    private static let arguments = [
        "run", "-e",
        """
        SELECT count(*) AS n, md5(max(t)) AS m, sum(k) AS s
        FROM (SELECT l_orderkey AS k, max(repeat(l_comment, 40)) AS t
              FROM parquet.`\(Torture.data)/lineitem.parquet`
              GROUP BY l_orderkey, l_linenumber ORDER BY t)
        """, "--output", "csv", "--conf", "spark.sql.shuffle.partitions=4",
    ]

    /// Rows of some 20 kB, 400 MB together: they are made, grouped, written in order, and read again.
    private static let wideArguments = [
        "run", "-e",
        """
        CREATE OR REPLACE TABLE wide USING parquet LOCATION 'wide' AS
        SELECT l_orderkey AS k, l_linenumber AS n, max(repeat(l_comment, 800)) AS t
        FROM parquet.`\(Torture.data)/lineitem.parquet` WHERE l_orderkey < 20000
        GROUP BY l_orderkey, l_linenumber ORDER BY t;
        SELECT count(*) AS n, sum(length(t)) AS s, md5(max(t)) AS m, count(DISTINCT t) AS d
        FROM parquet.`wide`
        """, "--output", "csv", "--conf", "spark.sql.shuffle.partitions=4",
    ]

    /// Runs a job in a worker with ample memory, then several times in one that is told nothing and lives in
    /// a group of so many bytes: it shall take its bounds from the group and live.
    private func check(_ arguments: [String], bytes: Int, greeting: String, times: Int) throws {
        let group = try MemoryGroup(bytes: bytes)
        defer { group.remove() }
        let cluster = try TestCluster(
            workers: 1, slots: 2, memory: "4g", hasStorage: true, flags: ["--allow-path", Torture.data])
        defer { cluster.stop() }
        let expected = try cluster.submit(arguments)
        #expect(expected.status == 0, "\(expected.errors)")
        #expect(try cluster.metric("etl_spill_bytes_total") == 0)
        let ample = cluster.workers[0]
        ample.send(SIGTERM)
        _ = try ample.waited()
        let bounded = try cluster.startWorker(slots: 2, memory: nil, launcher: group.launcher)
        try cluster.awaitWorkers(1)
        #expect(bounded.outputSoFar.contains(greeting), "\(bounded.outputSoFar)")
        for _ in 0..<times {
            let run = try cluster.submit(arguments)
            #expect(run.status == 0 && run.output == expected.output, "\(run.errors)")
            #expect(bounded.isRunning)
            #expect(try group.kills() == 0)
            guard bounded.isRunning else { return }
        }
        #expect(try cluster.metric("etl_spill_bytes_total") > 0)
    }

    @Test("one that is told nothing takes its bounds from the group, and spills before the kernel kills it")
    func bounded() throws {
        try check(Self.arguments, bytes: 512 << 20, greeting: "256.0 MiB of memory", times: 3)
    }

    @Test("one in a group of 256 MiB lives through wide rows")
    func wide() throws {
        try check(Self.wideArguments, bytes: 256 << 20, greeting: "128.0 MiB of memory", times: 2)
    }

    @Test("one that promises more than the kernel lets it have is killed, and others go on with the job")
    func killed() throws {
        let group = try MemoryGroup(bytes: 128 << 20)
        defer { group.remove() }
        let cluster = try TestCluster(workers: 1, slots: 1, memory: "1g")
        defer { cluster.stop() }
        let expected = try cluster.submit(Self.arguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let boastful = try cluster.startWorker(slots: 1, memory: "4g", launcher: group.launcher)
        try cluster.awaitWorkers(2)
        let job = try cluster.start(Self.arguments)
        let id = try cluster.jobID(of: job)
        let ended = try job.waited()
        #expect(ended.status == 0 && ended.output == expected.output, "\(ended.errors)")
        #expect(try group.kills() == 1, "the kernel did not strike")
        #expect(!boastful.isRunning && cluster.workers[0].isRunning)
        let log = try cluster.submit(["logs", id]).output
        #expect(log.contains("was lost: its connection closed"), "\(log)")
    }
}
