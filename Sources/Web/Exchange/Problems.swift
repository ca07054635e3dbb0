import Foundation
import Protocol
import Transport
import Vocabulary

/// Turns errors into RFC 9457 problem documents.
enum Problems {
    /// Returns the answer that tells of `error`; `status` where the error's own does not fit.
    static func response(_ error: any Error, status: Int? = nil) -> WebResponse {
        let error = error as? EngineError ?? .internal("\(error)")
        let status = status ?? error.httpStatus
        let document = document(error, status: status)
        var answer = WebResponse(
            status: status, headers: [HeaderField("content-type", document.contentType)],
            body: .bytes(document.body))
        if status == 429 {
            answer.headers.append(HeaderField("retry-after", String(Problems.retrySeconds)))
        }
        if status == 401 {
            answer.headers.append(HeaderField("www-authenticate", "Bearer realm=\"millrace\""))
        }
        return answer
    }

    /// After how long to ask again what was too much now.
    private static let retrySeconds = 5

    /// Returns the content type and body of the answer that tells of `error`.
    static func document(_ error: EngineError, status: Int) -> (contentType: String, body: [UInt8]) {
        let problem = Problem(
            type: "urn:millrace:error:" + error.code, title: title(error.code), status: status,
            detail: error.message, error: JobFailure(error))
        return ("application/problem+json", encode(problem))
    }

    /// Returns an error's code as a title: `RESULT_LOST` becomes `Result lost`.
    private static func title(_ code: String) -> String {
        let words = code.lowercased().map { $0 == "_" || $0 == "." ? " " : $0 }
        return String(words.prefix(1)).uppercased() + String(words.dropFirst())
    }

    /// Returns a value as a JSON answer.
    static func json(_ value: some Encodable, status: Int = 200) -> WebResponse {
        WebResponse(
            status: status, headers: [HeaderField("content-type", "application/json")],
            body: .bytes(encode(value)))
    }

    /// Returns a value as JSON; all shapes here can be encoded.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { Array($0) } ?? Array("{}".utf8)
    }
}
