import Testing
import Vocabulary

@testable import Scheduling

/// Drives a scheduler by hand: time stands still unless told, and messages arrive as given.
struct Bench {
    var scheduler: JobScheduler
    var now: Int64 = 1000
    var log: [Fact] = []
    var last = Decision()
    private var heard: [WorkerLife: UInt64] = [:]
    private var known: Set<AttemptID> = []
    private var reported: [WorkerLife: UInt64] = [:]
    /// Launches that were sent and not yet ended, in order, with their worker.
    var launches: [(life: WorkerLife, launch: Launch)] = []
    var cancels: [AttemptID] = []
    /// Single outputs that workers were told to delete.
    var drops: [AttemptID] = []
    /// Orders to write to shared storage that were sent.
    var storings: [(life: WorkerLife, job: String, attempts: [AttemptID])] = []
    /// Orders to adopt that were sent: to whom, from where, which attempts.
    var adoptions: [(life: WorkerLife, address: String, outputs: [TaskOutput])] = []

    init(log: [Fact] = [], settings: SchedulerSettings = SchedulerSettings(), now: Int64 = 1000) {
        self.now = now
        scheduler = JobScheduler(settings: settings)
        for fact in log { scheduler.apply(fact) }
        self.log = log
        handle(.started)
    }

    mutating func handle(_ event: Event) {
        last = scheduler.handle(
            event, at: Moment(monotonic: Instant(milliseconds: now), wallMilliseconds: now + 1_000_000))
        log += last.facts
        for case .send(_, let life, .deliver(let delivery)) in last.actions {
            for (place, command) in delivery.commands.enumerated() {
                let number = delivery.firstCommand + UInt64(place)
                let isNew = number > heard[life, default: 0]
                heard[life] = max(number, heard[life, default: 0])
                switch command {
                case .launch(let launch):
                    // Commands are repeated until they are acknowledged.
                    if known.insert(launch.attempt).inserted {
                        launches.append((life, launch))
                    }
                case .adopt(let address, let outputs) where isNew: adoptions.append((life, address, outputs))
                case .store(let job, let attempts) where isNew: storings.append((life, job, attempts))
                case .cancel(let attempt): cancels.append(attempt)
                case .drop(let attempts) where isNew: drops += attempts
                default: break
                }
            }
        }
    }

    static func identity(_ name: String, incarnation: UInt64 = 1, slots: Int = 2) -> WorkerIdentity {
        WorkerIdentity(
            address: name, incarnation: incarnation, version: 3, slots: slots, memoryBytes: 1 << 30)
    }

    mutating func join(
        _ name: String, incarnation: UInt64 = 1, session: UInt32 = 1, slots: Int = 2, version: UInt32 = 3,
        running: [AttemptID] = [], outputs: [TaskOutput] = [], heardEpoch: UInt32 = 0,
        welcomedEpoch: UInt32 = 0, welcomedLog: UInt64 = 0
    ) {
        var identity = Self.identity(name, incarnation: incarnation, slots: slots)
        identity.version = version
        reported[identity.life] = 0
        heard[identity.life] = 0
        handle(
            .message(
                .register(
                    Registration(
                        identity: identity, session: session, sentAt: Instant(milliseconds: now),
                        isDraining: false, running: running, outputs: outputs, reports: [],
                        heardEpoch: heardEpoch, welcomedEpoch: welcomedEpoch, welcomedLog: welcomedLog))))
    }

    mutating func beat(
        _ name: String, incarnation: UInt64 = 1, session: UInt32 = 1, first: UInt64? = nil, seen: UInt64 = 0,
        draining: Bool = false, diskFull: Bool = false, _ reports: [Report] = []
    ) {
        let life = WorkerLife(address: name, incarnation: incarnation)
        let next = first ?? (reported[life] ?? 0) + 1
        if first == nil { reported[life, default: 0] += UInt64(reports.count) }
        handle(
            .message(
                .heartbeat(
                    Heartbeat(
                        life: life, session: session, sentAt: Instant(milliseconds: now),
                        isDraining: draining,
                        commandsSeen: seen, firstReport: next, reports: reports, progress: [],
                        usedMemoryBytes: 0, shuffleBytes: 0, isDiskFull: diskFull))))
    }

    /// Submits a job of one statement with these stages, planned at once.
    mutating func run(
        _ stages: [StageSpec], id: String = "a", pool: String = "default", slotLimit: Int = 0,
        isReplicated: Bool = false
    ) {
        handle(
            .submit(
                JobHeader(
                    externalID: id, digest: [1], name: id, pool: pool, statementCount: 1,
                    slotLimit: slotLimit, isReplicated: isReplicated)))
        handle(.statementPlanned(JobID(scheduler.ledger.jobs.count - 1), statement: 0, stages: stages))
    }

    /// Takes the oldest launch off the list and reports its end.
    mutating func finish(_ report: (AttemptID) -> Report = { .completed(TaskOutput(attempt: $0)) }) {
        let (life, launch) = launches.removeFirst()
        beat(life.address, incarnation: life.incarnation, [report(launch.attempt)])
    }

    /// What the last decision has cleaned.
    var cleanings: [Action] { last.actions.filter { if case .clean = $0 { true } else { false } } }
    var outcome: JobOutcome? { scheduler.ledger.jobs[0].outcome }
    var commit: CommitManifest? {
        for case .commit(let manifest) in last.actions { return manifest }
        return nil
    }
}

/// Two map tasks and one reduce task, whose result is files.
let mapReduce = [
    StageSpec(id: StageID(0), taskCount: 2),
    StageSpec(id: StageID(1), dependencies: [.init(on: StageID(0), .shuffle)], taskCount: 1, output: .files),
]
