import Foundation
import Vocabulary

/// Runs what may block for long where it keeps nobody from working.
enum OwnThread {
    /// Makes a call on a thread that is begun for it, and gives what it gave or threw.
    static func run(_ call: @escaping @Sendable () throws -> Void) async throws {
        let work = CrashReport.current
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                let result = Result {
                    if let work { try CrashReport.during(work, call) } else { try call() }
                }
                continuation.resume(with: result)
            }
        }
    }
}
