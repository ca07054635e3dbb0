/// Knows logins in addresses of databases.
enum DatabaseLogin {
    /// Says whether an address holds a password itself, as `user:password@host` or as a parameter.
    static func isOpen(in address: String) -> Bool {
        let bare = address.replacing(/\$\{env:[^}]*\}/, with: "")
        if bare.firstMatch(of: /:\/\/[^\/@:]*:[^@\/]+@/) != nil { return true }
        return bare.firstMatch(of: /(?i)[?&;](?:ssl)?(?:password|passwd|pwd|token|secret)=[^&;]/) != nil
    }
}
