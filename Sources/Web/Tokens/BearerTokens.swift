import Vocabulary

/// Names what a bearer of a token may do; each role may do what those before it may.
package enum Role: String, Sendable, Hashable, Comparable, CaseIterable {
    /// Looks at jobs and workers.
    case viewer
    /// Submits, cancels and retries jobs too.
    case submitter
    case admin

    package static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }

    private var rank: Int { Role.allCases.firstIndex(of: self) ?? 0 }
}

/// Names who holds a token.
package struct Bearer: Sendable, Hashable {
    package var role: Role
    package var name: String

    package init(role: Role, name: String) {
        self.role = role
        self.name = name
    }
}

/// Knows bearer tokens.
package protocol BearerTokens: Sendable {
    /// Returns who bears the token; nil when it is not known here. Throws `UNAUTHENTICATED` or `FORBIDDEN`
    /// (user) for a token that is, and does not hold.
    func bearer(of token: String) async throws(EngineError) -> Bearer?
}

/// Asks several kinds of tokens, one after the other.
package struct AllTokens: BearerTokens {
    private let kinds: [any BearerTokens]

    package init(_ kinds: [any BearerTokens]) { self.kinds = kinds }

    package func bearer(of token: String) async throws(EngineError) -> Bearer? {
        for kind in kinds {
            if let bearer = try await kind.bearer(of: token) { return bearer }
        }
        return nil
    }
}
