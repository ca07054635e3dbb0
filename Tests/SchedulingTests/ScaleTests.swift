import Testing
import Vocabulary

@testable import Scheduling

#if canImport(Glibc)
    import Glibc
#endif

/// Holds that the scheduler's cost for a task depends neither on the number of tasks nor on that of workers.
/// Times are processor time of this thread, the better of two runs, so that other work on the machine counts
/// little.
@Suite("Scheduling at scale", .serialized) struct ScaleTests {
    /// A cluster whose workers finish each launch at their next heartbeat.
    struct Load {
        private var scheduler = JobScheduler()
        private var now: Int64 = 1000
        private var seen: [UInt64]
        private var reported: [UInt64]
        private var running: [[AttemptID]]
        private var busy: [Int] = []
        private(set) var eventCount = 0
        private(set) var commits = 0
        private var places: [String: Int] = [:]

        init(workers: Int, slots: Int) {
            seen = Array(repeating: 0, count: workers)
            reported = seen
            running = Array(repeating: [], count: workers)
            handle(.started)
            for worker in 0..<workers {
                let identity = Bench.identity("w\(worker)", slots: slots)
                places[identity.life.address] = worker
                handle(
                    .message(
                        .register(
                            Registration(
                                identity: identity, session: 1, sentAt: Instant(milliseconds: now),
                                isDraining: false, running: [], outputs: [], reports: []))))
            }
        }

        private mutating func handle(_ event: Event) {
            eventCount += 1
            let moment = Moment(monotonic: Instant(milliseconds: now), wallMilliseconds: now)
            let decision = scheduler.handle(event, at: moment)
            for action in decision.actions {
                switch action {
                case .send(_, let life, .deliver(let delivery)): take(delivery, places[life.address] ?? 0)
                case .commit: commits += 1
                default: break
                }
            }
        }

        private mutating func take(_ delivery: Delivery, _ worker: Int) {
            for (offset, command) in delivery.commands.enumerated() {
                let number = delivery.firstCommand + UInt64(offset)
                guard number > seen[worker] else { continue }
                seen[worker] = number
                if case .launch(let launch) = command {
                    if running[worker].isEmpty { busy.append(worker) }
                    running[worker].append(launch.attempt)
                }
            }
        }

        /// Runs a job of `stages` to its commit.
        mutating func run(_ stages: [StageSpec]) {
            handle(.submit(JobHeader(externalID: "a", digest: [1], name: "a", statementCount: 1)))
            handle(.statementPlanned(JobID(0), statement: 0, stages: stages))
            while commits == 0, !busy.isEmpty {
                let round = busy
                busy = []
                for worker in round {
                    now += 1
                    let reports = running[worker].map {
                        Report.completed(TaskOutput(attempt: $0, partitionBytes: []))
                    }
                    running[worker] = []
                    reported[worker] += UInt64(reports.count)
                    handle(
                        .message(
                            .heartbeat(
                                Heartbeat(
                                    life: WorkerLife(address: "w\(worker)", incarnation: 1), session: 1,
                                    sentAt: Instant(milliseconds: now), isDraining: false,
                                    commandsSeen: seen[worker],
                                    firstReport: reported[worker] - UInt64(reports.count) + 1,
                                    reports: reports, progress: [], usedMemoryBytes: 0, shuffleBytes: 0))))
                }
            }
        }
    }

    private static func seconds(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        body()
        return now() - start
    }

    /// Microseconds per task of a job of one stage.
    private static func cost(tasks: Int, workers: Int, slots: Int) -> Double {
        var best = Double.infinity
        for _ in 0..<2 {
            var load = Load(workers: workers, slots: slots)
            let taken = seconds { load.run([StageSpec(id: StageID(0), taskCount: tasks, output: .files)]) }
            #expect(load.commits == 1)
            best = min(best, taken * 1e6 / Double(tasks))
        }
        return best
    }

    @Test("a task costs as much in a job of 200,000 tasks as in one of 20,000")
    func tasks() {
        let few = Self.cost(tasks: 20_000, workers: 100, slots: 4)
        let many = Self.cost(tasks: 200_000, workers: 100, slots: 4)
        print("per task: \(few) µs of 20,000, \(many) µs of 200,000")
        #expect(many < 3 * few, "\(few) µs, \(many) µs")
    }

    @Test("a task costs about as much on 10,000 workers as on 50")
    func workers() {
        let few = Self.cost(tasks: 20_000, workers: 50, slots: 1)
        let many = Self.cost(tasks: 100_000, workers: 10_000, slots: 1)
        print("per task: \(few) µs on 50 workers, \(many) µs on 10,000")
        #expect(many < 6 * few, "\(few) µs, \(many) µs")
    }

    @Test("what is kept of a task takes at most 300 bytes beside the sizes of its partitions")
    func memory() {
        // The record, its place in the queue, its time, and the attempt while it runs.
        let bytes = MemoryLayout<TaskRecord>.stride + 4 + 8 + MemoryLayout<RunningAttempt>.stride
        #expect(bytes <= 300, "\(bytes)")
    }

    /// The table of docs/benchmarks.md: `MILLRACE_SCALE=1 swift test … --filter ScaleTests`.
    @Test("costs of jobs from 10,000 to 1,000,000 tasks on 10 to 10,000 workers", .enabled(if: Self.isTable))
    func table() {
        for workers in [10, 100, 1_000, 10_000] {
            let costs = [10_000, 100_000, 1_000_000].map { Self.cost(tasks: $0, workers: workers, slots: 1) }
            print(
                "| \(workers) | \(costs.map { "\((($0 * 100).rounded()) / 100)" }.joined(separator: " | ")) |"
            )
        }
    }

    private static let isTable = getenv("MILLRACE_SCALE") != nil
}
