import Foundation
import Programs
import Protocol
import Scheduling
import Synchronization
import Testing
import Transport
import Vocabulary

/// Plays the other side of another release, to real programs.
@Suite("A worker and a coordinator of different releases", .serialized)
struct VersionSkewTests {
    /// Answers sessions as the test wants.
    private struct Stranger: RequestHandler {
        let answer: @Sendable (Request, ResponseWriter) -> Void

        func handle(_ request: Request, _ response: ResponseWriter) { answer(request, response) }
    }

    /// Returns what a worker says to a coordinator that answers so, until it has said `told`, and its status
    /// if it `ends` then.
    private static func worker(
        told: String, ends: Bool = false, by answer: @escaping @Sendable (Request, ResponseWriter) -> Void
    ) throws -> (said: String, status: Int32?) {
        let server = try HTTPServer(
            configuration: ServerConfiguration(listen: "127.0.0.1:0"), handler: Stranger(answer: answer))
        defer { server.stop() }
        let worker = try StartedProgram(
            ProgramRun.built("etl-worker"), ["--coordinator", "http://127.0.0.1:\(server.port)"])
        defer { worker.send(SIGKILL) }
        #expect(eventually(within: 20) { worker.errorsSoFar.contains(told) }, "\(worker.errorsSoFar)")
        let hasEnded =
            ends ? eventually(within: 20) { !worker.isRunning } : promptly(within: 2) { !worker.isRunning }
        return try (worker.errorsSoFar, hasEnded ? worker.waited().status : nil)
    }

    @Test("the worker says so: to one that refuses it, that does not know its words, or that says why")
    func worker() throws {
        let refused = try Self.worker(told: "SESSION_REFUSED", ends: true) { request, response in
            let version = request.headers[SessionWire.workerVersionHeader] ?? "none"
            let release = request.headers[SessionWire.releaseHeader] ?? "none"
            response.respond(
                status: 409, contentType: "text/plain", Array("not \(version) of \(release)\n".utf8))
        }
        #expect(refused.status == 1, "it ends: trying again would not help")
        #expect(refused.said.contains("not 7 of \(ProgramVersion.text)"), "\(refused.said)")
        // An earlier release cancels the session at words that it does not know.
        let cancelled = try Self.worker(told: "at this worker's first words") { request, response in
            request.body.allowUnbounded()
            response.head(status: 200)
            Task {
                _ = try await request.body.next()
                response.reset()
            }
        }
        #expect(cancelled.status == nil, "the coordinator may be replaced again")
        #expect(cancelled.said.contains("the coordinator of an earlier one"), "\(cancelled.said)")
        #expect(!cancelled.said.contains("connected to the coordinator"))
        let count = cancelled.said.ranges(of: "first words").count
        #expect(count == 1, "the same reason is told once a minute, not \(count) times")
        let explained = try Self.worker(told: "ended the session: nonsense") { request, response in
            request.body.allowUnbounded()
            response.head(status: 200, headers: [HeaderField(SessionWire.releaseHeader, "7.0")])
            Task {
                _ = try await request.body.next()
                response.end(trailers: [HeaderField(SessionWire.reasonTrailer, "nonsense")])
            }
        }
        #expect(explained.said.contains("the coordinator of release 7.0"), "\(explained.said)")
    }

    @Test("a proxy that does not reach the coordinator is not taken for it: the worker asks again")
    func proxy() throws {
        let asked = Atomic<Int>(0)
        let worker = try Self.worker(told: "connected to the coordinator") { request, response in
            if asked.add(1, ordering: .relaxed).newValue < 3 {
                let text = Array("no healthy upstream".utf8)
                return response.respond(status: 503, contentType: "text/plain", text)
            }
            request.body.allowUnbounded()
            response.head(status: 200)
            let welcome = CoordinatorMessage.registerAgain(epoch: 1, session: 1)
            if let words = try? CoordinatorFrame(welcome, orders: []).payload() {
                response.body.write(copying: SessionWire.frame(words))
            }
        }
        #expect(worker.status == nil)
        let why = "answers with HTTP status 503: no healthy upstream"
        #expect(worker.said.ranges(of: why).count == 1, "\(worker.said)")
    }

    @Test("the coordinator says so too, in its log and to the worker, and goes on")
    func coordinator() async throws {
        let folder = try ProgramRun.makeFolder("skew")
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try StartedProgram(
            ProgramRun.built("etl-coordinator"),
            [
                "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state",
                folder.appendingPathComponent("state").path,
            ])
        defer { program.send(SIGKILL) }
        #expect(eventually(within: 15) { program.outputSoFar.contains("listens on") })
        let found = program.outputSoFar.firstMatch(of: /listens on http:\/\/127\.0\.0\.1:(\d+)/)
        let port = try #require(found.flatMap { Int($0.1) })
        let client = try HTTPClient(configuration: ClientConfiguration())
        defer { client.stop() }
        let origin = Origin(host: "127.0.0.1", port: port)
        func open(_ version: String, protocol: String = "1") -> ClientStream {
            client.open(
                origin, method: "POST", path: SessionWire.path,
                headers: [
                    HeaderField(SessionWire.versionHeader, `protocol`),
                    HeaderField(SessionWire.workerVersionHeader, version),
                    HeaderField(SessionWire.releaseHeader, "9.1"),
                    HeaderField(SessionWire.storageHeader, ""),
                ], hasBody: true)
        }
        for (version, wire, status, told) in [
            ("99", "1", 409, "of release 9.1 (worker version 99)"), ("0", "1", 409, "worker version 0"),
            ("x", "1", 409, "worker version x"), ("5", "2", 400, "cluster protocol, not 2"),
        ] {
            let refused = open(version, protocol: wire)
            #expect(try await refused.head().status == status)
            let text = String(decoding: try await refused.body.collect(limitBytes: 4096), as: UTF8.self)
            #expect(text.contains(told), "\(text)")
            #expect(
                eventually(within: 5) { program.errorsSoFar.contains("a worker got no session: ") }
                    && program.errorsSoFar.contains(told), "\(program.errorsSoFar)")
        }
        // Words that this release does not know.
        let session = open("5")
        let head = try await session.head()
        #expect(head.status == 200 && head.headers[SessionWire.releaseHeader] == ProgramVersion.text)
        session.writer.write(copying: SessionWire.frame([77, 1, 2, 3]))
        while try await session.body.next() != nil {}
        let why = session.body.trailers[SessionWire.reasonTrailer] ?? ""
        #expect(why.contains("not understood") && why.contains("its release is 9.1"), "\(why)")
        #expect(eventually(within: 5) { program.errorsSoFar.contains("what it says is not understood") })
        #expect(program.isRunning)
    }
}
