import Foundation
import Testing
import Vocabulary

@testable import Memory

@Suite("What spill files may hold together")
struct SpillQuotaTests {
    @Test("nine tenths of the volume, over all files; what is closed may be written again")
    func bound() throws {
        let quota = SpillQuota()
        #expect(quota.freeBytes == .max)
        quota.limit(toVolumeOf: 1000)
        #expect(quota.limitBytes == 900 && quota.freeBytes == 900)
        let directory = NSTemporaryDirectory()
        let bytes = [UInt8](repeating: 7, count: 500)
        var first: SpillFile? = try SpillFile(directory: directory, quota: quota)
        let second = try SpillFile(directory: directory, quota: quota)
        _ = try bytes.withUnsafeBytes { try first?.append($0) }
        #expect(quota.freeBytes == 400)
        for _ in 0..<3 {
            let error = #expect(throws: EngineError.self) {
                _ = try bytes.withUnsafeBytes { try second.append($0) }
            }
            #expect(error?.code == "SPILL_FAILED" && error?.remedy?.contains("--spill-limit") == true)
        }
        #expect(quota.freeBytes == 400 && second.byteCount == 0, "what is refused counts for nothing")
        _ = try bytes[..<400].withUnsafeBytes { try second.append($0) }
        #expect(quota.freeBytes == 0)
        first = nil
        #expect(quota.freeBytes == 500)
        #expect(try bytes.withUnsafeBytes { try second.append($0) } == 400..<900)
    }
}
