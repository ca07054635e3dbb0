import NIOCore
import NIOTLS
import Transport

/// Stands between the bytes of one connection and their protocol, behind TLS where there is some: bounds how
/// long a handshake and the head of a request may take, holds frames of HTTP/2 to the same rates as on
/// cluster ports, and knows since when the connection has nothing to do.
///
/// ```
/// socket ─▶ [TLS] ─▶ ConnectionGuard ─▶ HTTP/1.1 or HTTP/2 ─▶ ConnectionWatch (each stream's, or the one)
///                          ▲ a head came, a request or an answer ended │
///                          └─────────────────────────────────────────────┘
/// ```
///
/// `@unchecked Sendable`: the channel's event loop owns all fields.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// What comes next from the client of a connection that is not HTTP/2.
    private enum Phase { case handshake, betweenRequests, head, body }

    /// The client's address without its port.
    let host: String
    /// Whether the connection is one too many: it is closed once it stands.
    var isRefused = false
    /// Called once when the connection is gone.
    var whenGone: (@Sendable () -> Void)?
    private let limits: WebLimits
    private var phase: Phase
    private var frames: FrameAudit?
    private var deadline: Scheduled<Void>?
    private var answering = 0
    private var changed = NIODeadline.now()

    init(_ limits: WebLimits, host: String, isSecure: Bool) {
        self.limits = limits
        self.host = host
        phase = isSecure ? .handshake : .betweenRequests
    }

    /// Since when the connection has nothing to answer; nil while it has.
    var idleSince: NIODeadline? { answering == 0 ? changed : nil }

    // MARK: - What the watches of its requests tell

    /// The head of a request is whole.
    func headCame() {
        phase = .body
        deadline?.cancel()
    }

    /// A request is whole, with its body.
    func requestEnded() { phase = .betweenRequests }

    /// An answer to a whole request is owed, or one fewer.
    func owes(_ change: Int) {
        answering += change
        changed = .now()
    }

    // MARK: - Bytes

    func handlerAdded(context: ChannelHandlerContext) {
        if phase == .handshake { closeUnless(within: limits.handshakeSeconds, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        whenGone?()
        whenGone = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if isRefused { return context.close(promise: nil) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent {
            deadline?.cancel()
            phase = .betweenRequests
            if name == "h2" { frames = FrameAudit(limits: .publicPeers, skipsPreface: true) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if frames != nil {
            let broken = bytes.withUnsafeReadableBytes { frames?.scan($0, at: .now) }
            if broken != nil { return context.close(promise: nil) }
        } else if phase == .betweenRequests {
            phase = .head
            closeUnless(within: limits.headSeconds, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // A frame of DATA is one such piece or more.
        frames?.sentData()
        context.write(data, promise: promise)
    }

    private func closeUnless(within seconds: Double, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let wait = TimeAmount.milliseconds(Int64(seconds * 1000))
        deadline?.cancel()
        deadline = context.eventLoop.scheduleTask(in: wait) { [weak self] in
            // While an answer is under way nothing more may be read of the next request.
            guard let self, phase == .handshake || answering == 0 else { return }
            channel.close(promise: nil)
        }
    }
}
