import Testing
import Vocabulary

@testable import Execution

/// What connectors keep open for a job goes with the job, or with its coordinator's log.
@Suite("What a worker holds for jobs")
struct JobHoldsTests {
    /// Stands for an open connection.
    private final class Connection: Sendable {}

    private static func attempt(job: Int, epoch: UInt32) -> AttemptID {
        let stage = StageKey(job: JobID(job), statement: 0, stage: StageID(0))
        return AttemptID(task: TaskID(stage: stage, index: 0), epoch: epoch, number: 1)
    }

    /// Adds a connection and returns a look at whether it is still open.
    private static func open(_ holds: JobHolds, job: Int, epoch: UInt32) -> () -> Bool {
        let connection = Connection()
        holds.add(connection, for: attempt(job: job, epoch: epoch))
        return { [weak connection] in connection != nil }
    }

    /// Waits until a connection is closed, for a few seconds; objects go on a thread of their own.
    private static func closes(_ isOpen: () -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if !isOpen() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test("a job's end closes what it holds, and no other job's")
    func jobEnds() async throws {
        let holds = JobHolds()
        let first = Self.open(holds, job: 0, epoch: 5)
        let second = Self.open(holds, job: 1, epoch: 5)
        holds.drop(JobID(0))
        #expect(try await Self.closes(first))
        #expect(second())
    }

    @Test("a lost log closes what all its jobs hold, and what its attempts still open; later ones are held")
    func lostLog() async throws {
        let holds = JobHolds()
        let before = [Self.open(holds, job: 0, epoch: 5), Self.open(holds, job: 7, epoch: 4)]
        holds.dropAll(running: [Self.attempt(job: 0, epoch: 5)])
        for isOpen in before { #expect(try await Self.closes(isOpen)) }
        // An attempt that has yet to stop opens another one: nobody would end its job.
        let late = Self.open(holds, job: 0, epoch: 5)
        #expect(try await Self.closes(late))
        let new = Self.open(holds, job: 0, epoch: 4101)
        #expect(new())
        holds.drop(JobID(0))
        #expect(try await Self.closes(new))
    }
}
