import Foundation
import Programs
import Testing

/// Sets the wall clocks of running processes: leases, timers and deadlines go by monotonic time.
@Suite("A cluster whose clocks are set by an hour in the middle of a job", .serialized)
struct ClockTests {
    @Test("nobody is taken for lost, nothing runs twice, and the rows are the same")
    func jumps() throws {
        let cluster = try TestCluster(workers: 2, hasClocks: true)
        defer { cluster.stop() }
        let clocks = try #require(cluster.clocks)
        let expected = try cluster.submit(ShuffleJob.evenArguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let job = try cluster.start(ShuffleJob.evenArguments)
        let id = try cluster.jobID(of: job)
        func hasDone(_ count: Int) throws -> Bool {
            try eventually(within: 40) {
                try cluster.tasks(of: id).count { $0.state == "succeeded" } >= count
            }
        }
        // Apart from each other, then the other way about.
        for (count, worker, coordinator) in [(1, 1, -1), (3, -1, 1)] {
            #expect(try hasDone(count))
            try clocks.workers.set(hours: worker)
            try clocks.coordinator.set(hours: coordinator)
            #expect(job.isRunning, "it was done before the fault struck")
            #expect(try Self.hours(ofCoordinator: cluster, id) == coordinator)
        }
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output && !ended.output.isEmpty)
        for hours in [1, -1] {
            #expect(cluster.workers.contains { Self.lines(of: $0, ahead: hours) > 0 }, "\(hours) h")
        }
        #expect(try cluster.tasks(of: id).allSatisfy { $0.state == "succeeded" && $0.attempts == 1 })
        #expect(try cluster.metric("etl_task_retries_total") == 0)
        #expect(try cluster.activeWorkers() == 2)
        let log = try cluster.submit(["logs", id]).output
        #expect(!log.contains("was lost"), "\(log)")
        // A coordinator that starts again takes up its log, whose times are not in order.
        try cluster.killCoordinator()
        try clocks.coordinator.set(hours: -1)
        try cluster.startCoordinator()
        try cluster.awaitWorkers(2)
        #expect(try cluster.submit(["wait", id, "--output", "csv"]).output == expected.output)
        #expect(try cluster.submit(ShuffleJob.evenArguments).output == expected.output)
    }

    /// Hours by which the coordinator's clock is ahead, as its answers tell.
    private static func hours(ofCoordinator cluster: TestCluster, _ job: String) throws -> Int {
        struct Timeline: Decodable { var until: Double }
        let text = try cluster.get("/api/v1/jobs/\(job)/timeline")
        let until = try JSONDecoder().decode(Timeline.self, from: Data(text.utf8)).until / 1000
        return Int(((until - Date().timeIntervalSince1970) / 3600).rounded())
    }

    /// Lines of a process's log that a clock wrote which is so many hours ahead.
    private static func lines(of program: StartedProgram, ahead hours: Int) -> Int {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return program.errorsSoFar.split(separator: "\n").count { line in
            guard let time = try? Date(String(line.prefix { $0 != " " }), strategy: style)
            else { return false }
            return Int((time.timeIntervalSinceNow / 3600).rounded()) == hours
        }
    }
}
