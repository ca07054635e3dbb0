import AsyncHTTPClient
import NIOCore
import NIOHTTPCompression
import Storage
import Vocabulary

/// Holds a request.
struct WebRequest: Sendable {
    var method = "GET"
    var address: WebAddress
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
}

/// Holds an answer, whole.
struct WebResponse: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// Where it came from, after redirects.
    var address: WebAddress

    /// Value of a header; several of one name are joined, as the standard says they mean the same.
    subscript(_ name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

/// Holds the limits of one exchange.
struct WebLimits: Sendable, Hashable {
    var connectSeconds = 10
    /// Longest silence of a server.
    var readSeconds = 60
    /// Longest time of one exchange.
    var totalSeconds = 600
    /// Largest answer, after decompression.
    var responseBytes = 256 << 20
}

/// Exchanges requests with servers, one at a time. Each name is resolved once, checked, and pinned: the
/// client connects to that address and no other. Blocks; used by one thread.
final class WebClient {
    private let rules: WebRules
    private let limits: WebLimits
    /// One client for each origin, since an address is pinned per client.
    private var clients: [String: HTTPClient] = [:]

    private static let mostRedirects = 10

    init(_ rules: WebRules, _ limits: WebLimits) {
        self.rules = rules
        self.limits = limits
    }

    deinit { for client in clients.values { try? client.syncShutdown() } }

    /// Sends a request and returns the answer, whatever its status; follows redirects. Secret headers are
    /// sent to the request's own origin only. Throws `HTTP_UNREACHABLE` and `HTTP_TIMEOUT` (system),
    /// `HTTP_RESPONSE_TOO_LARGE` (data), `HTTP_NOT_ALLOWED` (user).
    func exchange(
        _ request: WebRequest, secret: [(name: String, value: String)] = [], _ wanted: Wanted
    ) throws(EngineError) -> WebResponse {
        var current = request
        for _ in 0...WebClient.mostRedirects {
            var sent = current
            if current.address.origin == request.address.origin { sent.headers += secret }
            let response = try send(sent, wanted)
            guard [301, 302, 303, 307, 308].contains(response.status), let place = response["Location"] else {
                return response
            }
            current.address = try WebAddress(
                place, relativeTo: current.address, option: "The redirect of \(current.address.shown)")
            // As browsers do: only 307 and 308 repeat what was sent.
            if response.status == 303 || (response.status < 303 && current.method == "POST") {
                current.method = "GET"
                current.body = nil
                current.headers.removeAll { $0.name.lowercased() == "content-type" }
            }
        }
        throw .data(
            "HTTP_STATUS", "The server redirects on and on: \(request.address.shown)",
            remedy: "Check base_url and path; a service often does so where a login is missing.")
    }

    private func client(for address: WebAddress) throws(EngineError) -> HTTPClient {
        if let client = clients[address.origin] { return client }
        let pinned = try rules.check(address)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: .seconds(Int64(limits.connectSeconds)), read: .seconds(Int64(limits.readSeconds))),
            decompression: .enabled(limit: .size(limits.responseBytes)))
        configuration.dnsOverride = [address.host: pinned]
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        clients[address.origin] = client
        return client
    }

    private func send(_ request: WebRequest, _ wanted: Wanted) throws(EngineError) -> WebResponse {
        let client = try client(for: request.address)
        let task: HTTPClient.Task<HTTPClient.Response>
        do {
            var sent = try HTTPClient.Request(
                url: request.address.text, method: .init(rawValue: request.method))
            for (name, value) in request.headers {
                try WebClient.check(name, value)
                sent.headers.add(name: name, value: value)
            }
            sent.body = request.body.map { .bytes($0) }
            task = client.execute(
                request: sent,
                delegate: ResponseAccumulator(request: sent, maxBodySize: limits.responseBytes),
                deadline: .now() + .seconds(Int64(limits.totalSeconds)))
        } catch let error as EngineError { throw error } catch { throw failure(error, request.address) }
        let answer = Waiting<Result<HTTPClient.Response, any Error>>()
        task.futureResult.whenComplete { answer.give($0) }
        while true {
            do { try wanted.check() } catch {
                task.cancel()
                throw error
            }
            guard let result = answer.wait(milliseconds: Wanted.pollMilliseconds) else { continue }
            switch result {
            case .success(let response):
                return WebResponse(
                    status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                    body: response.body.map { Array($0.readableBytesView) } ?? [], address: request.address)
            case .failure(let error): throw failure(error, request.address)
            }
        }
    }

    /// Throws for what a header may not hold (RFC 9110, 5.5 and 5.6.2).
    private static func check(_ name: String, _ value: String) throws(EngineError) {
        let isToken =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        if isToken, value.utf8.allSatisfy({ $0 == 9 || ($0 >= 32 && $0 != 127) }) { return }
        throw .user("INVALID_OPTION", "A header's name or value has characters that headers may not have")
    }

    /// Says in Millrace's words what went wrong; the client's own words hold addresses and queries.
    private func failure(_ error: any Error, _ address: WebAddress) -> EngineError {
        if error is ResponseAccumulator.ResponseTooBigError
            || error is NIOHTTPDecompression.DecompressionError
            || error is NIOHTTPDecompression.ExtraDecompressionError
        {
            return .data(
                "HTTP_RESPONSE_TOO_LARGE",
                "The server's answer is larger than \(ByteSize.format(limits.responseBytes)), or cannot be "
                    + "decompressed: "
                    + address.shown,
                remedy: "Ask for smaller pages, or raise client.max_response_bytes.")
        }
        if let error = error as? HTTPClientError {
            switch error {
            case .readTimeout, .connectTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
                .getConnectionFromPoolTimeout, .writeTimeout:
                return .system(
                    "HTTP_TIMEOUT",
                    "The server did not answer in time (\(error.shortDescription)): \(address.shown)",
                    remedy: "Check the server, or raise client.timeout.")
            case .remoteConnectionClosed, .uncleanShutdown, .cancelled: break
            default: break
            }
            return .system(
                "HTTP_UNREACHABLE", "The exchange failed (\(error.shortDescription)): \(address.shown)")
        }
        let text = String("\(error)".prefix { $0 != "\n" })
        // What SwiftNIO says of a failed system call: `… (error set): Connection refused) (errno: 111)`.
        let reason = text.firstMatch(of: /([A-Z][A-Za-z ]+)\) \(errno: \d+\)/).map { String($0.1) } ?? text
        return .system(
            "HTTP_UNREACHABLE", "The server cannot be reached: \(address.origin): \(reason.prefix(200))",
            remedy: "Check that it runs, its name, and the network of the machine that reads.")
    }
}
