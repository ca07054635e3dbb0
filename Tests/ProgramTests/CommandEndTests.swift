import Foundation
import Programs
import Testing

/// Kills the program while a command step's program runs.
@Suite("A command's program", .serialized)
struct CommandEndTests {
    @Test("ends with all that it started when etl-submit is killed", arguments: [SIGKILL, SIGTERM])
    func killed(signal: Int32) throws {
        let program = try Program()
        let list = program.folder.appendingPathComponent("processes")
        // One that would not end by SIGTERM, and one that it started in the background.
        try program.write(
            "run.sh", "trap '' TERM\nsleep 600 & echo $! $$ > started\nmv started processes\nwait\n")
        let run = try program.start([
            "-e",
            "CREATE TEMPORARY VIEW c USING command OPTIONS (command '[\"sh\", \"run.sh\"]'); SELECT * FROM c",
        ])
        #expect(eventually(within: 30) { FileManager.default.fileExists(atPath: list.path) })
        let processes = try String(contentsOf: list, encoding: .utf8).split { !$0.isNumber }
            .compactMap { Int32($0) }
        #expect(processes.count == 2)
        #expect(processes.allSatisfy { kill($0, 0) == 0 })
        run.send(signal)
        _ = try run.waited()
        for process in processes {
            let isGone = eventually(within: 10) { CommandEndTests.isGone(process) }
            #expect(isGone, "\(process) is left")
            if !isGone { kill(process, SIGKILL) }
        }
    }

    /// Whether a process has ended; one that nobody waited for is there still, as a zombie.
    private static func isGone(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
            return true
        }
        return text.split(separator: ")").last?.hasPrefix(" Z") == true
    }
}
