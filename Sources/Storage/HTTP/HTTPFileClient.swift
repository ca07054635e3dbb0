import CObjectStore
import Vocabulary

/// Gets files from web servers: follows redirects, tries again where that helps, and calls only what the
/// rules allow, each name held to the address that was checked. Thread-safe; calls block.
final class HTTPFileClient: Sendable {
    let retry: RequestRetry
    private let rules: WebRules
    private let library: StoreLibrary
    /// PEM file of trusted authorities; nil for the system's.
    private let caFile: String?

    private static let mostRedirects = 10

    init(rules: WebRules, retry: RequestRetry) throws(EngineError) {
        self.rules = rules
        self.retry = retry
        library = try StoreLibrary.load()
        caFile = S3Settings.variable("SSL_CERT_FILE")
    }

    /// Sends a request and returns the answer with its address, whatever its status. `range`: what to ask
    /// for; a server may send everything all the same. What is longer than `limit` ends there.
    func send(
        _ start: WebAddress, method: String = "GET", range: Range<Int>? = nil, limit: Int
    ) throws(EngineError) -> (answer: HTTPAnswer, address: WebAddress) {
        var address = start
        for _ in 0...HTTPFileClient.mostRedirects {
            let answer = try sendOnce(address, method: method, range: range, limit: limit)
            guard [301, 302, 303, 307, 308].contains(answer.status), let place = answer.headers["location"]
            else { return (answer, address) }
            let next = try WebAddress(
                place, relativeTo: address, option: "The redirect of \(address.shown)")
            if address.scheme == "https", next.scheme != "https" {
                throw .user(
                    "HTTP_REDIRECT_REFUSED",
                    "The server redirects from https to \(next.scheme), which anyone may change on its way: "
                        + next.shown,
                    remedy: "Name the other address yourself if it can be trusted.")
            }
            // `…/dir` is redirected to `…/dir/`, the page that shows what is in a directory.
            try WebFileAddress.check(next)
            address = next
        }
        throw .data(
            "HTTP_STATUS", "The server redirects on and on: \(start.shown)", remedy: "Check the address.")
    }

    private func sendOnce(
        _ address: WebAddress, method: String, range: Range<Int>?, limit: Int
    ) throws(EngineError) -> HTTPAnswer {
        // What is compressed on its way has no ranges of the file's own bytes.
        var headers = ["Accept-Encoding: identity", "User-Agent: millrace"]
        if let range { headers.append("Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)") }
        return try retry.send(
            isPassing: { RequestRetry.passingStatuses.contains($0.status) },
            unanswered: { HTTPFileClient.unanswered($0, address) }
        ) { (error: inout store_error) throws(EngineError) -> HTTPAnswer? in
            // Checked again with each attempt: a name may have moved meanwhile.
            let pin = try held(address)
            let call = HTTPCall(
                method: method, url: address.text, headers: headers, answerLimit: limit, cutsAnswer: true,
                caFile: caFile, pin: pin)
            return call.perform(library, &error)
        }
    }

    private func held(_ address: WebAddress) throws(EngineError) -> String? {
        do throws(EngineError) {
            return try rules.pin(address)
        } catch {
            guard error.code == "HTTP_NOT_ALLOWED" else { throw error }
            // Files are read by both: the coordinator looks at their columns and sizes.
            throw .user(
                error.code, error.message,
                remedy: "Have just this server allowed with --allow-http \(address.origin), on the "
                    + "coordinator and on the workers.")
        }
    }

    private static func unanswered(_ error: store_error, _ address: WebAddress) -> EngineError {
        switch error.failure {
        case STORE_TLS:
            .user(
                "HTTP_TLS_FAILED",
                "No secure connection to \(address.host) can be made, \(error.text): \(address.shown)",
                remedy: "Set SSL_CERT_FILE to the PEM file of the authority that its certificate is from.")
        case STORE_UNREACHABLE:
            .system(
                "HTTP_UNREACHABLE", "\(address.host) does not answer, \(error.text): \(address.shown)",
                remedy: "Check the address, and the network of the machine that reads.")
        case STORE_TIMEOUT:
            .system(
                "HTTP_TIMEOUT",
                "\(address.host) does not answer in time, \(error.text): \(address.shown)",
                remedy: "Check the server, and the network of the machine that reads.")
        default: .system("HTTP_ERROR", "The request failed, \(error.text): \(address.shown)")
        }
    }

    /// Makes the error of an answer's status.
    static func failure(_ answer: HTTPAnswer, _ address: WebAddress) -> EngineError {
        let message = "The server answers HTTP \(answer.status): \(address.shown)"
        switch answer.status {
        case 401, 403:
            return .user(
                "HTTP_STATUS", message,
                remedy: "Check that the address may be read without a login; links that are signed may have "
                    + "ended.")
        case 429, 500...: return .system("HTTP_STATUS", message, remedy: "Check the server, or try later.")
        default: return .user("HTTP_STATUS", message, remedy: "Check the address.")
        }
    }
}
