import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Puts the values of secrets in place of their references, where they are used, and takes them out of texts
/// again. Thread-safe.
///
/// A reference is a whole value `env:NAME`, or `${env:NAME}` anywhere in one; `${env:NAME:-text}` has a
/// default.
package final class SecretResolver: Sendable {
    private let environment: @Sendable (String) -> String?
    /// Names that may be referred to, with `*` for any letters; nil: all.
    private let allowed: [String]?
    /// Values that were given out, the longest first.
    private let known = Mutex<[String]>([])

    /// Shorter values are words of their own in ordinary text and cannot be taken out.
    private static let shortestSecret = 4

    /// `environment` answers for environment variables; those of this process by default. `allowed` are the
    /// names that jobs may refer to, with `*` and `?`: on a cluster, who may submit a job may not read all
    /// that its workers hold; nil allows all.
    package init(
        allowed: [String]? = nil,
        environment: @escaping @Sendable (String) -> String? = { name in
            getenv(name).map { String(cString: $0) }
        }
    ) {
        self.allowed = allowed
        self.environment = environment
    }

    /// Returns the text with its references resolved. Throws `SECRET_NOT_SET` or `SECRET_NOT_ALLOWED` that
    /// names what is missing or kept.
    package func resolve(_ text: String) throws(EngineError) -> String {
        try resolved(text) { note($0) }
    }

    /// Returns the address of a server with its references resolved. Which server it is may be told; what a
    /// referenced address has beside that, its path, its query and who logs in, may not. Throws as `resolve`.
    package func resolve(address text: String) throws(EngineError) -> String {
        try resolved(text) { noteParts(ofAddress: $0) }
    }

    private func resolved(
        _ text: String, _ note: (String) -> Void
    ) throws(EngineError) -> String {
        if text.hasPrefix("env:") { return try value(of: text.dropFirst(4), fallback: nil, note) }
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${env:") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            result += rest[..<start.lowerBound]
            let inner = rest[start.upperBound..<end]
            if let cut = inner.firstRange(of: ":-") {
                result += try value(
                    of: inner[..<cut.lowerBound], fallback: String(inner[cut.upperBound...]), note)
            } else {
                result += try value(of: inner, fallback: nil, note)
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private func noteParts(ofAddress value: String) {
        guard let match = value.wholeMatch(of: /\w+:\/\/(?:([^\/?#]*)@)?[^\/?#@]*([^?#]*)\??(.*)/) else {
            return note(value)
        }
        var path = match.2
        while path.hasSuffix("/") { path.removeLast() }
        note(String(path))
        note(String(match.3))
        for part in match.3.split(separator: "&") { note(String(part.drop { $0 != "=" }.dropFirst())) }
        if let user = match.1 { note(String(user)) }
    }

    private func value(
        of name: Substring, fallback: String?, _ note: (String) -> Void
    ) throws(EngineError) -> String {
        if let allowed, !allowed.contains(where: { Wildcard.matches($0, String(name)) }) {
            throw .user(
                "SECRET_NOT_ALLOWED", "Jobs of this cluster may not use the environment variable: \(name)",
                remedy: "Have it allowed with etl-worker --allow-env \(name), on every worker.")
        }
        guard let found = environment(String(name)) ?? fallback else {
            throw .user(
                "SECRET_NOT_SET", "The environment variable is not set where the connection is made: \(name)",
                remedy:
                    "Set it for etl-submit when the job runs in it, and for every etl-worker of a cluster.")
        }
        note(found)
        return found
    }

    /// Makes a value one that `redacted` takes out: a password inside a URL, a token that was fetched.
    package func note(_ secret: String) {
        // Logs are taken line by line, and errors put on one: a key in PEM is found there by its lines.
        let lines = secret.split(whereSeparator: \.isNewline).map(String.init)
        known.withLock { values in
            for text in [secret] + lines
            where text.utf8.count >= SecretResolver.shortestSecret && !values.contains(text) {
                values.append(text)
            }
            values.sort { $0.utf8.count > $1.utf8.count }
        }
    }

    /// Returns the text with every secret that was given out replaced by `***`.
    package func redacted(_ text: String) -> String {
        known.withLock { values in values.reduce(text) { $0.replacing($1, with: "***") } }
    }

    /// Returns the error without secrets.
    package func redacted(_ error: any Error) -> EngineError {
        var error = (error as? EngineError) ?? .internal("\(error)")
        error.message = redacted(error.message)
        error.remedy = error.remedy.map { redacted($0) }
        return error
    }
}
