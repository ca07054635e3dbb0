import Protocol
import Testing
import Vocabulary

@testable import Coordinator

/// Asks a coordinator about runs and jobs, of which none ends.
@Suite("Runs beside jobs")
struct PipelineHostTests {
    /// Lists all, page by page.
    private func pages(_ bench: HostBench, of limit: Int) async throws -> [String] {
        var query = JobQuery(limit: limit)
        var found: [String] = []
        while true {
            let page = try await bench.host.jobs(query)
            found += page.jobs.map(\.id)
            guard let next = page.next else { return found }
            #expect(page.jobs.count == limit && page.jobs.last?.id == next)
            query.after = next
        }
    }

    @Test(
        "are listed with them newest first, the same by pages of any size, also when the clock was set back")
    func list() async throws {
        let bench = try await HostBench()
        let digest = try await bench.store(try bench.bundle("p"))
        var submitted: [String] = []
        // Stretches of each kind, several at the same time, and an hour back in the middle.
        for (place, isRun) in "rrjjrjrrrjjjrj".map({ $0 == "r" }).enumerated() {
            if place % 3 != 0 { bench.clock.move(by: 1000) }
            if place == 8 { bench.clock.move(by: -3_600_000) }
            let job =
                try await isRun
                ? bench.run(digest) : bench.host.submit(JobRequest(sql: "SELECT max(id) FROM range(0, 9)"))
            submitted.append(job.id)
        }
        let whole = try await bench.host.jobs(JobQuery(limit: 1000))
        #expect(whole.next == nil && whole.jobs.count == submitted.count)
        let ids = whole.jobs.map(\.id)
        #expect(Set(ids) == Set(submitted))
        // Before the clock was set back the order is that of submission, but for those of the same time.
        let early = ids.filter { submitted[..<8].contains($0) }
        let times = early.compactMap { id in whole.jobs.first { $0.id == id }?.submittedAt }
        #expect(times == times.sorted(by: >))
        for limit in [1, 2, 3, 5, 13, 14, 15] {
            #expect(try await pages(bench, of: limit) == ids, "pages of \(limit)")
        }
        let unfinished = try await bench.host.jobs(JobQuery(states: [.succeeded], limit: 5))
        #expect(unfinished.jobs.isEmpty && unfinished.next == nil)
        await #expect(throws: (any Error).self) { try await bench.host.jobs(JobQuery(after: "nobody")) }
    }

    @Test("one that waits for another says for which, and goes on where another bundle is sent")
    func waits() async throws {
        let bench = try await HostBench()
        let digest = try await bench.store(try bench.bundle("p", maxActiveRuns: 1))
        let first = try await bench.run(digest)
        let second = try await bench.run(digest)
        let line = "Waits for run \(first.id) of the pipeline: max_active_runs is 1."
        #expect(try await bench.host.job(second.id).why == line)
        #expect(try await bench.host.logs(second.id, from: 0).map(\.message) == ["accepted"])
        let wanted = PipelineRequest(bundle: digest, retryOf: second.id)
        await #expect {
            try await bench.host.submit(JobRequest(sql: "", pipeline: wanted))
        } throws: {
            ($0 as? EngineError)?.code == "JOB_NOT_FINISHED"
        }
        _ = try await bench.host.cancel(second.id)
        let retried = try await bench.host.submit(JobRequest(sql: "", pipeline: wanted))
        let run = try await bench.host.run(retried.id)
        #expect(run.kind == "retry" && run.retryOf == second.id)
        let other = PipelineRequest(
            bundle: try await bench.store(try bench.bundle("q")), retryOf: second.id)
        await #expect {
            try await bench.host.submit(JobRequest(sql: "", pipeline: other))
        } throws: {
            ($0 as? EngineError)?.message.contains("The files are of the pipeline q") == true
        }
    }

    @Test("whose etl.yml is wrong name it as its user does, not as the coordinator keeps it")
    func place() async throws {
        let bench = try await HostBench()
        for extra in ["vars: {a: [1}\n", "unknown: 1\n"] {
            let digest = try await bench.store(try bench.bundle("p", extra: extra))
            await #expect {
                try await bench.run(digest)
            } throws: {
                ($0 as? EngineError)?.location?.file == "etl.yml"
            }
        }
    }

    @Test("count once: the jobs of their steps are parts of them")
    func counts() async throws {
        let bench = try await HostBench()
        let run = try await bench.run(try await bench.store(try bench.bundle("p")))
        #expect(try await bench.eventually { await bench.node.stepJobs == 1 })
        let job = try await bench.host.submit(JobRequest(sql: "SELECT max(id) FROM range(0, 9)"))
        #expect(
            try await bench.eventually {
                let state = try await bench.host.job(job.id).state
                return try await bench.host.job(run.id).state == .running && state != .succeeded
            })
        let step = try #require(try await bench.host.run(run.id).steps.first)
        let part = try await bench.host.job(try #require(step.jobs?.first))
        #expect(step.jobs?.count == 1 && part.parent == run.id && part.step == step.name)
        #expect(try await bench.host.job(run.id).why?.hasPrefix("Step a (transform) is at work") == true)
        let cluster = try await bench.host.cluster()
        #expect(cluster.runningJobs + cluster.queuedJobs == 2, "\(cluster)")
        _ = try await bench.host.cancel(run.id)
        #expect(try await bench.eventually { await bench.host.ledger.open.isEmpty })
        let jobs = try #require(await bench.node.latencies().first { $0.name == "etl_job_seconds" })
        let ended = jobs.samples.map { $0.histogram.counts.reduce(0, +) }
        #expect(ended == [0, 0, 1], "the run alone, as cancelled")
    }
}

/// Submits pipelines that would have the coordinator call servers.
@Suite("Calls of a coordinator for pipelines")
struct OutsideRulesTests {
    static let calls = [
        "alerts: [{on: [failure], webhook: {url: \"https://chat.example.org/hook?secret\"}}]\n",
        "metrics: {openlineage: \"http://127.0.0.1:5000\"}\n",
        "alerts: [{on: [failure], email: {to: a@b.org, connection: m}}]\n"
            + "connections: {m: {uri: \"smtp://mail.example.org:587\"}}\n",
    ]

    @Test("are refused before the run is accepted unless --allow-http names the server", arguments: calls)
    func refused(_ call: String) async throws {
        let origins = ["https://chat.example.org", "http://127.0.0.1:5000", "smtp://mail.example.org:587"]
        for (allowed, isAllowed) in [([], false), (["https://other.example.org"], false), (origins, true)] {
            let bench = try await HostBench(allowed: allowed)
            let digest = try await bench.store(
                try bench.bundle("p", extra: call + "schedule: \"0 0 1 1 *\"\nstart_date: 2030-01-01\n"))
            if isAllowed {
                _ = try await bench.run(digest)
                _ = try await bench.host.deploy("p", DeployRequest(bundle: digest))
                continue
            }
            func isRefusal(_ error: any Error) -> Bool {
                guard let error = error as? EngineError else { return false }
                let text = "\(error) \(error.remedy ?? "")"
                // etl.yml has two lines before, and two of the schedule behind.
                let hasPlace = error.location?.file == "etl.yml" && error.location?.line == 3
                return error.code == "HTTP_NOT_ALLOWED" && hasPlace && text.contains("on the coordinator")
                    && !text.contains("secret")
            }
            await #expect { try await bench.run(digest) } throws: { isRefusal($0) }
            await #expect {
                try await bench.host.deploy("p", DeployRequest(bundle: digest))
            } throws: {
                isRefusal($0)
            }
            #expect(try await bench.host.jobs(JobQuery()).jobs.isEmpty)
        }
    }
}

extension CoordinatorNode {
    /// How many jobs are those of steps.
    fileprivate var stepJobs: Int { books.values.count { $0.request.parent != nil } }
}
