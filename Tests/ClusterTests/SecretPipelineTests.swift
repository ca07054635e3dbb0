import Foundation
import Programs
import Testing

/// Runs a pipeline whose connection has a password, and looks for it everywhere but where it belongs.
@Suite("A secret of a deployed pipeline", .serialized)
struct SecretPipelineTests {
    private static let canary = "c4n4ry-of-a-password"

    /// Speaks enough of PostgreSQL's protocol to be told a password: writes it down and refuses it.
    private static let server = """
        import pathlib, socket, struct, sys
        listener = socket.create_server(("127.0.0.1", 0))
        folder = pathlib.Path(sys.argv[1])
        (folder / "port.new").write_text(str(listener.getsockname()[1]))
        (folder / "port.new").rename(folder / "port")
        def exactly(stream, count):
            data = b""
            while len(data) < count:
                more = stream.recv(count - len(data))
                if not more: raise EOFError
                data += more
            return data
        while True:
            stream, _ = listener.accept()
            with stream:
                try:
                    while True:
                        size, code = struct.unpack("!II", exactly(stream, 8))
                        exactly(stream, size - 8)
                        if code not in (80877103, 80877104): break  # SSLRequest, GSSENCRequest
                        stream.sendall(b"N")
                    stream.sendall(b"R" + struct.pack("!II", 8, 3))  # a password in clear text, please
                    kind, size = struct.unpack("!cI", exactly(stream, 5))
                    (folder / "heard").write_bytes(exactly(stream, size - 4).rstrip(bytes(1)))
                    text = b"SFATAL\\0VFATAL\\0C28P01\\0Mpassword authentication failed\\0\\0"
                    stream.sendall(b"E" + struct.pack("!I", len(text) + 4) + text)
                except (EOFError, OSError):
                    pass
        """

    @Test("reaches the database, and is on no page of REST, in no file and in no log")
    func canary() throws {
        let folder = try ProgramRun.makeFolder("secret")
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try StartedProgram(ProgramRun.python, ["-c", Self.server, folder.path])
        defer { database.send(SIGKILL) }
        let portFile = folder.appendingPathComponent("port")
        #expect(eventually(within: 20) { FileManager.default.fileExists(atPath: portFile.path) })
        let port = try String(contentsOf: portFile, encoding: .utf8)
        setenv("CANARY_PASSWORD", Self.canary, 1)
        defer { unsetenv("CANARY_PASSWORD") }
        let cluster = try TestCluster(
            workers: 1, hasStorage: true, workerFlags: ["--allow-env", "CANARY_*"])
        defer { cluster.stop() }
        let directory = try PipelineTests.folder(
            cluster, "secret",
            [
                "etl.yml": """
                name: secret
                schedule: "@yearly"
                connections:
                  pg:
                    uri: postgresql://127.0.0.1:\(port)/shop
                    user: etl
                    password: "{{ env_var('CANARY_PASSWORD') }}"
                extract: [{name: users, sql: {connection: pg, table: users}}]
                """
            ])
        let deployed = try cluster.submit(["deploy", directory])
        #expect(deployed.status == 0, "\(deployed.errors)")
        var runs = ""
        let hasFailed = try eventually(within: 60) {
            runs = try cluster.get("/api/v1/pipelines/secret/runs")
            return runs.contains("\"failed\"")
        }
        #expect(hasFailed, "\(runs)")
        let heard = try String(contentsOf: folder.appendingPathComponent("heard"), encoding: .utf8)
        #expect(heard == Self.canary, "the password did not reach the database, so nothing is shown")
        try expectOnNoPage(cluster, runs)
        let run = try cluster.submit([directory, "--progress", "plain"])
        #expect(run.status == 1 && !(run.output + run.errors).contains(Self.canary))
        #expect(run.errors.contains("DATABASE_LOGIN"), "\(run.errors)")
        for program in [cluster.coordinator].compactMap({ $0 }) + cluster.workers {
            #expect(!(program.outputSoFar + program.errorsSoFar).contains(Self.canary))
        }
        var seen = 0
        let walk = FileManager.default.enumerator(at: cluster.folder, includingPropertiesForKeys: nil)
        while let file = walk?.nextObject() as? URL {
            guard let data = try? Data(contentsOf: file) else { continue }
            seen += 1
            #expect(data.range(of: Data(Self.canary.utf8)) == nil, "\(file.path)")
        }
        #expect(seen > 10, "state, storage, spill and the pipeline's files")
    }

    /// Asks every route that only tells.
    private func expectOnNoPage(_ cluster: TestCluster, _ runs: String) throws {
        let id = try #require(runs.firstMatch(of: /"id":"([^"]+)"/)).1
        let pipelines = try cluster.get("/api/v1/pipelines")
        let bundle = try #require(pipelines.firstMatch(of: /"bundle":"([^"]+)"/)).1
        let document = try cluster.get("/api/v1/openapi.json")
        let root = try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any]
        let paths = try #require(root?["paths"] as? [String: [String: Any]])
        var asked = 0
        for path in paths.keys.sorted() where paths[path]?["get"] != nil {
            let name =
                path.contains("/pipelines/") ? "secret" : String(path.contains("/bundles/") ? bundle : id)
            let page = path.replacing("{id}", with: name)
            // Streams of events do not end.
            let answer = try cluster.get(page, ["--max-time", page.hasSuffix("/events") ? "1" : "10"])
            #expect(!answer.contains(Self.canary), "\(page)")
            asked += 1
        }
        #expect(asked > 15, "\(paths.keys)")
        #expect(try !cluster.get("/metrics").contains(Self.canary))
    }
}
