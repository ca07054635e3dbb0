import Foundation
import Synchronization
import Testing

@testable import Coordinator

@Suite("Threads for storage")
struct StorageThreadsTests {
    private struct Count {
        var now = 0
        var most = 0
    }

    private final class Meter: Sendable {
        let count = Mutex(Count())
    }

    @Test("a thousand tasks that wait run at once as far as there are threads, and all of them run")
    func bounded() async throws {
        let meter = Meter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 {
                group.addTask(executorPreference: StorageThreads.shared) {
                    meter.count.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    // Holds its thread, as a request does.
                    usleep(2000)
                    meter.count.withLock { $0.now -= 1 }
                }
            }
        }
        let seen = meter.count.withLock { $0 }
        #expect(seen.now == 0)
        #expect(seen.most > 2 && seen.most <= StorageThreads.limit, "\(seen)")
    }
}
