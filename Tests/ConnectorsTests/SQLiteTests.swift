import Foundation
import Programs
import Testing

@Suite("SQLite") struct SQLiteTests {
    private func load(_ submit: Submit, _ options: String, _ query: String) throws -> ProgramRun {
        try submit.sql(
            "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url 'sqlite:l.db', \(options)) \(query)")
    }

    private func read(_ submit: Submit, _ options: String) throws -> ProgramRun {
        try submit.sql(
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'sqlite:l.db', \(options)); SELECT * FROM v "
                + "ORDER BY 1"
        )
    }

    @Test("what is loaded is read again with its types")
    func roundTrip() throws {
        let submit = try Submit()
        _ = good(
            try load(
                submit, "dbtable 't', mode 'overwrite'",
                "SELECT id, id * 1.5 AS d, 'n' || id AS name, DATE'2020-01-01' AS day, "
                    + "TIMESTAMP'2020-01-01 01:02:03.5' "
                    + "AS at, id % 2 = 0 AS b, CAST('ab' AS BINARY) AS bin, CAST(NULL AS INT) AS nothing, "
                    + "array(1) AS list "
                    + "FROM range(2)"))
        #expect(
            good(try read(submit, "dbtable 't'")) == """
                {"id":0,"d":0.0,"name":"n0","day":"2020-01-01","at":"2020-01-01 01:02:03.5","b":true,\
                "bin":"6162","nothing":null,"list":"[1]"}
                {"id":1,"d":1.5,"name":"n1","day":"2020-01-01","at":"2020-01-01 01:02:03.5","b":false,\
                "bin":"6162","nothing":null,"list":"[1]"}

                """)
        _ = good(
            try load(
                submit, "dbtable 't', mode 'merge', primaryKey 'id'",
                "SELECT 1 + id AS id, 'm' AS name FROM range(2)"))
        let twice = try load(
            submit, "dbtable 't', mode 'merge', primaryKey 'id, b'",
            "SELECT 1 AS id, true AS b FROM range(2)")
        #expect(twice.status == 1 && twice.errors.contains("id = 1, b = 1"), "\(twice.errors)")
        _ = good(try load(submit, "dbtable 't', loadid 'x'", "SELECT 9 AS id"))
        _ = good(try load(submit, "dbtable 't', loadid 'x'", "SELECT 9 AS id"))
        #expect(
            good(try read(submit, "query 'SELECT id, name FROM t'"))
                == "{\"id\":0,\"name\":\"n0\"}\n{\"id\":1,\"name\":\"m\"}\n"
                + "{\"id\":2,\"name\":\"m\"}\n{\"id\":9,\"name\":null}\n"
        )
    }

    @Test("what is wrong is said")
    func errors() throws {
        let submit = try Submit()
        #expect(try read(submit, "dbtable 't'").errors.contains("[PATH_NOT_FOUND]"))
        _ = good(try load(submit, "dbtable 't'", "SELECT 1 AS id"))
        let attached = try read(
            submit, "dbtable 't', sessionInitStatement 'ATTACH DATABASE \"/tmp/other.db\" AS o'")
        #expect(attached.errors.contains("[INVALID_OPTION] SQLite takes one PRAGMA"), "\(attached.errors)")
        let merge = try load(submit, "dbtable 't', mode 'merge'", "SELECT 1 AS id")
        #expect(merge.errors.contains("mode merge needs primaryKey"), "\(merge.errors)")
        for address in ["file:%2Ftmp%2Fl.db", "file://host/l.db", "file:/tmp/l.db#/../../l.db"] {
            let run = try submit.sql(
                "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url '\(address)', dbtable 't') SELECT 1 AS id"
            )
            #expect(run.errors.contains("must hold its path as it is"), "\(run.errors)")
        }
        #expect(try read(submit, "dbtable 'u'").errors.contains("[TABLE_OR_VIEW_NOT_FOUND] SQLite:"))
        chmod(submit.folder.appendingPathComponent("l.db").path, 0o444)
        chmod(submit.folder.path, 0o555)
        defer { chmod(submit.folder.path, 0o755) }
        var limits = ProgramLimits(seconds: 60)
        limits.isUnprivileged = true
        let refused = try StartedProgram(
            ProgramRun.built("etl-submit"),
            [
                "-e",
                "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url 'sqlite:l.db', dbtable 't') "
                    + "SELECT 2 AS id",
            ], in: submit.folder, limits: limits
        ).waited()
        #expect(refused.status == 1)
        #expect(refused.errors.contains("error: ["), "\(refused.errors)")
        let run = try submit.sql(
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'mysql://h/d', dbtable 't'); SELECT 1")
        #expect(run.errors.contains("Known are postgresql, sqlite and snowflake."), "\(run.errors)")
    }

    @Test("the driver is found in ../lib/millrace of a program that PATH finds, also by a link")
    func driverOfPackage() throws {
        let submit = try Submit()
        _ = good(try load(submit, "dbtable 't'", "SELECT 7 AS id"))
        let files = FileManager.default
        let place = submit.folder.appendingPathComponent("usr")
        for folder in ["bin", "lib/millrace", "links"] {
            try files.createDirectory(
                at: place.appendingPathComponent(folder), withIntermediateDirectories: true)
        }
        try files.copyItem(
            at: ProgramRun.built("etl-submit"), to: place.appendingPathComponent("bin/etl-submit"))
        try files.copyItem(
            at: ProgramRun.root.appendingPathComponent(".deps/adbc/lib/libadbc_driver_sqlite.so"),
            to: place.appendingPathComponent("lib/millrace/libadbc_driver_sqlite.so"))
        try files.createSymbolicLink(
            at: place.appendingPathComponent("links/etl-submit"),
            withDestinationURL: place.appendingPathComponent("bin/etl-submit"))
        let query =
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'sqlite:l.db', dbtable 't'); SELECT * FROM v"
        for folder in ["bin", "links"] {
            let run = try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"), ["-c", "etl-submit --output csv -e \"$0\"", query],
                in: submit.folder,
                environment: ["PATH": "\(place.appendingPathComponent(folder).path):/usr/bin:/bin"])
            #expect(good(run) == "id\n7\n", "\(folder)")
        }
    }

    @Test("the driver of the source tree is found however the program is called")
    func driverOfTree() throws {
        let submit = try Submit()
        _ = good(try load(submit, "dbtable 't'", "SELECT 7 AS id"))
        let built = ProgramRun.built("etl-submit")
        try FileManager.default.createSymbolicLink(
            at: submit.folder.appendingPathComponent("es"), withDestinationURL: built)
        let query =
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'sqlite:l.db', dbtable 't'); SELECT * FROM v"
        for name in ["etl-submit", "./es", built.path] {
            let run = try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"), ["-c", "\(name) --output csv -e \"$0\"", query],
                in: submit.folder,
                environment: ["PATH": "\(built.deletingLastPathComponent().path):/usr/bin:/bin"])
            #expect(good(run) == "id\n7\n", "\(name)")
        }
    }

    @Test("a missing driver is an error that names what brings it")
    func driver() throws {
        let submit = try Submit()
        _ = good(try load(submit, "dbtable 't'", "SELECT 1 AS id"))
        let run = try ProgramRun.run(
            ProgramRun.built("etl-submit"),
            ["-e", "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'sqlite:l.db', dbtable 't'); SELECT 1"],
            in: submit.folder, environment: ["ETL_ADBC_DRIVERS": "/nowhere"])
        #expect(run.status == 1)
        #expect(run.errors.contains("comes with the Python package adbc-driver-sqlite"), "\(run.errors)")
    }

    @Test("a missing library of remote paths is an error that says how it comes, and nothing else misses it")
    func storeLibrary() throws {
        let submit = try Submit()
        func run(_ sql: String) throws -> ProgramRun {
            try ProgramRun.run(
                ProgramRun.built("etl-submit"), ["--output", "csv", "-e", sql], in: submit.folder,
                environment: ["ETL_STORE_LIBRARY": "/nowhere/libMillraceStore.so"])
        }
        let remote = try run("SELECT * FROM csv.`s3://bucket/a.csv`")
        #expect(remote.status == 1 && remote.errors.contains("[S3_NOT_AVAILABLE]"), "\(remote.errors)")
        #expect(remote.errors.contains("--product MillraceStore"), "\(remote.errors)")
        #expect(try run("SELECT 1 AS a").output == "a\n1\n")
    }
}
