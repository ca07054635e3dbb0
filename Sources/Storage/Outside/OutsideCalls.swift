import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Calls servers that are no part of the cluster, through libcurl: webhooks and mail. Each call blocks; make
/// it on a thread that may wait.
package enum OutsideCalls {
    /// Longest answer that is read, bytes.
    private static let answerLimit = 64 << 10

    /// Posts a body and returns the HTTP status. Throws `OUTSIDE_CALL` (system) without the URL, which may
    /// hold a secret.
    package static func post(
        _ url: String, headers: [String], body: [UInt8], caFile: String? = nil
    ) throws(EngineError) -> Int {
        let library = try library()
        var error = store_error()
        var answer = store_http_answer()
        let failed = withStrings(headers) { headers in
            url.withCString { url in
                "POST".withCString { method in
                    withOptionalCString(caFile) { caFile in
                        body.withUnsafeBufferPointer { body in
                            headers.withUnsafeBufferPointer { headers in
                                var call = store_http_request()
                                (call.method, call.url, call.ca_file) = (method, url, caFile)
                                (call.headers, call.header_count) = (headers.baseAddress, headers.count)
                                (call.body, call.body_bytes) = (body.baseAddress, body.count)
                                call.answer_limit = answerLimit
                                return library.table.pointee.http_perform(&call, &answer, &error)
                            }
                        }
                    }
                }
            }
        }
        if failed != 0 { throw failure("The server cannot be called", error) }
        defer { library.table.pointee.http_free(&answer) }
        return Int(answer.status)
    }

    /// Hands a message to a mail server. Throws `OUTSIDE_CALL` (system).
    package static func send(
        _ message: [UInt8], from: String, to recipients: [String], through server: MailServer
    ) throws(EngineError) {
        let library = try library()
        var error = store_error()
        let failed = withStrings(recipients) { recipients in
            server.url.withCString { url in
                from.withCString { from in
                    withOptionalCString(server.user) { user in
                        withOptionalCString(server.password) { password in
                            withOptionalCString(server.caFile) { caFile in
                                message.withUnsafeBufferPointer { message in
                                    recipients.withUnsafeBufferPointer { recipients in
                                        var mail = store_mail()
                                        (mail.url, mail.from, mail.ca_file) = (url, from, caFile)
                                        (mail.user, mail.password) = (user, password)
                                        mail.requires_tls = server.requiresTLS ? 1 : 0
                                        (mail.recipients, mail.recipient_count) = (
                                            recipients.baseAddress, recipients.count
                                        )
                                        (mail.message, mail.message_bytes) = (
                                            message.baseAddress, message.count
                                        )
                                        return library.table.pointee.mail_send(&mail, &error)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        if failed != 0 { throw failure("The mail server took no message", error) }
    }

    private static func failure(_ what: String, _ error: store_error) -> EngineError {
        .system("OUTSIDE_CALL", "\(what): \(error.text)")
    }

    private static func library() throws(EngineError) -> StoreLibrary {
        do {
            return try StoreLibrary.load()
        } catch {
            throw .user("OUTSIDE_CALL", error.message, remedy: error.remedy)
        }
    }

    /// Gives all texts as C strings for the time of a call.
    private static func withStrings<Result>(
        _ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { UnsafePointer($0) })
    }
}

/// Names a mail server and how to talk to it. Its description shows no password.
package struct MailServer: Sendable, Hashable, CustomStringConvertible {
    /// `smtp://host:port` or `smtps://host:port`, without user and password.
    package var url: String
    package var user: String?
    package var password: String?
    /// Whether STARTTLS must succeed; without, it is used where the server offers it.
    package var requiresTLS: Bool
    package var caFile: String?

    package init(
        url: String, user: String? = nil, password: String? = nil, requiresTLS: Bool = false,
        caFile: String? = nil
    ) {
        self.url = url
        self.user = user
        self.password = password
        self.requiresTLS = requiresTLS
        self.caFile = caFile
    }

    package var description: String { url }
}
