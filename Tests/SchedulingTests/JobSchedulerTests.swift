import Testing
import Vocabulary

@testable import Scheduling

@Suite("The job scheduler")
struct JobSchedulerTests {
    @Test("stages run when their producers are complete, then the winners are published")
    func happyPath() throws {
        var bench = Bench()
        bench.join("w1")
        bench.run(mapReduce)
        #expect(bench.launches.map(\.launch.attempt.task.stage.stage.rawValue) == [0, 0])
        bench.finish()
        #expect(bench.launches.count == 1)
        bench.finish()
        let reduce = try #require(bench.launches.first).launch
        #expect(reduce.inputs[0].outputs.map(\.attempt.task.index) == [0, 1])
        bench.finish()
        #expect(bench.commit?.outputs.map(\.attempt) == [reduce.attempt])
        #expect(bench.outcome == nil)
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded)
    }

    @Test("progress counts the statements that have tasks, each by those that are done")
    func fraction() {
        var bench = Bench()
        bench.join("w1")
        bench.handle(
            .submit(JobHeader(externalID: "x", digest: [1], name: "n", statementCount: 3)))
        // A view, then two statements of two tasks.
        bench.handle(.statementPlanned(JobID(0), statement: 0, stages: []))
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.scheduler.progress(of: JobID(0))?.fraction == 0)
        let stages = [StageSpec(id: StageID(0), taskCount: 2, output: .files)]
        bench.handle(.statementPlanned(JobID(0), statement: 1, stages: stages))
        bench.finish()
        #expect(bench.scheduler.progress(of: JobID(0))?.fraction == 0.25)
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 1))
        #expect(bench.scheduler.progress(of: JobID(0))?.fraction == 0.5)
        bench.handle(.statementPlanned(JobID(0), statement: 2, stages: stages))
        bench.finish()
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 2))
        #expect(bench.scheduler.progress(of: JobID(0))?.fraction == 1)
    }

    @Test("the same id with the same payload is the same job, with another a conflict")
    func idempotentSubmission() {
        var bench = Bench()
        var header = JobHeader(externalID: "x", digest: [1], name: "n", statementCount: 1)
        bench.handle(.submit(header))
        bench.handle(.submit(header))
        #expect(bench.last.actions.contains(.submitted(JobID(0), isNew: false)))
        #expect(bench.last.facts.isEmpty)
        header.digest = [2]
        bench.handle(.submit(header))
        guard case .refused(let error)? = bench.last.actions.first else { return #expect(Bool(false)) }
        #expect(error.code == "JOB_ID_CONFLICT")
    }

    @Test("a worker that joins in mid-job gets tasks at once")
    func joinMidJob() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: 3, output: .files)])
        #expect(bench.launches.count == 1)
        bench.join("w2", slots: 2)
        #expect(bench.launches.map(\.life.address) == ["w1", "w2", "w2"])
    }

    @Test("two jobs share the slots alike")
    func fairness() {
        var bench = Bench()
        bench.run([StageSpec(id: StageID(0), taskCount: 9, output: .files)], id: "a")
        bench.run([StageSpec(id: StageID(0), taskCount: 9, output: .files)], id: "b")
        bench.join("w1", slots: 6)
        #expect(bench.launches.count { $0.launch.attempt.task.stage.job == JobID(0) } == 3)
    }

    @Test("a user error ends the job at once, a system error is tried on another worker")
    func blame() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.join("w2", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        let first = bench.launches[0].life
        bench.now += 700
        bench.finish { .failed($0, .error(.system("DISK_FULL", "full"))) }
        #expect(bench.launches[0].life != first)
        let failed = bench.scheduler.failures(of: JobID(0)).map(\.record)
        #expect(failed.map { $0.endedMilliseconds - $0.startedMilliseconds } == [700])
        // What a restart folds says the same.
        #expect(Bench(log: bench.log).scheduler.failures(of: JobID(0)).map(\.record) == failed)
        #expect(bench.scheduler.failures(of: JobID(0), since: .max).isEmpty)
        bench.finish { .failed($0, .error(.user("DIVIDE_BY_ZERO", "no"))) }
        #expect(bench.outcome == .failed(.user("DIVIDE_BY_ZERO", "no")))
    }

    @Test("a poison task ends its job after four attempts on two workers")
    func poison() throws {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.join("w2", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        for attempt in 1...4 {
            #expect(bench.outcome == nil, "after \(attempt - 1)")
            bench.finish { .failed($0, .error(.system("DISK_FULL", "full"))) }
        }
        guard case .failed(let error)? = bench.outcome else { return #expect(Bool(false)) }
        #expect(error.message.contains("4 attempts on 2 workers"))
    }

    @Test("a fetch failure runs just the lost producer again, then the reader")
    func fetchFailure() {
        var bench = Bench()
        bench.join("w1")
        bench.run(mapReduce)
        let lost = bench.launches[1].launch.attempt
        bench.finish()
        bench.finish()
        bench.finish { .failed($0, .fetchFailed(producer: lost, .system("FETCH_FAILED", "gone"))) }
        #expect(bench.launches.map(\.launch.attempt.task) == [lost.task])
        bench.finish()
        #expect(bench.launches.map(\.launch.attempt.task.stage.stage) == [StageID(1)])
    }

    @Test("a lost worker takes running tasks and needed outputs, and nothing else, with it")
    func workerLoss() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.join("w2", slots: 1)
        bench.run(mapReduce)
        bench.finish()
        bench.finish()
        let reader = bench.launches[0].life.address
        let other = reader == "w1" ? "w2" : "w1"
        bench.launches = []
        bench.join(other, incarnation: 2, slots: 1)
        #expect(bench.launches.map(\.launch.attempt.task.stage.stage) == [StageID(0)])
        #expect(bench.last.facts.contains(.workerLost(WorkerID(other == "w1" ? 0 : 1), .replaced)))
    }

    @Test("a worker unheard for a lease is lost")
    func lease() {
        var bench = Bench()
        bench.join("w1")
        bench.now += 29_999
        bench.handle(.tick)
        #expect(bench.last.facts.isEmpty)
        bench.now += 1
        bench.handle(.tick)
        #expect(bench.last.facts == [.workerLost(WorkerID(0), .leaseExpired)])
    }

    @Test("late, doubled and unknown messages are ignored with their reason")
    func ignored() {
        var bench = Bench()
        bench.join("w1", session: 3)
        bench.run([StageSpec(id: StageID(0), taskCount: 2, output: .files)])
        let attempt = bench.launches[0].launch.attempt
        let life = WorkerLife(address: "w1", incarnation: 1)
        bench.beat("w1", session: 3, first: 1, [.completed(TaskOutput(attempt: attempt))])
        bench.beat("w1", session: 3, first: 1, [.completed(TaskOutput(attempt: attempt))])
        #expect(bench.last.ignored == [.duplicateReports(life, 1)])
        bench.beat("w1", session: 3, first: 9, [.stopped(attempt)])
        #expect(bench.last.ignored == [.missingReports(life, before: 9)])
        bench.beat("w1", session: 2)
        #expect(bench.last.ignored == [.staleSession(life, 2)])
        bench.beat("w1", session: 3, first: 2, [.completed(TaskOutput(attempt: attempt))])
        #expect(bench.last.facts.isEmpty)
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.last.ignored == [.notAwaited(JobID(0), statement: 0)])
        bench.handle(.cancel(JobID(9)))
        #expect(bench.last.ignored == [.unknownJob(JobID(9))])
    }

    @Test("cancelling stops the tasks, cleans up, and frees slots only when the worker says so")
    func cancel() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        bench.handle(.cancel(JobID(0)))
        #expect(bench.outcome == .cancelled)
        #expect(bench.cancels == [bench.launches[0].launch.attempt])
        #expect(bench.cleanings == [])
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)], id: "b")
        #expect(bench.launches.count == 1)
        bench.finish { .stopped($0) }
        #expect(bench.cleanings == [.clean(JobID(0), statement: 0)])
        #expect(bench.launches.map(\.launch.attempt.task.stage.job) == [JobID(1)])
    }

    @Test("a slow task gets a second attempt, and the first to finish wins")
    func speculation() {
        var bench = Bench()
        bench.join("w1", slots: 3)
        bench.join("w2", slots: 3)
        bench.run([StageSpec(id: StageID(0), taskCount: 4, output: .files)])
        bench.now += 1000
        for _ in 0..<3 { bench.finish() }
        bench.now += 3000
        bench.handle(.tick)
        #expect(bench.launches.count == 1)
        bench.now += 2000
        bench.handle(.tick)
        #expect(bench.launches.count == 2)
        #expect(bench.launches[0].life != bench.launches[1].life)
        let slow = bench.launches[0].launch.attempt
        bench.launches.reverse()
        bench.finish()
        #expect(bench.cancels == [slow])
        #expect(bench.commit?.outputs.count == 4)
    }

    @Test("an adaptive stage asks for a new plan with its sizes before its readers start")
    func replan() {
        var stages = mapReduce
        stages[0].isAdaptive = true
        stages[1].taskCount = 4
        var bench = Bench()
        bench.join("w1")
        bench.run(stages)
        for _ in 0..<2 { bench.finish { .completed(TaskOutput(attempt: $0, partitionBytes: [1, 2, 3, 4])) } }
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        #expect(bench.last.actions.contains(.replan(key)))
        let first = bench.scheduler.ledger.jobs[0].statements[0].stages[0]
        let outputs = first.tasks.map(\.output?.partitionBytes)
        #expect(outputs == [[1, 2, 3, 4], [1, 2, 3, 4]])
        #expect(bench.launches.isEmpty)
        stages[1].taskCount = 1
        bench.handle(.replanned(key, stages: [stages[1]]))
        #expect(bench.launches.count == 1)
        bench.finish()
        #expect(bench.commit != nil)
    }

    @Test("a drained worker gets nothing new and is released when nothing on it is needed")
    func drain() {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.run([StageSpec(id: StageID(0), taskCount: 3, output: .files)])
        bench.beat("w1", draining: true)
        bench.finish()
        #expect(bench.launches.count == 1)
        bench.finish()
        #expect(bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
        #expect(bench.launches.isEmpty)
    }

    @Test("a worker of another version is refused with a clear error")
    func version() {
        var bench = Bench()
        bench.join("w1", version: 9)
        guard case .reply(_, .refused(_, _, let error))? = bench.last.actions.first else {
            return #expect(Bool(false))
        }
        #expect(error.code == "UNSUPPORTED_WORKER_VERSION")
        #expect(bench.last.facts.isEmpty)
    }

    @Test("results stay on the workers until fetched or for one hour")
    func results() {
        var bench = Bench()
        bench.join("w1")
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .result)])
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 0))
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        #expect(bench.scheduler.ledger.jobs[0].retainedStage == key)
        for _ in 0..<359 {
            bench.now += 10_000
            bench.beat("w1")
            bench.handle(.tick)
        }
        #expect(bench.scheduler.ledger.jobs[0].retainedStage == key)
        bench.now += 10_000
        bench.beat("w1")
        bench.handle(.tick)
        #expect(bench.last.facts == [.resultsReleased(JobID(0))])
    }

    @Test("results that were sent stay for a client that lost its connection, and no longer")
    func sentResults() {
        var bench = Bench()
        bench.join("w1")
        for job in 0..<2 {
            bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .result)], id: "job\(job)")
            bench.finish()
            bench.handle(.committed(JobID(job), statement: 0))
        }
        bench.handle(.resultsSent(JobID(1)))
        #expect(bench.last.facts == [.resultsSent(JobID(1))])
        bench.now += 4_000
        bench.handle(.resultsSent(JobID(1)))
        #expect(bench.last.facts.isEmpty)
        bench.now += 1_000
        bench.handle(.tick)
        #expect(bench.last.facts == [.resultsReleased(JobID(1))])
        #expect(bench.scheduler.ledger.jobs[0].retainedStage != nil)
    }

    @Test("a coordinator that dies right after it sent results does not keep them for another hour")
    func sentBeforeDeath() {
        var before = Bench()
        before.join("w1")
        for job in 0..<2 {
            before.run([StageSpec(id: StageID(0), taskCount: 1, output: .result)], id: "job\(job)")
            before.finish()
            before.handle(.committed(JobID(job), statement: 0))
        }
        before.handle(.resultsSent(JobID(1)))
        var bench = Bench(log: before.log)
        bench.now += bench.scheduler.settings.sentResultMilliseconds - 1
        bench.handle(.tick)
        #expect(bench.last.facts.isEmpty, "the client may ask again")
        bench.now += 1
        bench.handle(.tick)
        #expect(bench.last.facts == [.resultsReleased(JobID(1))])
        #expect(bench.scheduler.ledger.jobs[0].retainedStage != nil)
    }
}
