import Pipelines
import SeededRandom
import Testing
import Vocabulary

/// Plays schedules on simulated time, with crashes: the ledger is folded from its facts again.
@Suite("The ledger of scheduled runs")
struct LedgerTests {
    static let minute: Int64 = 60_000

    /// Plays a coordinator: facts, and time that goes on.
    struct Player {
        var facts: [PipelineFact] = []
        var ledger = PipelineLedger()
        var now: Int64

        mutating func keep(_ fact: PipelineFact) {
            facts.append(fact)
            ledger.apply(fact)
        }

        mutating func restart() {
            ledger = PipelineLedger()
            for fact in facts { ledger.apply(fact) }
        }

        /// Accepts what is due; runs end at once when `works`.
        mutating func look(works: Bool = true) {
            while let header = ledger.due(now: now) {
                keep(.accepted(header))
                if works { work() }
            }
        }

        /// Lets all runs that may begin work to their end.
        mutating func work() {
            while let id = ledger.startable(active: []).first {
                keep(.run(id: id, RunEntry(at: now, fact: .began(tables: [], steps: []))))
                keep(.run(id: id, RunEntry(at: now, fact: .ended(state: .succeeded, error: nil))))
                keep(.run(id: id, RunEntry(at: now, fact: .closed)))
            }
        }

        var intervals: [String] {
            ledger.order.compactMap { ledger.runs[$0]?.header }.map { CivilTime.text($0.intervalStart) }
        }
    }

    static func at(_ text: String) -> Int64 { Int64(CivilTime.parse(text) ?? 0) * minute }

    static func deployment(
        _ cron: String, start: String, catchup: Bool, maxActive: Int = 1, at: Int64 = 0
    ) -> Deployment {
        Deployment(
            name: "p", bundle: "b", vars: [:], conf: [:],
            schedule: ScheduleText(
                cron: cron, timezone: "UTC", start: CivilTime.parse(start), end: nil, catchup: catchup),
            maxActiveRuns: maxActive, deployedAt: at)
    }

    @Test("with catchup runs every missed interval once, whenever it is killed and started again")
    func catchup() {
        for seed in UInt64(1)...200 {
            var random = SplitMix(state: seed)
            var player = Player(now: Self.at("2024-01-03T05:30"))
            player.keep(.deployed(Self.deployment("0 0 * * *", start: "2024-01-01", catchup: true)))
            while player.now < Self.at("2024-01-12T00:30") {
                switch random.next() % 5 {
                case 0: player.restart()
                case 1: player.look(works: false)
                case 2: player.work()
                case 3:
                    player.keep(.deployed(Self.deployment("0 0 * * *", start: "2024-01-01", catchup: true)))
                default: player.now += Int64(random.next() % 3000) * Self.minute
                }
            }
            player.now = Self.at("2024-01-12T00:30")
            player.work()
            player.look()
            let days = (1...11).map { "2024-01-\($0 < 10 ? "0" : "")\($0)T00:00" }
            #expect(player.intervals == days, "seed \(seed)")
        }
    }

    @Test("without catchup runs the latest whole interval alone, and none twice")
    func latest() {
        var player = Player(now: Self.at("2024-01-10T12:00"))
        player.keep(.deployed(Self.deployment("0 0 * * *", start: "2024-01-01", catchup: false)))
        player.look()
        #expect(player.intervals == ["2024-01-09T00:00"])
        player.restart()
        player.look()
        #expect(player.intervals.count == 1)
        player.now = Self.at("2024-01-20T00:00")
        player.look()
        #expect(player.intervals == ["2024-01-09T00:00", "2024-01-19T00:00"])
    }

    @Test("a paused pipeline runs nothing; resumed, it makes up for it by catchup")
    func pause() {
        var player = Player(now: Self.at("2024-01-02T00:00"))
        player.keep(.deployed(Self.deployment("@hourly", start: "2024-01-01T22:00", catchup: true)))
        player.look()
        #expect(player.intervals == ["2024-01-01T22:00", "2024-01-01T23:00"])
        player.keep(.paused("p"))
        player.now = Self.at("2024-01-02T02:10")
        player.look()
        #expect(player.intervals.count == 2)
        player.restart()
        player.keep(.resumed("p", at: player.now))
        player.look()
        #expect(player.intervals.suffix(2) == ["2024-01-02T00:00", "2024-01-02T01:00"])
        // What was missed meanwhile is not late; what falls due from now on is due at its time.
        func due(_ place: Int) -> Int64? { player.ledger.runs[player.ledger.order[place]]?.header.dueAt }
        #expect(due(2) == player.now && due(3) == player.now)
        player.now = Self.at("2024-01-02T03:40")
        player.look()
        #expect(due(4) == Self.at("2024-01-02T03:00"))
    }

    @Test("max_active_runs holds for scheduled, backfilled and manual runs together")
    func atMost() {
        var player = Player(now: Self.at("2024-01-10T00:00"))
        player.keep(
            .deployed(Self.deployment("0 0 * * *", start: "2024-01-08", catchup: true, maxActive: 2)))
        player.look(works: false)
        #expect(player.ledger.open.count == 2)
        let days = player.ledger.backfill(
            "p", from: CivilTime.parse("2024-01-01") ?? 0, to: CivilTime.parse("2024-01-09") ?? 0, limit: 100,
            now: player.now)
        // 2024-01-08 is scheduled already.
        #expect(days.count == 7)
        for header in days { player.keep(.accepted(header)) }
        #expect(player.ledger.startable(active: []).count == 2)
        let first = player.ledger.open[0]
        #expect(player.ledger.startable(active: [first]).count == 1)
        player.work()
        player.look()
        #expect(Set(player.intervals).count == player.intervals.count)
        #expect(player.intervals.count == 9)
    }

    @Test("a retry begins when no other run is at work, and no later run before it")
    func alone() {
        var player = Player(now: 0)
        for (id, kind) in [("a", RunHeader.Kind.manual), ("b", .retry), ("c", .manual)] {
            player.keep(
                .accepted(
                    RunHeader(
                        id: id, pipeline: "p", kind: kind, acceptedAt: 0, intervalStart: 0, intervalEnd: 0,
                        kept: kind == .retry ? ["x"] : [], maxActiveRuns: 3)))
        }
        #expect(player.ledger.startable(active: []) == ["a"])
        #expect(player.ledger.startable(active: ["a"]).isEmpty)
        for fact in [RunFact.ended(state: .succeeded, error: nil), .closed] {
            player.keep(.run(id: "a", RunEntry(at: 0, fact: fact)))
        }
        #expect(player.ledger.startable(active: []) == ["b", "c"])
        #expect(player.ledger.startable(active: ["b"]) == ["c"])
    }

    @Test("a removed pipeline that is deployed again does not run its intervals again")
    func again() {
        var player = Player(now: Self.at("2024-01-05T00:00"))
        let deployment = Self.deployment("0 0 * * *", start: "2024-01-01", catchup: true)
        player.keep(.deployed(deployment))
        player.look()
        player.keep(.removed("p"))
        player.restart()
        player.look()
        player.keep(.deployed(deployment))
        player.look()
        #expect(player.intervals.count == 4)
    }

    @Test("says when to look again")
    func next() {
        var player = Player(now: Self.at("2024-01-05T00:10"))
        player.keep(.deployed(Self.deployment("*/15 * * * *", start: "2024-01-01", catchup: false)))
        player.look()
        #expect(player.ledger.nextDue(now: player.now) == Self.at("2024-01-05T00:15"))
        player.keep(.paused("p"))
        #expect(player.ledger.nextDue(now: player.now) == nil)
    }

    @Test("runs that were forgotten run no interval again, whatever crashes, and their facts are not missed")
    func forgotten() {
        var generator = SplitMix(state: 5)
        var player = Player(now: Self.at("2024-01-01"))
        player.keep(.deployed(Self.deployment("0 * * * *", start: "2024-01-01", catchup: true)))
        var accepted: [String] = []
        var forgotten = 0
        for hour in 0..<400 {
            player.now += 60 * Self.minute
            if generator.roll(20) == 0 {
                // A backfill may run what the schedule would.
                let from = Int(player.now / Self.minute)
                let headers = player.ledger.backfill(
                    "p", from: from, to: from + 60, limit: 9, now: player.now)
                for header in headers {
                    player.keep(.accepted(header))
                    accepted.append(header.id)
                }
                player.work()
            }
            while let header = player.ledger.due(now: player.now) {
                accepted.append(header.id)
                player.keep(.accepted(header))
                if generator.roll(8) > 0 { player.work() }
            }
            for id in player.ledger.forgettable(beyond: 5) {
                forgotten += 1
                player.ledger.forget(id)
                player.facts.removeAll { $0.run == id }
            }
            if generator.roll(4) == 0 { player.work() }
            let order = player.ledger.order
            if generator.roll(3) == 0 { player.restart() }
            #expect(player.ledger.order == order, "hour \(hour)")
            #expect(order.count < 12)
            #expect(player.ledger.nextInterval(of: "p", now: Int(player.now / Self.minute)) != nil)
        }
        #expect(forgotten > 150)
        #expect(Set(accepted).count == accepted.count, "an interval ran twice")
    }
}

extension PipelineFact {
    /// The run that the fact is about.
    fileprivate var run: String? {
        switch self {
        case .accepted(let header): header.id
        case .run(let id, _): id
        default: nil
        }
    }
}
