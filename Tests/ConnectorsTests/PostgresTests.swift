import Foundation
import Programs
import Testing

/// Reads from a real PostgreSQL server and loads into it, as a user does.
@Suite("PostgreSQL", .serialized) struct PostgresTests {
    let server: PostgresServer
    let submit: Submit

    init() throws {
        server = try PostgresServer.shared.get()
        submit = try Submit()
    }

    @Test("every type comes as Spark's JDBC source gives it, nulls too")
    func types() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS kinds; CREATE TABLE kinds(a int2, b int4, c int8, d float4, e float8,
            f numeric(10,2), f2 numeric, g text, h varchar(5), i char(3), j bool, k date, l timestamp,
            m timestamptz, n json, o jsonb, p uuid, q int4[], r text[], s bytea, t time, u interval,
            v numeric[], x inet);
            INSERT INTO kinds VALUES (1,2,3,1.5,2.5,1.25,12345678901234567890.5,'grün','y','c',true,
            '2020-01-02','2020-01-02 03:04:05','2020-01-02 03:04:05+02','{"a":1}','{"b":[1]}',
            'd3b07384-d113-4956-a5cd-cd8e2f1f3d1d','{1,2,null}','{a,NULL,"b c"}','\\x00ff','01:02:03',
            '1 day','{1.5}','1.2.3.4'); INSERT INTO kinds(a) VALUES (NULL)
            """)
        let lines = good(try submit.read("dbtable 'kinds'")).split(separator: "\n")
        #expect(
            lines.first == """
                {"a":1,"b":2,"c":3,"d":1.5,"e":2.5,"f":1.25,"f2":12345678901234567890.500000000000000000,\
                "g":"grün","h":"y","i":"c  ","j":true,"k":"2020-01-02","l":"2020-01-02 03:04:05",\
                "m":"2020-01-02 01:04:05","n":"{\\"a\\":1}","o":"{\\"b\\": [1]}",\
                "p":"d3b07384-d113-4956-a5cd-cd8e2f1f3d1d","q":[1,2,null],"r":["a",null,"b c"],"s":"00FF",\
                "t":"1970-01-01 01:02:03","u":"1 day","v":[1.500000000000000000],"x":"1.2.3.4/32"}
                """)
        #expect(lines.last?.matches(of: /null/).count == 24)
        #expect(
            good(try submit.read("dbtable 'kinds'", "DESCRIBE v")).contains(#""data_type":"decimal(10,2)""#))
    }

    @Test("an array of two dimensions is refused with its column and what to do, never flattened")
    func dimensions() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS grids; CREATE TABLE grids(id int4, "the grid" int4[], u uuid[], f int4[]);
            INSERT INTO grids VALUES (1, '{1,2}', '{d3b07384-d113-4956-a5cd-cd8e2f1f3d1d}', '{}'),
            (2, '{3,4}', NULL, '{NULL}')
            """)
        let fine = good(try submit.read("dbtable 'grids'", "SELECT `the grid`, f FROM v ORDER BY id"))
        #expect(fine.contains("[1,2]") && fine.contains("[3,4]") && fine.contains("[null]"), "\(fine)")
        for (column, value) in [
            ("\"the grid\"", "'{{1,2},{3,4}}'"), ("\"u\"", "array[array[gen_random_uuid()]]"),
        ] {
            _ = try server.rows("INSERT INTO grids(id, \(column)) VALUES (3, \(value))")
            let run = try submit.read("dbtable 'grids'")
            #expect(run.status == 1)
            #expect(run.errors.contains("UNSUPPORTED_FEATURE"), "\(run.errors)")
            #expect(run.errors.contains("The column \(column) has an array of 2 dimensions"), "\(run.errors)")
            #expect(run.errors.contains("to_json(\(column))::text"), "\(run.errors)")
            _ = try server.rows("DELETE FROM grids WHERE id = 3")
        }
    }

    @Test("columns that travel packed into one are the same as each by itself, numbers of every size too")
    func packed() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS packed; CREATE TABLE packed AS SELECT i AS id,
            (CASE WHEN i % 7 = 0 THEN NULL ELSE (i - 2500) * power(10::numeric, i % 9 - 4)
            END)::numeric(18, 6) AS a,
            ((i - 2500)::numeric * 1234567890123456789 / 1000)::numeric(36, 3) AS b,
            (i - 2500)::numeric / 16 AS c, ((i - 2500) * 10000)::numeric(12, 0) AS d,
            repeat(chr(228 + i % 20), i % 30) AS t, i % 2 = 0 AS u, (i - 2500)::int2 AS s,
            i * 0.25::float8 AS f, date '1960-01-01' + i * 30 AS da,
            timestamptz '1969-12-31 23:59:59Z' + i * interval '1 hour' AS ts,
            timestamp '1969-12-31 23:59:59' + i * interval '1 hour' AS tz, repeat('x', i % 3)::char(5) AS p,
            jsonb_build_object('i', i) AS o, repeat('y', i % 5)::varchar AS v, int4send(i % 300) AS y
            FROM generate_series(1, 5000) i
            """)
        for column in ["a", "b", "c", "d", "t", "u", "s", "f", "da", "ts", "tz", "p", "o", "v", "y"] {
            // One column alone is the driver's work.
            let alone =
                "CREATE TEMPORARY VIEW w USING jdbc OPTIONS (url 'env:MILLRACE_PG', query "
                + "'SELECT \(column) FROM packed')"
            let same = try submit.read(
                "dbtable 'packed'",
                "\(alone); SELECT count(*) AS n FROM (SELECT \(column), count(*) AS n FROM v "
                    + "WHERE id > 0 GROUP BY 1 EXCEPT SELECT \(column), count(*) AS n FROM w GROUP BY 1)")
            #expect(good(same) == #"{"n":0}"# + "\n", "\(column)")
        }
        let sums = try submit.read("dbtable 'packed'", "SELECT sum(a) AS a, sum(b) AS b, sum(d) AS d FROM v")
        let wanted = try server.rows("SELECT sum(a), sum(b), sum(d) FROM packed").split(separator: "\n")[0]
        let given = good(sums).matches(of: /:(-?[0-9.]+)/).map { String($0.1) }.joined(separator: "|")
        #expect(given == wanted, "\(given)")
    }

    @Test(
        "what Spark's types do not hold: endless dates are the last ones, numbers that are none are refused")
    func odd() throws {
        let ends = try submit.read(
            "query 'SELECT date ''infinity'' AS a, date ''-infinity'' AS b, "
                + "timestamptz ''infinity'' AS c, timestamptz ''-infinity'' AS d'")
        #expect(
            good(ends) == """
                {"a":"9999-12-31","b":"0001-01-01","c":"9999-12-31 23:59:59.999999","d":"0001-01-01 00:00:00"}

                """)
        let rounded = try submit.read("query 'SELECT 1 AS i, 1.23456789012345678951::numeric AS n'")
        #expect(good(rounded) == #"{"i":1,"n":1.234567890123456790}"# + "\n")
        for value in ["''NaN''", "''Infinity''", "1e30"] {
            let refused = try submit.read("query 'SELECT 1 AS i, \(value)::numeric AS n'")
            #expect(refused.status == 1 && refused.errors.contains("v.n does not fit"), "\(refused.errors)")
        }
    }

    @Test("a table is read in parts that share one snapshot, columns and conditions reach the database")
    func parts() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS big; CREATE TABLE big AS SELECT i AS id, repeat('x', 100) AS t FROM "
                + "generate_series(1, 20000) i")
        // Each connection adds a row before it reads: only the first one's may be seen.
        let grown = try submit.read(
            "dbtable 'big', numPartitions 5, sessionInitStatement 'INSERT INTO big VALUES (0)'",
            "SELECT count(*) AS n, sum(id) AS s, count(DISTINCT id) AS d FROM v")
        #expect(good(grown) == #"{"n":20001,"s":200010000,"d":20001}"# + "\n")
        #expect(try server.rows("SELECT count(*) > 20005 FROM big") == "t\n")
        let ranged = try submit.read(
            "dbtable 'big', partitionColumn 'id', lowerBound 100, upperBound 200, numPartitions 3",
            "SELECT count(*) AS n FROM v WHERE id > 0")
        #expect(good(ranged) == #"{"n":20000}"# + "\n")
        let query = try submit.read(
            "query 'SELECT id, t FROM big WHERE id > 19990;'", "SELECT count(*) AS n FROM v WHERE id <> 19995"
        )
        #expect(good(query) == #"{"n":9}"# + "\n")
        let plan = try submit.read("dbtable 'big'", "EXPLAIN SELECT id FROM v WHERE id = 5")
        #expect(good(plan).contains("Scan jdbc v [id], filters: [(id = 5)]"))
    }

    @Test("append, overwrite and merge; a load that is tried again changes nothing")
    func loads() throws {
        _ = try server.rows("DROP TABLE IF EXISTS m, a CASCADE")
        _ = good(try submit.load("dbtable 'a', loadid 'L1'", "SELECT id, id * 2 AS v FROM range(5)"))
        _ = good(try submit.load("dbtable 'a', loadid 'L1'", "SELECT id, id * 2 AS v FROM range(5)"))
        #expect(try server.rows("SELECT count(*) FROM a") == "5\n")
        #expect(try server.rows("SELECT rows FROM _millrace_loads WHERE load_id = 'L1'") == "5\n")

        let merge = "dbtable 'm', mode 'merge', primaryKey 'id'"
        _ = good(try submit.load(merge, "SELECT id, id * 2 AS v FROM range(5)"))
        _ = good(try submit.load(merge, "SELECT id + 3 AS id, 100 AS v, 'new' AS w FROM range(3)"))
        #expect(
            try server.rows("SELECT string_agg(id || ':' || v, ' ' ORDER BY id) FROM m")
                == "0:0 1:2 2:4 3:100 4:100 5:100\n")
        // Either of two rows could stay: none is taken, and none of the others.
        let twice = try submit.load(merge, "SELECT id % 3 AS id, 9 AS v FROM range(4)")
        #expect(twice.status == 1 && twice.errors.contains("[DUPLICATE_KEY]"), "\(twice.errors)")
        #expect(twice.errors.contains("id = 0"), "\(twice.errors)")
        #expect(try server.rows("SELECT count(*) FROM m WHERE v = 9") == "0\n")
        // Without an index on the key rows are deleted and inserted.
        _ = try server.rows("ALTER TABLE m DROP CONSTRAINT m_pkey")
        _ = good(try submit.load(merge, "SELECT 5 AS id, 7 AS v"))
        #expect(try server.rows("SELECT count(*), max(v) FILTER (WHERE id = 5) FROM m") == "6|7\n")

        _ = good(try submit.load("dbtable 'a', mode 'overwrite'", "SELECT id, 1 AS v FROM range(2)"))
        #expect(try server.rows("SELECT count(*) FROM a") == "2\n")
        // What refers to the table stays.
        _ = try server.rows("CREATE VIEW a_view AS SELECT * FROM a; GRANT SELECT ON a TO reader")
        _ = good(try submit.load("dbtable 'a', mode 'overwrite'", "SELECT id, 1 AS v FROM range(3)"))
        #expect(try server.rows("SELECT count(*) FROM a_view") == "3\n")
        #expect(try server.sql("SELECT count(*) FROM a", "reader").output == "3\n")
    }

    /// Tables that another one in their place would not be, and a query with its answer afterwards.
    static let kept: [(made: String, query: String, answer: String)] = [
        (
            "CREATE TABLE k(id serial PRIMARY KEY, v int8); INSERT INTO k(v) VALUES (1)",
            "INSERT INTO k(v) VALUES (8); SELECT count(*), count(DISTINCT id), max(v) FROM k", "2|2|8"
        ),
        (
            "CREATE TABLE k(v int8, d date DEFAULT '2024-05-05') PARTITION BY RANGE (d); CREATE TABLE k_24 "
                + "PARTITION OF k FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
            "SELECT count(*), max(v) FROM k_24", "1|7"
        ),
        (
            "CREATE TABLE k(id int GENERATED ALWAYS AS IDENTITY, v int8, at date NOT NULL DEFAULT now(), "
                + "w int8 GENERATED ALWAYS AS (v * 2) STORED); CREATE VIEW k_view AS SELECT * FROM k",
            "SELECT count(id), max(v), max(w) FROM k_view", "1|7|14"
        ),
        (
            "CREATE TABLE k(v int8 PRIMARY KEY); CREATE TABLE k_child(v int8 REFERENCES k)",
            "INSERT INTO k_child VALUES (7); SELECT count(*) FROM k_child JOIN k USING (v)", "1"
        ),
        (
            "CREATE TABLE k_parent(v int8 PRIMARY KEY); INSERT INTO k_parent VALUES (7); "
                + "CREATE TABLE k(v int8 REFERENCES k_parent)",
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'k'::regclass", "1"
        ),
    ]

    @Test("a table that others need, or that has what a copy would not, gets its rows where it is")
    func places() throws {
        let drop = "DROP TABLE IF EXISTS k, k_child, k_parent CASCADE; "
        for (made, query, answer) in Self.kept {
            _ = try server.rows(drop + made)
            for _ in 0..<2 { _ = good(try submit.load("dbtable 'k', mode 'overwrite'", "SELECT 7 AS v")) }
            #expect(try server.rows(query) == answer + "\n", "\(made)")
        }
        // Columns that the rows lack have their defaults, also where rows go aside first.
        _ = try server.rows(
            drop + "CREATE TABLE k(v int8 PRIMARY KEY, n int8, at date NOT NULL DEFAULT '2024-01-01')")
        for n in 1...2 {
            _ = good(
                try submit.load("dbtable 'k', mode 'merge', primaryKey 'v'", "SELECT 7 AS v, \(n) AS n"))
        }
        #expect(try server.rows("SELECT * FROM k") == "7|2|2024-01-01\n")
        // Rows of other tables are never taken along.
        _ = try server.rows(
            "CREATE TABLE k_child(v int8 REFERENCES k ON DELETE CASCADE); INSERT INTO k_child VALUES (7)")
        let refused = try submit.load("dbtable 'k', mode 'overwrite'", "SELECT 8 AS v")
        #expect(refused.status == 1 && refused.errors.contains("foreign key"), "\(refused.errors)")
        #expect(try server.rows("SELECT count(*) FROM k_child") == "1\n")
        _ = try server.rows(drop)
    }

    @Test("values of types that COPY does not send go in by a cast")
    func casts() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS odd; CREATE TABLE odd(j jsonb, u uuid, s int2, n numeric(6,2), a "
                + "int4[], e inet)"
        )
        _ = good(
            try submit.load(
                "dbtable 'odd'",
                "SELECT named_struct('x', 1) AS j, 'd3b07384-d113-4956-a5cd-cd8e2f1f3d1d' AS u, 7L AS s, "
                    + "CAST(1.5 AS DOUBLE) AS n, array(1, 2) AS a, '10.0.0.1' AS e"))
        #expect(
            try server.rows("SELECT * FROM odd")
                == "{\"x\": 1}|d3b07384-d113-4956-a5cd-cd8e2f1f3d1d|7|1.50|{1,2}|10.0.0.1\n")
    }

    @Test("a load that fails on its way leaves the target as it was")
    func failedLoad() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS k CASCADE; CREATE TABLE k(id int8 PRIMARY KEY); "
                + "INSERT INTO k VALUES (9000)")
        let run = try submit.load("dbtable 'k'", "SELECT id FROM range(10000)")
        #expect(run.status == 1)
        #expect(run.errors.contains("[CONSTRAINT_VIOLATION] PostgreSQL: duplicate key"), "\(run.errors)")
        #expect(run.errors.contains("= Test the rows for it"), "\(run.errors)")
        #expect(try server.rows("SELECT count(*) FROM k") == "1\n")
        let computed = try submit.load(
            "dbtable 'k', mode 'overwrite'", "SELECT 10 DIV (id - 9999) AS id FROM range(10000)")
        #expect(computed.errors.contains("[DIVIDE_BY_ZERO]"), "\(computed.errors)")
        #expect(try server.rows("SELECT count(*) FROM k") == "1\n")
    }

    @Test("what is wrong is said, and no secret")
    func errors() throws {
        let dead =
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'postgresql://u@127.0.0.1:1/d', dbtable "
            + "'t'); SELECT 1"
        let cases: [(run: ProgramRun, part: String)] = [
            (try submit.sql(dead), "[DATABASE_UNREACHABLE] PostgreSQL at 127.0.0.1:1/d cannot be reached"),
            (
                try submit.sql(dead.replacing("127.0.0.1:1", with: "nohost.invalid")),
                "[DATABASE_UNREACHABLE] PostgreSQL at nohost.invalid/d cannot be reached"
            ),
            (
                try submit.sql(dead.replacing("127.0.0.1:1", with: "127.0.0.1:x")),
                "[INVALID_OPTION] The address of the database is not understood"
            ),
            (
                try submit.read("dbtable 'nosuch'"),
                "[TABLE_OR_VIEW_NOT_FOUND] PostgreSQL: relation \"nosuch\""
            ),
            (try submit.read("dbtabel 'x'"), "Did you mean dbtable?"),
            (try submit.read("query 'SELEC 1'"), "[DATABASE_ERROR] PostgreSQL: syntax error"),
            (
                try submit.sql(
                    "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'env:MILLRACE_NOT_SET'); SELECT 1"),
                "[SECRET_NOT_SET] The environment variable is not set where the connection is made: "
                    + "MILLRACE_NOT_SET"
            ),
            (
                try submit.sql(
                    "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url "
                        + "'postgresql://u:${env:MILLRACE_NOT_SET}@h/d', dbtable 't'); SELECT 1"),
                "[SECRET_NOT_SET]"
            ),
            (
                try submit.sql(
                    "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'env:MILLRACE_PG_LOCKED', dbtable "
                        + "'t'); SELECT 1"
                ),
                "[DATABASE_LOGIN]"
            ),
            (
                try submit.sql(
                    "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url "
                        + "'postgresql://u:\(PostgresServer.canary)@h/d')"
                ),
                "[SECRET_IN_TEXT]"
            ),
            (
                try submit.sql(
                    "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'postgresql://h/d', password "
                        + "'\(PostgresServer.canary)')"
                ),
                "[SECRET_IN_TEXT]"
            ),
            (
                try submit.load(
                    "dbtable 'x', sessionInitStatement 'SET default_transaction_read_only TO on'",
                    "SELECT 1 AS a"),
                "[TARGET_READ_ONLY]"
            ),
        ]
        for (run, part) in cases {
            #expect(run.status == 1, "\(part)")
            #expect(run.errors.contains(part), "\(run.errors)")
            #expect(!run.errors.contains(PostgresServer.canary), "\(run.errors)")
        }
    }

    @Test("on a cluster workers make the connection; nothing of the secret is kept")
    func cluster() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS c; CREATE TABLE c AS SELECT i AS id FROM generate_series(1, 5000) i")
        let cluster = try TestCluster(workers: 2, workerFlags: ["--allow-env", "NO_*", "MILLRACE_P?"])
        defer { cluster.stop() }
        for name in ["HOME", "MILLRACE_PG_LOCKED"] {
            let view = "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'env:\(name)', dbtable 'c')"
            let kept = try submit.sql("\(view); SELECT * FROM v", cluster.clientArguments)
            #expect(kept.status == 1 && kept.errors.contains("SECRET_NOT_ALLOWED"), "\(kept.errors)")
            #expect(kept.errors.contains("etl-worker --allow-env \(name)"), "\(kept.errors)")
        }
        let run = try submit.sql(
            "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'env:MILLRACE_PG', dbtable 'c', "
                + "numPartitions 4); "
                + "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url 'env:MILLRACE_PG', dbtable 'c2', mode "
                + "'overwrite') SELECT id + 1 AS id FROM v; SELECT sum(id) AS s FROM v",
            cluster.clientArguments)
        #expect(good(run) == #"{"s":12502500}"# + "\n")
        #expect(try server.rows("SELECT sum(id) FROM c2") == "12507500\n")
        let walk = FileManager.default.enumerator(atPath: cluster.file("state"))
        while let path = walk?.nextObject() as? String {
            let data = FileManager.default.contents(atPath: cluster.file("state/" + path)) ?? Data()
            #expect(data.range(of: Data("127.0.0.1:\(server.port)".utf8)) == nil, "\(path)")
        }
    }
}
