import Foundation
import Programs
import Testing

/// Has a coordinator that is killed tell others of a run: each is told once.
@Suite("What a coordinator tells others", .serialized)
struct OutsideTests {
    /// Writes down what is posted to it, a line `PATH BODY` a post.
    private static let server = """
        import http.server, pathlib, sys
        folder = pathlib.Path(sys.argv[1])
        class Double(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode().replace("\\n", " ")
                with open(folder / "posts", "a") as posts: posts.write(f"{self.path} {body}\\n")
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Double)
        (folder / "port.new").write_text(str(server.server_address[1]))
        (folder / "port.new").rename(folder / "port")
        server.serve_forever()
        """

    @Test("of a failed run, over a kill -9 in its middle: one alert, and one end for OpenLineage")
    func once() throws {
        let folder = try ProgramRun.makeFolder("outside")
        defer { try? FileManager.default.removeItem(at: folder) }
        let double = try StartedProgram(ProgramRun.python, ["-c", Self.server, folder.path])
        defer { double.send(SIGKILL) }
        let portFile = folder.appendingPathComponent("port")
        #expect(eventually(within: 20) { FileManager.default.fileExists(atPath: portFile.path) })
        let origin = "http://127.0.0.1:" + (try String(contentsOf: portFile, encoding: .utf8))
        let cluster = try TestCluster(
            workers: 1, hasStorage: true, coordinatorFlags: ["--allow-http", origin])
        defer { cluster.stop() }
        var files = PipelineTests.files("out")
        files["etl.yml", default: ""] += """

              - {name: bad, sql: "SELECT CAST(concat('x', s) AS INT) AS x FROM {{ ref('slow') }}"}
            alerts: [{on: [failure, success], webhook: {url: "\(origin)/alert"}}]
            metrics: {openlineage: "\(origin)/lineage"}
            """
        let directory = try PipelineTests.folder(cluster, "shop", files)
        let submitted = try cluster.start([directory, "--progress", "plain"])
        let id = try cluster.jobID(of: submitted)
        #expect(
            try eventually(within: 30) { try PipelineTests.run(id, cluster).state(of: "slow") == "running" })
        #expect(try eventually(within: 10) { try cluster.metric("etl_slots_used") > 0 })
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        let ended = try submitted.waited()
        #expect(ended.status == 1 && ended.errors.contains("CAST_INVALID_INPUT"), "\(ended.errors)")
        func posts(_ path: String) -> [String] {
            let text = try? String(contentsOf: folder.appendingPathComponent("posts"), encoding: .utf8)
            return (text ?? "").split(separator: "\n").map(String.init).filter { $0.hasPrefix(path + " ") }
        }
        func ends(_ kind: String) -> Int {
            posts("/lineage").count { post in
                post.contains(id) && post.filter { $0 != " " }.contains("\"eventType\":\"\(kind)\"")
            }
        }
        #expect(eventually(within: 20) { !posts("/alert").isEmpty && ends("FAIL") >= 2 })
        // What would come twice would come now.
        sleep(1)
        let alerts = posts("/alert")
        #expect(alerts.count == 1 && alerts[0].contains(id) && alerts[0].contains("bad"), "\(alerts)")
        // The run's own end and the step's; of the others each has one, too.
        #expect(ends("FAIL") == 2, "\(posts("/lineage"))")
        #expect(ends("COMPLETE") == 4, "users, first, slow, last: \(posts("/lineage"))")
    }
}
