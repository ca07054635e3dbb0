import Foundation
import Programs

/// Runs the built `etl-submit`, as a user would, in a folder of its own that goes with the object.
final class Program {
    let folder: URL

    init() throws { folder = try ProgramRun.makeFolder("program") }

    deinit {
        // Tests take rights away, also from what is below.
        let chmod = URL(fileURLWithPath: "/bin/chmod")
        _ = try? ProgramRun.run(chmod, ["-R", "u+rwx", folder.path], seconds: 30)
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

    /// Waits until a pipeline's run has begun a step, as it keeps of itself; says whether it did.
    func waits(forStep step: String, of pipeline: String = ".") throws -> Bool {
        try eventually(within: 30) {
            try contents(pipeline + "/.millrace/runs").values.contains {
                let text = String(decoding: $0, as: UTF8.self)
                return text.contains("\"stepStarted\":{\"attempt\":1,\"step\":\"\(step)\"}")
            }
        }
    }

    // MARK: runs

    /// A minute: more than any run of these tests takes.
    static let limits = ProgramLimits(seconds: 60)

    /// Runs a statement.
    func sql(_ text: String, _ arguments: [String] = [], limits: ProgramLimits = Program.limits) throws
        -> ProgramRun
    {
        try run(["-e", text, "--progress", "none", "--output", "json"] + arguments, limits: limits)
    }

    /// Runs the program with arguments to its end.
    func run(_ arguments: [String], limits: ProgramLimits = Program.limits) throws -> ProgramRun {
        try start(arguments, limits: limits).waited()
    }

    /// Starts the program; without limits, so that signals reach it.
    func start(_ arguments: [String], limits: ProgramLimits = ProgramLimits()) throws -> StartedProgram {
        try StartedProgram(
            ProgramRun.built("etl-submit"), arguments, in: folder, environment: ["NO_COLOR": "1"],
            limits: limits)
    }
}
