import Foundation
import Synchronization

/// Slows a process down: it is stopped most of the time, from the start to `end`.
final class Brake: Sendable {
    private let isOn = Mutex(true)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Of each fifth of a second the process has so many milliseconds.
    init(_ process: Int32, milliseconds: UInt32) {
        Thread.detachNewThread { [self] in
            while isOn.withLock({ $0 }) {
                kill(process, SIGSTOP)
                usleep((200 - milliseconds) * 1000)
                kill(process, SIGCONT)
                usleep(milliseconds * 1000)
            }
            hasEnded.signal()
        }
    }

    func end() {
        isOn.withLock { $0 = false }
        hasEnded.wait()
    }
}
