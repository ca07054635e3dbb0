/// Knows where secrets stand in options.
enum SecretText {
    private static let names: Set = [
        "password", "token", "secret", "api_key", "apikey", "client_secret", "access_token",
    ]

    /// Says whether an option holds a secret itself and not a reference to one.
    static func isOpen(_ name: String, _ value: String) -> Bool {
        if value.isEmpty || isReference(value) { return false }
        let last = name.split(separator: ".").last.map(String.init) ?? name
        if names.contains(last) { return true }
        if value.first(where: { !$0.isWhitespace }) == "{" { return isOpen(json: value) }
        return (name == "url" || name == "uri") && isOpen(address: value)
    }

    /// Looks for user:password@host, and for parameters by their names.
    private static func isOpen(address: String) -> Bool {
        let bare = address.replacing(/\$\{env:[^}]*\}/, with: "")
        if bare.firstMatch(of: /:\/\/[^\/@:]*:[^@\/]+@/) != nil { return true }
        return bare.matches(of: /[?&; ]([^=?&; ]+)=([^&; ]+)/).contains { match in
            names.contains(match.1.lowercased()) && !match.2.hasPrefix("env:")
        }
    }

    /// Looks at the members of an option that is a mapping: secrets by their names or in addresses, and
    /// headers that log in.
    private static func isOpen(json: String) -> Bool {
        for match in json.matches(of: /"([^"\\]+)"\s*:\s*"((?:[^"\\]|\\.)*)"/) {
            let name = match.1.lowercased()
            if names.contains(name), !match.2.isEmpty, !isReference(String(match.2)) { return true }
            if name.hasSuffix("url"), isOpen(address: String(match.2)) { return true }
            if headers.contains(name), !match.2.hasPrefix("env:"), !match.2.contains("${env:") { return true }
        }
        return false
    }

    private static let headers: Set = ["authorization", "proxy-authorization", "cookie", "x-api-key"]

    private static func isReference(_ value: String) -> Bool {
        value.hasPrefix("env:") || (value.hasPrefix("${env:") && value.hasSuffix("}"))
    }
}
