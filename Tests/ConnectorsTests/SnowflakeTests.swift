import Foundation
import Programs
import Testing
import Vocabulary

@testable import Connectors

/// Loads into and reads from `fakesnow`'s server through the real driver and `etl-submit`; what is there is
/// looked at with Snowflake's own Python connector.
@Suite("Snowflake", .serialized)
struct SnowflakeTests {
    private let submit = try! Submit()
    private let double: SnowflakeDouble

    init() throws { double = try SnowflakeDouble.shared.get() }

    private let address = "url 'env:MILLRACE_SF', password 'env:MILLRACE_SF_PASSWORD'"

    private func load(_ options: String, _ query: String) throws -> ProgramRun {
        try submit.sql("INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (\(address), \(options)) \(query)")
    }

    private func read(_ options: String, _ query: String = "SELECT * FROM v") throws -> ProgramRun {
        try submit.sql("CREATE TEMPORARY VIEW v USING jdbc OPTIONS (\(address), \(options)); \(query)")
    }

    /// Puts CSV files on a stage of a name of its own.
    private func stage(_ name: String, _ files: [String: String]) throws {
        var statements = ["CREATE STAGE \(name)"]
        for (file, text) in files.sorted(by: { $0.key < $1.key }) {
            try submit.write("\(name)/\(file)", text)
            let path = submit.folder.appendingPathComponent("\(name)/\(file)").path
            statements.append("PUT 'file://\(path)' @\(name) AUTO_COMPRESS = FALSE")
        }
        _ = try double.rows(statements)
    }

    /// Copies what is on a stage.
    private func copy(_ table: String, _ options: String, id: String) async throws -> SourceRun {
        let run = try await SourceRun.sql(
            "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (\(address), dbtable '\(table)', \(options), "
                + "'copy.format.type' 'csv', loadId '\(id)') SELECT 1 WHERE false")
        #expect(run.error == nil)
        return run
    }

    @Test("addresses in SQLAlchemy's form and in JDBC's become the driver's")
    func addresses() throws {
        func text(_ address: String, _ password: String? = nil) throws -> String {
            try SnowflakeAddress(address).driverText(
                user: nil, password: password, session: DriverSession(zone: "Europe/Vienna"))
        }
        #expect(
            try text("snowflake://me@org-acc/db/s?warehouse=w&role=r", "p@:/ss")
                == "me:p%40%3A%2Fss@org-acc/db/s?warehouse=w&role=r&loginTimeout=30"
                + "&application=Millrace&TIMEZONE=Europe%2FVienna")
        #expect(
            try text("snowflake://xy.eu.snowflakecomputing.com/?db=d&user=me&QUERY_TAG=a%20b", "p")
                == "me:p@xy.eu.snowflakecomputing.com:443/d?loginTimeout=30&application=Millrace"
                + "&TIMEZONE=Europe%2FVienna&QUERY_TAG=a%20b")
        let key = "-----BEGIN PRIVATE KEY-----\nab+/\ncd==\n-----END PRIVATE KEY-----\n"
        #expect(
            try text("snowflake://me@acc?authenticator=snowflake_jwt", key).hasPrefix(
                "me@acc/?authenticator=snowflake_jwt&privateKey=ab-_cd%3D%3D&"))
        #expect(try text("snowflake://me@acc?authenticator=oauth", "t").contains("&token=t&"))
        for (address, word) in [
            ("snowflake://me@acc?wharehouse=w", "Did you mean warehouse?"),
            ("snowflake://me@acc?authenticator=magic", "programmatic_access_token"),
            ("snowflake://", "names no account"), ("snowflake://a@b?login_timeout=x", "number of seconds"),
            ("snowflake://me@acc?authenticator=snowflake_jwt", "private key"),
        ] {
            let error = #expect(throws: EngineError.self) { try text(address, "x y") }
            let said = (error?.message ?? "") + " " + (error?.remedy ?? "")
            #expect(said.contains(word), "\(address): \(said)")
        }
    }

    @Test("COPY INTO is written as Snowflake documents it, and what it does not take is refused")
    func statements() throws {
        let copy = try SnowflakeCopy([
            "copy.from": "@s/a", "copy.format.type": "csv", "copy.format.skip_header": "1",
            "copy.format.field_delimiter": "|", "copy.format.null_if": "a\n'\n",
            "copy.format.compression": "auto",
            "copy.pattern": ".*[.]csv", "copy.on_error": "skip_file_10%", "copy.force": "true",
            "copy.purge": "true", "copy.size_limit": "10", "copy.files": "x\ny",
        ])
        #expect(
            copy.statement(into: "T", from: "@s/a")
                == "COPY INTO T FROM @s/a FILE_FORMAT = (COMPRESSION = AUTO FIELD_DELIMITER = '|' "
                + "NULL_IF = ('a', '''') SKIP_HEADER = 1 TYPE = 'CSV') FILES = ('x', 'y') "
                + "PATTERN = '.*[.]csv' SIZE_LIMIT = 10 ON_ERROR = 'SKIP_FILE_10%' FORCE = TRUE PURGE = TRUE")
        for options in [
            ["copy.from": "@s", "copy.on_error": "ignore"], ["copy.from": "/tmp/x"],
            ["copy.stage": "s3://a/b"],
            ["copy.from": "@s'; DROP"], ["copy.pattern": "x"], ["copy.from": "@s", "copy.purge": "maybe"],
            ["copy.from": "@s", "copy.format.a b": "c"], ["copy.from": "@s", "copy.stage": "@t"],
        ] {
            #expect(throws: EngineError.self, "\(options)") { try SnowflakeCopy(options) }
        }
    }

    @Test("rows of every type come and go, and names need no quotes")
    func types() throws {
        let query = """
            SELECT CAST(7 AS BIGINT) AS id, 'it''s' || chr(92) AS name,
              CAST(-1.50 AS DECIMAL(12, 2)) AS amount, DATE '1969-12-31' AS day,
              TIMESTAMP '1969-12-31 23:59:59.999999' AS moment, 1.5D AS ratio, true AS yes, X'00FF' AS raw,
              TIMESTAMP_NTZ '2024-02-29 12:00:00' AS wall, array(1, 2) AS list
            UNION ALL SELECT 8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            """
        let run = try load("dbtable 'every'", query)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            try double.rows([
                "SELECT id, name, amount, day, moment::VARCHAR, yes, wall::VARCHAR FROM every ORDER BY 1"
            ])
                == "7|it's\\|-1.50|1969-12-31|1969-12-31 23:59:59.999999+00|True|2024-02-29 12:00:00\n"
                + "8||||||\n"
        )
        let back = try read("dbtable 'every'", "SELECT * FROM v WHERE id < 8")
        #expect(
            back.output
                == #"{"ID":7,"NAME":"it's\\","AMOUNT":-1.50,"DAY":"1969-12-31","#
                + #""MOMENT":"1969-12-31 23:59:59.999999","RATIO":1.5,"YES":true,"RAW":"00FF","#
                + #""WALL":"2024-02-29 12:00:00","LIST":"[1,2]"}"# + "\n", "\(back.errors)")
        let part = "partitionColumn 'id', numPartitions '2', query 'SELECT id, name FROM every'"
        let parts = try read(part, "SELECT count(*), count(NAME) FROM v")
        #expect(parts.output == "{\"count(1)\":2,\"count(NAME)\":1}\n", "\(parts.errors)")
        let pushed = try read(
            "dbtable 'every'", #"SELECT ID FROM v WHERE NAME = 'it''s' || chr(92) AND MOMENT < now()"#)
        #expect(pushed.output == "{\"ID\":7}\n", "\(pushed.errors)")
    }

    @Test("append, overwrite and merge; a load of the same id changes nothing")
    func modes() throws {
        let rows = "SELECT * FROM VALUES (1, 'a'), (2, 'b'), (2, 'c') AS t(id, name)"
        #expect(try load("dbtable 'modes', loadId 'm1'", rows).status == 0)
        #expect(try load("dbtable 'modes', loadId 'm1'", rows).status == 0)
        #expect(try double.rows(["SELECT count(*) FROM modes"]) == "3\n")
        let over = try load("dbtable 'modes', mode 'overwrite'", rows + " WHERE id = 1")
        #expect(over.status == 0, "\(over.errors)")
        let merged = try load(
            "dbtable 'modes', mode 'merge', primaryKey 'id'",
            "SELECT id, name, 'x' AS extra FROM VALUES (1, 'new'), (3, 'd') AS t(id, name)")
        #expect(merged.status == 0, "\(merged.errors)")
        let twice = try load(
            "dbtable 'modes', mode 'merge', primaryKey 'id'",
            "SELECT * FROM VALUES (1, 'one'), (1, 'other'), (4, 'd') AS t(id, name)")
        #expect(twice.status == 1 && twice.errors.contains("[DUPLICATE_KEY]"), "\(twice.errors)")
        #expect(try double.rows(["SELECT * FROM modes ORDER BY ID"]) == "1|new|x\n3|d|x\n")
        #expect(try double.rows(["SELECT \"ROWS\" FROM \"_MILLRACE_LOADS\" WHERE load_id = 'm1'"]) == "3\n")
        let failed = try load(
            "dbtable 'modes'", "SELECT 'x' AS id, cast(id AS INT) FROM VALUES ('y') AS t(id)")
        #expect(failed.status == 1)
        #expect(try double.rows(["SELECT count(*) FROM modes"]) == "2\n")
        let wrong = try load("dbtable 'modes'", "SELECT 'seven' AS id")
        #expect(wrong.errors.contains("seven"), "\(wrong.errors)")
    }

    @Test("files of a stage are loaded once, again with FORCE, and removed with PURGE")
    func history() async throws {
        _ = try double.rows(["CREATE TABLE copied (id NUMBER, name VARCHAR)"])
        try stage("S_HISTORY", ["a.csv": "1,a\n2,b\n", "b.csv": "3,c\n"])
        let from = "'copy.from' '@S_HISTORY'"
        let first = try await copy("copied", from, id: "h1")
        #expect(first.log.contains("Snowflake loaded 3 rows of 2 files"), "\(first.log)")
        _ = try await copy("copied", from, id: "h2")
        #expect(try double.rows(["SELECT count(*) FROM copied"]) == "3\n")
        _ = try await copy("copied", from + ", 'copy.force' 'true', 'copy.purge' 'true'", id: "h3")
        #expect(try double.rows(["SELECT count(*) FROM copied", "LIST @S_HISTORY"]) == "6\n")
        let missing = try load(
            "dbtable 'copied', 'copy.from' '@NO_STAGE', 'copy.format.type' 'csv'", "SELECT 1 WHERE false")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("NO_STAGE"), "\(missing.errors)")
        let replaced = try load("dbtable 'copied', mode 'overwrite', \(from)", "SELECT 1 WHERE false")
        #expect(replaced.errors.contains("appended"), "\(replaced.errors)")
    }

    @Test("PATTERN chooses files, ON_ERROR leaves out those that do not fit")
    func choice() async throws {
        _ = try double.rows(["CREATE TABLE chosen (id NUMBER, name VARCHAR)"])
        try stage("S_CHOICE", ["a1.csv": "1,a\n", "a2.csv": "x,b\n", "b1.csv": "3,c\n"])
        let skipped = try await copy(
            "chosen",
            "'copy.from' '@S_CHOICE', 'copy.pattern' '.*/a[0-9][.]csv', 'copy.on_error' 'skip_file'",
            id: "c1")
        #expect(try double.rows(["SELECT id FROM chosen"]) == "1\n")
        #expect(skipped.warnings.first?.contains("met 1 errors") == true, "\(skipped.warnings)")
        let failed = try load(
            "dbtable 'chosen', 'copy.from' '@S_CHOICE', 'copy.format.type' 'csv'", "SELECT 1 WHERE false")
        #expect(failed.status == 1)
        #expect(try double.rows(["SELECT count(*) FROM chosen"]) == "1\n")
    }

    @Test("a pipeline loads a step's table and files of a stage, each once")
    func pipeline() throws {
        _ = try double.rows(["CREATE TABLE landed (id NUMBER, name VARCHAR)", "CREATE STAGE S_ROWS"])
        try stage("S_PIPELINE", ["users.csv": "id,name\n5,e\n"])
        try submit.write(
            "etl.yml",
            """
            name: shop
            connections:
              warehouse:
                uri: "{{ env_var('MILLRACE_SF') }}"
                password: "{{ env_var('MILLRACE_SF_PASSWORD') }}"
            extract:
              - name: back
                sql: {connection: warehouse, query: "SELECT 1 AS ID"}
            transform:
              - {name: users, sql: "SELECT ID AS user_id, 'n' AS name FROM {{ ref('back') }}"}
            load:
              - {name: rows, from: users, connection: warehouse, table: piped, write_disposition: merge,
                 primary_key: user_id, copy_into: {stage: "@S_ROWS/in", on_error: abort_statement}}
              - name: files
                connection: warehouse
                table: landed
                copy_into: {from: "@S_PIPELINE/users.csv", file_format: {type: csv, skip_header: 1}}
            """)
        for _ in 0..<2 {
            let run = try submit.run([".", "--progress", "none"])
            #expect(run.status == 0, "\(run.errors)")
        }
        #expect(try double.rows(["SELECT * FROM piped", "SELECT * FROM landed"]) == "1|n\n5|e\n")
        #expect(try double.rows(["LIST @S_ROWS"]).contains("s_rows/in/shop_rows_"))
        try submit.write(
            "bad/etl.yml",
            """
            name: bad
            connections: {w: {uri: "snowflake://u@a"}}
            load: [{name: f, connection: w, table: t, write_disposition: replace, copy_into: {from: "@s"}}]
            """)
        let bad = try submit.run(["plan", "bad"])
        #expect(bad.errors.contains("can only be appended") && bad.status != 0, "\(bad.errors)")
    }

    @Test("what cannot be reached or understood says so, without the password")
    func failures() throws {
        let nobody = address.replacing("env:MILLRACE_SF'", with: "env:MILLRACE_SF_NOBODY'")
        setenv(
            "MILLRACE_SF_NOBODY", "snowflake://etl@127.0.0.1:1/?protocol=http&account=a&login_timeout=1", 1)
        let gone = try submit.sql(
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (\(nobody), dbtable 't'); SELECT * FROM v")
        #expect(gone.status == 1)
        #expect(gone.errors.contains("Snowflake at 127.0.0.1:1"), "\(gone.errors)")
        let missing = try read("dbtable 'no_such_table'")
        #expect(missing.errors.contains("does not exist"), "\(missing.errors)")
        let option = try read("dbtable 'x', 'copy.form' '@s'")
        #expect(option.errors.contains("Did you mean copy.from?"), "\(option.errors)")
        for run in [gone, missing, option] {
            #expect(!run.errors.contains(SnowflakeDouble.canary) && !run.errors.contains("canary"))
        }
    }
}
