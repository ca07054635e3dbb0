import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds an answer of a server, whatever its status.
struct HTTPAnswer {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }
}

/// Describes one request that libcurl sends, once.
struct HTTPCall {
    var method = "GET"
    var url: String
    /// `Name: value` each.
    var headers: [String] = []
    /// Lives until the request is answered.
    var body = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Bytes of the longest answer.
    var answerLimit: Int
    /// Whether a longer answer ends there; else it fails.
    var cutsAnswer = false
    /// PEM file of trusted authorities; nil for the system's.
    var caFile: String?
    /// `host:port:address` that the name is held to; nil: it is asked for.
    var pin: String?

    /// Sends the request. Returns nil with the reason where there is no whole answer. Blocks.
    func perform(_ library: StoreLibrary, _ error: inout store_error) -> HTTPAnswer? {
        var answer = store_http_answer()
        let failed = withCStrings(headers) { lines in
            withOptionalCString(caFile) { caFile in
                withOptionalCString(pin) { pin in
                    method.withCString { method in
                        url.withCString { url in
                            lines.withUnsafeBufferPointer { lines in
                                var call = store_http_request()
                                (call.method, call.url) = (method, url)
                                (call.headers, call.header_count) = (lines.baseAddress, lines.count)
                                call.body = body.baseAddress?.assumingMemoryBound(to: UInt8.self)
                                call.body_bytes = body.count
                                call.answer_limit = answerLimit
                                call.cuts_answer = cutsAnswer ? 1 : 0
                                (call.ca_file, call.resolve) = (caFile, pin)
                                return library.table.pointee.http_perform(&call, &answer, &error)
                            }
                        }
                    }
                }
            }
        }
        if failed != 0 { return nil }
        defer { library.table.pointee.http_free(&answer) }
        let text = UnsafeRawBufferPointer(start: answer.headers, count: answer.header_bytes)
        return HTTPAnswer(
            status: Int(answer.status), headers: HTTPCall.headers(String(decoding: text, as: UTF8.self)),
            body: Array(UnsafeRawBufferPointer(start: answer.body, count: answer.body_bytes)))
    }

    private static func headers(_ text: String) -> [String: String] {
        var headers: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...]
            headers[line[..<colon].lowercased()] =
                String(value.drop { $0 == " " || $0 == "\t" })
        }
        return headers
    }
}

/// Gives all texts as C strings for the time of a call.
func withCStrings<Result>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies.map { UnsafePointer($0) })
}

/// Gives a text, or NULL, for the time of a call.
func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    if let text { text.withCString(body) } else { body(nil) }
}
