import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Watches one connection (HTTP/1.1) or stream (HTTP/2): refuses heads that are too long, closes on a client
/// that takes nothing any more, and tells an answer that comes in pieces when its client left.
///
/// `@unchecked Sendable`: the channel's event loop owns all fields; others reach them by `execute` on it.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: WebLimits
    private var isAnswering = false
    /// Whether a whole request waits for the end of its answer.
    private var owesAnswer = false {
        didSet { if owesAnswer != oldValue { connection?.owes(owesAnswer ? 1 : -1) } }
    }
    private var connection: ConnectionGuard?
    private var isStream = false
    private var hasLeft = false
    private var stuck: Scheduled<Void>?
    private var leave: (@Sendable () -> Void)?

    init(_ limits: WebLimits) { self.limits = limits }

    /// Calls `action` once when the client of `channel` leaves, at once if it has. Replaces the action
    /// before.
    static func whenClientLeaves(_ channel: any Channel, _ action: @escaping @Sendable () -> Void) {
        channel.pipeline.handler(type: ConnectionWatch.self).whenSuccess { watch in
            if watch.hasLeft { action() } else { watch.leave = action }
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection = ConnectionWatch.connection(of: context.channel)
        if connection != nil { return }
        isStream = true
        connection = context.channel.parent.flatMap { ConnectionWatch.connection(of: $0) }
    }

    private static func connection(of channel: any Channel) -> ConnectionGuard? {
        try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        owesAnswer = false
        clientLeft()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isAnswering = true
            if !isStream { connection?.headCame() }
        case .end:
            owesAnswer = isAnswering
            if !isStream { connection?.requestEnded() }
        default: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            isAnswering = false
            owesAnswer = false
            leave = nil
        }
        context.write(data, promise: promise)
    }

    // MARK: - Clients that leave, and clients that take nothing

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { clientLeft() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        owesAnswer = false
        clientLeft()
        stuck?.cancel()
        context.fireChannelInactive()
    }

    private func clientLeft() {
        hasLeft = true
        leave?()
        leave = nil
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stuck?.cancel()
        stuck = nil
        if !context.channel.isWritable {
            let channel = context.channel
            let wait = TimeAmount.milliseconds(Int64(limits.stuckSeconds * 1000))
            stuck = context.eventLoop.scheduleTask(in: wait) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: - Heads that are too long

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, error == .headerOverflow, !isAnswering else {
            return context.fireErrorCaught(error)
        }
        let answer = WebResponder.problem(
            431,
            "The request's head is longer than \(limits.headerBytes / 1024) KiB or has more than "
                + "\(limits.headerFieldCount) fields")
        var fields = WebResponder.fields(of: answer)
        fields[.connection] = "close"
        guard case .bytes(let bytes) = answer.body else { return }
        fields[.contentLength] = String(bytes.count)
        let head = HTTPResponse(status: WebResponder.status(431), headerFields: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: bytes))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // The rest of the head is on its way: closing at once would reset the connection under the answer.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }
}
