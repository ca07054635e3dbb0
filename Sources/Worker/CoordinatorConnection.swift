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
        guard let writer = stream.withLock({ $0 })?.writer else { return }
        for payload in WorkerFrame(message, carrying: outputs).payloads() {
            writer.write(copying: SessionWire.frame(payload))
        }
    }

    /// Keeps a session open until the task is cancelled. `opened` is called whenever a stream stands, `heard`
    /// when the coordinator then said something. Returns the error with which the coordinator refused the
    /// worker, or with which no first connection was secure: trying again would not help.
    package func run(
        _ node: WorkerNode, opened: @escaping @Sendable () async -> Void,
        heard: @escaping @Sendable () -> Void
    ) async -> EngineError? {
        var hasStood = false
        var pause = CoordinatorConnection.pauseMilliseconds.lowerBound
        var last: EngineError?
        var nextReport = ContinuousClock.now
        while !Task.isCancelled {
            do {
                try await hold(node, opened) {
                    pause = CoordinatorConnection.pauseMilliseconds.lowerBound
                    last = nil
                    hasStood = true
                    heard()
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
    private func hold(
        _ node: WorkerNode, _ opened: () async -> Void, _ heard: () -> Void
    ) async throws {
        var headers = [
            HeaderField(SessionWire.versionHeader, String(SessionWire.version)),
            HeaderField(SessionWire.workerVersionHeader, String(WorkerIdentity.currentVersion)),
            HeaderField(SessionWire.releaseHeader, ProgramVersion.text),
            HeaderField(SessionWire.storageHeader, storage),
            HeaderField("content-type", SessionWire.contentType),
        ]
        if let token { headers.append(HeaderField("authorization", "Bearer " + token, isNeverIndexed: true)) }
        let opening = client.open(
            origin, method: "POST", path: SessionWire.path, headers: headers, hasBody: true)
        defer { opening.cancel() }
        let head = try await opening.head()
        guard head.status == 200 else { throw await refusal(head.status, opening.body) }
        stream.withLock { $0 = opening }
        await opened()
        var frames = SessionFrames()
        var hasHeard = false
        do {
            while let chunk = try await opening.body.next() {
                frames.append(chunk.bytes)
                while let payload = try frames.next() {
                    let frame = try CoordinatorFrame(payload: payload)
                    if !hasHeard { heard() }
                    hasHeard = true
                    await node.receive(frame.message, orders: frame.orders, grants: frame.grants)
                }
            }
        } catch let error as EngineError where error.code == "STREAM_RESET" && !hasHeard {
            throw unheard(head)
        } catch let error as EngineError where error.code == "CORRUPT_MESSAGE" {
            throw EngineError.system(
                error.code, "What the coordinator at \(origin) says is not understood: \(error.message)",
                remedy: Self.releases(head))
        }
        if let why = opening.body.trailers[SessionWire.reasonTrailer] {
            throw EngineError.system(
                "SESSION_ENDED", "The coordinator at \(origin) ended the session: \(why.prefix(400))",
                remedy: Self.releases(head))
        }
        throw EngineError.system("CONNECTION_LOST", "The coordinator at \(origin) ended the session")
    }

    /// The error of a session that was not opened. What stands before a coordinator that starts again answers
    /// for it meanwhile: only what the coordinator itself says of this worker is final.
    private func refusal(_ status: Int, _ body: BodyStream) async -> EngineError {
        let bytes = (try? await body.collect(limitBytes: 4096)) ?? []
        let why = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first ?? "no reason"
        if ResponseHead.isPassing(status) {
            return .system("SESSION_DELAYED", "\(origin) answers with HTTP status \(status): \(why)")
        }
        return .user("SESSION_REFUSED", "The coordinator at \(origin) refused this worker: \(why)")
    }

    /// The error of a session that a coordinator cancelled at the worker's first words: one of an earlier
    /// release says no more when it does not know them.
    private func unheard(_ head: ResponseHead) -> EngineError {
        .system(
            "SESSION_ENDED", "The coordinator at \(origin) ended the session at this worker's first words",
            remedy: Self.releases(head)
                + " A worker that is started again is told what the coordinator takes.")
    }

    private static func releases(_ head: ResponseHead) -> String {
        let other = head.headers[SessionWire.releaseHeader].map { "of release \($0.prefix(40))" }
        return "This worker is of release \(ProgramVersion.text), the coordinator "
            + "\(other ?? "of an earlier one"): run workers of the coordinator's release, or of the one "
            + "before."
    }
}
