import Foundation
import Programs
import Synchronization
import Testing
import Vocabulary

/// Holds what the processes of a worker and a coordinator hold against their budgets.
@Suite("The memory of a worker", .serialized)
struct ResidentMemoryTests {
    private static let budgetBytes = 96 << 20
    private static let slots = 2

    /// Looks again and again how much memory a process holds, without the pages of files.
    private final class Watch: Sendable {
        private let most = Mutex(0)
        private let isOver = Atomic<Bool>(false)

        init(_ processID: Int32) {
            Thread { [self] in
                while !isOver.load(ordering: .relaxed) {
                    let bytes = Self.residentBytes(processID)
                    most.withLock { $0 = max($0, bytes) }
                    usleep(2000)
                }
            }.start()
        }

        var mostBytes: Int { most.withLock { $0 } }

        func stop() { isOver.store(true, ordering: .relaxed) }

        private static func residentBytes(_ processID: Int32) -> Int {
            let text = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
            return text.firstMatch(of: /RssAnon:\s+(\d+) kB/).flatMap { Int($0.1) }.map { $0 << 10 } ?? 0
        }
    }

    /// Writes files of lines that take more than all of the budget, one of lines that take a part of it, and
    /// one of very many fields.
    private static func write(in folder: String) throws {
        let piece = Data(String(repeating: "0123456789abcdef", count: 1 << 16).utf8)
        for (name, megabytes, head, tail) in [
            ("long.csv", 150, "", ",x\n"), ("long.json", 150, "{\"a\": \"", "\", \"b\": 1}\n"),
            ("long.txt", 150, "", "\n"), ("fair.csv", 6, "", ",x\n"),
        ] {
            var data = Data(head.utf8)
            for _ in 0..<megabytes { data.append(piece) }
            data.append(Data(tail.utf8))
            if name == "fair.csv" { data += data + data }
            try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        try Data((String(repeating: ",", count: 12 << 20) + "\n").utf8)
            .write(to: URL(fileURLWithPath: "\(folder)/wide.csv"))
    }

    /// Has the coordinator look for the columns of a file in less memory than its line takes.
    private func guess(_ cluster: TestCluster) throws {
        let coordinator = try #require(cluster.coordinator)
        let watch = Watch(coordinator.processID)
        defer { watch.stop() }
        let guessed = try cluster.submit(["run", "-e", "SELECT max(length(a)) FROM json.`long.json`"])
        #expect(guessed.errors.contains("[RECORD_TOO_LARGE]"), "\(guessed.errors)")
        #expect(guessed.errors.contains("CREATE TEMPORARY VIEW"), "\(guessed.errors)")
        #expect(coordinator.isRunning)
        let bound = Limits.planningBytes + 2 * Limits.processBytes
        #expect(watch.mostBytes > 96 << 20, "the line was not read: \(watch.mostBytes)")
        #expect(watch.mostBytes <= bound, "\(watch.mostBytes >> 20) of \(bound >> 20) MiB")
    }

    /// Has expressions make some 300 to 600 MB of a batch, on the way and as results, and a value that takes
    /// more than the whole budget.
    private func make(_ cluster: TestCluster) throws {
        let made = try cluster.submit([
            "run", "-e",
            """
            SELECT 1 AS q, sum(length(repeat(string(id), 20000))) AS n FROM range(0, 8192, 1, 1)
            UNION ALL
            SELECT 2, count(*) FROM range(0, 8192, 1, 1) WHERE length(repeat(string(id), 20000)) > 20000
            UNION ALL
            SELECT 3, sum(size(sequence(0, 20000 + id))) FROM range(0, 4096, 1, 1)
            UNION ALL
            SELECT 4, max(length(s)) FROM (
                SELECT repeat(string(id), 400000) AS s, id FROM range(0, 1000, 1, 1)
                ORDER BY id DESC LIMIT 300)
            ORDER BY q
            """, "--output", "csv",
        ])
        #expect(made.output == "q,n\n1,633160000\n2,8182\n3,90310656\n4,1200000\n", "\(made.errors)")
        let refused = try cluster.submit([
            "run", "-e", "SELECT length(repeat(string(id), 150000000)) FROM range(1)",
        ])
        #expect(refused.errors.contains("[OUT_OF_MEMORY] What an expression makes"), "\(refused.errors)")
    }

    @Test("stays within its budget, and what it needs beside, whatever lines it is given; what fits is read")
    func lines() throws {
        let cluster = try TestCluster(workers: 0, hasStorage: true)
        defer { cluster.stop() }
        try Self.write(in: cluster.file("storage"))
        let worker = try cluster.startWorker(slots: Self.slots, memory: "96m")
        try cluster.awaitWorkers(1)
        let watch = Watch(worker.processID)
        defer { watch.stop() }
        for (format, name) in [("csv", "long"), ("json", "long"), ("text", "long"), ("csv", "wide")] {
            let file = name + (format == "text" ? ".txt" : ".\(format)")
            let column = format == "text" ? "value" : "a"
            let others = format == "csv" ? ", b STRING" : ""
            let refused = try cluster.submit([
                "run", "-e",
                """
                CREATE TEMPORARY VIEW v (\(column) STRING\(others)) USING \(format) OPTIONS (path '\(file)');
                SELECT max(length(\(column))) FROM v
                """,
            ])
            #expect(refused.status == 1, "\(file)")
            #expect(refused.errors.contains("[OUT_OF_MEMORY]"), "\(file): \(refused.errors)")
            #expect(refused.errors.contains("--memory"), "\(file): \(refused.errors)")
            #expect(worker.isRunning, "\(file)")
        }
        try guess(cluster)
        try make(cluster)
        #expect(worker.isRunning)
        let fair = try cluster.submit([
            "run", "-e",
            """
            CREATE TEMPORARY VIEW v (a STRING, b STRING) USING csv OPTIONS (path 'fair.csv');
            SELECT count(*) AS n, min(length(a)) AS l FROM v
            """, "--output", "csv",
        ])
        #expect(fair.output == "n,l\n3,\(6 << 20)\n", "\(fair.errors)")
        let sorted = try cluster.submit([
            "run", "-e",
            "SELECT count(*) AS n FROM (SELECT md5(string(id)) AS m FROM range(0, 2000000, 1, 4) ORDER BY m)",
            "--output", "csv",
        ])
        #expect(sorted.output == "n\n2000000\n", "\(sorted.errors)")
        let bound = Self.budgetBytes + Limits.processBytes + Self.slots * Limits.slotBytes
        #expect(watch.mostBytes > Self.budgetBytes / 4, "nothing was read: \(watch.mostBytes)")
        #expect(watch.mostBytes <= bound, "\(watch.mostBytes >> 20) of \(bound >> 20) MiB")
    }
}
