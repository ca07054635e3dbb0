import Testing
import Vocabulary

@testable import Scheduling

@Suite("The task agent")
struct TaskAgentTests {
    static let attempt = AttemptID(
        task: TaskID(stage: StageKey(job: JobID(0), statement: 0, stage: StageID(0)), index: 0), epoch: 1,
        number: 1)

    static func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    static func delivery(
        epoch: UInt32 = 1, first: UInt64 = 1, _ commands: [Command], seen: UInt64 = 0, heard: Int64
    )
        -> AgentEvent
    {
        .message(
            .deliver(
                Delivery(
                    epoch: epoch, session: 1, firstCommand: first, commands: commands, reportsSeen: seen,
                    heardSentAt: at(heard))))
    }

    /// An agent registered at time 0 that runs one attempt.
    static func busy() -> TaskAgent {
        var agent = TaskAgent(Bench.identity("w1"), at: at(0))
        _ = agent.handle(.tick, at: at(0))
        _ = agent.handle(
            .message(.welcome(epoch: 1, session: 1, worker: WorkerID(0), heardSentAt: at(0))), at: at(1))
        _ = agent.handle(
            delivery([.launch(Launch(attempt: attempt, memoryBytes: 0, inputs: []))], heard: 0), at: at(2))
        return agent
    }

    static func heartbeats(_ actions: [AgentAction]) -> [Heartbeat] {
        actions.compactMap { if case .send(.heartbeat(let heartbeat)) = $0 { heartbeat } else { nil } }
    }

    @Test("registration is repeated unchanged each second until it is answered")
    func registration() {
        var agent = TaskAgent(Bench.identity("w1"), at: Self.at(0))
        for second in 0..<3 as Range<Int64> {
            let actions = agent.handle(.tick, at: Self.at(second * 1000))
            guard case .send(.register(let registration))? = actions.first else {
                return #expect(Bool(false))
            }
            #expect(registration.session == 1)
        }
        #expect(agent.handle(.tick, at: Self.at(2500)).isEmpty)
    }

    @Test("a command delivered twice runs once")
    func duplicates() {
        var agent = Self.busy()
        let again = Self.delivery(
            [.launch(Launch(attempt: Self.attempt, memoryBytes: 0, inputs: []))], heard: 0)
        _ = agent.handle(again, at: Self.at(3))
        #expect(agent.runningAttempts == [Self.attempt])
    }

    @Test("a report is sent at once and again with every heartbeat until it is seen")
    func retransmission() {
        var agent = Self.busy()
        let output = TaskOutput(attempt: Self.attempt)
        let now = agent.handle(.ended(Self.attempt, .completed(output)), at: Self.at(10))
        #expect(Self.heartbeats(now).map(\.reports) == [[.completed(output)]])
        let later = agent.handle(.tick, at: Self.at(1100))
        #expect(Self.heartbeats(later).map(\.reports) == [[.completed(output)]])
        _ = agent.handle(Self.delivery(first: 2, [], seen: 1, heard: 1100), at: Self.at(1101))
        #expect(Self.heartbeats(agent.handle(.tick, at: Self.at(2200))).map(\.reports) == [[]])
        #expect(agent.heldOutputs == [output])
    }

    @Test("an agent unanswered for 20 s stops its tasks before its lease of 30 s ends, and keeps its outputs")
    func fence() {
        var agent = Self.busy()
        #expect(!agent.handle(.tick, at: Self.at(19_999)).contains(.stop(Self.attempt)))
        let actions = agent.handle(.tick, at: Self.at(20_000))
        #expect(actions.contains(.stop(Self.attempt)))
        #expect(!agent.isRegistered)
        #expect(
            agent.handle(
                .ended(Self.attempt, .completed(TaskOutput(attempt: Self.attempt))), at: Self.at(20_001)
            )
            .contains(.drop(Self.attempt)))
    }

    @Test("commands of an older epoch are void, a newer epoch means registering anew")
    func epochs() {
        var agent = Self.busy()
        _ = agent.handle(Self.delivery(epoch: 0, first: 2, [.cancel(Self.attempt)], heard: 0), at: Self.at(5))
        #expect(agent.runningAttempts == [Self.attempt])
        let actions = agent.handle(Self.delivery(epoch: 2, [], heard: 0), at: Self.at(6))
        guard case .send(.register(let registration))? = actions.first else { return #expect(Bool(false)) }
        #expect(registration.session == 2)
        #expect(registration.running == [Self.attempt])
    }

    @Test("a failure that was never acknowledged comes along with the next registration")
    func carriedFailure() {
        var agent = Self.busy()
        let failure = TaskFailure.error(.system("DISK_FULL", "full"))
        _ = agent.handle(.ended(Self.attempt, .failed(failure)), at: Self.at(10))
        let actions = agent.handle(.message(.registerAgain(epoch: 2, session: 1)), at: Self.at(11))
        guard case .send(.register(let registration))? = actions.first else { return #expect(Bool(false)) }
        #expect(registration.reports == [.failed(Self.attempt, failure)])
    }

    @Test("draining is told in heartbeats, and release ends the worker")
    func drain() {
        var agent = Self.busy()
        _ = agent.handle(.drain, at: Self.at(10))
        #expect(Self.heartbeats(agent.handle(.tick, at: Self.at(1100))).map(\.isDraining) == [true])
        let actions = agent.handle(.message(.released(epoch: 1, session: 1)), at: Self.at(1200))
        #expect(actions.last == .leave)
    }

    @Test("a worker that is released deletes nothing: files that it wrote are yet to be published")
    func releaseKeepsFiles() {
        var agent = Self.busy()
        let output = TaskOutput(attempt: Self.attempt)
        _ = agent.handle(.ended(Self.attempt, .completed(output)), at: Self.at(10))
        _ = agent.handle(.drain, at: Self.at(20))
        #expect(agent.heldOutputs == [output])
        let actions = agent.handle(.message(.released(epoch: 1, session: 1)), at: Self.at(30))
        #expect(actions == [.leave])
    }

    @Test("a draining worker wakes when it hands tasks back and when its time is over, not a heartbeat later")
    func drainTimers() {
        func timer(_ actions: [AgentAction]) -> Instant? {
            actions.compactMap { if case .setTimer(let time) = $0 { time } else { nil } }.last
        }
        var agent = Self.busy()
        var now = Self.at(10)
        var actions = agent.handle(.drain, at: now)
        var stoppedAt: Instant?
        while actions.last != .leave, let next = timer(actions), now < Self.at(20_000) {
            now = next
            actions = agent.handle(.tick, at: now)
            if actions.contains(.stop(Self.attempt)) { stoppedAt = now }
        }
        #expect(stoppedAt == Self.at(6010))
        #expect(actions.last == .leave && now == Self.at(14_010))
    }

    @Test("one that is told to end while its registration is under way hears the answer, and is released")
    func drainWhileRegistering() {
        var agent = TaskAgent(Bench.identity("w1"), at: Self.at(0))
        _ = agent.handle(.tick, at: Self.at(0))
        #expect(!agent.handle(.drain, at: Self.at(10)).contains(.leave))
        let welcome = CoordinatorMessage.welcome(
            epoch: 1, session: 1, worker: WorkerID(0), heardSentAt: Self.at(0))
        _ = agent.handle(.message(welcome), at: Self.at(20))
        #expect(Self.heartbeats(agent.handle(.tick, at: Self.at(1100))).map(\.isDraining) == [true])
        let actions = agent.handle(.message(.released(epoch: 1, session: 1)), at: Self.at(1200))
        #expect(actions.last == .leave)
    }

    @Test("and leaves soon where nobody answers, at once where nothing was sent")
    func drainUnanswered() {
        var agent = TaskAgent(Bench.identity("w1"), at: Self.at(0))
        _ = agent.handle(.tick, at: Self.at(0))
        _ = agent.handle(.drain, at: Self.at(10))
        #expect(!agent.handle(.tick, at: Self.at(1010)).contains(.leave))
        #expect(agent.handle(.tick, at: Self.at(2010)).contains(.leave))
        var unheard = TaskAgent(Bench.identity("w2"), at: Self.at(0))
        #expect(unheard.handle(.drain, at: Self.at(10)) == [.leave])
    }
}
