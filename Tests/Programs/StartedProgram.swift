import Foundation

/// Holds a program that runs, with its output in files.
package final class StartedProgram {
    private let process = Process()
    private let outputFile: URL
    private let errorFile: URL
    private let keepsOutput: Bool
    private let start = ContinuousClock.now

    /// Starts the program within `limits`; its standard output goes to `file`, or can be asked for. It has
    /// the test's environment without `ETL_` variables, and `environment`.
    package init(
        _ program: URL, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        into file: URL? = nil, limits: ProgramLimits = ProgramLimits()
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
        let command = limits.command([program.path] + arguments)
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
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
        if process.isRunning {
            // `timeout` leads a group with all that it started, and cannot pass on a signal that kills it.
            let leader = process.processIdentifier
            kill(getpgid(leader) == leader ? -leader : leader, SIGKILL)
        }
        try? FileManager.default.removeItem(at: errorFile)
        if !keepsOutput { try? FileManager.default.removeItem(at: outputFile) }
    }

    /// The process's id; that of `timeout` when the limits give it seconds.
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
            output: keepsOutput ? "" : outputSoFar, errors: errorsSoFar,
            seconds: (ContinuousClock.now - start) / .seconds(1))
    }
}

/// Asks again and again until the answer is yes; says whether it came. It comes within `seconds` on a quiet
/// machine, and gets half a minute at least, as others may run beside.
package func eventually(within seconds: Double, _ ask: () throws -> Bool) rethrows -> Bool {
    try promptly(within: max(seconds, 30), ask)
}

/// Asks again and again until the answer is yes; says whether it came within `seconds`, which is what is
/// tested, or nothing is expected to come.
package func promptly(within seconds: Double, _ ask: () throws -> Bool) rethrows -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
        if try ask() { return true }
        if Date() > deadline { return false }
        usleep(20_000)
    }
}
