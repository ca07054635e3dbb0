import Vocabulary

/// Holds who may do what: bearer tokens with their roles. Looking a token up takes the same time however much
/// of it was guessed.
package struct TokenTable: BearerTokens {
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
