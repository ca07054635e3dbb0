import Foundation
import Programs
import Testing

@Suite("A worker that is far slower than the others", .serialized)
struct SpeculationTests {
    @Test("its last task is run by another one as well, which wins, and its own attempt is cancelled")
    func slow() throws {
        let cluster = try TestCluster(workers: 2)
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.evenArguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let slow = cluster.workers[0]
        let address = try cluster.address(of: slow)
        let job = try cluster.start(ShuffleJob.evenArguments)
        let id = try cluster.jobID(of: job)
        func slowTask() throws -> TestCluster.Task? {
            try cluster.tasks(of: id).first {
                $0.stage == "0.1" && $0.state == "running" && $0.worker == address
            }
        }
        #expect(try eventually(within: 20) { try slowTask() != nil })
        let brake = Brake(slow.processID, milliseconds: 10)
        let stuck = try #require(try slowTask(), "it was done before the fault struck")
        let ended = try job.waited()
        let seen = try cluster.tasks(of: id)
        brake.end()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        let won = try #require(seen.first { $0.name == stuck.name })
        #expect(won.state == "succeeded" && won.worker != address, "\(seen)")
        #expect(seen.allSatisfy { $0.state == "succeeded" })
        // The loser's slot is free again, and nobody was taken for lost.
        #expect(try eventually(within: 10) { try cluster.metric("etl_slots_used") == 0 })
        #expect(eventually(within: 10) { slow.errorsSoFar.contains("task stopped") }, "\(slow.errorsSoFar)")
        #expect(try cluster.activeWorkers() == 2)
        let log = try cluster.submit(["logs", id]).output
        #expect(!log.contains("was lost"), "\(log)")
    }
}
