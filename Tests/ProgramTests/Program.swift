import Foundation
import Testing

/// Runs the built `etl-submit`, as a user would, in a folder of its own.
final class Program {
    /// What a run gave.
    struct Run {
        /// Exit status; 128 and the signal's number when a signal ended it.
        var status: Int32
        var output: String
        var errors: String
        var seconds: Double
    }

    /// Who and what the run is confined to.
    struct Limits {
        /// The program is killed after so long; 0: it runs by itself, so that signals reach it.
        var seconds = 60
        /// Largest file that may be written, bytes.
        var fileBytes: Int?
        /// Address space, bytes.
        var memoryBytes: Int?
        /// Whether to run as an unprivileged user.
        var isUnprivileged = false
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let interpreter = root.appendingPathComponent(".deps/venv/bin/python")

    /// The built program, in the folder of the build's products: beside the test bundle.
    static let url = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("etl-submit")

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("program-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        _ = try? Program.start("/bin/chmod", ["-R", "u+rwx", folder.path]).waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: files

    /// Writes a file below the folder.
    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    func write(_ name: String, _ bytes: Data) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    /// Returns every file and directory below a folder with its contents, hidden ones too.
    func contents(_ name: String = ".") throws -> [String: Data] {
        let start = folder.appendingPathComponent(name)
        var found: [String: Data] = [:]
        let walk = FileManager.default.enumerator(atPath: start.path)
        while let path = walk?.nextObject() as? String {
            found[path] =
                FileManager.default.contents(atPath: start.appendingPathComponent(path).path) ?? Data()
        }
        return found
    }

    // MARK: runs

    private static func start(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        try process.run()
        return process
    }

    /// Runs a statement.
    func sql(_ text: String, _ arguments: [String] = [], limits: Limits = Limits()) throws -> Run {
        try run(["-e", text, "--progress", "none", "--output", "json"] + arguments, limits: limits)
    }

    /// Runs the program with arguments to its end.
    func run(_ arguments: [String], limits: Limits = Limits()) throws -> Run {
        try start(arguments, limits: limits).finish()
    }

    /// Starts the program; `finish` waits for it.
    func start(_ arguments: [String], limits: Limits = Limits()) throws -> Running {
        guard FileManager.default.isExecutableFile(atPath: Program.url.path) else {
            throw Missing(what: "etl-submit is not built: \(Program.url.path)")
        }
        return try Running(Program.command(limits) + [Program.url.path] + arguments, in: folder)
    }

    /// Says what a test needs and lacks.
    struct Missing: Error, CustomStringConvertible {
        var what: String
        var description: String { what }
    }

    private static func command(_ limits: Limits) -> [String] {
        var command = limits.seconds == 0 ? [] : ["/usr/bin/timeout", "-s", "KILL", "\(limits.seconds)"]
        if limits.isUnprivileged, getuid() == 0 {
            command += ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        }
        var bounds: [String] = []
        if let bytes = limits.fileBytes { bounds.append("--fsize=\(bytes)") }
        if let bytes = limits.memoryBytes { bounds.append("--data=\(bytes)") }
        return command + (bounds.isEmpty ? [] : ["/usr/bin/prlimit"] + bounds)
    }
}

/// A program that was started.
final class Running {
    let process = Process()
    private let output: URL
    private let errors: URL
    private let start = Date()

    init(_ command: [String], in folder: URL) throws {
        let place = FileManager.default.temporaryDirectory
        output = place.appendingPathComponent("program-out-\(UUID().uuidString)")
        errors = place.appendingPathComponent("program-err-\(UUID().uuidString)")
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ETL_") }
        environment["NO_COLOR"] = "1"
        process.environment = environment
        try process.run()
    }

    /// Waits for the program's end.
    func finish() throws -> Program.Run {
        process.waitUntilExit()
        defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
        let bySignal = process.terminationReason == .uncaughtSignal
        return Program.Run(
            status: process.terminationStatus + (bySignal ? 128 : 0),
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self),
            seconds: Date().timeIntervalSince(start))
    }
}
