import Glibc

/// Closes a socket so that the peer can still read what was sent last: it is told the end, and what it has
/// under way is read and dropped for a moment. Closing at once would make the system discard an alert or a
/// GOAWAY.
///
/// `@unchecked Sendable`: every field belongs to the loop's thread.
final class LingeringClose: EventHandler, @unchecked Sendable {
    /// How long the peer may take to close its side.
    private static let limitSeconds = 1.0
    /// How much is read and dropped at most, bytes.
    private static let limitBytes = 4 << 20

    private let descriptor: Int32
    private let loop: EventLoop
    private var droppedBytes = 0
    private var isClosed = false

    init(_ descriptor: Int32, _ loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    func begin() {
        if shutdown(descriptor, Int32(SHUT_WR)) != 0 { return end() }
        loop.register(descriptor, self, readable: true, writable: false)
        loop.schedule(seconds: Self.limitSeconds) { [weak self] in self?.end() }
        ready(readable: true, writable: false)
    }

    func ready(readable: Bool, writable: Bool) {
        while !isClosed {
            let count = recv(descriptor, loop.receiveBuffer.baseAddress, loop.receiveBuffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { return }
            droppedBytes += max(0, count)
            if count <= 0 || droppedBytes > Self.limitBytes { end() }
        }
    }

    private func end() {
        if isClosed { return }
        isClosed = true
        loop.unregister(descriptor)
        close(descriptor)
    }

    deinit {
        // The loop ended before the peer did.
        if !isClosed { close(descriptor) }
    }
}
