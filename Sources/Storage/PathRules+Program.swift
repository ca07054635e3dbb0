#if canImport(Glibc)
    import Glibc
#endif

/// Makes the rules that a cluster's programs are given.
extension PathRules {
    /// `storage`: what relative paths are below; `allowed`: paths and URLs besides. With neither, jobs
    /// may use every path, as on a machine of one's own.
    package init(storage: String?, allowed: [String]) {
        guard storage != nil || !allowed.isEmpty else {
            self = .unrestricted
            return
        }
        self.init(base: PathRules.place(of: storage), allowed: allowed)
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
