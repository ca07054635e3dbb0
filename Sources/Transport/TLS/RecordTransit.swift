import COpenSSL
import Glibc

/// Stands between OpenSSL and the socket: the socket is read and written in stretches of many records, and
/// OpenSSL takes each record from memory, without moving the rest. One owner, a `TLSChannel`.
final class RecordTransit {
    /// Bytes read from the socket at once.
    private static let inboundBytes = 256 << 10
    /// Room for sixteen full records with their frames, and for alerts.
    private static let outboundBytes = 320 << 10
    /// From here on no further record is made before the socket took some.
    private static let outboundMarkBytes = 256 << 10

    private let descriptor: Int32
    private let peer: String
    private let inbound = UnsafeMutableRawBufferPointer.allocate(
        byteCount: RecordTransit.inboundBytes, alignment: 64)
    private var inboundFirst = 0
    private var inboundEnd = 0
    private let outbound = UnsafeMutableRawBufferPointer.allocate(
        byteCount: RecordTransit.outboundBytes, alignment: 64)
    private var outboundFirst = 0
    private var outboundEnd = 0

    init(descriptor: Int32, peer: String) {
        self.descriptor = descriptor
        self.peer = peer
    }

    deinit {
        inbound.deallocate()
        outbound.deallocate()
    }

    var hasInbound: Bool { inboundFirst < inboundEnd }
    var isFull: Bool { outboundEnd >= Self.outboundMarkBytes }
    var hasOutbound: Bool { outboundFirst < outboundEnd }

    /// Makes the object that OpenSSL reads and writes by; it must not outlive this one. Nil without memory.
    func makeBIO() -> OpaquePointer? {
        guard let method = transitMethod.pointer, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    /// Reads from the socket once OpenSSL has taken all that was read before.
    func fill() -> ChannelResult {
        if hasInbound { return .bytes(inboundEnd - inboundFirst) }
        while true {
            let count = recv(descriptor, inbound.baseAddress, inbound.count, 0)
            if count > 0 {
                inboundFirst = 0
                inboundEnd = count
                return .bytes(count)
            }
            if count == 0 { return .closed(nil) }
            if errno == EINTR { continue }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .wouldBlock }
            return .closed(.connectionLost(peer, errno))
        }
    }

    /// Sends what OpenSSL wrote, as far as the socket takes it.
    func flush() -> ChannelResult {
        var total = 0
        while hasOutbound, let base = outbound.baseAddress {
            let count = send(
                descriptor, base + outboundFirst, outboundEnd - outboundFirst, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                outboundFirst += count
                total += count
                continue
            }
            if errno == EINTR { continue }
            if errno == EAGAIN || errno == EWOULDBLOCK { return total > 0 ? .bytes(total) : .wouldBlock }
            return .closed(.connectionLost(peer, errno))
        }
        outboundFirst = 0
        outboundEnd = 0
        return .bytes(total)
    }

    /// Gives OpenSSL up to `count` bytes; 0 when there are none.
    fileprivate func take(_ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        let step = min(count, inboundEnd - inboundFirst)
        if step > 0, let base = inbound.baseAddress { memcpy(target, base + inboundFirst, step) }
        inboundFirst += step
        return step
    }

    /// Takes up to `count` bytes from OpenSSL; 0 when there is no room.
    fileprivate func put(_ source: UnsafeRawPointer, _ count: Int) -> Int {
        let step = min(count, outbound.count - outboundEnd)
        if step > 0, let base = outbound.baseAddress { memcpy(base + outboundEnd, source, step) }
        outboundEnd += step
        return step
    }
}

/// Holds OpenSSL's table of functions for `RecordTransit`, made once.
///
/// `@unchecked Sendable`: OpenSSL only reads the table once it is made.
private struct TransitMethod: @unchecked Sendable {
    let pointer: OpaquePointer?

    init() {
        pointer = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "record transit")
        BIO_meth_set_read(pointer) { bio, target, count in
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            guard let data = BIO_get_data(bio), let target, count > 0 else { return 0 }
            let step = Unmanaged<RecordTransit>.fromOpaque(data).takeUnretainedValue().take(
                target, Int(count))
            if step > 0 { return Int32(step) }
            BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        BIO_meth_set_write(pointer) { bio, source, count in
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            guard let data = BIO_get_data(bio), let source, count > 0 else { return 0 }
            let step = Unmanaged<RecordTransit>.fromOpaque(data).takeUnretainedValue().put(source, Int(count))
            if step > 0 { return Int32(step) }
            BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        BIO_meth_set_ctrl(pointer) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    }
}

private let transitMethod = TransitMethod()
