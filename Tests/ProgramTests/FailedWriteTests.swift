import Foundation
import Testing

/// Fails jobs while they write: earlier output stays as it was, byte for byte, and no staging is left.
@Suite("Jobs that fail while they write", .serialized)
struct FailedWriteTests {
    /// A million rows of text that does not compress: about 70 MB.
    static let large =
        "SELECT a.id + b.id * 1000 AS x, sha2(CAST(a.id + b.id * 1000 AS STRING), 256) AS s "
        + "FROM range(1000) a CROSS JOIN range(1000) b"

    /// Writes earlier output of a format and returns the program.
    static func prepared(_ format: String) throws -> Program {
        let program = try Program()
        let run = try program.sql("INSERT OVERWRITE DIRECTORY 'out' USING \(format) SELECT id FROM range(5)")
        #expect(run.status == 0, "\(run.errors)")
        return program
    }

    @Test("a value that cannot be cast, after rows were written", arguments: ["parquet", "csv", "json"])
    func typeError(format: String) throws {
        let program = try Self.prepared(format)
        try program.write("in.csv", (0..<20_000).map { "\($0)\n" }.joined() + "x\n")
        let before = try program.contents()
        let run = try program.sql(
            "INSERT OVERWRITE DIRECTORY 'out' USING \(format) SELECT CAST(_c0 AS INT) AS a FROM csv.`in.csv`")
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("error: [CAST_INVALID_INPUT] The value 'x' of the type \"STRING\""))
        #expect(try program.contents() == before)
    }

    @Test("a broken record that ends a FAILFAST read", arguments: ["parquet", "csv", "json"])
    func broken(format: String) throws {
        let program = try Self.prepared(format)
        try program.write("in.json", (0..<50_000).map { "{\"a\":\($0)}\n" }.joined() + "{\"a\":\n")
        let before = try program.contents()
        let run = try program.sql(
            "CREATE TEMPORARY VIEW v (a INT) USING json OPTIONS (path 'in.json', mode 'FAILFAST'); "
                + "INSERT OVERWRITE DIRECTORY 'out' USING \(format) SELECT * FROM v")
        #expect(run.status == 1)
        #expect(
            run.errors.contains(
                "[MALFORMED_RECORD_IN_PARSING] A record in in.json, line 50001, byte 588890, does not"))
        #expect(try program.contents() == before)
    }

    @Test("a disk without room", arguments: ["parquet", "csv"])
    func fullDisk(format: String) throws {
        let program = try Self.prepared(format)
        let before = try program.contents()
        var limits = Program.limits
        limits.fileBytes = 1 << 20
        let run = try program.sql(
            "INSERT OVERWRITE DIRECTORY 'out' USING \(format) \(Self.large)", limits: limits)
        #expect(run.status == 1)
        #expect(
            run.errors.contains("[DISK_FULL]") && run.errors.contains("  = Free some space."), "\(run.errors)"
        )
        #expect(try program.contents() == before)
    }

    @Test(
        "Ctrl-C ends with 130, and SIGTERM, as systemd and Kubernetes send it, with 143",
        arguments: [("parquet", SIGINT), ("csv", SIGINT), ("json", SIGINT), ("parquet", SIGTERM)])
    func interruption(format: String, signal: Int32) throws {
        let program = try Self.prepared(format)
        let before = try program.contents()
        let running = try program.start(
            [
                "-e",
                "INSERT OVERWRITE DIRECTORY 'out' USING \(format) \(Self.large)",
                "--progress", "none",
            ])
        // The staging directory shows that the job is at work.
        let deadline = Date().addingTimeInterval(30)
        while try program.contents().count == before.count, Date() < deadline { usleep(2_000) }
        running.send(signal)
        let run = try running.waited()
        #expect(run.status == 128 + signal)
        #expect(run.errors == "Interrupted: the job was cancelled.\n")
        #expect(try program.contents() == before)
    }

    @Test("directories without permission")
    func permission() throws {
        let program = try Program()
        try program.write("secret/in.csv", "1\n")
        try program.write("open/in.csv", "1\n")
        let root = program.folder
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root.path)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0], ofItemAtPath: root.appendingPathComponent("secret").path)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o555], ofItemAtPath: root.appendingPathComponent("open").path)
        var limits = Program.limits
        limits.isUnprivileged = true
        let before = try program.contents()
        for statement in [
            "SELECT * FROM csv.`secret`", "SELECT * FROM csv.`secret/in.csv`",
            "INSERT OVERWRITE DIRECTORY 'secret/out' USING csv SELECT 1",
            "INSERT OVERWRITE DIRECTORY 'open/out' USING parquet SELECT 1 AS a",
        ] {
            let run = try program.sql(statement, limits: limits)
            #expect(run.status == 1, "\(statement)")
            #expect(run.errors.hasPrefix("error: [PATH_NOT_ACCESSIBLE] "), "\(run.errors)")
            #expect(run.errors.contains("Permission denied: "))
            #expect(
                run.errors.contains("  = Give the user that runs this program the right"), "\(run.errors)")
        }
        #expect(try program.contents() == before)
        let run = try program.sql("SELECT * FROM csv.`open`", limits: limits)
        #expect(run.status == 0 && run.output == "{\"_c0\":\"1\"}\n")
    }

    @Test("a place that cannot be a directory")
    func noDirectory() throws {
        let program = try Program()
        try program.write("file", "x")
        for place in ["file", "file/out", "/proc/out", "/dev/null/out"] {
            let run = try program.sql("INSERT OVERWRITE DIRECTORY '\(place)' USING parquet SELECT 1 AS a")
            #expect(run.status == 1, "\(place): \(run.errors)")
            #expect(run.errors.hasPrefix("error: [PATH_"), "\(run.errors)")
            #expect(try program.contents() == ["file": Data("x".utf8)])
        }
    }
}
