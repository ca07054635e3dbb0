/// Shows paths and addresses in messages, plans and logs.
package enum AddressText {
    /// Returns a path as it may be shown. The query of a web address may hold a secret, such as the
    /// signature of a link, and so may what stands before its host: they are left out. Other paths are
    /// returned as they are.
    package static func shown(_ path: String) -> String {
        guard let mark = path.firstRange(of: "://") else { return path }
        let scheme = path[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return path }
        let rest = path[mark.upperBound...].prefix { $0 != "?" && $0 != "#" }
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return String(path[..<mark.upperBound] + host + rest.dropFirst(authority.count))
    }
}
