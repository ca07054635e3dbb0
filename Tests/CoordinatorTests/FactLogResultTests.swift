import Foundation
import Protocol
import Scheduling
import Testing
import Vocabulary

@testable import Coordinator

@Suite("Results in the durable log")
struct FactLogResultTests {
    private static func attempt(_ job: Int, _ index: UInt32) -> AttemptID {
        let stage = StageKey(job: JobID(job), statement: 0, stage: StageID(0))
        return AttemptID(task: TaskID(stage: stage, index: index), epoch: 1, number: index)
    }

    private static func output(_ job: Int, _ index: UInt32, _ count: Int) -> CarriedOutput {
        CarriedOutput(attempt: attempt(job, index), bytes: Array(repeating: UInt8(index), count: count))
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    @Test("they are there after a restart, beside the facts and not among them, until their job drops them")
    func keep() async throws {
        try await withFolder { folder in
            do {
                let log = try SQLiteFactLog(directory: folder)
                try await log.append([
                    .result(Self.output(1, 0, 5)), .result(Self.output(1, 1, 200_000)),
                    .result(Self.output(11, 2, 1)), .fact(.epochStarted(1)),
                ])
            }
            let log = try SQLiteFactLog(directory: folder)
            #expect(try log.load().count == 1)
            #expect(try await log.result(of: Self.attempt(1, 0)) == [0, 0, 0, 0, 0])
            #expect(try await log.result(of: Self.attempt(1, 1)) == Self.output(1, 1, 200_000).bytes)
            #expect(try await log.result(of: Self.attempt(1, 2)) == nil)
            try await log.append([.resultsDropped(JobID(1)), .fact(.resultsReleased(JobID(1)))])
            for index in UInt32(0)..<2 { #expect(try await log.result(of: Self.attempt(1, index)) == nil) }
            #expect(try await log.result(of: Self.attempt(11, 2)) == [2])
        }
    }

    @Test("each write is on the device when it returns, on a new log and on one that is opened again")
    func flushes() async throws {
        try await withFolder { folder in
            for _ in 0..<2 {
                let log = try SQLiteFactLog(directory: folder)
                // FULL, in a journal that is written ahead: SQLite flushes it with each transaction.
                #expect(try log.firstNumber("PRAGMA synchronous") == 2)
                #expect(
                    try log.firstNumber(
                        "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'") == 1)
                try await log.append([.fact(.epochStarted(1))])
            }
        }
    }

    @Test("the place of those that were dropped is taken by later ones: the file does not grow")
    func reuse() async throws {
        try await withFolder { folder in
            let log = try SQLiteFactLog(directory: folder)
            func fill(_ jobs: Range<Int>) async throws -> Int {
                for job in jobs {
                    try await log.append([.result(Self.output(job, 7, 200_000))])
                    try await log.append([.resultsDropped(JobID(job))])
                }
                return try FileManager.default.contentsOfDirectory(atPath: folder).reduce(0) { sum, name in
                    let path = folder + "/" + name
                    return sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
                }
            }
            let first = try await fill(0..<40)
            let second = try await fill(40..<120)
            #expect(second < first + (1 << 20), "\(first) bytes, then \(second)")
        }
    }

    @Test("bytes that are not what was written are an error")
    func damaged() async throws {
        try await withFolder { folder in
            let log = try SQLiteFactLog(directory: folder)
            try await log.append([.result(Self.output(1, 0, 5))])
            let change = Process()
            change.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            change.arguments = [
                "python3", "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as log: log.execute("UPDATE result SET bytes = x'0001'")
                """, folder + "/log.sqlite",
            ]
            try change.run()
            change.waitUntilExit()
            #expect(change.terminationStatus == 0)
            await #expect {
                try await log.result(of: Self.attempt(1, 0))
            } throws: { ($0 as? EngineError)?.code == "CORRUPT_LOG" }
        }
    }
}
