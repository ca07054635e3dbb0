import Foundation
import Protocol
import Shuffle
import Storage
import Synchronization
import Testing
import Vocabulary

@testable import Coordinator
@testable import Scheduling

@Suite("What the log forgets", .serialized)
struct HistoryTests {
    /// A coordinator on a log in a folder, with one worker that does every task at once.
    private final class LoggedNode: Sendable {
        let node: CoordinatorNode
        let startMilliseconds: Double
        private let line = Line()

        /// Keeps what it was told to launch and has not done.
        private final class Line: WorkerLine {
            private let state = Mutex<(known: Set<AttemptID>, open: [AttemptID])>(([], []))

            func send(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants) {
                state.withLock { state in
                    for launch in message.launches where state.known.insert(launch.attempt).inserted {
                        state.open.append(launch.attempt)
                    }
                }
            }

            func take() -> [AttemptID] {
                state.withLock { state in
                    defer { state.open = [] }
                    return state.open
                }
            }
        }

        init(_ folder: String, history: Int) async throws {
            var settings = SchedulerSettings()
            settings.historyJobs = history
            settings.resultMilliseconds = 1
            node = CoordinatorNode(
                environment: CoordinatorEnvironment(
                    log: try SQLiteFactLog(directory: folder),
                    results: LocalShuffleSource(store: ShuffleStore()),
                    storage: StoredJobs(rules: .unrestricted)
                ) { Issue.record($0) }, settings: settings)
            let begin = ContinuousClock.now
            try await node.start()
            startMilliseconds = (ContinuousClock.now - begin) / .milliseconds(1)
        }

        /// Runs so many jobs of a task each, fifty at a time.
        func run(_ count: Int, life: UInt64) async throws {
            let identity = WorkerIdentity(
                address: "w", incarnation: life, version: 1, slots: 50, memoryBytes: 1 << 40)
            await node.receive(
                .register(
                    Registration(
                        identity: identity, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                        running: [], outputs: [], reports: [])), from: line)
            let work = Task { [node, line] in
                var number: UInt64 = 1
                while !Task.isCancelled {
                    let reports = line.take().map { Report.completed(TaskOutput(attempt: $0)) }
                    await node.receive(
                        .heartbeat(
                            Heartbeat(
                                life: identity.life, session: 1, sentAt: Instant(milliseconds: Int64(number)),
                                isDraining: false, commandsSeen: 0, firstReport: number, reports: reports,
                                progress: [], usedMemoryBytes: 0, shuffleBytes: 0)), from: line)
                    number += UInt64(reports.count)
                    try? await Task.sleep(for: .milliseconds(1))
                }
            }
            defer { work.cancel() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    if number >= 50 { _ = try await group.next() }
                    group.addTask { [node] in
                        let sql = "SELECT id + \(number) FROM range(0, 9)"
                        var job = try await node.submit(JobRequest(sql: sql))
                        while !job.state.isEnd {
                            job = try await node.waitForChange(
                                job.id, after: job.version, milliseconds: 20_000)
                        }
                        #expect(job.state == .succeeded, "\(String(describing: job.error))")
                    }
                }
                try await group.waitForAll()
            }
        }

        /// Waits until all that can be forgotten is, and is durable.
        func settle() async throws {
            for _ in 0..<2_000 {
                await node.handle(.tick)
                await node.trimHistory()
                try await Task.sleep(for: .milliseconds(20))
                if await !node.isTrimming, await node.scheduler.retained.isEmpty { break }
            }
            await node.keep([.note(JobID(await node.scheduler.ledger.jobs.count - 1), HistoryTests.line)])
        }
    }

    private static let line = LogLine(time: "2026-01-31T09:30:00.125Z", level: "info", message: "on")

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    private static func bytes(_ folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder).reduce(0) { sum, name in
            let size = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)[.size]
            return sum + (size as? Int ?? 0)
        }
    }

    @Test("two thousand jobs take no more place than some hundred; after a restart the newest are there")
    func bounded() async throws {
        try await withFolder { folder in
            var sizes: [Int] = []
            var kept: [String] = []
            do {
                let logged = try await LoggedNode(folder, history: 50)
                for round in 0..<5 {
                    try await logged.run(400, life: UInt64(round + 1))
                    try await logged.settle()
                    sizes.append(try Self.bytes(folder))
                }
                kept = try await logged.node.jobs(JobQuery(limit: 1000)).jobs.map(\.id)
                #expect((50...60).contains(kept.count), "\(kept.count) jobs are kept")
                #expect(await logged.node.scheduler.ledger.jobs.keptCount == kept.count)
            }
            print("log after each 400 jobs, bytes: \(sizes)")
            #expect(sizes[4] < sizes[1] + (1 << 20), "\(sizes)")
            let again = try await LoggedNode(folder, history: 50)
            #expect(try await again.node.jobs(JobQuery(limit: 1000)).jobs.map(\.id) == kept)
            #expect(await again.node.scheduler.ledger.jobs.count == 2000)
            try await again.run(3, life: 9)
            let ids = try await again.node.jobs(JobQuery(limit: 3)).jobs.map(\.id)
            #expect(Set(ids).isDisjoint(with: kept))
        }
    }

    @Test("long texts are few at once, and few of them are kept once their jobs have ended")
    func longTexts() async throws {
        try await withFolder { folder in
            let logged = try await LoggedNode(folder, history: 50)
            let text = "SELECT 1 -- " + String(repeating: "x", count: 4_000_000)
            for round in 0..<2 {
                var ids: [String] = []
                for _ in 0..<4 { ids.append(try await logged.node.submit(JobRequest(sql: text)).id) }
                let refused = await #expect(throws: EngineError.self) {
                    try await logged.node.submit(JobRequest(sql: text))
                }
                #expect(refused?.code == "TOO_MANY_LONG_JOBS", "round \(round)")
                ids.append(try await logged.node.submit(JobRequest(sql: "SELECT 1")).id)
                for id in ids { _ = try await logged.node.cancel(id) }
                try await logged.settle()
            }
            let kept = try await logged.node.jobs(JobQuery(limit: 100)).jobs.count
            #expect(kept == 4 + 2, "\(kept) jobs are kept: the newest long ones, and both short ones")
        }
    }

    @Test("a job that was forgotten is not found, and its id may be used for another")
    func forgotten() async throws {
        try await withFolder { folder in
            let id = "019a0000-0000-7000-8000-000000000001"
            let logged = try await LoggedNode(folder, history: 60)
            let node = logged.node
            _ = try await node.submit(JobRequest(id: id, sql: "SET spark.sql.ansi.enabled=false"))
            try await logged.run(150, life: 1)
            try await logged.settle()
            await #expect { try await node.job(id) } throws: { ($0 as? EngineError)?.code == "JOB_NOT_FOUND" }
            let other = try await node.submit(JobRequest(id: id, sql: "SET spark.sql.ansi.enabled=true"))
            #expect(other.id == id)
        }
    }

    // MARK: - The log by itself

    /// Records of jobs that have ended, `facts` for each.
    private static func records(jobs: Range<Int>, notes: Int) -> [LogRecord] {
        jobs.flatMap { number -> [LogRecord] in
            let job = JobID(number)
            let header = JobHeader(externalID: "j\(number)", digest: [], name: "", statementCount: 1)
            return [
                .submission(externalID: "j\(number)", [1, 2, 3]),
                .fact(.jobAccepted(job, header, atMilliseconds: Int64(number))),
                .plan(job, statement: 0, [4]),
                .fact(
                    .statementPlanned(
                        job, statement: 0, stages: [StageSpec(id: StageID(0), taskCount: 1)],
                        atMilliseconds: 1)),
            ] + Array(repeating: .note(job, line), count: notes)
                + [.fact(.jobEnded(job, .cancelled, atMilliseconds: 9)), .fact(.jobCleaned(job))]
        }
    }

    /// What a log says: the ledger, and what lies beside it.
    private struct Told: Equatable {
        var ledger = Ledger()
        var submissions: [String] = []
        var others: [JobID: Int] = [:]

        init(_ log: SQLiteFactLog) throws {
            for record in try log.load() {
                switch record {
                case .fact(let fact): ledger.apply(fact)
                case .submission(let id, _): submissions.append(id)
                case .plan(let job, _, _), .note(let job, _): others[job, default: 0] += 1
                default: break
                }
            }
        }
    }

    @Test("wherever the dropping of a long job is broken off, the log says the same, and goes on with it")
    func steps() async throws {
        try await withFolder { folder in
            let notes = 4 * SQLiteFactLog.recordsPerStep
            var expected: Told?
            do {
                let log = try SQLiteFactLog(directory: folder)
                try await log.append(
                    Self.records(jobs: 0..<1, notes: notes) + Self.records(jobs: 1..<3, notes: 2))
                try await log.append([.jobForgotten(JobID(0), externalID: "j0")])
            }
            var counts: [Int] = []
            for _ in 0..<8 {
                // Each life of the process ends after one append.
                let log = try SQLiteFactLog(directory: folder)
                let told = try Told(log)
                if let expected { #expect(told == expected) }
                expected = told
                #expect(told.submissions == ["j1", "j2"] && told.others[JobID(0)] == nil)
                counts.append(try log.firstNumber("SELECT count(*) FROM record"))
                try await log.append([.resultsDropped(JobID(0))])
            }
            #expect(counts.first ?? 0 > 2000 && counts.last == 2 * 8, "\(counts)")
            #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 >= $1 })
        }
    }

    @Test("the file gives back the place of what was forgotten, and later records take what is left")
    func shrink() async throws {
        try await withFolder { folder in
            let log = try SQLiteFactLog(directory: folder)
            try await log.append(Self.records(jobs: 0..<100, notes: 400))
            let full = try log.firstNumber("PRAGMA page_count")
            for job in 0..<95 { try await log.append([.jobForgotten(JobID(job), externalID: "j\(job)")]) }
            let rest = try log.firstNumber("PRAGMA page_count")
            #expect(rest * 3 < full, "\(full) pages, then \(rest)")
            for round in 1..<5 {
                try await log.append(Self.records(jobs: round * 400..<round * 400 + 25, notes: 40))
                for job in round * 400..<round * 400 + 25 {
                    try await log.append([.jobForgotten(JobID(job), externalID: "j\(job)")])
                }
            }
            #expect(try log.firstNumber("PRAGMA page_count") < rest + 300)
        }
    }

    @Test("a record that is missing is an error, however it went")
    func missing() async throws {
        try await withFolder { folder in
            let log = try SQLiteFactLog(directory: folder)
            try await log.append(Self.records(jobs: 0..<3, notes: 1))
            try log.run("DELETE FROM record WHERE number = 9")
            #expect { try log.load() } throws: { ($0 as? EngineError)?.code == "CORRUPT_LOG" }
        }
    }

    @Test("a log of the layout before is read, and forgets like any other; one with a gap is an error")
    func earlierLayout() async throws {
        try await withFolder { folder in
            var expected: Told?
            do {
                let log = try SQLiteFactLog(directory: folder)
                try await log.append(Self.records(jobs: 0..<4, notes: 3))
                expected = try Told(log)
                try log.run(
                    """
                    DROP INDEX record_of_owner; ALTER TABLE record DROP COLUMN owner; DROP TABLE tally;
                    PRAGMA user_version = 4
                    """)
            }
            do {
                let log = try SQLiteFactLog(directory: folder)
                #expect(try Told(log) == expected)
                #expect(try log.firstNumber("PRAGMA auto_vacuum") == 2)
                try await log.append([.jobForgotten(JobID(1), externalID: "j1")])
                let told = try Told(log)
                #expect(told.submissions == ["j0", "j2", "j3"] && !told.ledger.jobs.contains(JobID(1)))
                try log.run("DROP TABLE tally; PRAGMA user_version = 4")
            }
            #expect { _ = try SQLiteFactLog(directory: folder) } throws: {
                ($0 as? EngineError)?.code == "CORRUPT_LOG"
            }
        }
    }

    @Test("of one table's changes the last is kept; those of several things, and dropped databases, stay")
    func catalog() async throws {
        func change(_ text: String) -> LogRecord { .catalog(Array(text.utf8)) }
        func table(_ name: String) -> String { "{\"droppedTable\":[\"default\",\"\(name)\"]}" }
        try await withFolder { folder in
            let log = try SQLiteFactLog(directory: folder)
            let several = "[\(table("a")),\(table("b"))]"
            let texts = [
                "[\(table("a"))]", several, "[\(table("B"))]", "[\(table("b"))]", "[\(table("a"))]",
                "[{\"droppedDatabase\":\"d\"}]", "[{\"droppedDatabase\":\"d\"}]",
            ]
            for text in texts { try await log.append([change(text)]) }
            let found = try log.load().compactMap { record -> String? in
                if case .catalog(let bytes) = record { String(decoding: bytes, as: UTF8.self) } else { nil }
            }
            #expect(found == [several, texts[3], texts[4], texts[5], texts[6]])
        }
    }

    @Test(
        "ten thousand jobs, with and without a bound",
        .enabled(if: ProcessInfo.processInfo.environment["MILLRACE_HISTORY"] == "measure"))
    func measured() async throws {
        try await withFolder { folder in
            do {
                let logged = try await LoggedNode(folder, history: 1_000_000)
                let begin = ContinuousClock.now
                for round in 0..<10 { try await logged.run(1000, life: UInt64(round + 1)) }
                try await logged.settle()
                print("10,000 jobs in \((ContinuousClock.now - begin) / .seconds(1)) s")
            }
            for history in [1_000_000, 1_000_000, Limits.historyJobs, Limits.historyJobs] {
                let again = try await LoggedNode(folder, history: history)
                let begin = ContinuousClock.now
                while await again.node.isTrimming { try await Task.sleep(for: .milliseconds(1)) }
                print(
                    "history of \(history): restart \(again.startMilliseconds) ms, trimmed after",
                    "\((ContinuousClock.now - begin) / .milliseconds(1)) ms more,",
                    "log \(try Self.bytes(folder)) bytes")
            }
        }
    }
}
