import Vocabulary

/// Reads addresses of databases as far as a file shows them.
enum DatabaseAddress {
    /// Kinds of databases that there are drivers for, by all names of their addresses.
    static let databases = [
        "postgresql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite", "file": "sqlite",
        "snowflake": "snowflake",
    ]

    /// Says whether an address holds a password itself, as `user:password@host` or as a parameter.
    static func isOpen(in address: String) -> Bool {
        let bare = address.replacing(/\$\{env:[^}]*\}/, with: "")
        if bare.firstMatch(of: /:\/\/[^\/@:]*:[^@\/]+@/) != nil { return true }
        return bare.firstMatch(of: /(?i)[?&;](?:ssl)?(?:password|passwd|pwd|token|secret)=[^&;]/) != nil
    }

    /// Returns what stands before the first colon, without `jdbc:`; nil where a reference to a variable
    /// hides it.
    static func scheme(of address: String) -> String? {
        var rest = address[...]
        if rest.hasPrefix("jdbc:") { rest = rest.dropFirst(5) }
        if rest.hasPrefix("env:") || rest.hasPrefix("${env:") { return nil }
        guard let colon = rest.firstIndex(of: ":") else { return "" }
        return rest[..<colon].lowercased()
    }

    /// Returns the kind of database of an address, if need be of the one in the variable that it refers to;
    /// nil where that is not known here.
    static func database(of address: String, _ environment: (String) -> String?) -> String? {
        if let scheme = scheme(of: address) { return databases[scheme] }
        guard let match = address.firstMatch(of: /^(?:jdbc:)?(?:env:|\$\{env:)(\w+)(?::-([^}]*))?/) else {
            return nil
        }
        let value = environment(String(match.1)) ?? match.2.map(String.init)
        return value.flatMap { scheme(of: $0) }.flatMap { databases[$0] }
    }
}
