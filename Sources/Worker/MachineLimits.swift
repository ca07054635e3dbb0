import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Says how many processors and how much memory this process may use: what its control group allows, else
/// what the machine has.
package struct MachineLimits: Sendable {
    package var processors: Int
    package var memoryBytes: Int

    /// Memory beyond that of tasks which a worker of little memory leaves free: batches on their way, what is
    /// read and decoded at the moment, and what `malloc` has yet to give back.
    private static let spareBytes = 320 << 20

    package init(processors: Int, memoryBytes: Int) {
        self.processors = processors
        self.memoryBytes = memoryBytes
    }

    /// Reads the limits of this process. Reads control groups of version 2 and 1.
    package static func current() -> MachineLimits {
        var limits = MachineLimits(
            processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            memoryBytes: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
        limits.narrow(toGroupsOf: text(of: "/proc/self/cgroup") ?? "")
        return limits
    }

    /// The memory that tasks get where nobody says how much: three quarters of all, but a half where those
    /// would leave the process too little for all else. The kernel kills a process that goes beyond the
    /// limit of its group.
    package var taskMemoryBytes: Int {
        memoryBytes - max(memoryBytes / 4, min(memoryBytes / 2, MachineLimits.spareBytes))
    }

    /// Takes over what is less in the groups of a process with this `/proc/self/cgroup`. `root`: where `/sys`
    /// is.
    package mutating func narrow(toGroupsOf membership: String, root: String = "") {
        for folder in MachineLimits.groups(membership) { narrow(by: root + folder) }
    }

    /// Returns the folders whose limits hold for a process with this `/proc/self/cgroup`.
    private static func groups(_ membership: String) -> [String] {
        var folders: [String] = []
        for line in membership.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let controllers = parts[1].split(separator: ",")
            let bases: [String] =
                if parts[1].isEmpty {
                    ["/sys/fs/cgroup"]
                } else if controllers.contains("memory") {
                    ["/sys/fs/cgroup/memory"]
                } else if controllers.contains("cpu") {
                    ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"]
                } else {
                    []
                }
            for base in bases {
                // Inside a container the group's own path may not be there; then its limits are at the root.
                folders.append(base)
                var path = ""
                for part in parts[2].split(separator: "/") {
                    path += "/" + part
                    folders.append(base + path)
                }
            }
        }
        return folders
    }

    private mutating func narrow(by folder: String) {
        func number(_ file: String) -> Int? {
            MachineLimits.text(of: folder + "/" + file)?.split(whereSeparator: \.isWhitespace).first.flatMap {
                Int($0)
            }
        }
        for bytes in [number("memory.max"), number("memory.limit_in_bytes")] {
            if let bytes, bytes > 0 { memoryBytes = min(memoryBytes, bytes) }
        }
        if let share = MachineLimits.processors(quota: MachineLimits.text(of: folder + "/cpu.max") ?? "") {
            processors = min(processors, share)
        }
        if let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us"),
            let share = MachineLimits.processors(quota: "\(quota) \(period)")
        {
            processors = min(processors, share)
        }
    }

    /// Returns the whole processors that `quota period` gives, at least 1; nil when there is no limit.
    static func processors(quota text: String) -> Int? {
        let parts = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
        guard parts.count == 2, let quota = parts[0], let period = parts[1], quota > 0, period > 0 else {
            return nil
        }
        return max(1, quota / period)
    }

    private static func text(of path: String) -> String? {
        guard let stream = fopen(path, "r") else { return nil }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, stream)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
