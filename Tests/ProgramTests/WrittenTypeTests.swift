import Foundation
import Programs
import Testing

/// Writes and reads what does not fit: files of one folder whose structures differ, folders that share a
/// name, values for columns of other types.
@Suite("Types of what is written and read", .serialized)
struct WrittenTypeTests {
    /// Runs statements in a folder; returns lines of CSV without the header.
    private func rows(_ sql: String, in folder: URL) throws -> [String] {
        let run = try submit(sql, in: folder)
        #expect(run.status == 0, "\(sql): \(run.errors)")
        return run.output.split(separator: "\n").dropFirst().map(String.init)
    }

    private func submit(_ sql: String, in folder: URL) throws -> ProgramRun {
        try ProgramRun.run(
            ProgramRun.built("etl-submit"),
            ["run", "--local", "-e", sql, "--output", "csv", "--progress", "none"], in: folder)
    }

    /// Writes each query's rows to a file of one folder.
    private func write(_ queries: [String], to name: String, in folder: URL) throws {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (number, query) in queries.enumerated() {
            _ = try rows(
                "INSERT OVERWRITE DIRECTORY 'one' USING parquet SELECT /*+ COALESCE(1) */ * FROM (\(query))",
                in: folder)
            let one = folder.appendingPathComponent("one")
            let written = try FileManager.default.contentsOfDirectory(atPath: one.path)
            let file = try #require(written.first { $0.hasSuffix(".parquet") })
            try FileManager.default.moveItem(
                at: one.appendingPathComponent(file), to: place.appendingPathComponent("\(number).parquet"))
        }
    }

    @Test("members of structures in Parquet go by name; those that a file lacks are null")
    func nestedEvolution() throws {
        let folder = try ProgramRun.makeFolder("members")
        defer { try? FileManager.default.removeItem(at: folder) }
        func query(_ members: String) -> String {
            "SELECT named_struct(\(members)) AS s, array(named_struct(\(members))) AS a, "
                + "map('k', named_struct(\(members))) AS m"
        }
        try write(
            [query("'x', 1L, 'y', 2L"), query("'y', 20, 'x', 10L"), query("'Z', 'z', 'x', 100L, 'w', 0")],
            to: "t", in: folder)
        let members = "struct<x: bigint, y: bigint, z: string>"
        let view =
            "CREATE TEMPORARY VIEW v (s \(members), a array<\(members)>, m map<string, \(members)>) "
            + "USING parquet OPTIONS (path 't'); "
        for member in ["s", "a[0]", "m['k']"] {
            let found = try rows(
                view + "SELECT \(member).x, \(member).y, \(member).z FROM v ORDER BY 1", in: folder)
            #expect(found == ["1,2,", "10,20,", "100,,z"], "\(member)")
        }
        #expect(try rows(view + "SELECT count(DISTINCT s), max(s).x FROM v", in: folder) == ["3,100"])
        // The first file's schema is the relation's where none is given.
        #expect(
            try rows("SELECT s.x, s.y FROM parquet.`t` ORDER BY 1", in: folder) == ["1,2", "10,20", "100,"])
    }

    @Test("a file's column that does not become the declared type is an error, not null")
    func declaredTypes() throws {
        let folder = try ProgramRun.makeFolder("declared")
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(["SELECT 1 AS i, date'2024-01-02' AS d, array(1) AS a"], to: "t", in: folder)
        for column in ["i date", "d int", "i array<int>", "a struct<x: int>"] {
            let name = column.prefix(1)
            let run = try submit(
                "CREATE TEMPORARY VIEW v (\(column)) USING parquet OPTIONS (path 't'); SELECT \(name) FROM v",
                in: folder)
            #expect(
                run.status == 1 && run.errors.contains("PARQUET_COLUMN_DATA_TYPE_MISMATCH"),
                "\(column): \(run.output) \(run.errors)")
        }
    }

    @Test(
        "the column of corrupt records, wanted alone, tells of all that do not fit",
        arguments: ["csv", "json"])
    func corruptRecordsAlone(format: String) throws {
        let folder = try ProgramRun.makeFolder("corrupt")
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = format == "csv" ? "1,a\n2\nx,b\n" : "{\"a\":1}\n{\"a\":2\n{\"a\":\"x\"}\n"
        try text.write(to: folder.appendingPathComponent("in.txt"), atomically: true, encoding: .utf8)
        let view =
            "CREATE TEMPORARY VIEW v (a INT, b STRING, _corrupt_record STRING) USING \(format) "
            + "OPTIONS (path 'in.txt'); "
        for column in ["*", "_corrupt_record", "a + 1, b"] {
            let counted = column == "a + 1, b" ? "*), count(a), count(b" : column
            let found = try rows(
                view + "SELECT count(\(counted)) FROM v WHERE _corrupt_record IS NOT NULL", in: folder)
            #expect(found.first?.hasPrefix("2") == true, "\(column): \(found)")
        }
        let kept = try rows(
            view + "SELECT _corrupt_record FROM v WHERE _corrupt_record IS NOT NULL", in: folder)
        #expect(kept.count == 2)
    }

    @Test("values whose folders have one name are all kept")
    func folderNames() throws {
        let folder = try ProgramRun.makeFolder("folders")
        defer { try? FileManager.default.removeItem(at: folder) }
        let table = "CREATE TABLE p USING csv PARTITIONED BY (k) LOCATION 'p' AS "
        _ = try rows(
            table + "SELECT id AS v, if(id % 2 = 0, NULL, '') AS k FROM range(100, 1000)", in: folder)
        #expect(try rows("SELECT count(*), sum(_c0) FROM csv.`p`", in: folder) == ["900,494550.0"])
    }

    @Test("decimals name folders; what has no text of its own does not")
    func folderTypes() throws {
        let folder = try ProgramRun.makeFolder("foldertypes")
        defer { try? FileManager.default.removeItem(at: folder) }
        func table(_ name: String, _ value: String) -> String {
            "CREATE TABLE \(name) USING parquet PARTITIONED BY (p) LOCATION '\(name)' AS "
                + "SELECT 1 AS v, \(value) AS p"
        }
        #expect(try rows(table("d", "1.50") + "; SELECT v, p FROM d", in: folder) == ["1,1.50"])
        for value in ["array(1)", "named_struct('x', 1)", "map(1, 2)", "INTERVAL 1 DAY"] {
            let run = try submit(table("n", value), in: folder)
            let isRefused = run.errors.contains("INVALID_PARTITION_COLUMN_DATA_TYPE")
            #expect(run.status == 1 && isRefused, "\(run.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("n").path))
    }

    @Test("a value that cannot become its column's type is refused before anything is written")
    func insertedTypes() throws {
        let folder = try ProgramRun.makeFolder("inserted")
        defer { try? FileManager.default.removeItem(at: folder) }
        let table =
            "CREATE TABLE t (c INT, s STRUCT<x: INT, y: INT>) USING parquet LOCATION 't'; "
            + "INSERT INTO t VALUES (1, struct(1, 2)); "
        for values in [
            "date'2024-01-01', struct(1, 2)", "1, named_struct('x', 7)", "map(1, 2), struct(1, 2)",
            "1, array(1)",
        ] {
            let run = try submit(table + "INSERT INTO t SELECT \(values)", in: folder)
            #expect(
                run.status == 1 && run.errors.contains("INCOMPATIBLE_DATA_FOR_TABLE."),
                "\(values): \(run.errors)")
            #expect(try rows("SELECT c, s.x, s.y FROM parquet.`t` LIMIT 1", in: folder) == ["1,1,2"])
            try FileManager.default.removeItem(at: folder.appendingPathComponent("t"))
        }
    }
}
