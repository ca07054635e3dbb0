import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Makes the rules that a cluster's programs are given.
extension PathRules {
    /// `storage`: what relative paths are below; `allowed`: paths and URLs besides. With neither, jobs
    /// may use every path, as on a machine of one's own. Throws `USAGE` for a URL of a kind of storage that
    /// there is not: every job would fail.
    package init(storage: String?, allowed: [String]) throws(EngineError) {
        for (flag, places) in [("storage", storage.map { [$0] } ?? []), ("allow-path", allowed)] {
            for place in places where !PathRules.isStorage(place) {
                throw .user(
                    "USAGE", "--\(flag) is no place for files: \(place)",
                    remedy: "Give a directory, or a URL s3://bucket/path.")
            }
        }
        guard storage != nil || !allowed.isEmpty else {
            self = .unrestricted
            return
        }
        self.init(base: PathRules.place(of: storage), allowed: allowed)
    }

    /// Whether a text is a local path, or a URL of a bucket.
    private static func isStorage(_ place: String) -> Bool {
        let path = StoragePath(place)
        switch path.scheme {
        case .local: return !place.isEmpty && !place.contains("://") || place.hasPrefix("file:")
        case .s3: return !path.authority.isEmpty
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
