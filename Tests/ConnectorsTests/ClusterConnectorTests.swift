import Foundation
import Programs
import Testing
import Vocabulary

@testable import Connectors

/// Holds what jobs of a cluster of processes may reach, and what is left of a program when its job ends.
@Suite("Connectors of a cluster", .serialized)
struct ClusterConnectorTests {
    private func command(_ script: String) -> String {
        let words = "[\"sh\", \"-c\", \(JSONString.quoted(script))]"
        let text = words.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "CREATE TEMPORARY VIEW c USING command OPTIONS (command '\(text)'); SELECT * FROM c"
    }

    private func rest(_ base: String) -> String {
        "CREATE TEMPORARY VIEW r USING rest OPTIONS (client '{\"base_url\": \"\(base)\"}', "
            + "endpoint '{\"path\": \"single\"}'); SELECT count(*) AS n FROM r"
    }

    private func sql(_ cluster: TestCluster, _ text: String) throws -> ProgramRun {
        try cluster.submit(["-e", text, "--output", "json", "--progress", "none"], seconds: 60)
    }

    @Test("neither programs nor web servers, unless nodes were started with leave for them")
    func refused() throws {
        let cluster = try TestCluster(workers: 1)
        let program = try sql(cluster, command("echo '{\"a\": 1}'"))
        #expect(program.status == 1)
        #expect(program.errors.contains("COMMANDS_NOT_ALLOWED"), "\(program.errors)")
        #expect(program.errors.contains("--allow-commands"))
        let page = try sql(cluster, rest(RESTService.shared.address))
        #expect(page.status == 1)
        #expect(page.errors.contains("--allow-http"), "\(page.errors)")
    }

    @Test("with leave both run on a worker, and a cancelled program is gone with all that it started")
    func allowed() throws {
        let service = RESTService.shared.address
        let cluster = try TestCluster(workers: 1, flags: ["--allow-commands", "--allow-http", service])
        #expect(try sql(cluster, command("echo '{\"a\": 1}'")).output == "{\"a\":1}\n")
        let page = try sql(cluster, rest(service))
        #expect(page.status == 0, "\(page.errors)")
        let other = try sql(cluster, rest("http://127.0.0.1:1"))
        #expect(other.status == 1 && other.errors.contains("--allow-http"), "\(other.errors)")
        // One that ends when it is asked to, and one that does not listen; each has a child.
        for trap in ["", "trap '' TERM; "] {
            let file = cluster.file("pids\(trap.count)")
            let script = trap + "sleep 600 & echo $! $$ > \(file); while true; do sleep 600; done"
            let started = try cluster.submit(["-e", command(script), "--detach"])
            #expect(started.status == 0, "\(started.errors)")
            let job = started.output.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
            var pids: [Int32] = []
            let ran = eventually(within: 20) {
                let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                pids =
                    text.hasSuffix("\n")
                    ? text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) } : []
                return pids.count == 2
            }
            #expect(ran)
            #expect(pids.allSatisfy { kill($0, 0) == 0 })
            #expect(try cluster.submit(["cancel", job]).status == 0)
            // Two seconds are what a program is given to end by itself.
            #expect(eventually(within: 15) { pids.allSatisfy { kill($0, 0) != 0 } }, "\(pids)")
        }
    }
}
