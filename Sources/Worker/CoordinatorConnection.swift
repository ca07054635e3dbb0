import Memory
import Protocol
import Scheduling
import Synchronization
import Transport
import Vocabulary

/// Carries messages between a worker and its coordinator over one HTTP/2 stream, which it opens anew, with
/// jitter, whenever it broke.
package final class CoordinatorConnection: CoordinatorLine {
    private let client: HTTPClient
    private let origin: Origin
    private let token: String?
    private let storage: String
    /// Called when the coordinator cannot be reached or the session broke: with another reason than before,
    /// or a while after it was called last.
    private let report: @Sendable (EngineError) -> Void
    private let stream = Mutex<ClientStream?>(nil)

    private static let pauseMilliseconds = 100...3_000
    /// Time between two reports of the same reason, seconds.
    private static let reportSeconds = 60

    /// `storage` is the place of `--storage`, which the coordinator compares with its own.
    package init(
        client: HTTPClient, origin: Origin, token: String?, storage: String,
        report: @escaping @Sendable (EngineError) -> Void
    ) {
        self.client = client
        self.origin = origin
        self.token = token
        self.storage = storage
        self.report = report
    }

    package func send(_ message: WorkerMessage, carrying outputs: [CarriedOutput]) {
        // Without a stream the message is lost; the agent says it again.
        let frame = WorkerFrame(message, carrying: outputs)
        stream.withLock { $0 }?.writer.write(copying: SessionWire.frame(frame.payload))
    }

    /// Keeps a session open until the task is cancelled. `opened` is called whenever a stream stands. Returns
    /// the error with which the coordinator refused the worker, or with which no first connection was secure:
    /// trying again would not help.
    package func run(
        _ node: WorkerNode, opened: @escaping @Sendable () async -> Void
    ) async -> EngineError? {
        var hasStood = false
        var pause = CoordinatorConnection.pauseMilliseconds.lowerBound
        var last: EngineError?
        var nextReport = ContinuousClock.now
        while !Task.isCancelled {
            do {
                try await hold(node) {
                    pause = CoordinatorConnection.pauseMilliseconds.lowerBound
                    last = nil
                    hasStood = true
                    await opened()
                }
            } catch is CancellationError {
                return nil
            } catch {
                let error = (error as? EngineError) ?? .internal("\(error)")
                if error.code == "SESSION_REFUSED" { return error }
                if !hasStood, error.code == "TLS_HANDSHAKE_FAILED" { return error }
                let now = ContinuousClock.now
                if last?.message != error.message || now >= nextReport {
                    report(explained(error, hasStood: hasStood))
                    nextReport = now + .seconds(CoordinatorConnection.reportSeconds)
                }
                last = error
            }
            stream.withLock { $0 = nil }
            if Task.isCancelled { return nil }
            try? await Task.sleep(for: .milliseconds(Int.random(in: pause / 2...pause)))
            pause = min(pause * 2, CoordinatorConnection.pauseMilliseconds.upperBound)
        }
        return nil
    }

    /// A port that hangs up before there was a session is likely not the cluster's.
    private func explained(_ error: EngineError, hasStood: Bool) -> EngineError {
        guard !hasStood, error.code == "CONNECTION_LOST" else { return error }
        var error = error
        error.remedy =
            "Check that this is the coordinator's cluster port (7077 by default), not its web port, and that "
            + "both use TLS or neither does."
        return error
    }

    /// Opens one stream and feeds the node until it ends.
    private func hold(_ node: WorkerNode, opened: () async -> Void) async throws {
        var headers = [
            HeaderField(SessionWire.versionHeader, String(SessionWire.version)),
            HeaderField(SessionWire.storageHeader, storage),
            HeaderField("content-type", SessionWire.contentType),
        ]
        if let token { headers.append(HeaderField("authorization", "Bearer " + token)) }
        let opening = client.open(
            origin, method: "POST", path: SessionWire.path, headers: headers, hasBody: true)
        defer { opening.cancel() }
        let head = try await opening.head()
        guard head.status == 200 else {
            let text = String(decoding: try await opening.body.collect(limitBytes: 4096), as: UTF8.self)
            throw EngineError.user(
                "SESSION_REFUSED",
                "The coordinator at \(origin) refused this worker: "
                    + "\(text.split(separator: "\n").first ?? "no reason")"
            )
        }
        stream.withLock { $0 = opening }
        await opened()
        var frames = SessionFrames()
        while let chunk = try await opening.body.next() {
            frames.append(chunk.bytes)
            while let payload = try frames.next() {
                let frame = try CoordinatorFrame(payload: payload)
                await node.receive(frame.message, orders: frame.orders)
            }
        }
        throw EngineError.system("CONNECTION_LOST", "The coordinator at \(origin) ended the session")
    }
}
