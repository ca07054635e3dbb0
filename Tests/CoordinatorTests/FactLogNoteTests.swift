import Foundation
import Protocol
import Scheduling
import Testing
import Vocabulary

@testable import Coordinator

@Suite("Lines of jobs' logs in the durable log")
struct FactLogNoteTests {
    @Test("lines come back as they were, beside a log of the layout before")
    func notes() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let lines = [
            LogLine(time: "2026-01-31T09:30:00.125Z", level: "info", message: "accepted"),
            LogLine(
                time: "2026-01-31T09:30:01.000Z", level: "warning", message: "failed: ü\n\"", stage: "0.1",
                task: 0, attempt: 7, worker: "w:1"),
        ]
        do {
            let log = try SQLiteFactLog(directory: folder.path)
            let header = JobHeader(externalID: "j3", digest: [], name: "", statementCount: 1)
            let accepted = Fact.jobAccepted(JobID(3), header, atMilliseconds: 0)
            try await log.append([.fact(accepted)] + lines.map { .note(JobID(3), $0) })
        }
        // As the release before marked it: the records are the same but for their kinds.
        let marked = Process()
        marked.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        marked.arguments = [
            "python3", "-c",
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 1')",
            folder.appendingPathComponent("log.sqlite").path,
        ]
        try marked.run()
        marked.waitUntilExit()
        #expect(marked.terminationStatus == 0)
        for _ in 0..<2 {
            let found = try SQLiteFactLog(directory: folder.path).load().compactMap { record -> LogLine? in
                if case .note(JobID(3), let line) = record { line } else { nil }
            }
            #expect(found == lines)
        }
    }
}
