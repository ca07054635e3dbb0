import Foundation
import Testing
import Vocabulary

@testable import Connectors

/// Runs real programs through a whole embedded cluster.
@Suite("Commands", .serialized)
struct CommandTests {
    private func run(
        _ words: [String], more: String = "", select: String = "SELECT * FROM c"
    ) async throws -> SourceRun {
        let list = "[" + words.map(JSONString.quoted).joined(separator: ", ") + "]"
        let text = list.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return try await SourceRun.sql(
            "CREATE TEMPORARY VIEW c USING command OPTIONS (command '\(text)'\(more)); \(select)")
    }

    private func shell(_ script: String, more: String = "") async throws -> SourceRun {
        try await run(["sh", "-c", script], more: more)
    }

    @Test("JSON lines become the table, and what it says goes to the job's log")
    func rows() async throws {
        let run = try await run(
            [
                "python3", "-c",
                "import json,sys\nprint('said', file=sys.stderr)\n"
                    + "for n in range(3): print(json.dumps({'n': n, 't': {'x': [n]}}))",
            ],
            select: "SELECT n, t.x[0] FROM c ORDER BY n")
        #expect(run.error == nil)
        #expect(run.rows == ["0 0", "1 1", "2 2"])
        #expect(run.log.contains("said"), "\(run.log)")
    }

    @Test("what counts as read is the lines' length, whatever memory their rows take")
    func bytes() async throws {
        let script = "for n in 1 2 3 4 5 6; do echo '{\"name\": \"somewhat longer than a view\"}'; done"
        let run = try await run(["sh", "-c", script], select: "EXPLAIN ANALYZE SELECT * FROM c")
        #expect(run.error == nil)
        #expect(run.rows.joined().contains("6 rows in, 6 rows out, 240 B in"), "\(run.rows)")
    }

    @Test("only the named variables pass, and their values are not shown")
    func environment() async throws {
        setenv("COMMAND_TEST_SECRET", "s3cret-canary", 1)
        let script = #"echo "{\"e\": \"${COMMAND_TEST_SECRET:-none} ${SET:-none} ${USER:-none}\"}""#
        #expect(try await shell(script).rows == ["none none none"])
        let given = ", env '[\"COMMAND_TEST_SECRET\"]'"
        #expect(try await shell(script, more: given).rows == ["s3cret-canary none none"])
        let set = ", env '{\"SET\": \"x ${env:COMMAND_TEST_SECRET}\"}'"
        #expect(try await shell(script, more: set).rows == ["none x s3cret-canary none"])
        let failed = try await shell("echo \"it is $COMMAND_TEST_SECRET\" >&2; exit 3", more: given)
        #expect(failed.error?.message.contains("it is ***") == true, "\(failed)")
        #expect(!"\(failed)".contains("s3cret-canary"))
    }

    @Test("a failure shows status and last lines; no program, no JSON, no rows are clear errors")
    func failures() async throws {
        let failed = try await shell("echo '{\"a\": 1}'; echo first >&2; echo last >&2; exit 3")
        #expect(failed.error?.code == "COMMAND_FAILED")
        #expect(failed.error?.blame == .system, "a step with retries tries again")
        #expect(failed.error?.message.hasSuffix("first\nlast") == true, "\(failed)")
        #expect(failed.error?.message.contains("exit status 3") == true)
        let missing = try await run(["no-such-program-here"])
        #expect(missing.error?.code == "COMMAND_FAILED")
        #expect(missing.error?.blame == .user, "there is no use in another try")
        #expect(missing.error?.message.contains("no-such-program-here: not found") == true, "\(missing)")
        #expect(missing.error?.remedy?.contains("install no-such-program-here") == true, "\(missing)")
        let broken = try await shell("echo '{\"a\": 1}'; echo oops")
        #expect(broken.error?.code == "MALFORMED_RECORD_IN_PARSING" && broken.error?.blame == .data)
        #expect(broken.error?.message.contains("line 2, byte 9, is no JSON") == true, "\(broken)")
        #expect(broken.error?.remedy?.contains("messages go to standard error") == true, "\(broken)")
        #expect(try await shell("true").error?.code == "SOURCE_EMPTY")
        #expect(try await shell("kill -9 $$").error?.message.contains("signal 9") == true)
    }

    @Test("time and memory are limited, and nothing that was started is left")
    func limits() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "millrace-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let late = try await shell("sleep 600 & echo $! > \(file.path); wait", more: ", timeout '1'")
        #expect(late.error?.code == "COMMAND_TIMEOUT")
        let child = Int32(try String(contentsOf: file, encoding: .utf8).filter(\.isNumber)) ?? 1
        for _ in 0..<100 where kill(child, 0) == 0 { usleep(20_000) }
        #expect(kill(child, 0) != 0)
        // A program that did something outside does it once, whatever became of it.
        let count = file.path + "-count"
        defer { try? FileManager.default.removeItem(atPath: count) }
        let again = try await shell("echo x >> \(count); sleep 9", more: ", timeout '1'")
        #expect(again.error?.code == "COMMAND_TIMEOUT")
        #expect(try String(contentsOfFile: count, encoding: .utf8) == "x\n")
        let endless = try await shell("yes >&2", more: ", timeout '1'")
        #expect(endless.error?.code == "COMMAND_TIMEOUT")
        let large = try await run(
            ["python3", "-c", "x = bytearray(200 << 20)\nprint('{\"a\": 1}')"], more: ", memory '64m'")
        #expect(large.error?.code == "COMMAND_FAILED")
        #expect(large.error?.message.contains("MemoryError") == true, "\(large)")
    }
}
