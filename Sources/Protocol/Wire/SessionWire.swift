import Memory
import Plans
import Scheduling
import Vocabulary

/// Names how a worker opens its session with the coordinator: a `POST` whose body carries frames of
/// `WorkerFrame` up, and whose response carries frames of `CoordinatorFrame` down, as long as both live.
///
/// ```
/// ┌──────────────────┬───────────┐
/// │ length, UInt32 LE│ payload … │
/// └──────────────────┴───────────┘
/// ```
package enum SessionWire {
    package static let path = "/cluster/v1/session"
    package static let contentType = "application/vnd.millrace.session"
    /// Header by which a worker tells the version of its frames.
    package static let versionHeader = "millrace-protocol"
    package static let version: UInt32 = 1
    /// Header by which a worker tells its own version (`WorkerIdentity.version`), so that a coordinator which
    /// does not take it says so before it hears words that it does not know.
    package static let workerVersionHeader = "millrace-worker-version"
    /// Header by which both sides tell their release; for messages alone.
    package static let releaseHeader = "millrace-release"
    /// Trailer by which a coordinator tells why it ended a session.
    package static let reasonTrailer = "millrace-reason"
    /// Header by which a worker tells what relative paths are below; the same as the coordinator's, or what
    /// tasks wrote would not be found when it is published.
    package static let storageHeader = "millrace-storage"
    /// Longest payload that is taken, bytes.
    package static let payloadBytes = 64 << 20
    /// Longest registration that is taken, in however many payloads, bytes: some 130,000 outputs of a
    /// thousand partitions each.
    package static let registrationBytes = 512 << 20

    /// Returns a payload with its length in front.
    package static func frame(_ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 4)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift)) }
        return bytes + payload
    }
}

/// Cuts a stream of bytes into the payloads of frames.
package struct SessionFrames {
    private var pending: [UInt8] = []

    package init() {}

    package mutating func append(_ bytes: UnsafeRawBufferPointer) { pending.append(contentsOf: bytes) }

    /// Returns the next whole payload, or nil until more has come. Throws `CORRUPT_MESSAGE` for one that is
    /// too long.
    package mutating func next() throws(EngineError) -> [UInt8]? {
        guard pending.count >= 4 else { return nil }
        var count = 0
        for i in 0..<4 { count |= Int(pending[i]) << (8 * i) }
        guard count <= SessionWire.payloadBytes else {
            throw .system(
                "CORRUPT_MESSAGE", "A message is longer than \(SessionWire.payloadBytes) bytes: \(count)")
        }
        guard pending.count >= 4 + count else { return nil }
        let payload = Array(pending[4..<4 + count])
        pending.removeFirst(4 + count)
        return payload
    }
}

/// Holds a message of the coordinator with one order for each launch in it, and the tokens of jobs.
package struct CoordinatorFrame: Sendable {
    package var message: CoordinatorMessage
    package var orders: [TaskOrder]
    /// Nil from a coordinator of an earlier version.
    package var grants: JobGrants?

    package init(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants? = nil) {
        self.message = message
        self.orders = orders
        self.grants = grants
    }

    /// Returns the frame's payload. Throws for plans that cannot be sent.
    package func payload() throws(EngineError) -> [UInt8] {
        var writer = WireWriter()
        writer.write(message)
        writer.unsigned(UInt64(orders.count))
        for order in orders {
            writer.write(order.jobID)
            writer.data(try PlanCodec.encode(order.fragment))
        }
        // After all that earlier versions know, which do not look beyond: 0 for none.
        for order in orders { writer.unsigned(UInt64(order.attempt ?? 0)) }
        for order in orders { writer.unsigned(UInt64(order.carriedBytes)) }
        guard let grants else { return writer.bytes }
        writer.unsigned(grants.isRequired ? 1 : 0)
        writer.unsigned(UInt64(grants.tokens.count))
        for (job, token) in grants.tokens.sorted(by: { $0.key < $1.key }) {
            writer.write(job)
            writer.data(token)
        }
        return writer.bytes
    }

    /// Bytes of one payload at most, as far as commands can be told one after the other: readers take
    /// `SessionWire.payloadBytes`, and begin a new session at a longer one, in which it would be sent anew.
    fileprivate static let wishedBytes = SessionWire.payloadBytes / 8

    /// Returns the frame in one payload, or a long delivery in several, whose commands go on in order. Throws
    /// for plans that cannot be sent.
    package func payloads(limitBytes: Int = CoordinatorFrame.wishedBytes) throws(EngineError) -> [[UInt8]] {
        let whole = try payload()
        guard whole.count > limitBytes, case .deliver(let delivery) = message, delivery.commands.count > 1
        else { return [whole] }
        let half = delivery.commands.count / 2
        var (first, second) = (delivery, delivery)
        first.commands = Array(delivery.commands[..<half])
        second.commands = Array(delivery.commands[half...])
        second.firstCommand += UInt64(half)
        let before = CoordinatorMessage.deliver(first)
        let count = min(before.launches.count, orders.count)
        return try CoordinatorFrame(before, orders: Array(orders[..<count]), grants: grants)
            .payloads(limitBytes: limitBytes)
            + CoordinatorFrame(.deliver(second), orders: Array(orders[count...]), grants: grants)
            .payloads(limitBytes: limitBytes)
    }

    /// Reads a payload. Throws `CORRUPT_MESSAGE` or `INCOMPATIBLE_VERSION`.
    package init(payload: [UInt8]) throws(EngineError) {
        var reader = WireReader(payload)
        message = try reader.read()
        orders = []
        let count = try reader.count()
        for _ in 0..<count {
            let job = try reader.read(String.self)
            orders.append(TaskOrder(jobID: job, fragment: try PlanCodec.decode(Array(try reader.data()))))
        }
        if reader.isAtEnd { return }
        for place in orders.indices {
            let attempt = try reader.unsigned()
            orders[place].attempt = attempt == 0 ? nil : Int(clamping: attempt)
        }
        if reader.isAtEnd { return }
        for place in orders.indices { orders[place].carriedBytes = Int(clamping: try reader.unsigned()) }
        if reader.isAtEnd { return }
        var grants = JobGrants(isRequired: try reader.unsigned() != 0)
        for _ in 0..<(try reader.count()) {
            grants.tokens[try reader.read()] = Array(try reader.data())
        }
        self.grants = grants
    }
}

/// Holds a message of a worker with the bytes of outputs that came along: only such as the coordinator asked
/// for with their order, so that an earlier version of it sees none.
package struct WorkerFrame: Sendable {
    package var message: WorkerMessage
    package var outputs: [CarriedOutput]

    package init(_ message: WorkerMessage, carrying outputs: [CarriedOutput] = []) {
        self.message = message
        self.outputs = outputs
    }

    /// The frame's payload.
    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(message)
        Self.write(outputs, to: &writer)
        return writer.bytes
    }

    private static func write(_ outputs: [CarriedOutput], to writer: inout WireWriter) {
        for output in outputs {
            writer.write(output.attempt)
            writer.data(output.bytes)
        }
    }

    /// Stands where the tag of a message does in the payloads that come before a long registration: outputs
    /// of its inventory, and the bytes of some of them.
    fileprivate static let partTag: UInt64 = 100

    /// Returns the frame in one payload, or a long one in several: outputs of an inventory before their
    /// registration, reports in heartbeats of their own. `WorkerFrames` puts them together again.
    package func payloads(limitBytes: Int = CoordinatorFrame.wishedBytes) -> [[UInt8]] {
        let whole = payload
        if whole.count <= limitBytes { return [whole] }
        switch message {
        case .register(let registration): return parts(of: registration, limitBytes)
        case .heartbeat(let heartbeat): return parts(of: heartbeat, limitBytes) ?? [whole]
        }
    }

    private func parts(of registration: Registration, _ limitBytes: Int) -> [[UInt8]] {
        var carried: [AttemptID: [CarriedOutput]] = [:]
        for output in outputs { carried[output.attempt, default: []].append(output) }
        var parts: [[UInt8]] = []
        var (inventory, bytes, own) = ([UInt8](), 0, [CarriedOutput]())
        var count: UInt64 = 0
        func flush() {
            var writer = WireWriter()
            writer.unsigned(Self.partTag)
            writer.unsigned(count)
            var rest = WireWriter()
            Self.write(own, to: &rest)
            parts.append(writer.bytes + inventory + rest.bytes)
            (inventory, bytes, own, count) = ([], 0, [], 0)
        }
        for output in registration.outputs {
            inventory += output.wireBytes
            count += 1
            let mine = carried[output.attempt] ?? []
            own += mine
            bytes += mine.reduce(0) { $0 + $1.bytes.count }
            if inventory.count + bytes >= limitBytes { flush() }
        }
        if count > 0 { flush() }
        var rest = registration
        rest.outputs = []
        return parts + [WorkerFrame(.register(rest)).payload]
    }

    /// Nil for a heartbeat that cannot be parted.
    private func parts(of heartbeat: Heartbeat, _ limitBytes: Int) -> [[UInt8]]? {
        guard heartbeat.reports.count > 1 else { return nil }
        let half = heartbeat.reports.count / 2
        var (first, second) = (heartbeat, heartbeat)
        first.reports = Array(heartbeat.reports[..<half])
        first.progress = []
        second.reports = Array(heartbeat.reports[half...])
        second.firstReport += UInt64(half)
        let early = Set(WorkerMessage.heartbeat(first).outputs)
        return WorkerFrame(.heartbeat(first), carrying: outputs.filter { early.contains($0.attempt) })
            .payloads(limitBytes: limitBytes)
            + WorkerFrame(.heartbeat(second), carrying: outputs.filter { !early.contains($0.attempt) })
            .payloads(limitBytes: limitBytes)
    }

    /// Reads a payload. Throws `CORRUPT_MESSAGE`.
    package init(payload: [UInt8]) throws(EngineError) {
        var reader = WireReader(payload)
        message = try reader.read()
        outputs = try Self.outputs(&reader)
    }

    fileprivate static func outputs(_ reader: inout WireReader) throws(EngineError) -> [CarriedOutput] {
        var outputs: [CarriedOutput] = []
        while !reader.isAtEnd {
            outputs.append(CarriedOutput(attempt: try reader.read(), bytes: Array(try reader.data())))
        }
        return outputs
    }
}

/// Puts the payloads of one worker's session together to frames.
package struct WorkerFrames: Sendable {
    /// Outputs of an inventory whose registration is yet to come, with the bytes of some.
    private var inventory: [TaskOutput] = []
    private var carried: [CarriedOutput] = []
    private var byteCount = 0
    private let limitBytes: Int

    package init(limitBytes: Int = SessionWire.registrationBytes) { self.limitBytes = limitBytes }

    /// Takes the next payload; returns the frame that it completes, or nil. Throws `CORRUPT_MESSAGE`, also
    /// for an inventory that is too long or not followed by its registration.
    package mutating func take(_ payload: [UInt8]) throws(EngineError) -> WorkerFrame? {
        var reader = WireReader(payload)
        if try reader.unsigned() == WorkerFrame.partTag {
            byteCount += payload.count
            guard byteCount <= limitBytes else {
                throw .system("CORRUPT_MESSAGE", "An inventory is longer than \(limitBytes) bytes")
            }
            inventory += try reader.read([TaskOutput].self)
            carried += try WorkerFrame.outputs(&reader)
            return nil
        }
        var frame = try WorkerFrame(payload: payload)
        if byteCount == 0 { return frame }
        guard case .register(var registration) = frame.message else {
            throw .system("CORRUPT_MESSAGE", "An inventory came without a registration")
        }
        registration.outputs = inventory + registration.outputs
        frame.message = .register(registration)
        frame.outputs = carried + frame.outputs
        (inventory, carried, byteCount) = ([], [], 0)
        return frame
    }
}
