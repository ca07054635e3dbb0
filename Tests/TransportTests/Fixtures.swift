import Foundation
import Glibc
import Memory
import Synchronization
import Testing
import Transport
import Vocabulary

/// Runs a program to its end and returns its status and output.
func run(_ program: String, _ arguments: [String], in directory: String? = nil) throws -> (
    status: Int32, output: String
) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["timeout", "60", program] + arguments
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}

/// Does as `run` without blocking the tests' threads.
func runAside(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try run(program, arguments) }) }.start()
    }
}

/// Checks that `condition` holds soon: within `seconds`.
func expectEventually(
    _ seconds: Double = 20, at location: Testing.SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async throws {
    let start = MonotonicTime.now
    while !condition() {
        if MonotonicTime.now.seconds(since: start) > seconds {
            Issue.record("it did not happen within \(seconds) s", sourceLocation: location)
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// Holds certificates made for one test: an authority, a server, a client, and a stranger of another
/// authority.
final class Certificates: Sendable {
    /// Made once for all tests that change nothing.
    static let shared = Result { try Certificates() }

    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "transport-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for authority in ["ca", "other"] {
            try openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2",
                "-subj", "/CN=\(authority)", "-keyout", "\(authority).key", "-out", "\(authority).pem",
            ])
        }
        try issue("server", names: "DNS:localhost,IP:127.0.0.1")
        try issue("client", names: "DNS:etl-worker.test.svc")
        try issue("stranger", names: "DNS:etl-worker.test.svc", authority: "other")
        try issue("misnamed", names: "DNS:elsewhere.example")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func issue(_ name: String, names: String, authority: String = "ca") throws {
        try openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=\(name)",
            "-keyout", "\(name).key", "-out", "\(name).csr",
        ])
        try "subjectAltName=\(names)\n".write(
            toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
        try openssl([
            "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
            "-CAcreateserial", "-days", "2", "-extfile", "\(name).ext", "-out", "\(name).pem",
        ])
    }

    private func openssl(_ arguments: [String]) throws {
        let result = try run("openssl", arguments, in: directory)
        if result.status != 0 { throw EngineError.internal("openssl: \(result.output)") }
    }

    func path(_ file: String) -> String { directory + "/" + file }

    func files(_ name: String, authority: String? = "ca", requireClientCertificate: Bool? = nil) -> TLSFiles {
        TLSFiles(
            certificate: path("\(name).pem"), key: path("\(name).key"),
            authority: authority.map { path("\($0).pem") },
            requireClientCertificate: requireClientCertificate)
    }
}

/// Counts, from any thread.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func add(_ amount: Int) { value.add(amount, ordering: .sequentiallyConsistent) }
    func set(_ amount: Int) { value.store(amount, ordering: .sequentiallyConsistent) }
    var current: Int { value.load(ordering: .sequentiallyConsistent) }
}

/// Makes a buffer of a pattern that shows misplaced bytes.
func patterned(_ byteCount: Int) -> Buffer {
    let buffer = Buffer(byteCount: byteCount)
    for i in 0..<byteCount { buffer.mutableBytes[i] = UInt8(truncatingIfNeeded: i &* 31 &+ i >> 8) }
    return buffer
}

/// Handles requests by a closure.
struct ClosureHandler: RequestHandler {
    private let body: @Sendable (Request, ResponseWriter) -> Void

    init(_ body: @escaping @Sendable (Request, ResponseWriter) -> Void) { self.body = body }

    func handle(_ request: Request, _ response: ResponseWriter) { body(request, response) }
}

extension HTTPClient {
    /// Gets bulk data as the shuffle does: `onData` is given it in order, on the client's loop, and `onEnd`
    /// comes once, last. The server sends at most `windowBytes` ahead of what `grant` on the stream's body
    /// gave back.
    func fetch(
        _ origin: Origin, path: String, windowBytes: Int,
        onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (EngineError?) -> Void
    ) -> ClientStream {
        let stream = open(origin, method: "GET", path: path, windowBytes: windowBytes)
        stream.body.receive(onData: onData, onEnd: onEnd)
        return stream
    }
}

/// A server with the routes that the tests use.
///
/// `/hello` answers with text, `/echo` sends the request's body back, `/bytes/N` sends N bytes, `/sum` reads
/// a body of any size and answers its length, `/limited` does so within the bound, `/who` names the peer,
/// `/never` answers never.
struct TestRoutes: RequestHandler {
    static let chunk = patterned(256 << 10)

    func handle(_ request: Request, _ response: ResponseWriter) {
        switch request.path {
        case "/hello": response.respond(status: 200, contentType: "text/plain", Array("hello\n".utf8))
        case "/who":
            let names = request.peer?.alternativeNames.joined(separator: ",") ?? "nobody"
            response.respond(status: 200, contentType: "text/plain", Array(names.utf8))
        case "/echo":
            request.body.allowUnbounded()
            Task {
                response.head(status: 200)
                while let chunk = try await request.body.next() { try await response.body.send(chunk) }
                response.end(trailers: [HeaderField("x-echoed", String(request.body.receivedBytes))])
            }
        case "/sum", "/limited":
            if request.path == "/sum" { request.body.allowUnbounded() }
            Task {
                var count = 0
                while let chunk = try await request.body.next() { count += chunk.byteCount }
                response.respond(status: 200, contentType: "text/plain", Array(String(count).utf8))
            }
        case "/never": break
        default:
            guard request.path.hasPrefix("/bytes/"), let count = Int(request.path.dropFirst(7)) else {
                response.head(status: 404, isEnd: true)
                return
            }
            response.head(status: 200)
            Self.send(count, response.body)
        }
    }

    /// Sends `rest` bytes by callbacks alone, as bulk data goes.
    static func send(_ rest: Int, _ writer: BodyWriter) {
        var rest = rest
        while rest > 0 {
            let count = min(rest, chunk.byteCount)
            rest -= count
            let isWelcome = writer.write(chunk, offset: 0, count: count)
            if writer.isClosed { return }
            if !isWelcome {
                let left = rest
                return writer.whenWritable { send(left, writer) }
            }
        }
        writer.end()
    }
}
