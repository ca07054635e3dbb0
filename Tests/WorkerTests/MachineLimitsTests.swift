import Foundation
import Testing
import Worker

@Suite("What a worker may use")
struct MachineLimitsTests {
    /// Makes the files of control groups below a folder of the test's own, and narrows a machine's limits.
    private static func limits(_ membership: String, _ files: [String: String]) throws -> MachineLimits {
        let root = FileManager.default.temporaryDirectory
            .appendingPathComponent("millrace-groups-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appendingPathComponent("sys/fs/cgroup/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("\(text)\n".utf8).write(to: file)
        }
        var limits = MachineLimits(processors: 8, memoryBytes: 64 << 30)
        limits.narrow(toGroupsOf: membership, root: root.path)
        return limits
    }

    @Test("groups of version 2 bound it, those above it too, and `max` is no bound")
    func version2() throws {
        let found = try Self.limits(
            "0::/pods/worker\n",
            [
                "pods/memory.max": "\(2 << 30)", "pods/worker/memory.max": "max",
                "pods/cpu.max": "max 100000", "pods/worker/cpu.max": "250000 100000",
            ])
        #expect(found.memoryBytes == 2 << 30 && found.processors == 2)
    }

    @Test("in a container its own group is the root")
    func container() throws {
        let found = try Self.limits(
            "0::/not/there\n", ["memory.max": "\(1 << 30)", "cpu.max": "50000 100000"])
        #expect(found.memoryBytes == 1 << 30 && found.processors == 1)
    }

    @Test("groups of version 1 bound it, each controller by itself")
    func version1() throws {
        let found = try Self.limits(
            "4:memory:/worker\n2:cpu,cpuacct:/\n0::/\n",
            [
                "memory/memory.limit_in_bytes": "9223372036854771712",
                "memory/worker/memory.limit_in_bytes": "\(512 << 20)",
                "cpu,cpuacct/cpu.cfs_quota_us": "400000", "cpu,cpuacct/cpu.cfs_period_us": "100000",
            ])
        #expect(found.memoryBytes == 512 << 20 && found.processors == 4)
    }

    @Test("without groups it is the machine's")
    func machine() throws {
        let found = try Self.limits("", [:])
        #expect(found.memoryBytes == 64 << 30 && found.processors == 8)
    }

    @Test("tasks get three quarters, and less where those leave too little for all else")
    func share() {
        func megabytes(of megabytes: Int) -> Int {
            MachineLimits(processors: 1, memoryBytes: megabytes << 20).taskMemoryBytes >> 20
        }
        #expect(megabytes(of: 4096) == 3072)
        #expect(megabytes(of: 1280) == 960)
        #expect(megabytes(of: 1024) == 704)
        #expect(megabytes(of: 512) == 256)
        #expect(megabytes(of: 256) == 128)
    }
}
