import Foundation
import Testing
import Vocabulary

@testable import Coordinator
@testable import Scheduling

/// Facts about workers that are gone go from the log.
@Suite("Workers in the log", .serialized)
struct WorkerLogTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    /// Has a worker start and crash every five seconds, and its facts written.
    private struct CrashLoop {
        private var scheduler = JobScheduler()
        private var now: Int64 = 0
        private var life: UInt64 = 0
        var ledger: Ledger { scheduler.ledger }

        init() { _ = decide(.started) }

        private mutating func decide(_ event: Event) -> [LogRecord] {
            let moment = Moment(monotonic: Instant(milliseconds: now), wallMilliseconds: now)
            return scheduler.handle(event, at: moment).facts.compactMap(LogRecord.init)
        }

        mutating func run(_ lives: Int) -> [LogRecord] {
            var records = now == 0 ? [LogRecord.fact(.epochStarted(1))] : []
            for _ in 0..<lives {
                now += 5_000
                life += 1
                let identity = WorkerIdentity(
                    address: "loops:1", incarnation: life, version: WorkerIdentity.currentVersion, slots: 2,
                    memoryBytes: 1 << 30)
                let registration = Registration(
                    identity: identity, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                    running: [], outputs: [], reports: [])
                records += decide(.message(.register(registration)))
                if life % 5 == 0 { records += decide(.tick) }
            }
            return records
        }
    }

    private static func ledger(_ log: SQLiteFactLog) throws -> Ledger {
        var ledger = Ledger()
        for case .fact(let fact) in try log.load() { ledger.apply(fact) }
        return ledger
    }

    @Test("a hundred thousand lives of a worker leave a log that does not grow, and that folds to the same")
    func bounded() async throws {
        try await withFolder { folder in
            var loop = CrashLoop()
            let log = try SQLiteFactLog(directory: folder)
            var sizes: [Int] = []
            for _ in 0..<50 {
                try await log.append(loop.run(2_000))
                sizes.append(try log.firstNumber("PRAGMA page_count"))
            }
            let rows = try log.firstNumber("SELECT count(*) FROM record")
            #expect(rows <= 300, "\(rows) records")
            #expect(sizes.suffix(40).max() == sizes.prefix(10).max(), "pages: \(sizes)")
            #expect(try Self.ledger(log) == loop.ledger)
        }
    }

    @Test("a log of the layout without workers among the owners is read, and forgets them like any other")
    func earlierLayout() async throws {
        try await withFolder { folder in
            var loop = CrashLoop()
            do {
                let log = try SQLiteFactLog(directory: folder)
                try await log.append(loop.run(3))
                // Records are missing in the middle, as after a job was forgotten.
                try await log.append([
                    .fact(.cancelRequested(JobID(7))), .jobForgotten(JobID(7), externalID: "x"),
                ])
                try await log.append(loop.run(1))
                try log.run("UPDATE record SET owner = NULL; PRAGMA user_version = 5")
            }
            let log = try SQLiteFactLog(directory: folder)
            #expect(try log.firstNumber("PRAGMA user_version") == SQLiteFactLog.layoutVersion)
            #expect(try Self.ledger(log) == loop.ledger)
            try await log.append([.workerForgotten(WorkerID(1))])
            var expected = loop.ledger
            expected.apply(.workerForgotten(WorkerID(1)))
            #expect(try Self.ledger(log) == expected && expected.workers.keptCount == 3)
        }
    }
}
