import Foundation

/// Finds and runs the built programs and the tools of the test environment, as a user would; holds what a run
/// gave.
package struct ProgramRun: Sendable {
    /// Exit status; 128 and the signal's number when a signal ended it.
    package var status: Int32
    package var output: String
    package var errors: String
    package var seconds: Double

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
            program, arguments, in: folder, environment: environment, into: file,
            limits: ProgramLimits(seconds: seconds))
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
