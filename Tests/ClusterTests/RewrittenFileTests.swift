import Foundation
import Programs
import Testing

@Suite("Files that change while workers run", .serialized)
struct RewrittenFileTests {
    /// Writes 1,000 numbers from `first` on, always the same number of bytes.
    private static func write(_ path: String, from first: Int) throws {
        let text = """
            import sys, pyarrow as pa, pyarrow.parquet as pq
            first = int(sys.argv[2])
            table = pa.table({"id": pa.array(range(first, first + 1000), pa.int64())})
            pq.write_table(table, sys.argv[1], compression="none", use_dictionary=False)
            """
        let run = try ProgramRun.run(ProgramRun.python, ["-c", text, path, String(first)])
        guard run.status == 0 else { throw TestCluster.Failure(what: run.errors) }
    }

    @Test("a Parquet file written anew in place, as long as before, is read as it is now")
    func rewritten() throws {
        let folder = try ProgramRun.makeFolder("rewritten")
        defer { try? FileManager.default.removeItem(at: folder) }
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let path = folder.appendingPathComponent("x.parquet").path
        func ask(_ query: String) throws -> String {
            let text = query.replacing("X", with: "parquet.`\(path)`")
            let run = try cluster.submit(["-e", text, "--output", "csv", "--progress", "none"])
            #expect(run.status == 0, "\(run.errors)")
            return run.output
        }
        try Self.write(path, from: 1)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(try ask("SELECT sum(id) AS s FROM X WHERE id > 500") == "s\n375250\n")
        try Self.write(path, from: 1001)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == size)
        #expect(
            try ask("SELECT count(*) AS n, min(id) AS a FROM X WHERE id > 1500") == "n,a\n500,1501\n")
    }
}
