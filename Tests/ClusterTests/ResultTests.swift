import Foundation
import Programs
import Testing

/// Fetches rows while the coordinator comes and goes.
@Suite("Rows of a job on a cluster", .serialized)
struct ResultTests {
    /// Stands between a client and a coordinator without TLS, and cuts everything off, once, when the rows of
    /// a job are asked for and so many bytes of the answer have passed: nobody answers for a second, as while
    /// a coordinator starts again.
    private static let proxy = """
        import select, socket, sys, threading, time
        import hpack

        far = ("127.0.0.1", int(sys.argv[1]))
        port = int(sys.argv[3])
        listener = socket.create_server(("127.0.0.1", port), reuse_port=True)
        print(port, flush=True)
        cuts, kept = 1, int(sys.argv[2])

        def cut(near, there):
            global cuts, listener
            cuts -= 1
            # A closed socket alone would go on accepting for the thread that waits on it.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close(), near.close(), there.close()
            time.sleep(1)
            listener = socket.create_server(("127.0.0.1", port), reuse_port=True)
            print("cut", flush=True)

        def serve(near):
            asked, passed = False, 0
            there = socket.create_connection(far)
            decoder, heard, skipped = hpack.Decoder(), b"", False
            while True:
                for source in select.select([near, there], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        near.close(), there.close()
                        return
                    if source is there:
                        if asked and cuts and passed + len(data) > kept:
                            near.sendall(data[:kept - passed])
                            return cut(near, there)
                        passed += len(data) if asked else 0
                        near.sendall(data)
                        continue
                    heard += data
                    if not skipped and len(heard) >= 24:
                        heard, skipped = heard[24:], True
                    while skipped and len(heard) >= 9 + int.from_bytes(heard[:3], "big"):
                        size = int.from_bytes(heard[:3], "big")
                        kind, flags, body = heard[3], heard[4], heard[9:9 + size]
                        heard = heard[9 + size:]
                        if kind != 1:
                            continue
                        if flags & 8:
                            body = body[1:len(body) - body[0]]
                        if flags & 32:
                            body = body[5:]
                        path = dict(decoder.decode(body)).get(":path", "")
                        if path.endswith("/result") and cuts:
                            if kept == 0:
                                return cut(near, there)
                            asked = True
                    there.sendall(data)

        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                time.sleep(0.05)
                continue
            threading.Thread(target=serve, args=[near], daemon=True).start()
        """

    @Test(
        "an answer of rows that breaks off, at once, in its middle or at its end, costs patience, not rows",
        arguments: [(0, 3), (1_000_000, 100_000), (60, 3)])
    func away(kept: Int, rows: Int) throws {
        let folder = try ProgramRun.makeFolder("result")
        defer { try? FileManager.default.removeItem(at: folder) }
        let coordinator = try StartedProgram(
            ProgramRun.built("etl-coordinator"),
            ["--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state", folder.path + "/state"])
        defer { coordinator.send(SIGKILL) }
        #expect(eventually(within: 20) { coordinator.outputSoFar.contains("state in") })
        let port = try #require(coordinator.outputSoFar.firstMatch(of: /127\.0\.0\.1:(\d+)/)).1
        let worker = try StartedProgram(
            ProgramRun.built("etl-worker"),
            [
                "--coordinator", "http://127.0.0.1:\(port)", "--slots", "1", "--memory", "256m", "--spill",
                folder.path,
            ])
        defer { worker.send(SIGKILL) }
        let near = try FreePorts.find(1)[0]
        let proxy = try StartedProgram(
            ProgramRun.python, ["-u", "-c", Self.proxy, String(port), String(kept), String(near)])
        defer { proxy.send(SIGKILL) }
        #expect(eventually(within: 20) { proxy.outputSoFar.hasSuffix("\n") })
        let job = [
            "run", "-e", "SELECT id, md5(string(id)) AS text FROM range(0, \(rows)) ORDER BY id", "--output",
            "csv",
        ]
        let submit = ProgramRun.built("etl-submit")
        let whole = try ProgramRun.run(submit, job + ["--local"])
        let run = try ProgramRun.run(submit, job + ["--coordinator", "http://127.0.0.1:\(near)"])
        #expect(proxy.outputSoFar.contains("cut"), "the rows were not asked for through the proxy")
        #expect(run.output.split(separator: "\n").count == rows + 1)
        #expect(run.status == 0 && run.output == whole.output, "\(run.errors)")
        #expect(run.errors.contains("The coordinator is back."), "\(run.errors)")
    }

    @Test("a job whose text is a list of nearly a megabyte runs on a cluster")
    func longText() throws {
        let folder = try ProgramRun.makeFolder("long")
        defer { try? FileManager.default.removeItem(at: folder) }
        let numbers = (0..<110_000).map { "\($0 * 7 + 1_000_000)" }.joined(separator: ",")
        let sql = "SELECT count(*) AS n FROM range(0, 5000000, 1, 4) WHERE id IN (\(numbers))"
        let file = folder.appendingPathComponent("long.sql")
        try Data(sql.utf8).write(to: file)
        let cluster = try TestCluster(workers: 2)
        defer { cluster.stop() }
        let run = try cluster.submit(["run", file.path, "--output", "json"])
        #expect(run.status == 0 && run.output == "{\"n\":110000}\n", "\(run.errors.prefix(500))")
    }

    /// Runs a job of several tasks to its end and fetches nothing of its rows.
    private static func finished(_ cluster: TestCluster, _ sql: String) throws -> String {
        let submitted = try cluster.submit(["run", "--detach", "-e", sql])
        let id = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let ends = try eventually(within: 20) {
            try cluster.get("/api/v1/jobs/\(id)").contains(#""state":"succeeded""#)
        }
        #expect(ends)
        return id
    }

    @Test("a small result outlives its only worker, and then the coordinator, and goes when it was fetched")
    func smallResult() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let sql = "SELECT id, md5(string(id)) AS text FROM range(0, 2000, 1, 3)"
        let expected = try ProgramRun.run(
            ProgramRun.built("etl-submit"), ["run", "-e", sql, "--output", "csv", "--local"])
        let ids = try (0..<2).map { _ in try Self.finished(cluster, sql) }
        #expect(try cluster.tasks(of: ids[0]).count == 3)
        cluster.workers[0].send(SIGKILL)
        _ = try cluster.workers[0].waited()
        #expect(try eventually(within: 20) { try cluster.activeWorkers() == 0 })
        func fetch(_ id: String) throws {
            let fetched = try cluster.submit(["wait", id, "--output", "csv"])
            #expect(fetched.status == 0 && fetched.output == expected.output, "\(fetched.errors)")
        }
        try fetch(ids[0])
        // It was sent: another life of the coordinator drops it after the same few seconds.
        try cluster.killCoordinator()
        let began = ContinuousClock.now
        try cluster.startCoordinator()
        let refetched = try cluster.submit(["wait", ids[0], "--output", "csv"])
        let isLate = ContinuousClock.now - began > .seconds(5) && refetched.errors.contains("RESULT_EXPIRED")
        #expect(isLate || refetched.output == expected.output, "\(refetched.errors)")
        func resultsLeft() throws -> String {
            let count =
                "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("
                + "'SELECT count(*) FROM result').fetchone()[0])"
            return try ProgramRun.run(
                ProgramRun.python, ["-c", count, cluster.file("state/log.sqlite")]
            ).output
        }
        #expect(try resultsLeft() != "0\n")
        try fetch(ids[1])
        #expect(try eventually(within: 15) { try resultsLeft() == "0\n" }, "rows that were fetched stay")
        let again = try cluster.submit(["wait", ids[0], "--output", "csv"])
        #expect(again.status != 0 && again.errors.contains("RESULT_EXPIRED"), "\(again.errors)")
    }

    @Test("EXPLAIN ANALYZE counts what tasks of several workers did, operator by operator")
    func analyze() throws {
        let cluster = try TestCluster(workers: 2, memory: "64m")
        defer { cluster.stop() }
        let folder = ProgramRun.root.appendingPathComponent(".deps/data/tpch0.1/parquet").path
        func table(_ name: String) -> String { "parquet.`\(folder)/\(name).parquet`" }
        func analyzed(_ query: String) throws -> String {
            let run = try cluster.submit([
                "run", "-e", "EXPLAIN ANALYZE \(query)", "--conf", "spark.sql.files.maxPartitionBytes=1MB",
                "spark.sql.shuffle.partitions=3",
            ])
            #expect(run.status == 0, "\(run.errors)")
            return run.output
        }
        let text = try analyzed(
            """
            SELECT n_name, max(l_comment) FROM \(table("lineitem")) JOIN \(table("supplier"))
            ON l_suppkey = s_suppkey JOIN \(table("nation")) ON s_nationkey = n_nationkey
            GROUP BY n_name ORDER BY n_name
            """)
        let stages = text.matches(
            of: #/stage (\d+) [^:]+: (\d+) tasks?, (\d+) rows? in, (\d+) rows? out/#
        ).map { (name: $0.0, tasks: Int($0.2) ?? 0, rowsIn: Int($0.3) ?? 0, rowsOut: Int($0.4) ?? 0) }
        #expect(stages.contains { $0.rowsIn >= 600_572 && $0.tasks > 1 }, "\(text)")
        #expect(stages.last?.rowsOut == 25, "\(text)")
        let operators = text.matches(of: #/([A-Z]\w+) [^\n]*\n[ :]+rows (\d+)(?:, expected (\d+))?/#).map {
            "\($0.1) \($0.2) \($0.3 ?? "-")"
        }
        for wanted in ["Scan 600572 600572", "HashJoin 600572 ", "HashAggregate 25 ", "Sort 25 "] {
            #expect(operators.contains { $0.contains(wanted) }, "\(wanted): \(operators)\n\(text)")
        }
        for rows in ["Scan 1000 ", "Scan 25 "] {
            #expect(operators.contains { $0.hasPrefix(rows) }, "\(rows): \(operators)\n\(text)")
        }
        // All rows go through one task, in which they do not fit.
        let sorted = try analyzed(
            "SELECT *, row_number() OVER (ORDER BY l_comment, l_shipdate) AS n FROM \(table("lineitem"))")
        #expect(
            sorted.contains(
                #/Sort [^\n]*\n[ :]+rows 600572, [^\n]+ ms, memory [^\n]+, spilled \d/#),
            "\(sorted)")
        #expect(sorted.contains(#/stage \d+ [^\n]* of memory in a task, [0-9.]+ MiB spilled\n/#), "\(sorted)")
    }
}
