import CObjectStore
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Describes one request to a bucket or an object.
struct S3Request {
    var method: String
    var bucket: String
    /// Empty for the bucket itself.
    var key = ""
    var query: [(name: String, value: String)] = []
    /// Names in lower case.
    var headers: [(name: String, value: String)] = []
    /// Lives until the request is answered.
    var body = UnsafeRawBufferPointer(start: nil, count: 0)

    /// The object as the user would write it.
    var url: String { "s3://\(bucket)/\(key)" }
}

extension HTTPAnswer {
    /// The code of S3's error, from the body; nil where there is none, as in an answer to `HEAD`.
    var code: String? {
        XMLText.elements("Error", in: body[...]).first.flatMap { XMLText.text("Code", in: $0) }
    }
}

/// Signs and sends requests to S3, and tries them again where that helps. Thread-safe; calls block.
final class S3Client: Sendable {
    let settings: S3Settings
    let library: StoreLibrary
    let reader: ArrowStore
    private let known = Mutex<(credentials: S3Credentials, readAt: Int)?>(nil)

    /// Longest answer that is kept, bytes: a listing of 1000 keys is far below it.
    private static let answerLimit = 64 << 20
    /// Seconds for which credentials are used before they are asked for again.
    private static let credentialSeconds = 60

    init(settings: S3Settings) throws(EngineError) {
        self.settings = settings
        library = try StoreLibrary.load()
        reader = try ArrowStore(settings: settings, library: library)
    }

    /// Sends a request until it is answered by other than a passing failure; returns that answer, be it an
    /// error. Throws `S3_UNREACHABLE` and the like.
    func send(_ request: S3Request) throws(EngineError) -> HTTPAnswer {
        try S3Client.check(bucket: request.bucket)
        var renewed = false
        while true {
            let answer = try settings.retry.send(
                isPassing: { isPassing($0) },
                unanswered: { S3Failure.unanswered($0, request, settings) }
            ) { (error: inout store_error) throws(EngineError) -> HTTPAnswer? in
                try sendOnce(request, &error)
            }
            guard answer.status == 400 || answer.status == 403, !renewed, isExpired(answer.code) else {
                return answer
            }
            known.withLock { $0 = nil }
            renewed = true
        }
    }

    /// Sends a request and throws where the answer is an error.
    func sendExpectingSuccess(_ request: S3Request) throws(EngineError) -> HTTPAnswer {
        let answer = try send(request)
        // Copying and completing answer 200 before they know how it ends.
        if answer.isSuccess, answer.code == nil { return answer }
        throw failure(answer, of: request)
    }

    /// Makes the error of an answer; an answer to `HEAD`, which has no body, is asked for once more with one.
    func failure(_ answer: HTTPAnswer, of request: S3Request) -> EngineError {
        var answer = answer
        if request.method == "HEAD", answer.body.isEmpty {
            var asked = request
            asked.method = "GET"
            asked.headers.append((name: "range", value: "bytes=0-0"))
            if let full = try? send(asked), !full.isSuccess { answer = full }
        }
        return S3Failure.answered(answer, request, settings)
    }

    private func isPassing(_ answer: HTTPAnswer) -> Bool {
        if RequestRetry.passingStatuses.contains(answer.status) { return true }
        guard let code = answer.code else { return false }
        return ["RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable", "ThrottlingException"]
            .contains(code)
    }

    private func isExpired(_ code: String?) -> Bool {
        code == "ExpiredToken" || code == "TokenRefreshRequired"
    }

    /// Refuses what is no bucket's name before it becomes part of a host's.
    private static func check(bucket: String) throws(EngineError) {
        let isName = bucket.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
        if !isName || bucket.isEmpty || bucket.hasPrefix(".") || bucket.hasPrefix("-") {
            throw .user(
                "S3_BUCKET_NAME_INVALID", "This path does not begin with the name of a bucket after s3://",
                remedy: "Write s3://bucket/key; credentials come from the environment, not from the path.")
        }
    }

    // MARK: - One request

    private func sendOnce(_ request: S3Request, _ error: inout store_error) throws(EngineError) -> HTTPAnswer?
    {
        let (host, start) = settings.place(of: request.bucket)
        let path = start + "/" + URLText.encode(request.key, keepingSlashes: true)
        let query = URLText.query(request.query)
        let headers = try signed(request, host: host, path: path, query: query)
        let scheme = settings.isEncrypted ? "https://" : "http://"
        let url = scheme + host + path + (query.isEmpty ? "" : "?" + query)
        // libcurl sends a header without a value only in this form.
        let lines = headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        let call = HTTPCall(
            method: request.method, url: url, headers: lines, body: request.body,
            answerLimit: S3Client.answerLimit, caFile: settings.caFile)
        return call.perform(library, &error)
    }

    private func signed(
        _ request: S3Request, host: String, path: String, query: String
    ) throws(EngineError) -> [(name: String, value: String)] {
        let digest = Hexadecimal.text(library.sha256(request.body))
        let time = S3Client.timeText(seconds: Glibc.time(nil))
        var headers = request.headers
        headers += [("host", host), ("x-amz-content-sha256", digest), ("x-amz-date", time)]
        guard let credentials = try currentCredentials() else { return headers }
        if !credentials.token.isEmpty { headers.append(("x-amz-security-token", credentials.token)) }
        let signature = RequestSignature(
            library: library, credentials: credentials, region: settings.region, time: time)
        let value = signature.authorization(
            method: request.method, path: path, query: query, headers: headers, payloadDigest: digest)
        return headers + [("authorization", value)]
    }

    /// Returns `20130524T000000Z`.
    static func timeText(seconds: Int) -> String {
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The credentials for now; nil when requests are not signed. Throws `S3_NO_CREDENTIALS`.
    private func currentCredentials() throws(EngineError) -> S3Credentials? {
        if settings.isAnonymous { return nil }
        if let fixed = settings.credentials { return fixed }
        let now = Glibc.time(nil)
        let kept = known.withLock { $0 }
        if let kept, now - kept.readAt < S3Client.credentialSeconds { return kept.credentials }
        let fresh = try reader.credentials()
        known.withLock { $0 = (fresh, now) }
        return fresh
    }
}
