import Foundation
import Testing
import Vocabulary

@testable import Coordinator

/// Counts crashes over lives of a coordinator that never was.
@Suite("Crashes over what is no job")
struct CrashTallyTests {
    private let file = NSTemporaryDirectory() + "crashes-\(UUID().uuidString)"
    private let mark = CrashMark(0xFEDC_BA98_0000_0001, 7)

    private func refuses(_ tally: CrashTally, _ mark: CrashMark) -> Bool {
        do {
            return try tally.reading(mark) { false }
        } catch {
            return (error as? EngineError)?.code == "COORDINATOR_CRASHED"
        }
    }

    @Test("are refused from the second on, by the same release, whatever ended lives in between")
    func refused() throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        let other = CrashMark(1, 2)
        #expect(!refuses(try CrashTally(file: file, crashedAt: nil), mark))
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(!refuses(try CrashTally(file: file, crashedAt: .reading(mark)), mark))
        #expect(!refuses(try CrashTally(file: file, crashedAt: .piping(other)), mark))
        let job = CrashReport.Work.planning(JobID(0), statement: 0)
        #expect(!refuses(try CrashTally(file: file, crashedAt: job), mark))
        #expect(refuses(try CrashTally(file: file, crashedAt: .reading(mark)), mark))
        let next = try CrashTally(file: file, crashedAt: nil)
        #expect(refuses(next, mark) && !refuses(next, other))
        // Another release may do better.
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let lines = text.split(separator: "\n", maxSplits: 1)
        #expect(lines.first == "\(ProgramVersion.text)")
        try Data("0.0.0\n\(lines[1])".utf8).write(to: URL(fileURLWithPath: file))
        #expect(!refuses(try CrashTally(file: file, crashedAt: nil), mark))
    }

    @Test("are counted for the thousand that came last")
    func limit() throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        let lines = (0..<1200).map { "\(CrashMark(UInt64($0), 0)) 2\n" }.joined()
        try Data("\(ProgramVersion.text)\n\(lines)not a line\n".utf8).write(to: URL(fileURLWithPath: file))
        let tally = try CrashTally(file: file, crashedAt: .reading(mark))
        #expect(refuses(tally, CrashMark(1199, 0)) && !refuses(tally, CrashMark(3, 0)))
        let kept = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(kept.count == 1 + CrashTally.limit && kept.last == "\(mark) 1")
    }

    @Test("marks come back from their text, and from a digest's first 16 bytes")
    func marks() {
        #expect(mark.description == "fedcba98000000010000000000000007")
        #expect(CrashMark(mark.description) == mark)
        #expect(CrashMark("fedc") == nil && CrashMark(String(repeating: "g", count: 32)) == nil)
        let digest = (1...20).map { UInt8($0) }
        #expect(CrashMark(digest: digest).description == "0102030405060708090a0b0c0d0e0f10")
        #expect(CrashMark(digest: []) == CrashMark(0, 0))
    }

    @Test("a text that may not be read fails as it is planned, and shows no statements")
    func unread() throws {
        let bench = StoredJobs(rules: .unrestricted)
        let error = EngineError.internal("no")
        let session = JobSession(unread: .init(sql: "SELECT 1"), error, storage: bench, nowMicroseconds: 0)
        #expect(throws: error) {
            try session.plan(0, cluster: .init(slots: 1, workers: 1), nowMicroseconds: 0)
        }
        #expect(throws: error) { try session.replan(0, graph: nil, isLive: true) }
        #expect(session.statementTexts.isEmpty && !session.givesRows(nil))
    }
}
