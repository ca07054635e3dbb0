import Foundation
import Programs
import Testing

/// Runs etl-submit on terminals of some widths, as Python's pty makes them, and in pipes.
@Suite("Terminals")
struct TerminalTests {
    /// Returns what a terminal of `columns` gets to see of a job's rows.
    private func shown(_ sql: String, columns: Int, progress: String = "none") throws -> [String] {
        let script = """
            import fcntl, os, pty, struct, sys, termios
            pid, terminal = pty.fork()
            if pid == 0:
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, \(columns), 0, 0))
                os.execv(sys.argv[1], [sys.argv[1], "-e", sys.argv[2], "--progress", "\(progress)"])
            seen = b""
            while True:
                try: more = os.read(terminal, 65536)
                except OSError: break
                if not more: break
                seen += more
            sys.stdout.buffer.write(seen.replace(b"\\r\\n", b"\\n"))
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """
        let run = try ProgramRun.run(
            ProgramRun.python, ["-c", script, ProgramRun.built("etl-submit").path, sql], seconds: 60)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

    private static let wide =
        "SELECT 1 AS id, repeat('long ', 30) AS text, 'short' AS word, repeat('x', 100) AS other"

    @Test("a table fits the terminal's lines: the widest columns are cut", arguments: [60, 80, 120, 200])
    func fits(columns: Int) throws {
        let lines = try shown(Self.wide, columns: columns)
        #expect(lines.dropLast().allSatisfy { $0.count <= columns }, "\(lines)")
        #expect(lines.dropLast().contains { $0.count == columns }, "\(lines)")
        #expect(lines.contains { $0.contains("short") && $0.contains("…") }, "\(lines)")
    }

    @Test("where columns would be too narrow, each row goes below the other, whole")
    func stacked() throws {
        let lines = try shown(Self.wide, columns: 30)
        #expect(lines[0] == "─ row 1 ─" && lines[1] == "id    │ 1", "\(lines)")
        #expect(lines[2] == "text  │ " + String(repeating: "long ", count: 30), "\(lines)")
        #expect(lines.last == "1 row")
    }

    @Test("a line of a running stage tells tasks, rows, bytes and rate, then the time to go, which runs down")
    func live() throws {
        let program = try Program()
        let table = "parquet.`\(program.folder.path)/many`"
        // Files enough for several tasks, which do not all end at once.
        let made = try program.sql(
            "INSERT OVERWRITE DIRECTORY '\(program.folder.path)/many' USING parquet "
                + "SELECT /*+ REPARTITION(24) */ id, CAST(id AS STRING) AS s FROM range(0, 4000000)")
        #expect(made.status == 0, "\(made.errors)")
        let lines = try shown(
            "SET spark.sql.files.maxPartitionBytes=65536; SELECT max(sha2(concat(s, s), 512)), "
                + "max(sha2(s, 384)), max(sha2(concat(s, s, s), 512)) FROM \(table)", columns: 120,
            progress: "auto")
        let stages = lines.filter { $0.contains("scan many") }
        let complete =
            #/(\d+)\/\d+ tasks  [\d.]+ [kM] rows  [\d.]+ MiB  [\d.]+ [KM]iB\/s  ETA ([\d.]+) s  scan many/#
        let parts = stages.compactMap { $0.firstMatch(of: complete)?.output }
        #expect(parts.count >= 2, "\(stages)")
        #expect(stages.allSatisfy { $0.count <= 130 && $0.contains(#/[█░]{10,20} \d/#) }, "\(stages)")
        for (one, next) in zip(parts, parts.dropFirst()) where one.1 == next.1 {
            #expect(Double(next.2) ?? .infinity <= Double(one.2) ?? 0, "\(stages)")
        }
        #expect(lines.contains { $0.contains("succeeded: ") && $0.contains("4.0 M rows") }, "\(lines)")
    }

    @Test("in a pipe nothing is cut")
    func pipe() throws {
        let run = try Program().sql(Self.wide, ["--output", "table"])
        #expect(run.output.contains(String(repeating: "long ", count: 30)))
        #expect(run.output.contains(String(repeating: "x", count: 100)))
    }

    @Test("carets stand below what they mark, behind tabs and wide characters")
    func carets() throws {
        let tabs = try Program().sql("SELECT\t\tid,\tnme FROM range(1)")
        #expect(
            tabs.errors.contains("   | SELECT\t\tid,\tnme FROM range(1)\n   |       \t\t   \t^^^\n"),
            "\(tabs.errors)")
        let wide = try Program().sql("SELECT '漢字' AS a, nme FROM range(1)")
        #expect(
            wide.errors.contains("\n   | " + String(repeating: " ", count: 20) + "^^^\n"), "\(wide.errors)")
    }
}
