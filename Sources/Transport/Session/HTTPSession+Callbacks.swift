import CNGHTTP2
import Memory

/// What the library calls back; each finds its session in the user data, and nothing here outlives the call.
extension HTTPSession {
    private static func session(_ data: UnsafeMutableRawPointer?) -> HTTPSession? {
        data.map { Unmanaged<HTTPSession>.fromOpaque($0).takeUnretainedValue() }
    }

    static func install(in callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, data in
            guard let frame else { return 0 }
            HTTPSession.session(data)?.beginHeaders(frame.pointee.hd.stream_id)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, data in
            guard let frame else { return 0 }
            HTTPSession.session(data)?.header(
                frame.pointee.hd.stream_id, UnsafeBufferPointer(start: name, count: nameCount),
                UnsafeBufferPointer(start: value, count: valueCount))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, data in
            if let frame { HTTPSession.session(data)?.received(frame.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, bytes, count, data in
            HTTPSession.session(data)?.received(UnsafeRawBufferPointer(start: bytes, count: count), on: id)
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, errorCode, data in
            HTTPSession.session(data)?.closed(id, errorCode)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, data in
            guard let frame, frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue),
                frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
            else { return 0 }
            HTTPSession.session(data)?.closed(frame.pointee.hd.stream_id, StreamErrorCode.refusedStream)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, data in
            if let frame { HTTPSession.session(data)?.sent(frame.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, count, _, data in
            guard let frame, let session = HTTPSession.session(data) else {
                return HTTPSession.callbackFailure
            }
            return session.sendData(frame.pointee.hd.stream_id, header: header, byteCount: count)
        }
        nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks) {
            _, _, _, connectionWindow, streamWindow, frameBytes, _ in
            min(Int(connectionWindow), Int(streamWindow), Int(frameBytes), HTTPSession.sentFrameBytes)
        }
    }

    /// Largest DATA frame we send, where the peer allows it, bytes.
    static let sentFrameBytes = 1 << 20
    private static let frameHeaderBytes = 9
    private static let callbackFailure = Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)

    /// Takes a stream's body from its queue, by reference, when the library asks.
    static var dataProvider: nghttp2_data_provider {
        nghttp2_data_provider(source: nghttp2_data_source(), read_callback: readBody)
    }

    private static let readBody: nghttp2_data_source_read_callback = {
        _, id, _, limit, flags, _, data in
        guard let session = HTTPSession.session(data), let stream = session.streams[id], let flags else {
            return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        let count = min(limit, stream.queuedBytes)
        if count == 0, !stream.isEnded {
            stream.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        if count > 0 { flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue) }
        if stream.isEnded, count == stream.queuedBytes {
            flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
            if !stream.trailers.isEmpty {
                flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                session.submitTrailers(id, stream.trailers)
            }
        }
        return count
    }

    private func sendData(_ id: Int32, header: UnsafePointer<UInt8>?, byteCount: Int) -> Int32 {
        guard let stream = streams[id], let header, stream.queuedBytes >= byteCount else {
            return Self.callbackFailure
        }
        output.append(copying: UnsafeRawBufferPointer(start: header, count: Self.frameHeaderBytes))
        stream.move(byteCount, to: output)
        queuedBodyBytes -= byteCount
        audit.sentData()
        delegate?.session(self, sent: byteCount, of: id)
        return 0
    }

    private func beginHeaders(_ id: Int32) {
        let stream = streams[id] ?? SessionStream(id: id)
        streams[id] = stream
        stream.receivedFields.removeAll()
        stream.receivedFieldBytes = 0
        if openHeaderBlock == nil { openHeaderBlock = now }
    }

    private func header(_ id: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>)
    {
        guard let stream = streams[id], !stream.isHeaderListTooLarge else { return }
        stream.receivedFieldBytes += name.count + value.count + 32
        if stream.receivedFieldBytes > limits.headerListBytes
            || stream.receivedFields.count >= limits.headerFieldCount
        {
            stream.isHeaderListTooLarge = true
            stream.receivedFields.removeAll()
            return
        }
        stream.receivedFields.append(
            HeaderField(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }

    private func received(_ frame: nghttp2_frame) {
        let id = frame.hd.stream_id
        let hasFlag = frame.hd.flags & 0x1 != 0
        if hasFlag { streams[id]?.hasRemoteEnd = true }
        switch UInt32(frame.hd.type) {
        case NGHTTP2_HEADERS.rawValue: receivedHeaders(id, isEnd: hasFlag)
        case NGHTTP2_DATA.rawValue:
            if frame.hd.length > 0, !hasFlag, frame.data.padlen >= frame.hd.length,
                let violation = audit.countIdle(at: now)
            {
                broken = ("the peer sent too many \(violation.rawValue)", violation.errorCode)
            }
            if hasFlag, streams[id] != nil { delegate?.session(self, endOf: id, trailers: []) }
        case NGHTTP2_SETTINGS.rawValue:
            if !hasFlag { delegate?.sessionReceivedSettings(self) }
        case NGHTTP2_GOAWAY.rawValue:
            isGoingAway = true
            delegate?.session(
                self, goAwayWith: frame.goaway.error_code, lastStream: frame.goaway.last_stream_id)
        default: break
        }
    }

    private func receivedHeaders(_ id: Int32, isEnd: Bool) {
        openHeaderBlock = nil
        guard let stream = streams[id] else { return }
        if stream.isHeaderListTooLarge {
            delegate?.session(self, headerListTooLargeOn: id)
            return
        }
        let fields = stream.receivedFields
        stream.receivedFields = []
        if stream.hasReceivedHead {
            if isEnd { delegate?.session(self, endOf: id, trailers: fields) }
            return
        }
        if role == .client, fields[":status"]?.hasPrefix("1") == true { return }
        stream.hasReceivedHead = true
        delegate?.session(self, head: fields, of: id, isEnd: isEnd)
        if isEnd, streams[id] != nil { delegate?.session(self, endOf: id, trailers: []) }
    }

    private func received(_ bytes: UnsafeRawBufferPointer, on id: Int32) {
        consumeConnection(bytes.count)
        if streams[id] != nil { delegate?.session(self, data: bytes, of: id) }
    }

    private func closed(_ id: Int32, _ errorCode: UInt32) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        queuedBodyBytes -= stream.queuedBytes
        delegate?.session(self, closed: id, errorCode: errorCode)
    }

    private func sent(_ frame: nghttp2_frame) {
        switch UInt32(frame.hd.type) {
        case NGHTTP2_RST_STREAM.rawValue: sentReset(frame.rst_stream.error_code)
        case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
            if let bytes = streams[frame.hd.stream_id]?.windowBytes {
                streams[frame.hd.stream_id]?.windowBytes = nil
                setWindow(frame.hd.stream_id, byteCount: bytes)
            }
            // A server that has answered wants no more of the request (RFC 9113 §8.1).
            guard role == .server, frame.hd.flags & 0x1 != 0, let stream = streams[frame.hd.stream_id] else {
                return
            }
            if !stream.hasRemoteEnd { delegate?.session(self, answeredEarly: stream.id) }
        default: break
        }
    }

    private func sentReset(_ errorCode: UInt32) {
        if errorCode == StreamErrorCode.flowControlError {
            // RFC 9113 §6.9.2 wants the connection to end where a setting did it, and lets it end elsewhere.
            broken = ("the peer broke the rules of flow control", errorCode)
        }
        let isOurWish =
            errorCode == StreamErrorCode.cancel || errorCode == StreamErrorCode.noError
            || errorCode == StreamErrorCode.refusedStream || errorCode == StreamErrorCode.enhanceYourCalm
        if !isOurWish, !provokedResets.take(at: now) {
            broken = ("the peer broke the rules on too many streams", StreamErrorCode.enhanceYourCalm)
        }
    }
}
