import Foundation
import Programs
import Testing

/// Reads tables whose rows come many as one value, and sources that must not be read so.
@Suite("PostgreSQL's rows by chunks", .serialized) struct PostgresChunkTests {
    let server: PostgresServer
    let submit: Submit

    init() throws {
        server = try PostgresServer.shared.get()
        submit = try Submit()
    }

    /// Reads a table with its statements logged; returns the rows, and whether they came by chunks.
    private func read(
        _ table: String, _ more: String, _ query: String
    ) throws -> (rows: String, byChunks: Bool) {
        let before = server.log.count
        let run = try submit.read(
            "dbtable '\(table)', sessionInitStatement 'SET log_statement TO \"all\"'\(more)", query)
        let rows = good(run)
        #expect(eventually(within: 5) { server.log.dropFirst(before).contains("FROM \(table)") })
        return (rows, server.log.dropFirst(before).contains("millrace chunk"))
    }

    /// Rows that differ between the table and the same as a query, whose rows come one by one.
    private func differences(_ table: String, _ more: String = "") throws -> (rows: String, byChunks: Bool) {
        try read(
            table, more,
            """
            CREATE TEMPORARY VIEW w
              USING jdbc OPTIONS (url 'env:MILLRACE_PG', query 'SELECT * FROM \(table)');
            SELECT count(*) AS n FROM ((SELECT * FROM v EXCEPT ALL SELECT * FROM w)
              UNION ALL (SELECT * FROM w EXCEPT ALL SELECT * FROM v))
            """)
    }

    private static let none = #"{"n":0}"# + "\n"

    @Test("are those of a query, of every type, with nulls and holes, in one part and in several")
    func types() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS chunked; CREATE TABLE chunked AS SELECT i AS id, i % 2 = 0 AS b,
            (i % 300)::int2 AS s, NULLIF(i % 11, 0)::int8 AS l, i * 0.5::float4 AS f, i * 0.25::float8 AS d,
            ((i - 2500) * power(10::numeric, i % 9 - 4))::numeric(18, 6) AS n, (i * 3)::numeric AS open,
            CASE WHEN i % 7 > 0 THEN repeat(chr(228 + i % 20), i % 30) END AS t,
            repeat('x', i % 3)::char(5) AS p, int4send(i) AS y, date '1960-01-01' + i AS da,
            timestamptz '1969-12-31 23:59:59Z' + i * interval '1 hour' AS ts,
            timestamp '1969-12-31 23:59:59' + i * interval '1 hour' AS tz,
            time '00:00' + i * interval '1 s' AS ti,
            jsonb_build_object('i', i, 't', repeat('é', i % 5)) AS o, gen_random_uuid() AS u,
            i * interval '1 minute' AS iv, '10.0.0.1'::inet + i AS e FROM generate_series(1, 20000) i;
            DELETE FROM chunked WHERE id BETWEEN 3000 AND 9000 OR id % 5 = 1
            """)
        for more in ["", ", numPartitions 7"] {
            let found = try differences("chunked", more)
            #expect(found.rows == Self.none && found.byChunks, "\(found)")
        }
        let wanted = try server.rows("SELECT count(*) FROM chunked").filter(\.isNumber)
        for query in ["SELECT count(*) AS n FROM v", "SELECT count(u) AS n FROM v"] {
            let found = try read("chunked", "", query)
            #expect(found.rows == "{\"n\":\(wanted)}\n" && found.byChunks, "\(found)")
        }
        let some = try read("chunked", "", "SELECT count(*) AS n FROM v WHERE id = 12345")
        #expect(some.rows == #"{"n":1}"# + "\n" && !some.byChunks, "an index may find it")
    }

    @Test("of an empty table are none; a materialized view is read in parts as well")
    func kinds() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS hollow, source CASCADE; CREATE TABLE hollow(id int8, t text);
            CREATE TABLE source AS SELECT i AS id, repeat('x', 200) AS t FROM generate_series(1, 5000) i;
            CREATE MATERIALIZED VIEW stored AS SELECT * FROM source
            """)
        #expect(try read("hollow", "", "SELECT * FROM v") == ("", true))
        #expect(try read("hollow", "", "SELECT count(*) AS n FROM v") == (Self.none, true))
        #expect(try differences("stored", ", numPartitions 3") == (Self.none, true))
    }

    @Test("stay apart where chunks could be too long, or places are not one table's or not looked at first")
    func refused() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS long, base, parent, pieces, ruled CASCADE;
            CREATE TABLE long(id int8, t text); ALTER TABLE long ALTER t SET STORAGE EXTERNAL;
            INSERT INTO long SELECT i, repeat('y', 5000) FROM generate_series(1, 50) i;
            CREATE TABLE base AS SELECT i AS id, 'b' AS t FROM generate_series(1, 3000) i;
            CREATE VIEW seen AS SELECT * FROM base;
            CREATE TABLE parent(id int8, t text); CREATE TABLE child() INHERITS (parent);
            INSERT INTO parent SELECT i, 'p' FROM generate_series(1, 10) i;
            INSERT INTO child SELECT i, 'c' FROM generate_series(1, 9000) i;
            CREATE TABLE pieces(id int8, t text) PARTITION BY RANGE (id);
            CREATE TABLE piece PARTITION OF pieces FOR VALUES FROM (0) TO (100000);
            INSERT INTO pieces SELECT i, 'p' FROM generate_series(1, 3000) i;
            CREATE TABLE ruled AS SELECT * FROM base; ALTER TABLE ruled ENABLE ROW LEVEL SECURITY
            """)
        for table in ["long", "seen", "parent", "pieces", "ruled"] {
            let found = try differences(table)
            #expect(found == (Self.none, false), "\(table)")
        }
    }

    @Test("come over connections that share what the driver has learnt of the server")
    func connections() throws {
        _ = try server.rows(
            """
            DROP TABLE IF EXISTS counted; DROP ROLE IF EXISTS counter; CREATE ROLE counter LOGIN;
            CREATE TABLE counted AS SELECT i AS id, repeat('x', 200) AS t FROM generate_series(1, 5000) i;
            GRANT SELECT ON counted TO counter
            """)
        let rows = try submit.read(
            "user 'counter', dbtable 'counted', numPartitions 2", "SELECT count(*) AS n FROM v")
        #expect(good(rows) == #"{"n":5000}"# + "\n")
        // The driver's own and the first, that of the snapshot, and each part's, of which one may not wait.
        let made = server.log.matches(of: /connection authorized: user=counter/).count
        #expect((5...6).contains(made), "\(made)")
        _ = try server.rows("DROP TABLE counted; DROP ROLE counter")
    }
}
