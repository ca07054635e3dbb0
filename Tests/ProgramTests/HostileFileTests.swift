import Foundation
import Programs
import Testing

/// Reads files that are not what they say, or are made to exhaust the reader.
@Suite("Files made to break things", .serialized)
struct HostileFileTests {
    /// Compresses bytes with the system's gzip.
    private static func gzip(_ program: Program, _ name: String) throws {
        let gzip = URL(fileURLWithPath: "/bin/gzip")
        let file = program.folder.appendingPathComponent(name).path
        #expect(try ProgramRun.run(gzip, ["-f", file]).status == 0)
    }

    @Test("empty files have no rows, and empty Parquet files are none")
    func empty() throws {
        let program = try Program()
        for name in ["a.csv", "a.json", "a.txt", "a.parquet"] { try program.write(name, "") }
        for (format, name) in [("csv", "a.csv"), ("json", "a.json"), ("text", "a.txt")] {
            let run = try program.sql("SELECT count(*) AS n FROM \(format).`\(name)`")
            #expect(run.status == 0 && run.output == "{\"n\":0}\n", "\(format): \(run.errors)")
        }
        let run = try program.sql("SELECT * FROM parquet.`a.parquet`")
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("error: [UNABLE_TO_INFER_SCHEMA] "), "\(run.errors)")
    }

    @Test("byte order mark, CRLF, NUL bytes and invalid UTF-8 in one file")
    func bytes() throws {
        let program = try Program()
        let text =
            Data([0xEF, 0xBB, 0xBF]) + Data("id,name\r\n1,a".utf8) + Data([0, 98]) + Data("\r\n2,".utf8)
            + Data([0xFF, 0xC3, 0x28]) + Data("\r\n".utf8)
        try program.write("a.csv", text)
        let run = try program.sql(
            "CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'a.csv', header 'true', inferSchema 'true'); "
                + "SELECT id, name, length(name) AS n FROM v")
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output == """
                {"id":1,"name":"a\\u0000b","n":3}
                {"id":2,"name":"\u{FFFD}\u{FFFD}(","n":3}

                """)
    }

    @Test("files with another format's name are refused, or read as they are")
    func extensions() throws {
        let program = try Program()
        #expect(
            try program.sql("INSERT OVERWRITE DIRECTORY 'p' USING parquet SELECT id FROM range(3)").status
                == 0)
        let part = try #require(try program.contents("p").first { $0.key.hasPrefix("part-") })
        for (format, name) in [("json", "a.json"), ("csv", "a.csv"), ("text", "a.txt")] {
            try program.write(name, part.value)
            let run = try program.sql("SELECT * FROM \(format).`\(name)`")
            #expect(
                [0, 1].contains(run.status) && (run.status == 0 || run.errors.hasPrefix("error: [")),
                "\(run.errors)")
        }
        try program.write("a.parquet", "{\"a\":1}\n{\"a\":2}\n")
        let wrong = try program.sql("SELECT * FROM parquet.`a.parquet`")
        #expect(wrong.status == 1)
        #expect(wrong.errors.hasPrefix("error: [FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER]"))
        try program.write("b.csv.gz", "a,b\n")
        #expect(try program.sql("SELECT * FROM csv.`b.csv.gz`").errors.hasPrefix("error: [CORRUPT_FILE]"))
        try program.write("b.csv.bz2", "a,b\n")
        let packed = try program.sql("SELECT * FROM csv.`b.csv.bz2`")
        #expect(packed.errors.hasPrefix("error: [CODEC_NOT_AVAILABLE]"), "\(packed.errors)")
        #expect(packed.errors.contains("gzip or zstd"))
        try program.write("b.json.zst", "{\"a\":1}")
        #expect(try program.sql("SELECT * FROM json.`b.json.zst`").errors.hasPrefix("error: [CORRUPT_FILE]"))
    }

    @Test("a Parquet file cut anywhere fails and names the file")
    func truncated() throws {
        let program = try Program()
        #expect(
            try program.sql(
                "INSERT OVERWRITE DIRECTORY 'p' USING parquet SELECT id, id % 7 AS s FROM range(3000)"
            )
            .status == 0)
        let part = try #require(try program.contents("p").first { $0.key.hasPrefix("part-") }).value
        for size in [1, 3, 4, 11, 12, part.count / 2, part.count - 100, part.count - 9, part.count - 1] {
            try program.write("cut.parquet", part.prefix(size))
            let run = try program.sql("SELECT * FROM parquet.`cut.parquet`")
            #expect(run.status == 1)
            #expect(
                run.errors.hasPrefix(
                    "error: [FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER] This is no Parquet file"))
            #expect(run.errors.contains(": cut.parquet\n") && run.errors.contains("^^^"), "\(run.errors)")
        }
    }

    @Test(
        "JSON nested 100,000 deep and numbers of a million digits are records that cannot be read, or values")
    func depth() throws {
        let program = try Program()
        func nested(_ open: String, _ close: String, _ count: Int) -> String {
            "{\"a\":" + String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
                + "}\n"
        }
        try program.write(
            "deep.json",
            nested("[", "]", 100_000) + nested("{\"a\":", "}", 100_000)
                + "{\"a\":\(String(repeating: "9", count: 1_000_000))}\n"
                + "{\"a\":1e999999999}\n{\"a\":-1e-999999999}\n{\"a\":1}\n"
                + String(repeating: "[", count: 100_000) + "\n")
        let read = try program.sql(
            "CREATE TEMPORARY VIEW v (a DOUBLE, _corrupt_record STRING) USING json "
                + "OPTIONS (path 'deep.json'); "
                + "SELECT a, length(_corrupt_record) AS n FROM v")
        #expect(read.status == 0, "\(read.errors)")
        #expect(
            read.output == """
                {"a":null,"n":200007}
                {"a":null,"n":600007}
                {"a":"Infinity","n":null}
                {"a":"Infinity","n":null}
                {"a":-0.0,"n":null}
                {"a":1.0,"n":null}
                {"a":null,"n":100000}

                """)
        let inferred = try program.sql("SELECT count(*) AS n FROM json.`deep.json`")
        #expect(inferred.status == 0 && inferred.output == "{\"n\":7}\n", "\(inferred.errors)")
    }

    @Test("a gzip file that inflates a thousandfold is read in little memory")
    func bomb() throws {
        let program = try Program()
        let file = program.folder.appendingPathComponent("a.csv")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        let piece = Data(repeating: 0x61, count: 1_000) + Data([10])
        let block = Data((0..<1_000).flatMap { _ in piece })
        for _ in 0..<400 { handle.write(block) }
        try handle.close()
        try Self.gzip(program, "a.csv")
        var limits = Program.limits
        limits.memoryBytes = 300 << 20
        let run = try program.sql("SELECT count(*) AS n FROM csv.`a.csv.gz`", limits: limits)
        #expect(run.status == 0 && run.output == "{\"n\":400000}\n", "\(run.errors)")
    }

    @Test("a record without end is refused, not held in memory")
    func endless() throws {
        let program = try Program()
        let file = program.folder.appendingPathComponent("a.json")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        // A file of two GiB without a line break that takes no room on disk.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 2 << 30)
        try handle.close()
        let run = try program.sql("SELECT * FROM json.`a.json`")
        #expect(run.status == 1)
        #expect(
            run.errors.hasPrefix(
                "error: [RECORD_TOO_LARGE] A record or multi-line file is longer than 1.0 GiB: a.json\n"),
            "\(run.errors)")
    }
}
