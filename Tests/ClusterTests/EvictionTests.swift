import Foundation
import Programs
import Testing

/// Evicts a worker as Kubernetes does: SIGTERM, and SIGKILL fifteen seconds later.
@Suite("A worker that is evicted while it runs a long task", .serialized)
struct EvictionTests {
    @Test("it hands the task back and leaves before it would be killed, and what it had finished stays done")
    func eviction() throws {
        let cluster = try TestCluster(workers: 3)
        defer { cluster.stop() }
        let job = try cluster.start(ShuffleJob.skewedArguments)
        let id = try cluster.jobID(of: job)
        let scans = "0.1"
        // The short tasks are done, and two workers are at the long ones.
        let isLong = try eventually(within: 40) {
            let tasks = try cluster.tasks(of: id).filter { $0.stage == scans }
            return tasks.count == 6 && tasks.count { $0.state == "succeeded" } == 4
        }
        #expect(isLong)
        let before = try cluster.tasks(of: id)
        let long = try #require(before.last { $0.stage == scans && $0.state == "running" })
        let place = try cluster.workers.firstIndex { try cluster.address(of: $0) == long.worker }
        let evicted = cluster.workers[try #require(place)]
        // However fast the machine is, the task takes longer than a worker that leaves waits for it.
        let brake = Brake(evicted.processID, milliseconds: 50)
        evicted.send(SIGTERM)
        let began = ContinuousClock.now
        let hasLeft = promptly(within: 15) { !evicted.isRunning }
        let stayed = ContinuousClock.now - began
        brake.end()
        evicted.send(SIGKILL)
        #expect(hasLeft && stayed < .seconds(15))
        // Before six seconds it hoped to finish the task.
        #expect(stayed > .seconds(5), "it left after \(stayed): its task was not long enough for the test")
        #expect(try evicted.waited().status == 0)
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        let after = try cluster.tasks(of: id)
        let again = try #require(after.first { $0.name == long.name })
        #expect(again.state == "succeeded" && again.worker != long.worker)
        let told = evicted.errorsSoFar
        #expect(told.contains("task stopped"), "it handed nothing back: \(told)")
        let done = before.filter { $0.state == "succeeded" }
        #expect(done.contains { $0.worker == long.worker }, "it had finished nothing")
        for task in done {
            let now = after.first { $0.name == task.name }
            #expect(now?.attempts == 1, "\(task.name) ran again")
        }
        let expected = try cluster.submit(ShuffleJob.skewedArguments)
        #expect(ended.output == expected.output && !ended.output.isEmpty)
    }
}
