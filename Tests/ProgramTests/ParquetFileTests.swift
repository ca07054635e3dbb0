import Foundation
import Testing

/// Reads Parquet files that pyarrow and DuckDB write, and has them read what is written here:
/// `Tests/Oracle/parquet_files.py` makes the files, runs etl-submit and compares.
@Suite("Parquet files of and for others", .serialized)
struct ParquetFileTests {
    private static let script = Program.root.appendingPathComponent("Tests/Oracle/parquet_files.py").path

    private func python(_ arguments: [String]) throws -> (status: Int32, output: String) {
        try #require(
            FileManager.default.isExecutableFile(atPath: Program.interpreter.path),
            "run scripts/dependencies --tests")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["240", Program.interpreter.path, "-B"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(
        "all values agree",
        arguments: [
            "types", "decimals", "encodings", "times", "nested", "duck", "written", "pruning",
        ])
    func group(name: String) throws {
        let program = try Program()
        let run = try python([Self.script, name, program.folder.path, Program.url.path])
        #expect(run.status == 0, "\(run.output.prefix(6_000))")
    }

    @Test("no group is left out, and a value that is changed is found")
    func list() throws {
        let listed = try python([Self.script, "--list"]).output.split(separator: "\n").map(String.init)
        #expect(
            listed == ["types", "decimals", "encodings", "times", "nested", "duck", "written", "pruning"])
        // `cat` in the place of etl-submit gives no rows at all.
        let program = try Program()
        #expect(try python([Self.script, "times", program.folder.path, "/bin/cat"]).status == 1)
    }
}
