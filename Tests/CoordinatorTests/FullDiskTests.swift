import Foundation
import Testing
import Vocabulary

@testable import Coordinator
@testable import Scheduling

/// Fills the disk of the state directory, as SQLite sees it.
@Suite("A log whose disk is full")
struct FullDiskTests {
    @Test("says what to do, keeps what was durable and nothing else, and goes on when there is room")
    func full() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func submission(_ id: String, bytes: Int) -> [LogRecord] {
            [.submission(externalID: id, Array(repeating: 7, count: bytes)), .fact(.epochStarted(9))]
        }
        func ids(_ log: SQLiteFactLog) throws -> [String] {
            try log.load().compactMap { if case .submission(let id, _) = $0 { id } else { nil } }
        }
        do {
            let log = try SQLiteFactLog(directory: folder.path)
            try await log.append(submission("small", bytes: 10))
            let pages = try log.firstNumber("PRAGMA page_count")
            _ = try log.firstNumber("PRAGMA max_page_count = \(pages + 2)")
            let error = await #expect(throws: EngineError.self) {
                try await log.append(submission("large", bytes: 1 << 20))
            }
            #expect(error?.code == "LOG_FAILED" && error?.message.contains("full") == true)
            #expect(error?.remedy?.contains("Make room") == true)
            #expect(try ids(log) == ["small"])
        }
        let again = try SQLiteFactLog(directory: folder.path)
        try await again.append(submission("large", bytes: 1 << 20))
        #expect(try ids(again) == ["small", "large"])
    }
}
