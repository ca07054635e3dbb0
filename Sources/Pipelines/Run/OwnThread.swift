import Foundation

/// Runs what may block for long where it keeps nobody from working.
enum OwnThread {
    /// Makes a call on a thread that is begun for it, and gives what it gave or threw.
    static func run(_ call: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result(catching: call)) }
        }
    }
}
