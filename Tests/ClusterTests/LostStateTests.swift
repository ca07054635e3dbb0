import Foundation
import Programs
import Testing

/// Takes the coordinator's state away while its workers run tasks, and sets its clock back: they know a later
/// coordinator than the one that they find.
@Suite("A coordinator that has lost its state, and whose clock is behind", .serialized)
struct LostStateTests {
    @Test("takes over the workers that outlived the state at once, and runs jobs with the rows of before")
    func takesOver() throws {
        let cluster = try TestCluster(workers: 2, hasClocks: true)
        defer { cluster.stop() }
        let clocks = try #require(cluster.clocks)
        let expected = try cluster.submit(ShuffleJob.evenArguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let lost = try cluster.start(ShuffleJob.evenArguments)
        let id = try cluster.jobID(of: lost)
        let runs = try eventually(within: 40) {
            try cluster.tasks(of: id).contains { $0.state == "succeeded" }
        }
        #expect(runs && lost.isRunning, "the job was over before the fault struck")
        try cluster.killCoordinator()
        lost.send(SIGKILL)
        try FileManager.default.removeItem(atPath: cluster.file("state"))
        try clocks.coordinator.set(hours: -1)
        try cluster.startCoordinator()
        // Long before the workers would stop their tasks because nobody answers.
        let begin = ContinuousClock.now
        try cluster.awaitWorkers(2)
        #expect(ContinuousClock.now - begin < .seconds(17))
        #expect(cluster.workers.allSatisfy { $0.isRunning })
        #expect(cluster.coordinator?.errorsSoFar.contains("whose state was another one") == true)
        let again = try cluster.submit(ShuffleJob.evenArguments)
        #expect(again.status == 0 && again.output == expected.output, "\(again.errors)")
        // The epoch that was raised is durable: the next start goes on from it.
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        try cluster.awaitWorkers(2)
        #expect(try cluster.submit(ShuffleJob.evenArguments).output == expected.output)
    }
}
