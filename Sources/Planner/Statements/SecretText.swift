/// Knows where secrets stand in options.
enum SecretText {
    /// What holds a secret, be it an option, a parameter of an address, a member of a mapping or a header.
    private static let names: Set = [
        "password", "passwd", "pwd", "passphrase", "token", "secret", "credential", "credentials", "api_key",
        "apikey", "x_api_key", "access_key", "secret_key", "account_key", "private_key", "privatekey",
        "client_secret", "access_token", "refresh_token", "session_token", "sslpassword", "authorization",
        "proxy_authorization", "cookie",
    ]

    private static func isSecret(_ name: some StringProtocol) -> Bool {
        names.contains(name.lowercased().replacing("-", with: "_"))
    }

    /// Says whether an option holds a secret itself and not a reference to one.
    static func isOpen(_ name: String, _ value: String) -> Bool {
        if value.isEmpty || isReference(value) { return false }
        let last = name.split(separator: ".").last.map(String.init) ?? name
        if isSecret(last) { return true }
        if value.first(where: { !$0.isWhitespace }) == "{" { return isOpen(json: value) }
        return (name == "url" || name == "uri") && isOpen(address: value)
    }

    /// Looks for user:password@host, and for parameters by their names.
    private static func isOpen(address: String) -> Bool {
        let bare = address.replacing(/\$\{env:[^}]*\}/, with: "")
        if bare.firstMatch(of: /:\/\/[^\/@:]*:[^@\/]+@/) != nil { return true }
        return bare.matches(of: /[?&; ]([^=?&; ]+)=([^&; ]+)/).contains { match in
            isSecret(match.1) && !match.2.hasPrefix("env:")
        }
    }

    /// Looks at the members of an option that is a mapping: secrets by their names, or in addresses.
    private static func isOpen(json: String) -> Bool {
        for match in json.matches(of: /"([^"\\]+)"\s*:\s*"((?:[^"\\]|\\.)*)"/) {
            let value = String(match.2)
            let isHeader = headers.contains(match.1.lowercased())
            let hasReference = isHeader ? value.contains("${env:") || isReference(value) : isReference(value)
            if isSecret(match.1), !value.isEmpty, !hasReference { return true }
            if match.1.lowercased().hasSuffix("url"), isOpen(address: value) { return true }
        }
        return false
    }

    /// Those of the names whose values have words around the secret: `Bearer ${env:TOKEN}`.
    private static let headers: Set = ["authorization", "proxy-authorization", "cookie"]

    private static func isReference(_ value: String) -> Bool {
        value.hasPrefix("env:") || (value.hasPrefix("${env:") && value.hasSuffix("}"))
    }
}
