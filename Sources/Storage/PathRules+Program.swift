/// Makes the rules that a cluster's programs are given.
extension PathRules {
    /// `storage`: what relative paths are below; `allowed`: comma-separated paths and URLs. With neither,
    /// jobs may use every path, as on a machine of one's own.
    package init(storage: String?, allowed: String?) {
        guard storage != nil || allowed != nil else {
            self = .unrestricted
            return
        }
        self.init(base: storage ?? "", allowed: (allowed ?? "").split(separator: ",").map { String($0) })
    }
}
