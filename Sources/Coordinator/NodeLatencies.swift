import Protocol
import Scheduling
import Vocabulary

/// Measures how long what the coordinator sees and does takes, since its start.
struct NodeLatencies {
    private var tasks = LatencyHistogram()
    private var jobs: [String: LatencyHistogram] = [:]
    var planning = LatencyHistogram()
    var commits = LatencyHistogram()
    var appends = LatencyHistogram()

    /// Counts the tasks and jobs that ended with these facts; `isPart` says of a job that it is a part of a
    /// pipeline's run, which counts as one.
    mutating func observe(_ facts: [Fact], _ ledger: Ledger, isPart: (JobID) -> Bool) {
        for fact in facts {
            switch fact {
            case .taskCompleted(let output): tasks.observe(Double(output.counters.milliseconds) / 1000)
            case .jobEnded(let job, let outcome, let at) where !isPart(job):
                let name =
                    switch outcome {
                    case .succeeded: "succeeded"
                    case .failed: "failed"
                    case .cancelled: "cancelled"
                    }
                jobEnded(name, at - ledger.jobs[job.index].acceptedMilliseconds)
            default: break
            }
        }
    }

    /// Counts a job, or a pipeline's run, by how it ended.
    mutating func jobEnded(_ outcome: String, _ milliseconds: Int64) {
        jobs[outcome, default: LatencyHistogram()].observe(Double(max(0, milliseconds)) / 1000)
    }

    var families: [LatencyFamily] {
        [
            LatencyFamily("etl_task_seconds", "How long tasks that succeeded ran.", [("", tasks)]),
            LatencyFamily(
                "etl_job_seconds", "From a job's acceptance to its end.",
                ["succeeded", "failed", "cancelled"].map {
                    ("outcome=\"\($0)\"", jobs[$0] ?? LatencyHistogram())
                }),
            LatencyFamily("etl_planning_seconds", "How long statements were planned.", [("", planning)]),
            LatencyFamily("etl_commit_seconds", "How long statements were published.", [("", commits)]),
            LatencyFamily(
                "etl_log_append_seconds", "How long facts took to become durable.", [("", appends)]),
        ]
    }
}
