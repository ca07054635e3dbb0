import Logging
import Protocol
import Scheduling
import Transport
import Vocabulary

/// Serves the coordinator's cluster port: the workers' sessions, and all other requests by `other`.
package final class ClusterPort: RequestHandler {
    private let node: CoordinatorNode
    private let checksRole: Bool
    private let storage: String
    private let versions: ClosedRange<UInt32>
    private let notes: SessionNotes
    private let other: any RequestHandler

    /// With `checksRole`, sessions are open only to peers whose certificate names the role `etl-worker`.
    /// `storage` is the place of `--storage`, which every worker must share; `versions` are those of workers
    /// that may take part. `logger` is told of workers that are refused.
    package init(
        node: CoordinatorNode, checksRole: Bool, storage: String,
        versions: ClosedRange<UInt32> = SchedulerSettings().workerVersions,
        logger: Logger = Logger(label: "etl-coordinator") { _ in SwiftLogNoOpLogHandler() },
        other: any RequestHandler
    ) {
        self.node = node
        self.checksRole = checksRole
        self.storage = storage
        self.versions = versions
        notes = SessionNotes(logger)
        self.other = other
    }

    package func handle(_ request: Request, _ response: ResponseWriter) {
        guard request.path == SessionWire.path else { return other.handle(request, response) }
        guard request.method == "POST" else {
            return refuse(request, response, 405, "A session is opened with POST")
        }
        if let (status, why) = refusal(of: request) { return refuse(request, response, status, why) }
        request.body.allowUnbounded()
        response.head(
            status: 200,
            headers: [
                HeaderField("content-type", SessionWire.contentType),
                HeaderField(SessionWire.releaseHeader, ProgramVersion.text),
            ])
        let line = SessionLine(response)
        let (node, notes) = (node, notes)
        Task {
            do {
                var (frames, parts) = (SessionFrames(), WorkerFrames())
                while let chunk = try await request.body.next() {
                    frames.append(chunk.bytes)
                    while let payload = try frames.next() {
                        guard let frame = try parts.take(payload) else { continue }
                        await node.receive(frame.message, from: line, carrying: frame.outputs)
                    }
                }
                response.end()
            } catch let error as EngineError where error.code == "CORRUPT_MESSAGE" {
                // Most likely words of another release.
                let why =
                    "what it says is not understood (\(error.message)); its release is "
                    + "\(ClusterPort.release(of: request)), the coordinator's \(ProgramVersion.text)"
                notes.note(why, from: request.peerAddress)
                response.end(trailers: [HeaderField(SessionWire.reasonTrailer, why)])
            } catch {
                // The worker opens another session; what was lost on the way is said again.
                response.reset()
            }
            await node.closed(line)
        }
    }

    /// Returns why a worker gets no session, and the status that says so.
    private func refusal(of request: Request) -> (status: Int, why: String)? {
        if checksRole, !NodeRole.worker.isProved(by: request.peer) {
            return (403, "The certificate of \(request.peerAddress) does not name the role etl-worker")
        }
        let version = request.headers[SessionWire.versionHeader]
        guard version == String(SessionWire.version) else {
            return (
                400,
                "This coordinator speaks version \(SessionWire.version) of the cluster protocol, not "
                    + (version ?? "none")
            )
        }
        // Workers of earlier releases say it in their first message alone.
        if let text = request.headers[SessionWire.workerVersionHeader],
            !(UInt32(text).map(versions.contains) ?? false)
        {
            return (
                409,
                "It is of release \(ClusterPort.release(of: request)) (worker version \(text.prefix(20))), "
                    + "and this coordinator, of release \(ProgramVersion.text), takes worker versions "
                    + "\(versions.lowerBound) to \(versions.upperBound): run workers of the coordinator's "
                    + "release, or of the one before"
            )
        }
        let place = request.headers[SessionWire.storageHeader] ?? ""
        guard place == storage else {
            return (
                409,
                "Its --storage is \(place.isEmpty ? "not given" : place), the coordinator's is "
                    + "\(storage.isEmpty ? "not given" : storage): give both the same"
            )
        }
        return nil
    }

    private static func release(of request: Request) -> String {
        request.headers[SessionWire.releaseHeader].map { String($0.prefix(40)) } ?? "unknown"
    }

    private func refuse(_ request: Request, _ response: ResponseWriter, _ status: Int, _ why: String) {
        notes.note(why, from: request.peerAddress)
        response.respond(status: status, contentType: "text/plain; charset=utf-8", Array((why + "\n").utf8))
    }
}

/// Sends messages to one worker, as long as its stream stands.
final class SessionLine: WorkerLine {
    private let response: ResponseWriter
    /// Bytes that may wait for a slow worker; what comes then is dropped and said again later.
    private static let queueBytes = 64 << 20

    init(_ response: ResponseWriter) { self.response = response }

    func send(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants) {
        if response.body.isClosed || response.body.queuedBytes > SessionLine.queueBytes { return }
        do {
            let payloads = try CoordinatorFrame(message, orders: orders, grants: grants).payloads()
            FailPoint.pass(.send)
            for payload in payloads { response.body.write(copying: SessionWire.frame(payload)) }
        } catch {
            // A plan that cannot be written: the stream's end makes the worker open another one.
            response.reset()
        }
    }
}
