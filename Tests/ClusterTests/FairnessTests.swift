import Foundation
import Programs
import Testing

/// Gives one small worker more jobs than it can run at once.
@Suite("A hundred jobs on one worker", .serialized)
struct FairnessTests {
    private static let count = 99

    /// Submits a job over REST, without a process of `etl-submit` for each, and returns its id.
    private static func post(
        _ sql: String, _ name: String, to cluster: TestCluster, queue: String? = nil
    ) throws -> String {
        struct Job: Codable {
            var id: String?
            var sql: String?
            var name: String?
            var conf: [String: String]?
        }
        let job = Job(sql: sql, name: name, conf: queue.map { ["spark.scheduler.pool": $0] })
        let body = String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
        let answer = try cluster.get(
            "/api/v1/jobs", ["-H", "content-type: application/json", "-d", body])
        guard let id = try? JSONDecoder().decode(Job.self, from: Data(answer.utf8)).id else {
            throw TestCluster.Failure(what: "it was not accepted: \(answer)")
        }
        return id
    }

    @Test("all of them end while a long one goes on, each with its own rows, and no process dies")
    func hundred() throws {
        let cluster = try TestCluster(workers: 1, slots: 2, memory: "128m")
        defer { cluster.stop() }
        // Has more to do than all the others together, and was there before them.
        let long = try cluster.start(ShuffleJob.manyArguments)
        let longID = try cluster.jobID(of: long)
        #expect(try eventually(within: 30) { try cluster.metric("etl_slots_used") > 0 })
        var ids: [String] = []
        for number in 0..<Self.count {
            let sql =
                "SELECT count(*) AS n, sum(id % \(number + 2)) AS s, "
                + "max(length(repeat('x', 10 + \(number)))) AS m FROM range(0, 20000, 1, 2)"
            ids.append(try Self.post(sql, "small-\(number)", to: cluster))
        }
        #expect(Set(ids).count == Self.count)
        var open = Set(ids)
        let allEnded = try eventually(within: 120) {
            let list = try cluster.get("/api/v1/jobs?limit=500&state=queued,running")
            open = open.filter { list.contains($0) }
            return open.isEmpty
        }
        #expect(allEnded, "\(open.count) jobs did not end")
        #expect(long.isRunning, "the long job was too short")
        for number in [0, 49, 98] {
            let rows = try cluster.submit(["wait", ids[number], "--output", "csv"])
            let sum = (0..<20000).reduce(0) { $0 + $1 % (number + 2) }
            #expect(rows.output == "n,s,m\n20000,\(sum),\(10 + number)\n", "\(rows.errors)")
        }
        let states = try cluster.get("/api/v1/jobs?limit=500&state=failed,cancelled")
        #expect(!ids.contains { states.contains($0) })
        _ = try cluster.submit(["cancel", longID])
        #expect(try long.waited().status == 1)
        #expect(cluster.workers.allSatisfy { $0.isRunning } && cluster.coordinator?.isRunning == true)
    }

    @Test("a hundred jobs at once in two queues: so many run as may, shares follow the weights, nobody dies")
    func queues() throws {
        let cluster = try TestCluster(
            workers: 1, slots: 2, memory: "128m",
            coordinatorFlags: [
                "--queues", "heavy=3", "light=1", "--max-running-jobs", "20", "--max-jobs", "100",
            ])
        defer { cluster.stop() }
        // A bit of a second in each task, and more in all than this test waits for.
        let sql = "SELECT sum(sin(id) * cos(id)) AS s FROM range(0, 960000000, 1, 240)"
        func submit(_ number: Int, _ queue: String) throws -> ProgramRun {
            try cluster.submit(
                ["run", "--detach", "-e", sql, "--name", "\(queue)-\(number)", "--queue", queue])
        }
        var ids: [String: [String]] = [:]
        for number in 0..<50 {
            for queue in ["heavy", "light"] {
                let id = try Self.post(sql, "\(queue)-\(number)", to: cluster, queue: queue)
                ids[queue, default: []].append(id)
            }
        }
        try expectRefusals(cluster, submit)
        let waiting = try cluster.submit(["status", ids["light"]?.last ?? ""]).output
        #expect(waiting.contains("Waits for its turn: 20 jobs run, at most 20."), "\(waiting)")
        #expect(waiting.contains("queue light"))
        let begin = try slotSeconds(cluster, ids)
        var end = begin
        // Shares are right to a task or two: on a slow machine, where each takes longer, all of it does.
        let isEnough = try eventually(within: 120) {
            end = try slotSeconds(cluster, ids)
            return end.heavy + end.light - begin.heavy - begin.light > max(12, 24 * end.longest)
        }
        let (heavy, light) = (end.heavy - begin.heavy, end.light - begin.light)
        #expect(isEnough && heavy > 0 && light > 0)
        // Within a slot of three quarters of two slots, and nearer than that.
        #expect((0.62...0.88).contains(heavy / (heavy + light)), "\(heavy) s and \(light) s")
        for id in ids.values.flatMap({ $0 }) { _ = try cluster.get("/api/v1/jobs/\(id)", ["-X", "DELETE"]) }
        #expect(
            try eventually(within: 30) {
                try !cluster.get("/api/v1/jobs?limit=500&state=queued,running").contains(#""id""#)
            })
        let failed = try cluster.get("/api/v1/jobs?limit=500&state=failed")
        #expect(!failed.contains(#""id""#), "\(failed)")
        #expect(cluster.workers.allSatisfy { $0.isRunning } && cluster.coordinator?.isRunning == true)
    }

    /// One job too many is told so, and may come later; a queue that there is not is named.
    private func expectRefusals(
        _ cluster: TestCluster, _ submit: (Int, String) throws -> ProgramRun
    ) throws {
        let refused = try submit(100, "light")
        #expect(refused.status == 1, "\(refused.errors)")
        #expect(refused.errors.contains("[TOO_MANY_JOBS]") && refused.errors.contains("at most 100"))
        let answer = try cluster.get(
            "/api/v1/jobs",
            ["-i", "-H", "content-type: application/json", "-d", #"{"sql":"SELECT 1"}"#])
        #expect(answer.contains("429"), "\(answer)")
        #expect(answer.lowercased().contains("retry-after: 5"), "\(answer)")
        let unknown = try submit(101, "lihgt")
        #expect(unknown.status != 0 && unknown.errors.contains("[UNKNOWN_QUEUE]"), "\(unknown.errors)")
    }

    /// Slot time that tasks of each queue's jobs have had, and that of the longest.
    private func slotSeconds(
        _ cluster: TestCluster, _ ids: [String: [String]]
    ) throws -> (heavy: Double, light: Double, longest: Double) {
        struct Tasks: Decodable {
            struct Task: Decodable { var seconds: Double? }
            var tasks: [Task]
        }
        struct Jobs: Decodable {
            struct Job: Decodable { var id: String }
            var jobs: [Job]
        }
        let list = try cluster.get("/api/v1/jobs?limit=500&state=running,succeeded")
        let begun = Set(try JSONDecoder().decode(Jobs.self, from: Data(list.utf8)).jobs.map(\.id))
        var longest = 0.0
        func sum(_ queue: String) throws -> Double {
            try (ids[queue] ?? []).filter(begun.contains).reduce(0) { sum, id in
                let text = try cluster.get("/api/v1/jobs/\(id)/tasks")
                let tasks = try JSONDecoder().decode(Tasks.self, from: Data(text.utf8)).tasks
                longest = max(longest, tasks.compactMap(\.seconds).max() ?? 0)
                return sum + tasks.reduce(0) { $0 + ($1.seconds ?? 0) }
            }
        }
        let (heavy, light) = (try sum("heavy"), try sum("light"))
        return (heavy, light, longest)
    }
}
