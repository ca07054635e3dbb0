import Foundation
import Programs
import Testing

/// Reads Parquet files that pyarrow and DuckDB write, and has them read what is written here:
/// `Tests/Oracle/parquet_files.py` makes the files, runs etl-submit and compares.
@Suite("Parquet files of and for others", .serialized)
struct ParquetFileTests {
    private static let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/parquet_files.py").path

    private func python(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(ProgramRun.python, ["-B"] + arguments, seconds: 240)
    }

    @Test(
        "all values agree",
        arguments: [
            "types", "decimals", "encodings", "times", "clocks", "nested", "duck", "logical", "written",
            "pruning",
        ])
    func group(name: String) throws {
        let program = try Program()
        let run = try python([Self.script, name, program.folder.path, ProgramRun.built("etl-submit").path])
        #expect(run.status == 0, "\(run.output.prefix(6_000))\(run.errors.suffix(6_000))")
    }

    @Test("no group is left out, and a value that is changed is found")
    func list() throws {
        let listed = try python([Self.script, "--list"]).output.split(separator: "\n").map(String.init)
        #expect(
            listed == [
                "types", "decimals", "encodings", "times", "clocks", "nested", "duck", "logical", "written",
            "pruning",
            ])
        // `cat` in the place of etl-submit gives no rows at all.
        let program = try Program()
        #expect(try python([Self.script, "times", program.folder.path, "/bin/cat"]).status == 1)
    }
}
