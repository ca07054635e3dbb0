import Columns
import Foundation
import Transport
import Vocabulary

/// Talks to a coordinator over HTTP/2: the client's side of the REST interface.
package struct RemoteJobService: JobService {
    /// Names the PEM files for mutual TLS; nil where not given.
    package struct TLS: Sendable {
        package var certificate: String?
        package var key: String?
        package var authority: String?

        package init(certificate: String? = nil, key: String? = nil, authority: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    /// Longest time that a control call may take beyond what it asks the coordinator to wait, seconds.
    static let callSeconds = 30.0

    private let client: HTTPClient
    private let origin: Origin
    private let url: String
    private let token: String?

    /// Prepares for calls; connects at the first one. `url` is `http://host:port` or `https://host:port`, the
    /// scheme `http` and the port 7077 where left out. Throws `user` errors about the URL and the files.
    package init(url: String, tls: TLS = TLS(), token: String? = nil) throws {
        let (isSecure, origin) = try RemoteJobService.parse(url, hasCertificate: tls.certificate != nil)
        var files: TLSFiles?
        if isSecure {
            files = TLSFiles(certificate: tls.certificate, key: tls.key, authority: tls.authority)
        }
        client = try HTTPClient(configuration: ClientConfiguration(tls: files, keepAliveSeconds: 20))
        self.origin = origin
        self.url = url
        self.token = token
    }

    static func parse(_ url: String, hasCertificate: Bool) throws(EngineError) -> (isSecure: Bool, Origin) {
        var rest = Substring(url)
        var isSecure = hasCertificate
        if rest.hasPrefix("https://") {
            isSecure = true
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("http://") {
            isSecure = false
            rest = rest.dropFirst(7)
        }
        while rest.last == "/" { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@") else {
            throw .user(
                "INVALID_ADDRESS", "This is no address of a coordinator: \(url)",
                remedy: "Write it like https://etl.example.com:7077.")
        }
        let afterBracket = rest.lastIndex(of: "]").map { rest[$0...] } ?? rest
        return (isSecure, try Origin(afterBracket.contains(":") ? String(rest) : rest + ":7077"))
    }

    // MARK: - Jobs

    package func submit(_ request: JobRequest) async throws -> JobStatus {
        try await call("POST", "/jobs", body: try JSONEncoder().encode(request))
    }

    package func job(_ id: String) async throws -> JobStatus { try await call("GET", path(id)) }

    package func jobs(_ query: JobQuery) async throws -> JobList {
        var path = "/jobs?limit=\(query.limit)"
        if let states = query.states {
            path += "&state=" + states.map(\.rawValue).sorted().joined(separator: ",")
        }
        if let after = query.after { path += "&after=" + RemoteJobService.escaped(after) }
        return try await call("GET", path)
    }

    package func stages(_ id: String) async throws -> [StageStatus] {
        let list: StageList = try await call("GET", path(id) + "/stages")
        return list.stages
    }

    package func tasks(_ id: String) async throws -> [TaskStatus] {
        let list: TaskList = try await call("GET", path(id) + "/tasks")
        return list.tasks
    }

    package func timeline(_ id: String, since: Int64?) async throws -> Timeline {
        try await call("GET", path(id) + "/timeline" + (since.map { "?since=\($0)" } ?? ""))
    }

    package func source(_ id: String) async throws -> JobSource {
        try await call("GET", path(id) + "/source")
    }

    package func plan(_ id: String) async throws -> String {
        let shape: PlanText = try await call("GET", path(id) + "/plan")
        return shape.plan
    }

    package func logs(_ id: String, from: Int) async throws -> [LogLine] {
        let list: LogList = try await call("GET", path(id) + "/logs?from=\(from)")
        return list.lines
    }

    package func waitForChange(_ id: String, after version: Int, milliseconds: Int) async throws -> JobStatus
    {
        try await call(
            "GET", path(id) + "?after=\(version)&wait=\(milliseconds)",
            seconds: RemoteJobService.callSeconds + Double(milliseconds) / 1000)
    }

    package func cancel(_ id: String) async throws -> JobStatus { try await call("DELETE", path(id)) }

    package func retry(_ id: String) async throws -> JobStatus { try await call("POST", path(id) + "/retry") }

    package func workers() async throws -> [WorkerStatus] {
        let list: WorkerList = try await call("GET", "/workers")
        return list.workers
    }

    package func cluster() async throws -> ClusterStatus { try await call("GET", "/cluster") }

    package func explain(_ request: JobRequest) async throws -> String {
        let shape: PlanText = try await call("POST", "/explain", body: try JSONEncoder().encode(request))
        return shape.plan
    }

    package func result(_ id: String) async throws -> JobResult {
        let response = try await send(
            "GET", path(id) + "/result", accept: ResultFraming.contentType, body: [], seconds: nil)
        guard response.status == 200 else { throw try await failure(response) }
        let reader = RemoteResult(response.body)
        let schema = try await reader.schema()
        // The client lives as long as someone reads.
        let client = client
        return JobResult(
            schema: schema, timeZone: reader.timeZone,
            batches: AsyncThrowingStream {
                _ = client
                return try await reader.next()
            })
    }

    /// The code of an answer of rows that ended before its last.
    package static let rowsBrokeOff = "ROWS_BROKE_OFF"
    /// The code of an answer that is not the coordinator's: what stands before it does not reach it now.
    package static let notReached = "COORDINATOR_NOT_REACHED"

    // MARK: - Calls

    func path(_ id: String) -> String { "/jobs/" + RemoteJobService.escaped(id) }

    static func escaped(_ name: String) -> String {
        name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", "_", "."])) ?? ""
    }

    func call<Answer: Decodable>(
        _ method: String, _ path: String, body: Data = Data(), contentType: String = "application/json",
        seconds: Double = callSeconds
    ) async throws -> Answer {
        let response = try await send(
            method, path, accept: "application/json", body: Array(body), contentType: contentType,
            seconds: seconds)
        guard (200..<300).contains(response.status) else { throw try await failure(response) }
        let bytes = try await response.body.collect(limitBytes: 64 << 20)
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            throw EngineError.system(
                "CORRUPT_MESSAGE", "The answer of \(url) is not what a coordinator sends",
                remedy: "Check that this is a coordinator's cluster port and runs the same version.")
        }
    }

    private func send(
        _ method: String, _ path: String, accept: String, body: [UInt8],
        contentType: String = "application/json", seconds: Double?
    ) async throws -> Response {
        var headers = [HeaderField("accept", accept)]
        if !body.isEmpty { headers.append(HeaderField("content-type", contentType)) }
        if let token { headers.append(HeaderField("authorization", "Bearer " + token, isNeverIndexed: true)) }
        do throws(EngineError) {
            return try await client.request(
                origin, method: method, path: "/api/v1" + path, headers: headers, body: body,
                timeoutSeconds: seconds)
        } catch {
            throw explained(error)
        }
    }

    /// Says what the user can do about a coordinator that does not answer.
    private func explained(_ error: EngineError) -> EngineError {
        var error = error
        switch error.code {
        case "CONNECTION_REFUSED":
            error.message = "No coordinator answers at \(url)"
            error.remedy =
                "Start one with etl-coordinator, or check --coordinator. Jobs and pipelines run without one "
                + "too, with --local."
        case "CONNECTION_LOST" where !url.hasPrefix("https"):
            error.remedy =
                "Check that this is the cluster port (7077 by default), not the web port. If the coordinator "
                + "uses TLS, write https:// and give --tls-ca. Jobs that it took go on without this program."
        case "CONNECTION_LOST":
            error.remedy =
                "Jobs that the coordinator took go on; follow one again with: etl-submit wait JOB_ID"
        default: break
        }
        return error
    }

    /// Reads the error from an answer that tells of one.
    private func failure(_ response: Response) async throws -> EngineError {
        let bytes = (try? await response.body.collect()) ?? []
        if let problem = try? JSONDecoder().decode(Problem.self, from: Data(bytes)) {
            var error = problem.error.engineError
            if error.code == "UNAUTHENTICATED", token != nil {
                error.remedy = "The coordinator does not know this token; check --token or ETL_TOKEN."
            }
            return error
        }
        if ResponseHead.isPassing(response.status) {
            return .system(
                RemoteJobService.notReached,
                "\(url) answered with HTTP status \(response.status), and the coordinator not at all",
                remedy: "Try again when it runs; a proxy before it tells more.")
        }
        return .system(
            "UNEXPECTED_ANSWER", "\(url) answered with HTTP status \(response.status)",
            remedy: "Check that this is a coordinator's cluster port and runs the same version.")
    }
}

/// Reads a framed result from a response's body.
///
/// `@unchecked Sendable`: the result's one consumer owns it; its calls do not overlap.
private final class RemoteResult: @unchecked Sendable {
    private let body: BodyStream
    private var parser = ResultParser()

    init(_ body: BodyStream) { self.body = body }

    /// The session's zone, once the schema is there.
    var timeZone: String { parser.timeZone }

    /// Waits for the schema.
    func schema() async throws -> Schema {
        while true {
            if let schema = try parser.readSchema() { return schema }
            guard let chunk = try await body.next() else { throw RemoteResult.cut }
            parser.append(chunk.bytes)
        }
    }

    /// Returns the next batch, or nil after the last. Throws when the stream broke off.
    func next() async throws -> Batch? {
        while true {
            if let batch = try parser.next() { return batch }
            if parser.isEnded { return nil }
            guard let chunk = try await body.next() else { throw RemoteResult.cut }
            parser.append(chunk.bytes)
        }
    }

    private static let cut = EngineError.system(
        RemoteJobService.rowsBrokeOff, "The rows broke off before their end",
        remedy: "Fetch them again with: etl-submit wait JOB_ID")
}
