/// Takes a path or URL apart: `out/x`, `/data/x`, `file:///data/x`, `s3://bucket/key`, `gs://bucket/key`,
/// `abfss://container@account.dfs.core.windows.net/key`, `https://host/x`.
package struct StoragePath: Sendable, Hashable {
    /// Names the kinds of places that paths lead to.
    package enum Scheme: Sendable, Hashable {
        case local, s3, google, azure, http
        case other(String)
    }

    package let scheme: Scheme
    /// What stands before `path` in the text: the scheme, and an authority for remote files.
    package let prefix: String
    /// Bucket, `container@account` with the account's host, or host; empty for local files.
    package let authority: String
    /// Local path, or key or path at the remote place without a slash at the front.
    package let path: String

    package init(_ text: String) {
        guard let colon = text.firstIndex(of: ":"),
            text[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }),
            text[colon...].hasPrefix("://") || text.lowercased().hasPrefix("file:/")
        else {
            (scheme, prefix, authority, path) = (.local, "", "", text)
            return
        }
        let name = text[..<colon].lowercased()
        if name == "file" {
            // file:/x, file:///x, file://localhost/x
            var rest = text[text.index(after: colon)...]
            if rest.hasPrefix("//") {
                rest = rest.dropFirst(2)
                rest = rest[(rest.firstIndex(of: "/") ?? rest.startIndex)...]
            }
            (scheme, prefix, authority, path) = (.local, String(text.dropLast(rest.count)), "", String(rest))
            return
        }
        let rest = text[text.index(colon, offsetBy: 3)...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        switch name {
        case "s3", "s3a", "s3n": scheme = .s3
        case "gs": scheme = .google
        case "abfss", "abfs": scheme = .azure
        case "http", "https": scheme = .http
        default: scheme = .other(name)
        }
        authority = String(rest[..<slash])
        path = String(rest[slash...].drop { $0 == "/" })
        prefix = String(text[..<slash]) + "/"
    }

    /// Returns the text of another path in the same place.
    package func with(path: String) -> String { prefix + path }
}
