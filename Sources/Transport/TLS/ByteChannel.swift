import COpenSSL
import Glibc
import Vocabulary

/// Says how a non-blocking step ended.
enum ChannelResult {
    case bytes(Int)
    case wouldBlock
    case closed(EngineError?)
}

/// Moves bytes between a socket and a session's queues, plain or through TLS. One owner, a connection's loop.
protocol ByteChannel: AnyObject {
    /// Reads once into `target`.
    func read(into target: UnsafeMutableRawBufferPointer) -> ChannelResult
    /// Sends from the front of `queue` and drops what was sent.
    func write(from queue: OutputQueue) -> ChannelResult
    /// True when bytes may be ready although the socket has none.
    var mayHoldBytes: Bool { get }
    /// True when bytes taken from the queue are not yet with the system.
    var holdsUnsentBytes: Bool { get }
}

/// Cleartext: `recv` and vectored `sendmsg` straight from the queued buffers.
final class PlainChannel: ByteChannel {
    private static let vectorCount = 64
    private let descriptor: Int32
    private let peer: String
    private let vectors = UnsafeMutableBufferPointer<iovec>.allocate(capacity: PlainChannel.vectorCount)

    init(descriptor: Int32, peer: String) {
        self.descriptor = descriptor
        self.peer = peer
    }

    deinit { vectors.deallocate() }

    var mayHoldBytes: Bool { false }
    var holdsUnsentBytes: Bool { false }

    func read(into target: UnsafeMutableRawBufferPointer) -> ChannelResult {
        while true {
            let count = recv(descriptor, target.baseAddress, target.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed(nil) }
            if errno == EINTR { continue }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .wouldBlock }
            return .closed(.connectionLost(peer, errno))
        }
    }

    func write(from queue: OutputQueue) -> ChannelResult {
        var message = msghdr()
        message.msg_iov = vectors.baseAddress
        message.msg_iovlen = queue.fill(vectors)
        while true {
            let count = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                queue.consume(count)
                return .bytes(count)
            }
            if errno == EINTR { continue }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .wouldBlock }
            return .closed(.connectionLost(peer, errno))
        }
    }
}

extension EngineError {
    static let connectionLostCode = "CONNECTION_LOST"

    static func connectionLost(_ peer: String, _ code: Int32) -> EngineError {
        connectionLost(peer, String(cString: strerror(code)))
    }

    static func connectionLost(_ peer: String, _ why: String) -> EngineError {
        .system(connectionLostCode, "The connection with \(peer) was lost: \(why)")
    }
}
