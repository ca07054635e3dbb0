import Foundation
import Programs
import Testing

/// Gives a worker a small disk of its own for spills: a tmpfs. Needs root.
@Suite("A worker whose spill disk is full", .serialized)
struct DiskTests {
    private static func run(_ program: String, _ arguments: [String]) throws {
        let run = try ProgramRun.run(URL(fileURLWithPath: program), arguments, seconds: 20)
        guard run.status == 0 else { throw TestCluster.Failure(what: "\(program): \(run.errors)") }
    }

    @Test("it gets no tasks until there is space, and jobs go on elsewhere with the same rows")
    func full() throws {
        // Its workers' spill directories are `spill-0` and `spill-1` in the folder.
        let cluster = try TestCluster(
            workers: 1, slots: 2, memory: "64m", hasStorage: true, flags: ["--allow-path", Torture.data])
        defer { cluster.stop() }
        let expected = try cluster.submit(Torture.arguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let small = cluster.file("spill-1")
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small])
        defer { try? Self.run("/usr/bin/umount", ["-l", small]) }
        try cluster.startWorker(slots: 2, memory: "64m")
        try cluster.awaitWorkers(2)
        // Something else fills the disk: no task is sent there.
        try Self.run("/usr/bin/dd", ["if=/dev/zero", "of=\(small)/other", "bs=1024", "count=1000"])
        let isPaused = try eventually(within: 10) { try pauses(cluster) == 1 }
        #expect(isPaused)
        let other = try cluster.address(of: cluster.workers[1])
        let job = try cluster.start(Torture.arguments)
        let id = try cluster.jobID(of: job)
        #expect(try job.waited().output == expected.output)
        #expect(try cluster.tasks(of: id).allSatisfy { $0.worker != other && $0.attempts == 1 })
        try FileManager.default.removeItem(atPath: "\(small)/other")
        #expect(try eventually(within: 10) { try pauses(cluster) == 0 })
    }

    @Test("a target that is full, or may only be read, fails the job, keeps its rows, and costs no worker")
    func target() throws {
        let cluster = try TestCluster(workers: 2, hasStorage: true)
        defer { cluster.stop() }
        let place = cluster.file("storage/target")
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", place])
        defer { try? Self.run("/usr/bin/umount", ["-l", place]) }
        func write(_ query: String) throws -> ProgramRun {
            try cluster.submit([
                "run", "-e", "INSERT OVERWRITE DIRECTORY 'target/out' USING parquet \(query)",
            ])
        }
        func expectTen(_ what: String) throws {
            let read = try cluster.submit([
                "run", "--output", "csv", "-e",
                "SELECT count(*) AS n, sum(id) AS s FROM parquet.`target/out`",
            ])
            #expect(read.output == "n,s\n10,45\n", "\(what): \(read.errors)")
            let isAlone = try eventually(within: 10) {
                try FileManager.default.contentsOfDirectory(atPath: place) == ["out"]
            }
            #expect(isAlone, "\(what): something else lies beside what was written")
            #expect(try pauses(cluster) == 0, "\(what)")
            #expect(try cluster.activeWorkers() == 2, "\(what)")
        }
        #expect(try write("SELECT id FROM range(10)").status == 0)
        try expectTen("written")
        let full = try write("SELECT id, sha2(string(id), 512) AS t FROM range(0, 200000, 1, 4)")
        #expect(full.status == 1 && full.errors.contains("[DISK_FULL]"), "\(full.errors)")
        try expectTen("full")
        try Self.run("/usr/bin/mount", ["-o", "remount,ro", place])
        let sealed = try write("SELECT 1 AS id")
        #expect(sealed.status == 1 && sealed.errors.contains("[PATH_NOT_ACCESSIBLE]"), "\(sealed.errors)")
        #expect(sealed.errors.contains("Read-only"), "\(sealed.errors)")
        try expectTen("read-only")
        try Self.run("/usr/bin/mount", ["-o", "remount,rw", place])
        #expect(try write("SELECT id FROM range(5, 10)").status == 0)
    }

    @Test("a volume that shows no end of its own has the one that --spill-limit says, less a tenth")
    func limited() throws {
        let web = "127.0.0.1:\(try FreePorts.find(1)[0])"
        let worker = try StartedProgram(
            ProgramRun.built("etl-worker"), ["--coordinator", "http://127.0.0.1:1", "--web", web],
            environment: ["ETL_SPILL_LIMIT": "100m"])
        defer { worker.send(SIGKILL) }
        let shown = try eventually(within: 15) {
            try ProgramRun.run(URL(fileURLWithPath: "/usr/bin/curl"), ["-s", "http://\(web)/metrics"])
                .output.contains("\netl_worker_spill_free_bytes \((100 << 20) / 10 * 9)\n")
        }
        #expect(shown)
    }

    private func pauses(_ cluster: TestCluster) throws -> Int {
        try cluster.get("/api/v1/workers").ranges(of: #""pause":"diskFull""#).count
    }
}
