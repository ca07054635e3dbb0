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

/// Holds who may do what: bearer tokens with their roles. Looking a token up takes the same time however much
/// of it was guessed.
package struct TokenTable: Sendable {
    /// Names the bearer of a token.
    package struct Bearer: Sendable, Hashable {
        package var role: Role
        package var name: String
    }

    private var bearers: [(token: [UInt8], bearer: Bearer)] = []

    /// Parses a token file: one `token role name` a line, `#` before comments. Throws `TOKEN_FILE` (user)
    /// with the line's number and never the token.
    package init(parsing text: String, file: String) throws(EngineError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            guard let token = words.first, !token.hasPrefix("#") else { continue }
            guard words.count >= 2, let role = Role(rawValue: String(words[1])) else {
                throw .user(
                    "TOKEN_FILE", "A line is not `token role name`: \(file):\(index + 1)",
                    remedy: "Roles are viewer, submitter and admin.")
            }
            guard token.utf8.count >= 16 else {
                throw .user(
                    "TOKEN_FILE", "A token has fewer than 16 characters: \(file):\(index + 1)",
                    remedy: "Make one with: openssl rand -hex 32")
            }
            let name = words.count > 2 ? words[2...].joined(separator: " ") : role.rawValue
            bearers.append((Array(token.utf8), Bearer(role: role, name: name)))
        }
        if bearers.isEmpty {
            throw .user(
                "TOKEN_FILE", "The token file holds no token: \(file)",
                remedy: "Write lines of: token role name")
        }
    }

    /// Returns who bears the token, or nil.
    package func bearer(of token: String) -> Bearer? {
        let asked = Array(token.utf8)
        var found: Bearer?
        for entry in bearers where TokenTable.areEqual(entry.token, asked) { found = entry.bearer }
        return found
    }

    /// Compares in time that depends on the lengths alone.
    private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for (x, y) in zip(a, b) { difference |= x ^ y }
        return difference == 0
    }
}
