import Columns
import Plans
import Testing
import Vocabulary

@testable import Protocol
@testable import Scheduling

@Suite("Frames of a session")
struct SessionWireTests {
    private static let attempt = AttemptID(
        task: TaskID(
            stage: StageKey(job: JobID(1), statement: 0, stage: StageID(2)), index: 300), epoch: 1, number: 0)

    private static let fragment = TaskFragment(
        stage: StageID(2), taskIndex: 300, taskCount: 301,
        plan: .limit(count: 5, offset: 0, input: .values(rows: [[.int32(1)]], schema: schema)),
        output: .shuffle(.single), splits: [], settings: SessionSettings(timeZone: "Asia/Tokyo"))
    private static let schema = Schema([Field("a", .int32, nullable: false)])

    private static let frame = CoordinatorFrame(
        .refused(epoch: 1, session: 2, .user("X", "y")),
        orders: [
            TaskOrder(jobID: "019a-é", fragment: fragment),
            TaskOrder(jobID: "", fragment: fragment, attempt: 3, carriedBytes: 5),
        ])

    private static func frames(_ bytes: [UInt8], inPiecesOf size: Int) throws -> [[UInt8]] {
        var frames = SessionFrames()
        var found: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            Array(rest.prefix(size)).withUnsafeBytes { frames.append($0) }
            rest = rest.dropFirst(size)
            while let payload = try frames.next() { found.append(payload) }
        }
        return found
    }

    @Test("payloads come out as they went in, however the bytes are cut", arguments: [1, 2, 3, 5, 7, 1000])
    func cutAnywhere(_ size: Int) throws {
        let payloads: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), []]
        let bytes = payloads.flatMap { SessionWire.frame($0) }
        #expect(bytes.prefix(9) == [0, 0, 0, 0, 1, 0, 0, 0, 1])
        #expect(try Self.frames(bytes, inPiecesOf: size) == payloads)
    }

    @Test("a payload longer than the limit is refused at its length, before it has come")
    func tooLong() {
        let length = SessionWire.payloadBytes + 1
        let head = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: length >> $0) }
        #expect { try Self.frames(head, inPiecesOf: 4) } throws: {
            ($0 as? EngineError)?.code == "CORRUPT_MESSAGE"
        }
    }

    @Test("a message travels with one order for each launch")
    func frame() throws {
        let read = try CoordinatorFrame(payload: try Self.frame.payload())
        #expect(read.message == Self.frame.message)
        #expect(read.orders == Self.frame.orders)
        // A coordinator of an earlier version says nothing of outputs that are to come along, or of tries.
        let bytes = try Self.frame.payload()
        let early = try CoordinatorFrame(payload: Array(bytes.dropLast(Self.orderBytes)))
        #expect(early.orders.map(\.attempt) == [nil, 3] && early.orders.allSatisfy { $0.carriedBytes == 0 })
        let first = try CoordinatorFrame(payload: Array(bytes.dropLast(2 * Self.orderBytes)))
        #expect(first.orders.map(\.jobID) == ["019a-é", ""] && first.orders.allSatisfy { $0.attempt == nil })
    }

    @Test("tokens of jobs travel behind all that earlier releases know")
    func grants() throws {
        let plain = try Self.frame.payload()
        #expect(try CoordinatorFrame(payload: plain).grants == nil)
        var frame = Self.frame
        for isRequired in [true, false] {
            let grants = JobGrants(
                isRequired: isRequired,
                tokens: [JobID(1): [1, 2, 3], JobID(300): Array(repeating: 255, count: 32)])
            frame.grants = grants
            let bytes = try frame.payload()
            #expect(bytes.starts(with: plain))
            let read = try CoordinatorFrame(payload: bytes)
            #expect(read.grants == grants && read.orders == frame.orders)
            for count in plain.count + 1..<bytes.count {
                #expect(throws: EngineError.self) { try CoordinatorFrame(payload: Array(bytes[..<count])) }
            }
        }
    }

    @Test("a delivery too long for one payload travels in several, whose commands and orders go on in order")
    func parts() throws {
        var commands: [Command] = []
        var orders: [TaskOrder] = []
        for number in 0..<7 as Range<UInt32> {
            var attempt = Self.attempt
            attempt.number = number
            commands.append(.cancel(attempt))
            if number % 3 == 2 { continue }
            commands.append(.launch(Launch(attempt: attempt, memoryBytes: Int(number), inputs: [])))
            orders.append(TaskOrder(jobID: "job \(number)", fragment: Self.fragment, attempt: 1))
        }
        let delivery = Delivery(
            epoch: 1, session: 2, firstCommand: 40, commands: commands, reportsSeen: 3,
            heardSentAt: Instant(milliseconds: 4))
        let frame = CoordinatorFrame(
            .deliver(delivery), orders: orders, grants: JobGrants(tokens: [JobID(1): [1, 2, 3]]))
        let whole = try frame.payload()
        #expect(try frame.payloads() == [whole])
        for limit in [whole.count, whole.count - 1, whole.count / 3, 1] {
            let frames = try frame.payloads(limitBytes: limit).map { try CoordinatorFrame(payload: $0) }
            #expect((frames.count == 1) == (limit == whole.count))
            if limit == 1 { #expect(frames.count == commands.count) }
            #expect(frames.flatMap(\.orders) == orders)
            #expect(frames.allSatisfy { $0.orders.count == $0.message.launches.count })
            #expect(frames.allSatisfy { $0.grants == frame.grants })
            var next = delivery
            next.commands = []
            for part in frames {
                guard case .deliver(let own) = part.message else { continue }
                #expect(own.firstCommand == next.firstCommand + UInt64(next.commands.count))
                #expect(own.reportsSeen == 3 && own.heardSentAt == delivery.heardSentAt)
                next.commands += own.commands
            }
            #expect(next.commands == commands)
        }
        // Without commands there is nothing to part.
        #expect(try Self.frame.payloads(limitBytes: 1) == [try Self.frame.payload()])
    }

    @Test("a worker's message travels with outputs, and without any it is the message alone")
    func workerFrame() throws {
        let life = WorkerLife(address: "w", incarnation: 1)
        let message = WorkerMessage.heartbeat(
            Heartbeat(
                life: life, session: 1, sentAt: Instant(milliseconds: 3), isDraining: false, commandsSeen: 0,
                firstReport: 1, reports: [.completed(TaskOutput(attempt: Self.attempt))], progress: [],
                usedMemoryBytes: 0, shuffleBytes: 0))
        #expect(WorkerFrame(message).payload == message.wireBytes)
        let outputs = [
            CarriedOutput(attempt: Self.attempt, bytes: Array(repeating: 200, count: 300)),
            CarriedOutput(attempt: Self.attempt, bytes: []),
        ]
        let bytes = WorkerFrame(message, carrying: outputs).payload
        let read = try WorkerFrame(payload: bytes)
        #expect(read.message == message && read.outputs == outputs)
        #expect(read.message.outputs == [Self.attempt])
        let whole = [message.wireBytes.count, bytes.count - WorkerFrameSizes.empty]
        for count in bytes.indices where !whole.contains(count) {
            #expect(throws: EngineError.self) { try WorkerFrame(payload: Array(bytes[..<count])) }
        }
    }

    private static func outputs(_ count: Int, partitions: Int) -> [TaskOutput] {
        (0..<count).map { number in
            var attempt = Self.attempt
            attempt.number = UInt32(number)
            return TaskOutput(
                attempt: attempt, partitionBytes: Array(repeating: 5_000_000, count: partitions))
        }
    }

    private static func registration(_ outputs: [TaskOutput]) -> WorkerMessage {
        .register(
            Registration(
                identity: WorkerIdentity(
                    address: "w", incarnation: 1, version: 6, slots: 2, memoryBytes: 1 << 30), session: 3,
                sentAt: Instant(milliseconds: 4), isDraining: false, running: [Self.attempt],
                outputs: outputs, reports: [.stopped(Self.attempt)], heardEpoch: 7, welcomedEpoch: 7,
                welcomedLog: 9))
    }

    /// Puts payloads together, all but the last of which are parts when `areParts`.
    private static func frames(_ payloads: [[UInt8]]) throws -> [WorkerFrame] {
        var parts = WorkerFrames()
        return try payloads.compactMap { try parts.take($0) }
    }

    @Test("a registration too long for one payload travels in several, with its outputs' bytes")
    func longRegistration() throws {
        let outputs = Self.outputs(40, partitions: 10)
        let carried = [3, 4, 39].map {
            CarriedOutput(attempt: outputs[$0].attempt, bytes: Array(repeating: UInt8($0), count: 90))
        }
        let frame = WorkerFrame(Self.registration(outputs), carrying: carried)
        let whole = frame.payload
        #expect(frame.payloads() == [whole])
        for limit in [whole.count, whole.count - 1, whole.count / 3, 1] {
            let payloads = frame.payloads(limitBytes: limit)
            #expect((payloads.count == 1) == (limit == whole.count))
            if limit == 1 { #expect(payloads.count == outputs.count + 1) }
            let read = try Self.frames(payloads)
            #expect(read.count == 1 && read[0].message == frame.message && read[0].outputs == carried)
        }
        // As long as workers have them: twelve megabytes of sizes.
        let long = WorkerFrame(Self.registration(Self.outputs(3_000, partitions: 1_000)))
        let payloads = long.payloads()
        #expect(payloads.count > 2 && payloads.allSatisfy { $0.count < SessionWire.payloadBytes / 4 })
        let read = try Self.frames(payloads)
        #expect(read.count == 1 && read[0].message == long.message)
    }

    @Test("an inventory without its registration, a longer one than is taken and a damaged one are refused")
    func strayInventory() throws {
        let payloads = WorkerFrame(Self.registration(Self.outputs(4, partitions: 3))).payloads(limitBytes: 1)
        #expect(payloads.count == 5)
        func code(_ payloads: [[UInt8]], limit: Int = 1000) -> String? {
            var parts = WorkerFrames(limitBytes: limit)
            let error = #expect(throws: EngineError.self) {
                for payload in payloads { _ = try parts.take(payload) }
            }
            return error?.code
        }
        let life = WorkerLife(address: "w", incarnation: 1)
        let beat = WorkerFrame(
            .heartbeat(
                Heartbeat(
                    life: life, session: 1, sentAt: Instant(milliseconds: 3), isDraining: false,
                    commandsSeen: 0, firstReport: 1, reports: [], progress: [], usedMemoryBytes: 0,
                    shuffleBytes: 0))
        ).payload
        #expect(code([payloads[0], beat]) == "CORRUPT_MESSAGE")
        #expect(code(payloads, limit: payloads[0].count) == "CORRUPT_MESSAGE")
        for count in 0..<payloads[0].count {
            #expect(code([Array(payloads[0][..<count])]) == "CORRUPT_MESSAGE")
        }
    }

    @Test("a heartbeat with too many reports travels as several, whose numbers go on in order")
    func longHeartbeat() throws {
        let outputs = Self.outputs(9, partitions: 10)
        let carried = [0, 7].map { CarriedOutput(attempt: outputs[$0].attempt, bytes: [1, 2, 3]) }
        var heartbeat = Heartbeat(
            life: WorkerLife(address: "w", incarnation: 1), session: 1, sentAt: Instant(milliseconds: 3),
            isDraining: true, commandsSeen: 5, firstReport: 11, reports: outputs.map { .completed($0) },
            progress: [AttemptProgress(attempt: Self.attempt, counters: TaskCounters(rowsIn: 3))],
            usedMemoryBytes: 6, shuffleBytes: 7)
        let frame = WorkerFrame(.heartbeat(heartbeat), carrying: carried)
        for limit in [frame.payload.count, 200, 1] {
            let read = try Self.frames(frame.payloads(limitBytes: limit))
            #expect((read.count == 1) == (limit == frame.payload.count))
            #expect(read.flatMap(\.outputs) == carried)
            var next = heartbeat
            (next.reports, next.progress) = ([], [])
            for part in read {
                guard case .heartbeat(let own) = part.message else { continue }
                #expect(own.firstReport == 11 + UInt64(next.reports.count))
                next.reports += own.reports
                next.progress += own.progress
                #expect(Set(part.outputs.map(\.attempt)).isSubset(of: part.message.outputs))
            }
            #expect(next == heartbeat)
        }
        heartbeat.reports = []
        #expect(WorkerFrame(.heartbeat(heartbeat)).payloads(limitBytes: 1).count == 1)
    }

    /// Bytes of an attempt of this suite with no bytes of output.
    private enum WorkerFrameSizes { static let empty = SessionWireTests.attempt.wireBytes.count + 1 }

    /// Bytes of what stands at the end of a frame for each order, twice.
    private static let orderBytes = 2

    @Test("a frame cut short or damaged is an error or another frame, never a trap")
    func damage() throws {
        let bytes = try Self.frame.payload()
        for count in bytes.indices
        where count != bytes.count - Self.orderBytes && count != bytes.count - 2 * Self.orderBytes {
            #expect(throws: EngineError.self) { try CoordinatorFrame(payload: Array(bytes[..<count])) }
        }
        var (read, refused) = (0, 0)
        for position in bytes.indices {
            for flip in [UInt8(0xFF), 0x01, 0x80, 0x10] {
                var copy = bytes
                copy[position] ^= flip
                if (try? CoordinatorFrame(payload: copy)) == nil { refused += 1 } else { read += 1 }
            }
        }
        #expect(read > 10)
        #expect(refused > 100)
    }

    @Test("a count of orders larger than the frame is refused")
    func hugeCount() throws {
        var writer = WireWriter()
        writer.write(Self.frame.message)
        writer.unsigned(1 << 40)
        #expect { try CoordinatorFrame(payload: writer.bytes) } throws: {
            ($0 as? EngineError)?.code == "CORRUPT_MESSAGE"
        }
    }
}
