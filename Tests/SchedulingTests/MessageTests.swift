import SeededRandom
import Testing
import Vocabulary

@testable import Scheduling

/// Holds messages of every kind, with every part filled and with every part empty.
enum MessageCorpus {
    private static let attempt = GoldenLog.attempt(GoldenLog.map, 70_000, 9)
    private static let output = TaskOutput(
        attempt: attempt, worker: WorkerID(3), counters: TaskCounters(rowsIn: 1, milliseconds: -1),
        partitionBytes: [.max, 0], checksum: .max, manifest: [0])
    private static let identity = WorkerIdentity(
        address: "[::1]:7078", incarnation: 77, version: .max, slots: 8, memoryBytes: .max)

    static let commands: [Command] = [
        .launch(
            Launch(
                attempt: attempt, memoryBytes: 1 << 35,
                inputs: [
                    TaskInput(
                        dependency: StageDependency(on: StageID(4), .broadcast),
                        outputs: [
                            OutputLocation(
                                attempt: attempt, worker: WorkerID(1), address: "w:1", checksum: 5)
                        ]),
                    TaskInput(dependency: StageDependency(on: StageID(0), .shuffle), outputs: []),
                ])),
        .launch(Launch(attempt: attempt, memoryBytes: 0, inputs: [])), .cancel(attempt),
        .drop([attempt, attempt]), .drop([]), .dropJob(JobID(1), keeping: GoldenLog.result),
        .dropJob(JobID(rawValue: .max), keeping: nil), .endJob(JobID(3)),
    ]

    static let reports: [Report] = [
        .completed(output), .completed(TaskOutput(attempt: attempt)),
        .failed(attempt, .error(GoldenLog.error)),
        .failed(attempt, .fetchFailed(producer: attempt, GoldenLog.damage)),
        .failed(attempt, .outOfMemory(GoldenLog.damage)), .failed(attempt, .workerLost(.left)),
        .stopped(attempt), .outputLost(attempt),
    ]

    /// Kinds that workers of version 2 know.
    static let laterCommands: [Command] = [.adopt(from: "w:1", [TaskOutput(attempt: attempt)])]
    static let laterReports: [Report] = [.adopted(TaskOutput(attempt: attempt)), .notAdopted(attempt)]

    /// Kinds that workers of version 3 know.
    static let copyCommands: [Command] = [
        .store(job: "019a", [attempt]),
        .launch(
            Launch(
                attempt: attempt, memoryBytes: 1,
                inputs: [
                    TaskInput(
                        dependency: StageDependency(on: StageID(0), .shuffle),
                        outputs: [
                            OutputLocation(
                                attempt: attempt, worker: WorkerID(1), address: "w:1", checksum: 5,
                                isStored: true, isWorkerGone: true),
                            OutputLocation(
                                attempt: GoldenLog.attempt(GoldenLog.map, 1), worker: WorkerID(1),
                                address: "w:1", checksum: 6),
                        ])
                ])),
    ]
    static let copyReports: [Report] = [.stored(attempt), .notStored(attempt)]

    /// Kinds that workers of version 4 send.
    static let skippingReports: [Report] = [
        .completed(TaskOutput(attempt: attempt, counters: TaskCounters(rowsOut: 2, skippedParts: 3)))
    ]

    /// Kinds that workers send which were asked to measure.
    static let operators = [
        OperatorCounters(rows: 2, microseconds: 300, peakBytes: 1 << 20),
        OperatorCounters(spillBytes: 1 << 33, tasks: 0),
    ]
    static let measuredReports: [Report] = [
        .completed(
            TaskOutput(
                attempt: attempt,
                counters: TaskCounters(rowsOut: 2, skippedParts: 3, operators: operators)))
    ]

    static let allCommands = commands + laterCommands + copyCommands
    static let allReports = reports + laterReports + copyReports + skippingReports + measuredReports

    static let toCoordinator: [WorkerMessage] = [
        .register(
            Registration(
                identity: identity, session: 7, sentAt: Instant(milliseconds: -1), isDraining: true,
                running: [attempt], outputs: [output], reports: reports)),
        .register(
            Registration(
                identity: identity, session: 0, sentAt: Instant(milliseconds: .max), isDraining: false,
                running: [], outputs: [], reports: [])),
        .heartbeat(
            Heartbeat(
                life: identity.life, session: 7, sentAt: Instant(milliseconds: 5), isDraining: true,
                commandsSeen: .max, firstReport: 1, reports: reports,
                progress: [AttemptProgress(attempt: attempt, counters: TaskCounters(bytesIn: 1 << 50))],
                usedMemoryBytes: 1 << 33, shuffleBytes: 12)),
        .heartbeat(
            Heartbeat(
                life: identity.life, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                commandsSeen: 0, firstReport: 0, reports: [], progress: [], usedMemoryBytes: 0,
                shuffleBytes: 0)),
        .heartbeat(
            Heartbeat(
                life: identity.life, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                commandsSeen: 0, firstReport: 1, reports: laterReports, progress: [], usedMemoryBytes: 0,
                shuffleBytes: 0, isDiskFull: true)),
        .heartbeat(
            Heartbeat(
                life: identity.life, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                commandsSeen: 0, firstReport: 1, reports: copyReports, progress: [], usedMemoryBytes: 0,
                shuffleBytes: 0)),
        .heartbeat(
            Heartbeat(
                life: identity.life, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                commandsSeen: 0, firstReport: 1, reports: skippingReports, progress: [], usedMemoryBytes: 0,
                shuffleBytes: 0)),
        .register(
            Registration(
                identity: identity, session: 8, sentAt: Instant(milliseconds: 9), isDraining: false,
                running: [attempt], outputs: [], reports: [], heardEpoch: .max, welcomedEpoch: 300)),
        .register(
            Registration(
                identity: identity, session: 8, sentAt: Instant(milliseconds: 9), isDraining: false,
                running: [attempt], outputs: [], reports: [], heardEpoch: .max, welcomedEpoch: 300,
                welcomedLog: 300)),
        .heartbeat(
            Heartbeat(
                life: identity.life, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                commandsSeen: 0, firstReport: 1, reports: measuredReports, progress: [], usedMemoryBytes: 0,
                shuffleBytes: 0)),
    ]

    static let toWorker: [CoordinatorMessage] = [
        .welcome(epoch: 2, session: 7, worker: WorkerID(3), heardSentAt: Instant(milliseconds: 5)),
        .deliver(
            Delivery(
                epoch: 2, session: 7, firstCommand: 300, commands: commands, reportsSeen: 1 << 40,
                heardSentAt: Instant(milliseconds: .min))),
        .deliver(
            Delivery(
                epoch: 0, session: 0, firstCommand: 0, commands: [], reportsSeen: 0,
                heardSentAt: Instant(milliseconds: 0))),
        .registerAgain(epoch: .max, session: 7), .released(epoch: 2, session: 7),
        .refused(epoch: 2, session: 7, GoldenLog.error),
        .deliver(
            Delivery(
                epoch: 1, session: 1, firstCommand: 1, commands: laterCommands, reportsSeen: 0,
                heardSentAt: Instant(milliseconds: 0))),
        .deliver(
            Delivery(
                epoch: 1, session: 1, firstCommand: 1, commands: copyCommands, reportsSeen: 0,
                heardSentAt: Instant(milliseconds: 0))),
        .welcome(
            epoch: 300, session: 8, worker: WorkerID(0), heardSentAt: Instant(milliseconds: 9),
            isStateNew: true),
        .welcome(
            epoch: 300, session: 8, worker: WorkerID(0), heardSentAt: Instant(milliseconds: 9), log: 300),
        .welcome(
            epoch: 300, session: 8, worker: WorkerID(0), heardSentAt: Instant(milliseconds: 9),
            isStateNew: true, log: 300),
    ]
}

/// `Cases/messages-version-1.hex` holds the messages to the coordinator, then those to a worker, one a line.
@Suite("Messages as bytes")
struct MessageTests {
    @Test(
        "every message to the coordinator reads back as it was written",
        arguments: MessageCorpus.toCoordinator)
    func toCoordinator(_ message: WorkerMessage) throws {
        #expect(try WorkerMessage(wireBytes: message.wireBytes) == message)
        WireDamage.cut(message)
    }

    @Test("every message to a worker reads back as it was written", arguments: MessageCorpus.toWorker)
    func toWorker(_ message: CoordinatorMessage) throws {
        #expect(try CoordinatorMessage(wireBytes: message.wireBytes) == message)
        WireDamage.cut(message)
    }

    @Test("the corpus holds every kind of message, command and report")
    func coverage() {
        #expect(
            Set(MessageCorpus.toCoordinator.map { WorkerMessageKind($0) }) == Set(WorkerMessageKind.allCases))
        #expect(
            Set(MessageCorpus.toWorker.map { CoordinatorMessageKind($0) })
                == Set(CoordinatorMessageKind.allCases))
        #expect(
            Set(MessageCorpus.allCommands.map { CommandKind($0) }) == Set(CommandKind.allCases))
        #expect(
            Set(MessageCorpus.allReports.map { ReportKind($0) }) == Set(ReportKind.allCases))
        let failures = MessageCorpus.reports.compactMap { report in
            if case .failed(_, let failure) = report { FailureKind(failure) } else { nil }
        }
        #expect(Set(failures) == Set(FailureKind.allCases))
    }

    @Test("the layout between nodes of one release stays as it is")
    func layout() throws {
        let lines = try GoldenLines.read("messages-version-1")
        #expect(
            lines == MessageCorpus.toCoordinator.map(\.wireBytes) + MessageCorpus.toWorker.map(\.wireBytes))
        for (line, message) in zip(lines, MessageCorpus.toCoordinator) {
            #expect(try WorkerMessage(wireBytes: line) == message)
        }
        for (line, message) in zip(lines.dropFirst(MessageCorpus.toCoordinator.count), MessageCorpus.toWorker)
        {
            #expect(try CoordinatorMessage(wireBytes: line) == message)
        }
    }

    @Test("damaged messages are an error or another message, never a trap")
    func damage() throws {
        var generator = SplitMix(state: 13)
        for message in MessageCorpus.toCoordinator { try WireDamage.flip(message, generator: &generator) }
        for message in MessageCorpus.toWorker { try WireDamage.flip(message, generator: &generator) }
        for tag in UInt8(0)...8 {
            try WireDamage.random(WorkerMessage.self, after: [tag], generator: &generator)
            try WireDamage.random(CoordinatorMessage.self, after: [tag], generator: &generator)
        }
    }

    @Test("a case of a later release is refused by its number")
    func unknownCases() {
        for bytes in [[6], [0]] as [[UInt8]] {
            #expect {
                try WorkerMessage(wireBytes: bytes)
            } throws: {
                ($0 as? EngineError)?.message.contains("has no case \(bytes[0])") == true
            }
        }
        #expect(throws: EngineError.self) { try CoordinatorMessage(wireBytes: [9, 1, 1]) }
        // An exchange of kind 2, a loss of kind 200.
        #expect(throws: EngineError.self) { try StageDependency(wireBytes: [1, 2]) }
        #expect(throws: EngineError.self) { try WorkerLoss(wireBytes: [200, 1]) }
    }
}
