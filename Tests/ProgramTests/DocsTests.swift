import Foundation
import Programs
import Testing

/// Runs what the documents show, as they show it; ports alone are other ones.
@Suite("The documents' commands", .serialized)
struct DocsTests {
    private static let folder = ProgramRun.root.appendingPathComponent("docs")

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    /// Returns a document's blocks of commands, in order.
    private static func blocks(_ name: String) throws -> [String] {
        try text(name).components(separatedBy: "\n```sh\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
    }

    @Test("each document says how the programs come on the PATH before it calls one by its name")
    func paths() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        for name in names where name.hasSuffix(".md") {
            var isSaid = false
            for block in try Self.blocks(name) {
                for line in block.split(separator: "\n") {
                    isSaid = isSaid || line.hasPrefix("export PATH=\"$PWD/.build/release:$PATH\"")
                    let isBare = ["etl-submit ", "etl-coordinator ", "etl-worker "].contains {
                        line.hasPrefix($0)
                    }
                    #expect(isSaid || !isBare, "docs/\(name): \(line)")
                }
            }
        }
    }

    @Test(
        "commands of a cluster, of its metrics and of web services run as they are written",
        arguments: [
            ("queues.md", "499500"), ("monitoring.md", "etl_worker_slots "), ("connectors-rest.md", "row 7"),
        ])
    func commands(name: String, shown: String) throws {
        let folder = try ProgramRun.makeFolder("docs")
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = FileManager.default
        try files.createDirectory(
            at: folder.appendingPathComponent(".build"), withIntermediateDirectories: true)
        try files.createSymbolicLink(
            at: folder.appendingPathComponent(".build/release"),
            withDestinationURL: ProgramRun.built("etl-submit").deletingLastPathComponent())
        for name in ["Tests", "examples"] {
            try files.createSymbolicLink(
                at: folder.appendingPathComponent(name),
                withDestinationURL: ProgramRun.root.appendingPathComponent(name))
        }
        let run = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/bash"),
            [
                "-c",
                // Whatever is started ends with the test, also what got the test's blocked signals.
                "set -em\ntrap 'kill -KILL $(jobs -p) 2>/dev/null || true' EXIT\n"
                    + (try Self.blocks(name).map(withOwnPorts).joined(separator: "\n")) + "\n",
            ], in: folder, environment: ["NO_COLOR": "1"], seconds: 90)
        #expect(
            run.status == 0 && run.output.contains(shown),
            "\(run.output.suffix(2000))\(run.errors.suffix(3000))")
    }

    /// Puts free ports in the place of those that are written, also where they are the default.
    private func withOwnPorts(_ block: String) throws -> String {
        let ports = try FreePorts.find(4)
        var block = block
        if !block.contains("--web") {
            block = block.replacingOccurrences(
                of: "etl-coordinator ", with: "etl-coordinator --web 127.0.0.1:8080 ")
        }
        block = block.replacingOccurrences(
            of: "etl-coordinator ", with: "etl-coordinator --listen 127.0.0.1:7077 "
        ).replacingOccurrences(
            of: "etl-worker ", with: "etl-worker --coordinator http://127.0.0.1:7077 ")
        for (port, own) in zip(["7077", "8080", "8081", "8700"], ports) {
            block = block.replacingOccurrences(of: ":" + port, with: ":\(own)")
                .replacingOccurrences(of: " " + port, with: " \(own)")
        }
        return block
    }
}
