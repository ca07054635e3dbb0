import Foundation

/// Shows programs another wall clock than the machine's, which a test can set while they run; their monotonic
/// clocks are not touched. It is libfaketime, loaded before the program's own libraries.
package final class TestClock {
    private static let library = "/usr/lib/\(machine)-linux-gnu/faketime/libfaketimeMT.so.1"

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    private let file: URL

    /// Makes a clock that is right until it is set. Its file, which the programs read, lies in `folder`.
    package init(_ name: String, in folder: URL) throws {
        guard FileManager.default.fileExists(atPath: TestClock.library) else {
            throw ProgramRun.Missing(path: TestClock.library)
        }
        file = folder.appendingPathComponent("clock-\(name)")
        try set("+0")
    }

    /// Sets the clock to an offset from the machine's, such as `-1h`.
    package func set(_ offset: String) throws {
        // Replaced as a whole: a program that reads half an offset ends at once.
        try Data("\(offset)\n".utf8).write(to: file, options: .atomic)
    }

    /// What a program's environment has to hold to go by this clock.
    package var environment: [String: String] {
        [
            "LD_PRELOAD": TestClock.library, "FAKETIME_TIMESTAMP_FILE": file.path, "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
    }

    /// The command that runs `program` with libfaketime in its environment. The library would add a variable
    /// of its own, and move the environment away from the arguments beside which Swift looks for them: `env`,
    /// which becomes the program, does that in its place.
    static func command(_ program: [String], _ environment: [String: String]) -> [String] {
        environment["LD_PRELOAD"] == library ? ["/usr/bin/env"] + program : program
    }

    /// Removes what the library left of a process that was killed.
    static func clean(after process: Int32) {
        for name in ["faketime_shm_\(process)", "sem.faketime_sem_\(process)"] {
            try? FileManager.default.removeItem(atPath: "/dev/shm/\(name)")
        }
    }
}
