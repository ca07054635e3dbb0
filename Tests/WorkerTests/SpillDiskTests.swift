import Foundation
import Testing

@testable import Memory
@testable import Worker

@Suite("The disk for spills")
struct SpillDiskTests {
    @Test("is full when little of the disk is free, and has room again with twice as much")
    func disk() {
        let gigabyte = 1 << 30
        #expect(!SpillDisk.isFull(free: gigabyte, total: 100 * gigabyte, wasFull: false))
        #expect(SpillDisk.isFull(free: gigabyte - 1, total: 100 * gigabyte, wasFull: false))
        #expect(SpillDisk.isFull(free: gigabyte, total: 100 * gigabyte, wasFull: true))
        #expect(!SpillDisk.isFull(free: 2 * gigabyte, total: 100 * gigabyte, wasFull: true))
        #expect(!SpillDisk.isFull(free: .max, total: .max, wasFull: true))
    }

    @Test("is full, too, when little is left of what may be used of it")
    func quota() throws {
        let quota = SpillQuota()
        let disk = SpillDisk(directory: NSTemporaryDirectory(), quota: quota)
        try #require(!disk.isFull(), "this machine's disk has room")
        quota.limit(toVolumeOf: 1_000_000)
        var file: SpillFile? = try SpillFile(directory: NSTemporaryDirectory(), quota: quota)
        let bytes = [UInt8](repeating: 7, count: 860_000)
        _ = try bytes.withUnsafeBytes { try file?.append($0) }
        #expect(disk.isFull(), "less than a twentieth of 900,000 is left")
        file = nil
        #expect(!disk.isFull())
    }
}
