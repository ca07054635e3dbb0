import Foundation
import Programs
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Runs what the README and `scripts/quickstart.sql` show, as they show it; ports alone are other ones.
@Suite("The README's commands", .serialized)
final class ReadmeTests {
    /// Where the README's reader stands: `.build/release/`, `scripts/`, `deploy/`, and `job.sql` with 2,000
    /// records.
    private let folder: URL
    /// Free ones in place of 7077, 8080, 7177 and 8180.
    private let ports: [Int]

    init() throws {
        folder = try ProgramRun.makeFolder("readme")
        ports = try FreePorts.find(4)
        let files = FileManager.default
        try files.createDirectory(
            at: folder.appendingPathComponent(".build"), withIntermediateDirectories: true)
        try files.createSymbolicLink(
            at: folder.appendingPathComponent(".build/release"),
            withDestinationURL: ProgramRun.built("etl-submit").deletingLastPathComponent())
        for name in ["scripts", "deploy"] {
            try files.createSymbolicLink(
                at: folder.appendingPathComponent(name),
                withDestinationURL: ProgramRun.root.appendingPathComponent(name))
        }
        let job = try #require(try ReadmeTests.fences("sql").first)
        try Data(job.utf8).write(to: folder.appendingPathComponent("job.sql"))
        let made = try bash("scripts/generate-json data/raw 2000 2")
        #expect(made.status == 0, "\(made.errors)")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    // MARK: running

    /// Returns the README's fenced texts of a language, in order.
    private static func fences(_ language: String) throws -> [String] {
        let text = try String(
            contentsOf: ProgramRun.root.appendingPathComponent("README.md"), encoding: .utf8)
        return text.components(separatedBy: "\n```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
    }

    private func bash(_ script: String) throws -> ProgramRun {
        try ProgramRun.run(
            URL(fileURLWithPath: "/bin/bash"), ["-c", script], in: folder,
            environment: ["NO_COLOR": "1"], seconds: 90)
    }

    /// Returns the block of commands that holds a text, with other ports.
    private func block(_ text: String) throws -> String {
        var block = try #require(try ReadmeTests.fences("sh").first { $0.contains(text) }, "no \(text)")
        for (port, own) in zip(["7077", "8080", "7177", "8180"], ports) {
            block = block.replacingOccurrences(of: ":" + port, with: ":\(own)")
        }
        return block.replacingOccurrences(
            of: "etl-coordinator 2>",
            with: "etl-coordinator --listen 127.0.0.1:\(ports[0]) --web 127.0.0.1:\(ports[1]) 2>"
        ).replacingOccurrences(
            of: "etl-worker --slots", with: "etl-worker --coordinator http://127.0.0.1:\(ports[0]) --slots")
    }

    /// Runs blocks one after the other, each command of them to success.
    private func run(_ blocks: String...) throws -> ProgramRun {
        // Whatever is started ends with the test.
        let run = try bash(
            "set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
                + blocks.joined(separator: "\n") + "\n")
        #expect(run.status == 0, "\(run.output.suffix(2000))\(run.errors.suffix(3000))")
        return run
    }

    // MARK: tests

    @Test("a job runs here and on its cluster, with the same rows")
    func job() throws {
        let first = try run(try block("SELECT 1 + 1 AS two"))
        #expect(first.output.contains("two") && first.output.contains("2"))
        let here = try run(try block("scripts/generate-json data/raw 2000 2"))
        #expect(here.output.contains("BR") && here.output.contains("US"), "\(here.output)")
        let there = try run(try block("etl-submit job.sql --coordinator"))
        #expect(there.output.hasSuffix(here.output), "\(there.output)")
    }

    @Test("scripts/quickstart.sql runs here and on a cluster, with the same ten rows")
    func quickstart() throws {
        let here = try run(".build/release/etl-submit scripts/quickstart.sql --output json")
        #expect(here.output.split(separator: "\n").count == 10, "\(here.output)")
        let cluster = try block("etl-submit job.sql --coordinator")
            .replacingOccurrences(of: "job.sql", with: "scripts/quickstart.sql --output json")
        #expect(try run(cluster).output.hasSuffix(here.output))
    }

    @Test("settings come from the command line, the environment and a file, in this order")
    func settings() throws {
        let run = try run(try block("cat > etl.yaml"))
        #expect(run.output.contains("{\"sum\":null,\"least\":100}") && run.output.contains("\n,7\n"))
    }

    @Test("a cluster with certificates takes a job")
    func certificates() throws {
        #expect(try run(try block("deploy/certificates certs")).output.contains("1000"))
    }

    @Test("each script tells what it is for when it is asked, and does nothing else")
    func scripts() throws {
        let scripts = ProgramRun.root.appendingPathComponent("scripts")
        let files = FileManager.default
        let names = try files.contentsOfDirectory(atPath: scripts.path).sorted()
        for name in names {
            let script = scripts.appendingPathComponent(name)
            var isFolder: ObjCBool = false
            _ = files.fileExists(atPath: script.path, isDirectory: &isFolder)
            guard files.isExecutableFile(atPath: script.path), !isFolder.boolValue else { continue }
            let run = try ProgramRun.run(script, ["--help"], in: folder, seconds: 60)
            #expect(run.status == 0 && run.output.contains(/(?i)usage/), "\(name): \(run.errors)")
        }
        #expect(names.contains("quickstart"))
    }

    @Test("a pipeline runs here, and by its schedule on a cluster")
    func pipeline() throws {
        let made = try run(try block("etl-submit init shop"), try block("etl-submit deploy shop"))
        #expect(made.output.contains("scheduled"), "\(made.output)\(made.errors)")
    }
}
