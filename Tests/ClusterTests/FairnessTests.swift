import Foundation
import Programs
import Testing

/// Gives one small worker more jobs than it can run at once.
@Suite("A hundred jobs on one worker", .serialized)
struct FairnessTests {
    private static let count = 99

    @Test("all of them end while a long one goes on, each with its own rows, and no process dies")
    func hundred() throws {
        let cluster = try TestCluster(workers: 1, slots: 2, memory: "128m")
        defer { cluster.stop() }
        // Has more tasks than all the others together, and was there before them.
        let long = try cluster.start(ShuffleJob.slowArguments)
        let longID = try cluster.jobID(of: long)
        #expect(try eventually(within: 30) { try cluster.metric("etl_slots_used") > 0 })
        var ids: [String] = []
        for number in 0..<Self.count {
            let sql =
                "SELECT count(*) AS n, sum(id % \(number + 2)) AS s, "
                + "max(length(repeat('x', 10 + \(number)))) AS m FROM range(0, 20000, 1, 2)"
            let submitted = try cluster.submit(["run", "--detach", "-e", sql, "--name", "small-\(number)"])
            #expect(submitted.status == 0, "\(submitted.errors)")
            ids.append(submitted.output.trimmingCharacters(in: .whitespacesAndNewlines))
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
}
