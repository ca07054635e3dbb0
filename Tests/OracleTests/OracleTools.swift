import Foundation

/// One line of `compare.py --list`.
struct OracleCase: Sendable, CustomStringConvertible {
    var name: String
    /// `rows` or `parquet`.
    var output: String
    var description: String { name }
}

/// Finds and runs the programs that the comparison takes.
enum OracleTools {
    /// What a program gave.
    struct Run {
        var status: Int32
        var output: String
        var errors: String
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let interpreter = root.appendingPathComponent(".deps/venv/bin/python")
    private static let script = root.appendingPathComponent("Tests/Oracle/compare.py")

    /// The built `etl-submit`, in the folder of the build's products: beside the test bundle.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("etl-submit")

    static var areThere: Bool {
        [interpreter, root.appendingPathComponent(".deps/data/tpch0.1"), program].allSatisfy {
            FileManager.default.fileExists(atPath: $0.path)
        }
    }

    static let cases: [OracleCase] = {
        guard areThere, let list = try? python(["--list"]) else { return [] }
        return list.output.split(separator: "\n").map { line in
            let parts = line.split(separator: "\t")
            return OracleCase(name: String(parts[0]), output: parts.count > 1 ? String(parts[1]) : "rows")
        }
    }()

    static func python(_ arguments: [String]) throws -> Run {
        try run(interpreter, [script.path] + arguments)
    }

    /// Runs a program to its end, for at most a minute on one of the job's 0.1 scale; its standard output
    /// goes to
    /// `file`, or into the answer.
    static func run(_ program: URL, _ arguments: [String], into file: URL? = nil) throws -> Run {
        let folder = FileManager.default.temporaryDirectory
        let output = file ?? folder.appendingPathComponent("oracle-out-\(UUID().uuidString)")
        let errors = folder.appendingPathComponent("oracle-err-\(UUID().uuidString)")
        for path in [output, errors] { FileManager.default.createFile(atPath: path.path, contents: nil) }
        defer {
            try? FileManager.default.removeItem(at: errors)
            if file == nil { try? FileManager.default.removeItem(at: output) }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["120", program.path] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus,
            output: file == nil ? try String(contentsOf: output, encoding: .utf8) : "",
            errors: try String(contentsOf: errors, encoding: .utf8))
    }
}
