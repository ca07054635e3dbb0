import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Makes the rules that a cluster's programs are given.
extension PathRules {
    /// `storage`: what relative paths are below; `allowed`: paths and URLs besides. With neither, jobs
    /// may use every path, as on a machine of one's own. `web`: servers that files may be read from. Throws
    /// `USAGE` for a URL of a kind of storage that there is not: every job would fail.
    package init(storage: String?, allowed: [String], web: WebRules) throws(EngineError) {
        if let storage, !PathRules.isStorage(storage, isWritten: true) {
            throw PathRules.noPlace(
                "storage", storage, remedy: "Give a directory, or a URL s3://bucket/path.")
        }
        for place in allowed where !PathRules.isStorage(place, isWritten: false) {
            throw PathRules.noPlace(
                "allow-path", place,
                remedy: "Give a directory, or a URL such as s3://bucket/path; web servers are for "
                    + "--allow-http.")
        }
        guard storage != nil || !allowed.isEmpty else {
            self.init(web: web)
            return
        }
        self.init(base: PathRules.place(of: storage), allowed: allowed, web: web)
    }

    private static func noPlace(_ flag: String, _ place: String, remedy: String) -> EngineError {
        .user("USAGE", "--\(flag) is no place for files: \(AddressText.shown(place))", remedy: remedy)
    }

    /// Whether a text is a local path, or a URL of a bucket.
    private static func isStorage(_ place: String, isWritten: Bool) -> Bool {
        let path = StoragePath(place)
        switch path.scheme {
        case .local: return !place.isEmpty && !place.contains("://") || place.hasPrefix("file:")
        case .s3: return !path.authority.isEmpty
        case .google, .azure: return !isWritten && !path.authority.isEmpty
        case .http, .other: return false
        }
    }

    /// Returns the one name by which the cluster's programs compare their `--storage`: a relative directory
    /// from this process's own, no slash at the end; empty for none.
    package static func place(of storage: String?) -> String {
        guard let storage, !storage.isEmpty else { return "" }
        let text = plain(trimmed(storage))
        if text.hasPrefix("/") || text.contains("://") { return text }
        guard let here = getcwd(nil, 0) else { return text }
        defer { free(here) }
        return text == "." ? String(cString: here) : String(cString: here) + "/" + text
    }
}
