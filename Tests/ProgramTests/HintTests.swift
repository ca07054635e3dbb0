import Foundation
import Testing

/// What hints come to: those about partitions write as many files, those about joins show in EXPLAIN.
@Suite struct HintTests {
    private let program: Program

    init() throws { program = try Program() }

    /// Runs the query over 100,000 numbers in `a` of several tasks and returns how many files it writes.
    private func files(_ query: String) throws -> Int {
        let run = try program.sql(
            """
            CREATE TEMPORARY VIEW a AS SELECT id, id % 5 AS k FROM range(0, 100000, 1, 4);
            INSERT OVERWRITE DIRECTORY 'out/' USING parquet \(query);
            SELECT count(*) AS n, sum(id) AS s FROM parquet.`out/`
            """)
        #expect(run.output == "{\"n\":100000,\"s\":4999950000}\n", "\(query): \(run.errors)")
        let folder = program.folder.appendingPathComponent("out").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).count { $0.hasPrefix("part-") }
    }

    @Test("rows are spread over as many files as is asked for")
    func counts() throws {
        #expect(try files("SELECT id, k FROM a") == 4)
        #expect(try files("SELECT /*+ COALESCE(1) */ id, k FROM a") == 1)
        #expect(try files("SELECT /*+ COALESCE(9) */ id, k FROM a") == 4)
        #expect(try files("SELECT /*+ REPARTITION(7) */ id, k FROM a") == 7)
        #expect(try files("SELECT /*+ repartition(3, k), broadcast(a) */ id, k FROM a") <= 3)
        #expect(try files("SELECT /*+ REPARTITION_BY_RANGE(6, id) */ id, k FROM a") == 6)
        #expect(try files("SELECT /*+ REBALANCE */ id, k FROM a") >= 1)
        #expect(try files("SELECT id, k FROM a DISTRIBUTE BY k") >= 1)
        #expect(try files("SELECT * FROM (SELECT /*+ REPARTITION(3) */ id, k FROM a) WHERE id >= 0") == 3)
        #expect(
            try files(
                "SELECT /*+ COALESCE(1) */ id, k FROM a WHERE k = 1 UNION ALL SELECT * FROM a WHERE k <> 1"
            ) >= 2)
    }

    @Test("a hint that is none is told with its place")
    func refused() throws {
        for (hint, word) in [
            ("REPARTITION(0)", "from 1 to"), ("COALESCE", "a number alone"),
            ("REPARTITION_BY_RANGE(3)", "takes columns"),
            ("REPARTITION(3, nosuch)", "nosuch"), ("REPARTITION(3", "expected ')'"),
        ] {
            let run = try program.sql("SELECT /*+ \(hint) */ id FROM range(3)")
            #expect(run.status == 1 && run.errors.contains(word), "\(hint): \(run.errors)")
            #expect(run.errors.contains("<command line>:1:"), "\(hint): \(run.errors)")
        }
        #expect(try program.sql("SELECT /* + REPARTITION(0) */ id /*+ COALESCE */ FROM range(1)").status == 0)
        let unknown = try program.sql("SELECT /*+ nosuch(1) */ id FROM range(1)")
        #expect(unknown.status == 0 && unknown.errors.contains("There is no hint nosuch"), "\(unknown)")
    }

    @Test("EXPLAIN shows what a hint about a join does, through a view, and a warning what it does not")
    func joins() throws {
        let run = try program.sql(
            """
            CREATE TEMPORARY VIEW big AS SELECT id AS a FROM range(0, 1000, 1, 4);
            CREATE TEMPORARY VIEW v AS
              SELECT /*+ SHUFFLE_HASH(y) */ x.a FROM big x JOIN big y ON x.a = y.a WHERE y.a > 3;
            EXPLAIN SELECT /*+ BROADCAST(v, w) */ *
              FROM v LEFT JOIN big ON v.a = big.a RIGHT JOIN v u ON v.a = u.a
            """)
        #expect(run.status == 0, "\(run)")
        #expect(run.output.contains("hint SHUFFLE_HASH"), "\(run)")
        #expect(run.errors.contains("The hint BROADCAST has no effect on w"), "\(run)")
        #expect(run.errors.contains("LeftOuter: rows of its left side"), "\(run)")
    }
}
