#if canImport(Glibc)
    import Glibc
#endif

/// Bounds what of a process's descriptors the peers of its ports may take: files of tasks and of the log need
/// some, too.
package enum DescriptorLimit {
    /// More are not asked for, whatever the system allows.
    private static let most: rlim_t = 65_536

    /// Raises the process's bound towards what the system allows it, and returns it.
    @discardableResult
    package static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        let wanted = min(limit.rlim_max, most)
        if limit.rlim_cur < wanted {
            var raised = rlimit(rlim_cur: wanted, rlim_max: limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Returns how many connections one port may hold where so many descriptors are: with two ports half of
    /// them at most.
    package static func connections(of descriptors: Int) -> Int { max(16, min(1024, descriptors / 4)) }
}
