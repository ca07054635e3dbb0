import Memory
import Protocol
import Web
import Worker

#if canImport(Glibc)
    import Glibc
#endif

/// Shows a worker to Prometheus. Names begin with `etl_worker_`, so that sums over a cluster do not count
/// what the coordinator tells of all workers together.
enum WorkerMetrics {
    static func text(_ activity: WorkerActivity, spill: String) -> MetricsText {
        var text = MetricsText()
        text.gauge("etl_tasks_running", "Attempts that run here now.", [("", activity.running)])
        text.gauge(
            "etl_worker_state", "1 for the state that the worker is in.",
            ["registering", "active", "draining"].map {
                ("state=\"\($0)\"", $0 == activity.state ? 1 : 0)
            })
        text.gauge("etl_worker_slots", "Tasks that may run here at once.", [("", activity.slots)])
        text.gauge(
            "etl_worker_memory_limit_bytes", "Memory that tasks may use.",
            [("", activity.memoryLimitBytes)])
        text.gauge(
            "etl_worker_memory_used_bytes", "Memory that tasks and outputs use.",
            [("", activity.memoryUsedBytes)])
        text.gauge(
            "etl_worker_shuffle_held_bytes", "Outputs of tasks that are held for their readers.",
            [("", activity.shuffleBytes)])
        if let free = freeBytes(at: spill) {
            text.gauge(
                "etl_worker_spill_free_bytes", "Space left in the directory for spills.",
                [("", min(free, SpillQuota.process.freeBytes))])
        }
        let counters = activity.counters
        text.counter("etl_worker_rows_read_total", "Rows that tasks here read.", counters.rowsIn)
        text.counter("etl_worker_rows_written_total", "Rows that tasks here wrote.", counters.rowsOut)
        text.counter("etl_worker_bytes_read_total", "Bytes that tasks here read.", counters.bytesIn)
        text.counter(
            "etl_worker_bytes_written_total", "Bytes that tasks here wrote, for shuffles and to files.",
            counters.bytesOut)
        text.counter("etl_worker_spill_bytes_total", "Bytes that tasks here spilled.", counters.spillBytes)
        text.histograms(
            LatencyFamily(
                "etl_worker_task_seconds", "How long attempts took, by how they ended; _count counts them.",
                AttemptOutcome.allCases.map { outcome in
                    ("outcome=\"\(outcome.rawValue)\"", activity.durations[outcome] ?? LatencyHistogram())
                }))
        return text
    }

    private static func freeBytes(at directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
