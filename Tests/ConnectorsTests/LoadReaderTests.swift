import Foundation
import Programs
import Testing

/// Reads tables all the time while loads replace them.
@Suite("Readers of a table that loads replace", .serialized) struct LoadReaderTests {
    let server: PostgresServer
    let submit: Submit

    init() throws {
        server = try PostgresServer.shared.get()
        submit = try Submit()
    }

    /// Rows of the table, all with the same version.
    private static let count = 20_000

    private func pipeline(_ version: Int) throws {
        try submit.write(
            "p/etl.yml",
            """
            name: p
            connections: {pg: {uri: "{{ env_var('MILLRACE_PG') }}"}}
            transform: [{name: made, sql: "SELECT id, \(version) AS version FROM range(\(Self.count))"}]
            load: [{name: out, from: made, connection: pg, table: replaced, write_disposition: replace}]
            """)
    }

    @Test(
        "never see it empty, mixed or older than before, whether it is swapped or keeps its identity",
        arguments: ["", "GRANT SELECT ON replaced TO reader"])
    func replaced(_ grant: String) throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS replaced CASCADE; CREATE TABLE replaced AS "
                + "SELECT i::int8 AS id, 0 AS version FROM generate_series(1, \(Self.count)) i; \(grant)")
        let stop = submit.folder.appendingPathComponent("stop").path
        let reader = try StartedProgram(
            URL(fileURLWithPath: "/bin/sh"),
            [
                "-c",
                """
                while [ ! -e '\(stop)' ]; do
                  echo 'SELECT count(*), min(version), max(version) FROM replaced;'; sleep 0.005
                done | psql -qtAX -v ON_ERROR_STOP=1 '\(server.uri)'
                """,
            ], limits: ProgramLimits(seconds: 60))
        for version in 1...4 {
            try pipeline(version)
            let run = try submit.run(["p", "--progress", "none"])
            #expect(run.status == 0, "\(run.errors)")
        }
        try Data().write(to: URL(fileURLWithPath: stop))
        let ended = try reader.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        let reads = ended.output.split(separator: "\n").map {
            $0.split(separator: "|").compactMap { Int($0) }
        }
        #expect(reads.count > 50)
        #expect(reads.allSatisfy { $0.count == 3 && $0[0] == Self.count && $0[1] == $0[2] })
        let versions = reads.map { $0.last ?? -1 }
        #expect(versions == versions.sorted() && Set(versions).count > 2, "\(Set(versions))")
    }

    @Test("an extract in parts whose table is replaced before they are read fails, and reads no emptiness")
    func extract() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS kept CASCADE; CREATE TABLE kept AS "
                + "SELECT i::int8 AS id, repeat('x', 100) AS t FROM generate_series(1, 20000) i")
        // Each connection that reads waits, so that the table's successor comes before them.
        let reading = try StartedProgram(
            ProgramRun.built("etl-submit"),
            [
                "-e",
                "CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'env:MILLRACE_PG', dbtable 'kept', "
                    + "numPartitions 4, sessionInitStatement 'SELECT pg_sleep(1)'); "
                    + "SELECT count(*) AS n FROM v", "--output", "csv", "--progress", "none",
            ], limits: ProgramLimits(seconds: 60))
        let held =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_export_snapshot%' "
            + "AND state = 'idle in transaction'"
        #expect(try eventually(within: 20) { try server.rows(held) != "0\n" })
        _ = try server.rows(
            "BEGIN; CREATE TABLE kept_new AS SELECT 1::int8 AS id, 'y' AS t; DROP TABLE kept; "
                + "ALTER TABLE kept_new RENAME TO kept; COMMIT")
        let read = try reading.waited()
        #expect(read.status == 1 && read.errors.contains("[TABLE_REPLACED]"), "\(read.output)\(read.errors)")
    }
}
