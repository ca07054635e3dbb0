import CNGHTTP2
import Memory
import Vocabulary

/// Speaks HTTP/2 (RFC 9113) for one end of one connection, without a socket: bytes go in by `receive`, bytes
/// come out in `output` by `produce`, and what they mean goes to the delegate. Framing, HPACK and flow
/// control are nghttp2's.
///
/// Not thread-safe: one owner, a connection's event loop or a test.
package final class HTTPSession {
    /// Tells which end of the connection a session is.
    package enum Role: Sendable { case server, client }

    package let role: Role
    package let limits: SessionLimits
    /// What is ready to be sent.
    package let output = OutputQueue()
    package weak var delegate: (any SessionDelegate)?

    var streams: [Int32: SessionStream] = [:]
    var provokedResets: TokenBucket
    var now = MonotonicTime(nanoseconds: 0)
    /// Set by a callback that found the peer over a bound; the session ends after the present call.
    var broken: (what: String, errorCode: UInt32)?
    /// Body bytes queued on all streams and not yet in the output.
    package internal(set) var queuedBodyBytes = 0
    /// When a header block began that is not complete yet.
    var openHeaderBlock: MonotonicTime?
    /// The peer's end was announced by GOAWAY, in either direction.
    package internal(set) var isGoingAway = false
    var audit: FrameAudit
    private var handle: OpaquePointer?

    /// Starts a session; its settings (and a client's preface) are the first output.
    /// Throws `INTERNAL_ERROR` when the library has no memory.
    package init(role: Role, limits: SessionLimits = .publicPeers) throws(EngineError) {
        self.role = role
        self.limits = limits
        audit = FrameAudit(limits: limits, skipsPreface: role == .server)
        provokedResets = TokenBucket(limits.provokedResets)
        var callbacks: OpaquePointer?
        var option: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0 else {
            throw .internal("the HTTP/2 library gave no session")
        }
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(option)
        }
        Self.install(in: callbacks)
        nghttp2_option_set_no_auto_window_update(option, 1)
        nghttp2_option_set_no_closed_streams(option, 1)
        nghttp2_option_set_peer_max_concurrent_streams(option, 100)
        // The library's own bound on cancelled streams (1,000, then 33 a second) would come before ours.
        nghttp2_option_set_stream_reset_rate_limit(
            option, 2 * UInt64(limits.resets.burst), 2 * UInt64(limits.resets.perSecond))
        let me = Unmanaged.passUnretained(self).toOpaque()
        let made =
            role == .server
            ? nghttp2_session_server_new2(&handle, callbacks, me, option)
            : nghttp2_session_client_new2(&handle, callbacks, me, option)
        guard made == 0, handle != nil else { throw .internal("the HTTP/2 library gave no session") }
        submitSettings()
    }

    deinit { nghttp2_session_del(handle) }

    private func submitSettings() {
        var entries = [
            setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrentStreams),
            setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, initialWindowBytes),
            setting(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, max(16_384, limits.frameBytes)),
            setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headerListBytes),
        ]
        if role == .client { entries.append(setting(NGHTTP2_SETTINGS_ENABLE_PUSH, 0)) }
        nghttp2_submit_settings(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), &entries, entries.count)
        nghttp2_session_set_local_window_size(
            handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(clamping: limits.connectionWindowBytes))
    }

    /// A client asks for the smallest window by its settings and opens each stream's own along with its
    /// request, so that a stream can have a smaller one than others.
    private var initialWindowBytes: Int {
        role == .client ? min(Self.smallestWindowBytes, limits.streamWindowBytes) : limits.streamWindowBytes
    }

    /// The window that HTTP/2 starts with, bytes.
    private static let smallestWindowBytes = 65_535

    private func setting(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
    }

    // MARK: bytes

    /// Takes bytes from the peer. Throws a `system` error `PROTOCOL_VIOLATION` when the session cannot go on;
    /// what `produce` then gives (a GOAWAY) may still be sent before closing.
    package func receive(_ bytes: UnsafeRawBufferPointer, at now: MonotonicTime) throws(EngineError) {
        self.now = now
        if let violation = audit.scan(bytes, at: now) {
            nghttp2_session_terminate_session(handle, violation.errorCode)
            throw Self.violation("the peer sent too many \(violation.rawValue)")
        }
        guard let base = bytes.baseAddress else { return }
        let taken = nghttp2_session_mem_recv(handle, base.assumingMemoryBound(to: UInt8.self), bytes.count)
        if taken < 0 { throw Self.violation(String(cString: nghttp2_strerror(Int32(taken)))) }
        try endIfBroken()
    }

    private func endIfBroken() throws(EngineError) {
        guard let broken else { return }
        nghttp2_session_terminate_session(handle, broken.errorCode)
        throw Self.violation(broken.what)
    }

    /// Moves frames to `output` until it holds `limitBytes` or nothing may be sent now. Throws as `receive`
    /// does.
    package func produce(limitBytes: Int = 4 << 20) throws(EngineError) {
        while output.byteCount < limitBytes {
            var data: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(handle, &data)
            if count < 0 { throw Self.violation(String(cString: nghttp2_strerror(Int32(count)))) }
            if count == 0 { break }
            output.append(copying: UnsafeRawBufferPointer(start: data, count: count))
        }
        if broken != nil, !isGoingAway {
            isGoingAway = true
            try endIfBroken()
        }
    }

    /// False when the session is over and, after `output` is sent, the connection should close.
    package var isAlive: Bool {
        nghttp2_session_want_read(handle) != 0 || nghttp2_session_want_write(handle) != 0
    }

    static func violation(_ what: String) -> EngineError {
        .system("PROTOCOL_VIOLATION", "The HTTP/2 connection was closed: \(what)")
    }

    // MARK: streams

    /// Opens a stream (client) and returns its id; a request without body ends it at once. `windowBytes` is
    /// how much the peer may send ahead of the consumer, at least 64 KiB, instead of the session's default.
    /// Throws `CONNECTION_LOST` when no stream can be opened any more.
    package func submitRequest(
        _ fields: [HeaderField], hasBody: Bool, windowBytes: Int? = nil
    ) throws(EngineError) -> Int32 {
        var provider = Self.dataProvider
        let id = HeaderVector(fields).withVector { vector, count in
            hasBody
                ? nghttp2_submit_request(handle, nil, vector, count, &provider, nil)
                : nghttp2_submit_request(handle, nil, vector, count, nil, nil)
        }
        if id < 0 {
            throw .system(
                "CONNECTION_LOST", "No stream can be opened: \(String(cString: nghttp2_strerror(id)))")
        }
        let stream = SessionStream(id: id)
        stream.hasSentHead = true
        stream.isEnded = !hasBody
        stream.windowBytes = max(initialWindowBytes, windowBytes ?? limits.streamWindowBytes)
        streams[id] = stream
        return id
    }

    /// Answers a request (server); with `isEnd` there is no body. Without effect on a stream that is gone or
    /// answered.
    package func submitResponse(_ id: Int32, _ fields: [HeaderField], isEnd: Bool) {
        guard let stream = streams[id], !stream.hasSentHead else { return }
        stream.hasSentHead = true
        if isEnd { stream.isEnded = true }
        var provider = Self.dataProvider
        _ = HeaderVector(fields).withVector { vector, count in
            isEnd
                ? nghttp2_submit_response(handle, id, vector, count, nil)
                : nghttp2_submit_response(handle, id, vector, count, &provider)
        }
    }

    /// Queues body bytes by reference. Without effect on a stream that is gone or ended.
    package func write(_ id: Int32, _ buffer: Buffer, offset: Int, count: Int) {
        guard let stream = streams[id], !stream.isEnded else { return }
        stream.append(buffer, offset: offset, count: count)
        queuedBodyBytes += count
        resume(stream)
    }

    /// Ends our side of a stream after what is queued, with trailers where there are any.
    package func end(_ id: Int32, trailers: [HeaderField] = []) {
        guard let stream = streams[id], !stream.isEnded else { return }
        stream.isEnded = true
        stream.trailers = trailers
        resume(stream)
    }

    private func resume(_ stream: SessionStream) {
        if stream.isDeferred {
            stream.isDeferred = false
            nghttp2_session_resume_data(handle, stream.id)
        }
    }

    func submitTrailers(_ id: Int32, _ fields: [HeaderField]) {
        _ = HeaderVector(fields).withVector { vector, count in
            nghttp2_submit_trailer(handle, id, vector, count)
        }
    }

    /// Cancels a stream.
    package func reset(_ id: Int32, errorCode: UInt32 = StreamErrorCode.cancel) {
        nghttp2_submit_rst_stream(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, errorCode)
    }

    /// Lets the peer send `byteCount` more bytes on the stream; the update is sent once half a window is due.
    package func consume(_ id: Int32, _ byteCount: Int) {
        if streams[id] != nil { nghttp2_session_consume_stream(handle, id, byteCount) }
    }

    /// Applies a stream's own receive window.
    func setWindow(_ id: Int32, byteCount: Int) {
        nghttp2_session_set_local_window_size(
            handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, Int32(clamping: byteCount))
    }

    func consumeConnection(_ byteCount: Int) { nghttp2_session_consume_connection(handle, byteCount) }

    /// Body bytes queued on a stream and not yet in the output.
    package func queuedBytes(_ id: Int32) -> Int { streams[id]?.queuedBytes ?? 0 }

    // MARK: connection

    /// Announces a shutdown: the peer learns to open no more streams; those that run go on.
    package func shutDown() {
        isGoingAway = true
        let last = nghttp2_session_get_last_proc_stream_id(handle)
        nghttp2_submit_goaway(
            handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, StreamErrorCode.noError, nil, 0)
    }

    /// Ends the session: GOAWAY with `errorCode`, then `isAlive` becomes false.
    package func terminate(errorCode: UInt32 = StreamErrorCode.noError) {
        isGoingAway = true
        nghttp2_session_terminate_session(handle, errorCode)
    }

    /// Asks the peer for a sign of life.
    package func ping() { nghttp2_submit_ping(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil) }

    /// Says whether the peer has open windows on the stream and the connection.
    func hasWindow(_ id: Int32) -> Bool {
        nghttp2_session_get_stream_remote_window_size(handle, id) > 0
            && nghttp2_session_get_remote_window_size(handle) > 0
    }
}
