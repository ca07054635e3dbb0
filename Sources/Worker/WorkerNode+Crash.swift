import Scheduling
import Vocabulary

// The last words of a worker that has crashed, so that it takes the task that it crashed over along, and no
// other:
//
//     trap ─▶ takes no more work ─▶ that attempt failed, the others stop ─▶ 1.5 s later: the process ends
//
// The coordinator tries a task again that failed so, once, on another worker; the second time its job fails.
// The others run again elsewhere, and it does not count. What the coordinator does not hear of counts as for
// any worker that dies.
extension WorkerNode {
    /// How long a worker that has crashed stays, to say farewell.
    package static let farewellMilliseconds = 1_500

    /// Tells the coordinator what the process has crashed over. The thread that did never comes back.
    package func crashed(in work: CrashReport.Work?) {
        if hasCrashed { return }
        hasCrashed = true
        handle(.drain)
        guard case .running(let attempt)? = work, running.removeValue(forKey: attempt) != nil else { return }
        handle(.ended(attempt, .failed(.crash)))
        for other in running.values { other.cancel() }
    }
}
