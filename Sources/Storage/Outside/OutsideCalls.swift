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
    /// hold a secret, and what `rules` refuse.
    package static func post(
        _ url: String, headers: [String], body: [UInt8], caFile: String? = nil,
        rules: WebRules = .unrestricted
    ) throws(EngineError) -> Int {
        let held = try rules.held(url)
        // What was checked is what is called, in the same words.
        let url = held?.address.text ?? url
        let library = try library()
        var error = store_error()
        let answer = body.withUnsafeBytes { body in
            HTTPCall(
                method: "POST", url: url, headers: headers, body: body, answerLimit: answerLimit,
                caFile: caFile, pin: held?.pin
            ).perform(library, &error)
        }
        guard let answer else { throw failure("The server cannot be called", error) }
        return answer.status
    }

    /// Hands a message to a mail server. Throws `OUTSIDE_CALL` (system), and what `rules` refuse unless the
    /// operator named the server.
    package static func send(
        _ message: [UInt8], from: String, to recipients: [String], through server: MailServer,
        rules: WebRules = .unrestricted
    ) throws(EngineError) {
        let held = server.isOperators ? nil : try rules.held(server.url)
        let library = try library()
        var error = store_error()
        let failed = withCStrings(recipients) { recipients in
            (held?.address.origin ?? server.url).withCString { url in
                from.withCString { from in
                    withOptionalCString(server.user) { user in
                        withOptionalCString(server.password) { password in
                            withOptionalCString(server.caFile) { caFile in
                                withOptionalCString(held?.pin) { pin in
                                    message.withUnsafeBufferPointer { message in
                                        recipients.withUnsafeBufferPointer { recipients in
                                            var mail = store_mail()
                                            (mail.url, mail.from, mail.ca_file) = (url, from, caFile)
                                            (mail.user, mail.password, mail.resolve) = (user, password, pin)
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
    /// Whether who runs the program named it, not who wrote the pipeline: no rules are asked.
    package var isOperators = false

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
