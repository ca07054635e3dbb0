import Foundation
import Programs
import Testing

/// Breaks what a pipeline needs in its second run: what it published before stays as it was, byte for byte,
/// and `retry` goes on once the fault is gone.
@Suite("Pipelines that meet a fault", .serialized)
struct PipelineFaultTests {
    /// Tables, a target and a database; the row 2 becomes some megabytes in the step `t`.
    private static let file = """
        name: p
        connections: {db: {uri: "sqlite:db/l.db"}}
        extract:
          - name: x
            file: {path: in.json, options: {mode: FAILFAST}}
            write_disposition: append
        transform:
          - name: t
            sql: |
              SELECT x.id, sha2(CAST(x.id * 100000 + r.id AS STRING), 256) AS s
              FROM {{ ref('x') }} x JOIN range(40000) r ON r.id < CASE WHEN x.id = 1 THEN 1 ELSE 40000 END
            write: {path: out/t}
        load:
          - {name: l, from: t, connection: db, table: t, write_disposition: replace}
        """

    /// A fault: the code of its error, what begins it, and the paths that must stay as they are.
    struct Fault: Sendable {
        var code: String
        var limits: ProgramLimits
        /// Commands of the shell before the second run, and before `retry`.
        var begin: String
        var end: String
        var kept: [String]
    }

    static let kinds: [Fault] = {
        var small = Program.limits
        small.fileBytes = 1 << 20
        var nobody = Program.limits
        nobody.isUnprivileged = true
        let tables = ["x", "t"].map { ".millrace/tables/\($0)" }
        return [
            Fault(
                code: "MALFORMED_RECORD_IN_PARSING", limits: Program.limits,
                begin: "printf '{\"id\": 2}\\n{\"id\":' > in.json", end: "echo '{\"id\": 2}' > in.json",
                kept: tables + ["out", "db"]),
            Fault(
                code: "DISK_FULL", limits: small, begin: "", end: "",
                kept: [".millrace/tables/t", "out", "db"]),
            Fault(
                code: "PATH_NOT_ACCESSIBLE", limits: nobody,
                begin: "chmod -R a+rwX . && chmod -R a-w out", end: "chmod -R u+w out",
                kept: [".millrace/tables/t", "out", "db"]),
            Fault(
                code: "TARGET_READ_ONLY", limits: nobody, begin: "chmod -R a+rwX . && chmod -R a-w db",
                end: "chmod -R u+w db", kept: ["db"]),
        ]
    }()

    private func shell(_ program: Program, _ text: String) throws {
        let run = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"), ["-euc", text], in: program.folder, seconds: 30)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test("keep what was published, and are retried", arguments: kinds)
    func faults(_ fault: Fault) throws {
        let program = try Program()
        try program.write("etl.yml", Self.file)
        try program.write("in.json", "{\"id\": 1}\n")
        try shell(program, "mkdir db")
        let first = try program.run(["."])
        #expect(first.status == 0, "\(first.errors)")
        func kept() throws -> [String: Data] {
            try program.contents().filter { file in
                fault.kept.contains { file.key == $0 || file.key.hasPrefix($0 + "/") }
            }
        }
        let before = try kept()
        #expect(!before.isEmpty)
        try program.write("in.json", "{\"id\": 2}\n")
        try shell(program, fault.begin)
        let broken = try program.run(["."], limits: fault.limits)
        #expect(broken.status == 1 && broken.errors.contains("[" + fault.code), "\(broken.errors)")
        #expect(try kept() == before, "\(fault.code)")
        #expect(try program.contents(".millrace/staging").isEmpty)
        try shell(program, fault.end)
        let again = try program.run(["retry", "."])
        #expect(again.status == 0, "\(again.errors)")
        for source in [
            "parquet OPTIONS (path '.millrace/tables/t')", "parquet OPTIONS (path 'out/t')",
            "jdbc OPTIONS (url 'sqlite:db/l.db', dbtable 't')",
        ] {
            let rows = try program.sql(
                "CREATE TEMPORARY VIEW v USING \(source); "
                    + "SELECT id, count(*) AS n FROM v GROUP BY id ORDER BY id"
            )
            #expect(
                rows.output == "{\"id\":1,\"n\":1}\n{\"id\":2,\"n\":40000}\n",
                "\(source): \(rows.output)\(rows.errors)")
        }
    }
}
