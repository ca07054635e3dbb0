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

    @Test("Parquet is not read as narrower types than it holds, but as wider ones")
    func narrowerTypes() throws {
        let folder = try ProgramRun.makeFolder("declared")
        defer { try? FileManager.default.removeItem(at: folder) }
        let wide = "CAST(1.234 AS DECIMAL(5,3)) d, 1.5D f, 7 i, date'2024-01-02' t"
        try write(["SELECT \(wide)"], to: "files", in: folder)
        for narrow in ["d DECIMAL(3,1)", "f INT", "f FLOAT", "i FLOAT", "t TIMESTAMP", "i STRING"] {
            let view = "CREATE TEMPORARY VIEW v (\(narrow)) USING parquet OPTIONS (path 'files'); "
            let run = try submit(view + "SELECT * FROM v", in: folder)
            #expect(
                run.status == 1 && run.errors.contains("PARQUET_COLUMN_DATA_TYPE_MISMATCH"),
                "\(narrow): \(run.errors)")
        }
        let view =
            "CREATE TEMPORARY VIEW v (d DECIMAL(7,4), i BIGINT, t TIMESTAMP_NTZ) USING parquet "
            + "OPTIONS (path 'files'); "
        #expect(try rows(view + "SELECT * FROM v", in: folder) == ["1.2340,7,2024-01-02 00:00:00"])
    }

    @Test("mergeSchema puts members of structures together, wherever they are nested")
    func mergedMembers() throws {
        let folder = try ProgramRun.makeFolder("mergedMembers")
        defer { try? FileManager.default.removeItem(at: folder) }
        let view = "CREATE TEMPORARY VIEW v USING parquet OPTIONS (path 'm', mergeSchema 'true'); "
        try write(
            [
                "SELECT named_struct('a', 1) s, array(named_struct('p', 1)) l, 1.5 d",
                "SELECT named_struct('b', 'q') s, array(named_struct('q', 2)) l, 123.5 d",
            ], to: "m", in: folder)
        #expect(
            try rows(
                view + "SELECT typeof(s), typeof(l), typeof(d), s.a, s.b, l[0].p, l[0].q, d FROM v "
                    + "ORDER BY d", in: folder) == [
                    "\"struct<a:int,b:string>\",\"array<struct<p:int,q:int>>\",\"decimal(4,1)\",1,,1,,1.5",
                    "\"struct<a:int,b:string>\",\"array<struct<p:int,q:int>>\",\"decimal(4,1)\",,q,,2,123.5",
                ])
        try write(
            ["SELECT named_struct('a', 1) s", "SELECT named_struct('a', 1L) s"], to: "n", in: folder)
        let other = "CREATE TEMPORARY VIEW v USING parquet OPTIONS (path 'n', mergeSchema 'true'); "
        let run = try submit(other + "SELECT * FROM v", in: folder)
        #expect(run.status == 1 && run.errors.contains("CANNOT_MERGE_SCHEMAS"), "\(run.errors)")
        #expect(run.errors.contains("s.a is INT and BIGINT"), "\(run.errors)")
    }

    @Test("intervals keep their types in Parquet files, nested ones too, and in tables")
    func intervals() throws {
        let folder = try ProgramRun.makeFolder("intervals")
        defer { try? FileManager.default.removeItem(at: folder) }
        let query =
            "SELECT INTERVAL '1 02:03:04.5' DAY TO SECOND d, INTERVAL '1-2' YEAR TO MONTH m, "
            + "INTERVAL '7' HOUR h, array(named_struct('x', INTERVAL '3' MONTH)) l, 5L n"
        try write([query], to: "files", in: folder)
        #expect(
            try rows(
                "SELECT typeof(d), typeof(m), typeof(h), typeof(l), typeof(n), d, m, h, l[0].x + m "
                    + "FROM parquet.`files` WHERE h > INTERVAL '6' HOUR", in: folder) == [
                        "interval day to second,interval year to month,interval hour,"
                            + "array<struct<x:interval month>>,bigint,INTERVAL '1 02:03:04.5' DAY TO SECOND,"
                            + "INTERVAL '1-2' YEAR TO MONTH,INTERVAL '07' HOUR,"
                            + "INTERVAL '1-5' YEAR TO MONTH"
                    ])
        let table = "CREATE TABLE t (d INTERVAL DAY TO SECOND) USING parquet LOCATION 't'; "
        #expect(
            try rows(
                table + "INSERT INTO t SELECT INTERVAL '1 02:03:04' DAY TO SECOND; SELECT * FROM t",
                in: folder) == ["INTERVAL '1 02:03:04' DAY TO SECOND"])
    }
}
