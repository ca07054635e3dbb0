import Foundation

/// Finds and runs the built programs and the tools of the test environment, as a user would.
package struct ProgramRun: Sendable {
    package var status: Int32
    package var output: String
    package var errors: String

    /// The repository's root: three folders above this file.
    package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Python with the packages of `scripts/requirements-tests.txt`.
    package static let python = root.appendingPathComponent(".deps/venv/bin/python")

    /// Returns a built program: it lies in the folder of the build's products, beside the test bundle.
    package static func built(_ name: String) -> URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent(name)
    }

    /// Makes a folder of its own for a test; the test removes it.
    package static func makeFolder(_ name: String) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("millrace-\(name)-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Runs a program to its end, killed after `seconds`; its standard output goes to `file`, or into the
    /// answer. Throws `Missing` when there is no such program.
    package static func run(
        _ program: URL, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        into file: URL? = nil, seconds: Int = 120
    ) throws -> ProgramRun {
        let started = try StartedProgram(
            program, arguments, in: folder, environment: environment, into: file, seconds: seconds)
        return try started.waited()
    }

    /// Says which program is not there, and how to get it.
    package struct Missing: Error, CustomStringConvertible {
        let path: String
        package var description: String {
            "\(path) is not there: run scripts/dependencies --tests, and build with scripts/test"
        }
    }
}

/// Holds a program that runs, with its output in files.
package final class StartedProgram {
    private let process = Process()
    private let outputFile: URL
    private let errorFile: URL
    private let keepsOutput: Bool

    /// Starts the program. With `seconds` it is killed after that time.
    package init(
        _ program: URL, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        into file: URL? = nil, seconds: Int? = nil
    ) throws {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw ProgramRun.Missing(path: program.path)
        }
        let name = "millrace-\(program.lastPathComponent)-\(UUID().uuidString)"
        let base = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        outputFile = file ?? base.appendingPathExtension("out")
        errorFile = base.appendingPathExtension("err")
        keepsOutput = file != nil
        for path in [outputFile, errorFile] {
            _ = FileManager.default.createFile(atPath: path.path, contents: nil)
        }
        if let seconds {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
            process.arguments = ["--signal=KILL", "\(seconds)", program.path] + arguments
        } else {
            process.executableURL = program
            process.arguments = arguments
        }
        process.currentDirectoryURL = folder
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ETL_") }
        variables.merge(environment) { $1 }
        process.environment = variables
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: errorFile)
        if !keepsOutput { try? FileManager.default.removeItem(at: outputFile) }
    }

    /// The process's id; `timeout`'s when the program was given seconds.
    package var processID: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    package var outputSoFar: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    package var errorsSoFar: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Sends a signal, such as `SIGKILL`.
    package func send(_ signal: Int32) { if process.isRunning { kill(process.processIdentifier, signal) } }

    /// Waits for the end and returns what the program gave.
    package func waited() throws -> ProgramRun {
        process.waitUntilExit()
        return ProgramRun(
            status: process.terminationReason == .uncaughtSignal
                ? 128 + process.terminationStatus : process.terminationStatus,
            output: keepsOutput ? "" : outputSoFar, errors: errorsSoFar)
    }
}

/// Asks again and again until the answer is yes; says whether it came within `seconds`.
package func eventually(within seconds: Double, _ ask: () throws -> Bool) rethrows -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
        if try ask() { return true }
        if Date() > deadline { return false }
        usleep(20_000)
    }
}
