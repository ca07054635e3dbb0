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
        if value.hasPrefix("{") { return isOpen(json: value) }
        guard name == "url" || name == "uri" else { return false }
        // user:password@host, or password= among the parameters.
        if let match = value.firstMatch(of: /:\/\/[^\/@]*:([^@\/]+)@/) {
            return !isReference(String(match.1))
        }
        if let match = value.firstMatch(of: /[?&; ]password=([^&; ]+)/) {
            return !isReference(String(match.1))
        }
        return false
    }

    /// Looks at the members of an option that is a mapping: secrets by their names, and headers that log in.
    private static func isOpen(json: String) -> Bool {
        for match in json.matches(of: /"([^"\\]+)"\s*:\s*"((?:[^"\\]|\\.)*)"/) {
            let name = match.1.lowercased()
            if names.contains(name), !match.2.isEmpty, !isReference(String(match.2)) { return true }
            if headers.contains(name), !match.2.hasPrefix("env:"), !match.2.contains("${env:") { return true }
        }
        return false
    }

    private static let headers: Set = ["authorization", "proxy-authorization", "cookie", "x-api-key"]

    private static func isReference(_ value: String) -> Bool {
        value.hasPrefix("env:") || (value.hasPrefix("${env:") && value.hasSuffix("}"))
    }
}
