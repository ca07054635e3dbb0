import FoundationEssentials
import Synchronization
import Transport
import Vocabulary

/// Knows bearers by signed tokens (JWT, RFC 7519): whoever holds one of the keys says who may do what, and
/// until when. The key file is looked at when a token comes, at most every ten seconds, and read again when
/// it changed: keys are rotated without a restart.
package final class SignedTokens: BearerTokens {
    private struct State {
        var keys: SigningKeys
        var stamp: FileStamp
        var checked: ContinuousClock.Instant
    }

    /// The claims that are read, RFC 7519, 4.1, and the roles.
    private struct Claims: Decodable {
        var exp: Double?
        var nbf: Double?
        var aud: Words?
        var sub: String?
        var roles: Words?
    }

    private struct Header: Decodable {
        var alg: String
        var kid: String?
        /// Extensions that the reader must know; none are known here.
        var crit: [String]?
    }

    /// Holds a claim that is one text or a list of texts.
    private struct Words: Decodable {
        var all: [String]

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                all = [text]
            } else {
                all = try value.decode([String].self)
            }
        }
    }

    /// Longest token that is looked at, bytes.
    private static let tokenBytes = 16 * 1024
    /// How far the clocks of issuer and coordinator may lie apart, seconds.
    private static let leewaySeconds = 30.0
    private static let pollInterval = Duration.seconds(10)

    private let file: String
    private let audience: String
    private let read: @Sendable () throws(EngineError) -> String
    private let report: @Sendable (EngineError) -> Void
    private let now: @Sendable () -> Double
    private let state: Mutex<State>

    /// `file`: the key set; `read` returns its text. `audience`: what tokens must name as theirs (`aud`).
    /// `report` is told of a later file that cannot be used: the keys before it stay. `now`: seconds since
    /// 1970. Throws what `read` throws, and `INVALID_JWT_KEYS` (user).
    package init(
        file: String, audience: String, read: @escaping @Sendable () throws(EngineError) -> String,
        report: @escaping @Sendable (EngineError) -> Void = { _ in },
        now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) async throws(EngineError) {
        self.file = file
        self.audience = audience
        self.read = read
        self.report = report
        self.now = now
        let stamp = FileStamp(file)
        let keys = try SigningKeys(parsing: try read(), file: file)
        state = Mutex(State(keys: keys, stamp: stamp, checked: .now))
    }

    package func bearer(of token: String) async throws(EngineError) -> Bearer? {
        guard token.utf8.count <= SignedTokens.tokenBytes else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header: Header = SignedTokens.decoded(parts[0]), header.crit == nil,
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty
        else { return nil }
        let signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        // Nothing of the token is believed, or told, before its signature is.
        guard
            await keys().isValid(signature, of: signed, algorithm: header.alg, name: header.kid)
        else { return nil }
        guard let claims: Claims = SignedTokens.decoded(parts[1]) else {
            throw SignedTokens.refused("The token's claims are no JSON of the usual types")
        }
        return try bearer(claims)
    }

    private func bearer(_ claims: Claims) throws(EngineError) -> Bearer {
        guard let end = claims.exp else { throw SignedTokens.refused("The token has no end (exp)") }
        let now = now()
        if now >= end + SignedTokens.leewaySeconds { throw SignedTokens.refused("The token has expired") }
        if let start = claims.nbf, now < start - SignedTokens.leewaySeconds {
            throw SignedTokens.refused("The token is not valid yet (nbf)")
        }
        guard claims.aud?.all.contains(audience) == true else {
            throw SignedTokens.refused("The token is not for \(audience) (aud)")
        }
        guard let role = SignedTokens.role(claims.roles?.all ?? []) else {
            throw .user(
                "FORBIDDEN", "The token gives no role here (claim roles)",
                remedy: "Roles are viewer, submitter and admin.")
        }
        return Bearer(role: role, name: claims.sub.map { String($0.prefix(200)) } ?? role.rawValue)
    }

    /// Returns the highest role that is named; a text may name several, as `scope` does.
    private static func role(_ words: [String]) -> Role? {
        words.flatMap { $0.split(separator: " ") }.compactMap { Role(rawValue: String($0)) }.max()
    }

    private static func refused(_ why: String) -> EngineError {
        .user("UNAUTHENTICATED", why, remedy: "Get a new token from whoever issues them.")
    }

    private static func decoded<Value: Decodable>(_ part: Substring) -> Value? {
        Base64URL.decode(part).flatMap { try? JSONDecoder().decode(Value.self, from: Data($0)) }
    }

    /// Returns the newest keys that could be read.
    private func keys() async -> SigningKeys {
        let due: FileStamp? = state.withLock { state in
            let clock = ContinuousClock.now
            if clock - state.checked < SignedTokens.pollInterval { return nil }
            state.checked = clock
            let stamp = FileStamp(file)
            return stamp == state.stamp ? nil : stamp
        }
        if let due {
            do throws(EngineError) {
                let fresh = try SigningKeys(parsing: try read(), file: file)
                state.withLock { ($0.keys, $0.stamp) = (fresh, due) }
            } catch {
                state.withLock { $0.stamp = due }
                report(error)
            }
        }
        return state.withLock { $0.keys }
    }
}
