import Protocol
import Scheduling
import Transport
import Vocabulary

/// Serves the coordinator's cluster port: the workers' sessions, and all other requests by `other`.
package final class ClusterPort: RequestHandler {
    private let node: CoordinatorNode
    private let checksRole: Bool
    private let storage: String
    private let other: any RequestHandler

    /// With `checksRole`, sessions are open only to peers whose certificate names the role `etl-worker`.
    /// `storage` is the place of `--storage`, which every worker must share.
    package init(node: CoordinatorNode, checksRole: Bool, storage: String, other: any RequestHandler) {
        self.node = node
        self.checksRole = checksRole
        self.storage = storage
        self.other = other
    }

    package func handle(_ request: Request, _ response: ResponseWriter) {
        guard request.path == SessionWire.path else { return other.handle(request, response) }
        guard request.method == "POST" else { return refuse(response, 405, "A session is opened with POST") }
        if checksRole, !NodeRole.worker.isProved(by: request.peer) {
            return refuse(
                response, 403, "The certificate of \(request.peerAddress) does not name the role etl-worker")
        }
        let version = request.headers.first { $0.name == SessionWire.versionHeader }?.value
        guard version == String(SessionWire.version) else {
            return refuse(
                response, 400,
                "This coordinator speaks version \(SessionWire.version) of the cluster protocol, not "
                    + (version ?? "none"))
        }
        let place = request.headers.first { $0.name == SessionWire.storageHeader }?.value ?? ""
        guard place == storage else {
            return refuse(
                response, 409,
                "Its --storage is \(place.isEmpty ? "not given" : place), the coordinator's is "
                    + "\(storage.isEmpty ? "not given" : storage): give both the same")
        }
        request.body.allowUnbounded()
        response.head(status: 200, headers: [HeaderField("content-type", SessionWire.contentType)])
        let line = SessionLine(response)
        let node = node
        Task {
            do {
                var frames = SessionFrames()
                while let chunk = try await request.body.next() {
                    frames.append(chunk.bytes)
                    while let payload = try frames.next() {
                        let frame = try WorkerFrame(payload: payload)
                        await node.receive(frame.message, from: line, carrying: frame.outputs)
                    }
                }
                response.end()
            } catch {
                // The worker opens another session; what was lost on the way is said again.
                response.reset()
            }
            await node.closed(line)
        }
    }

    private func refuse(_ response: ResponseWriter, _ status: Int, _ why: String) {
        response.respond(status: status, contentType: "text/plain; charset=utf-8", Array((why + "\n").utf8))
    }
}

/// Sends messages to one worker, as long as its stream stands.
final class SessionLine: WorkerLine {
    private let response: ResponseWriter
    /// Bytes that may wait for a slow worker; what comes then is dropped and said again later.
    private static let queueBytes = 64 << 20

    init(_ response: ResponseWriter) { self.response = response }

    func send(_ message: CoordinatorMessage, orders: [TaskOrder]) {
        if response.body.isClosed || response.body.queuedBytes > SessionLine.queueBytes { return }
        do {
            let payload = try CoordinatorFrame(message, orders: orders).payload()
            FailPoint.pass(.send)
            response.body.write(copying: SessionWire.frame(payload))
        } catch {
            // A plan that cannot be written: the stream's end makes the worker open another one.
            response.reset()
        }
    }
}
