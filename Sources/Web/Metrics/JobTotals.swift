import Protocol

/// Sums what jobs did, for the metrics; ended jobs are asked once, so that the sums cost little and only
/// grow.
actor JobTotals {
    private struct Sums {
        var shuffleBytes = 0
        var spillBytes = 0
        var rows = 0
        var bytes = 0
        var retries = 0
        var tasksDone = 0
        var tasksRunning = 0

        mutating func add(_ stage: StageStatus) {
            shuffleBytes += stage.shuffleBytes
            spillBytes += stage.spillBytes
            rows += stage.rowsIn
            bytes += stage.bytesIn
            retries += stage.tasks.retried ?? 0
            tasksDone += stage.tasks.done
            tasksRunning += stage.tasks.running
        }

        mutating func add(_ other: Sums) {
            shuffleBytes += other.shuffleBytes
            spillBytes += other.spillBytes
            rows += other.rows
            bytes += other.bytes
            retries += other.retries
            tasksDone += other.tasksDone
            tasksRunning += other.tasksRunning
        }
    }

    private var ended: [String: Sums] = [:]

    /// Returns the coordinator's metrics.
    func metrics(of service: any JobService) async throws -> MetricsText {
        let cluster = try await service.cluster()
        let workers = try await service.workers()
        let jobs = try await service.jobs(all: true)
        var sums = Sums()
        for job in jobs where ended[job.id] == nil {
            // A job may be forgotten between the two questions.
            guard let stages = try? await service.stages(job.id) else { continue }
            var own = Sums()
            for stage in stages { own.add(stage) }
            if job.state.isEnd {
                own.tasksRunning = 0
                ended[job.id] = own
            } else {
                sums.add(own)
            }
        }
        for own in ended.values { sums.add(own) }
        return render(cluster, workers, jobs, sums)
    }

    private func render(
        _ cluster: ClusterStatus, _ workers: [WorkerStatus], _ jobs: [JobStatus], _ sums: Sums
    ) -> MetricsText {
        var text = MetricsText()
        text.gauge(
            "etl_tasks_queued", "Tasks that wait for a slot; a job that waits for its turn counts as one.",
            [("", cluster.queuedTasks)])
        text.gauge("etl_tasks_running", "Tasks that run.", [("", sums.tasksRunning)])
        text.gauge("etl_slots_total", "Slots of all active workers.", [("", cluster.slots.total)])
        text.gauge("etl_slots_used", "Slots in use.", [("", cluster.slots.used)])
        let states = ["active", "draining", "lost"]
        text.gauge(
            "etl_workers", "Workers by state.",
            states.map { state in ("state=\"\(state)\"", workers.count { $0.state == state }) })
        let jobStates: [JobState] = [.queued, .running, .succeeded, .failed, .cancelled]
        text.gauge(
            "etl_jobs", "Jobs by state.",
            jobStates.map { state in ("state=\"\(state.rawValue)\"", jobs.count { $0.state == state }) })
        text.gauge("etl_coordinator_epoch", "Starts of the coordinator on its state.", [("", cluster.epoch)])
        text.counter("etl_shuffle_bytes_total", "Bytes that tasks wrote for shuffles.", sums.shuffleBytes)
        text.counter("etl_spill_bytes_total", "Bytes that operators spilled.", sums.spillBytes)
        text.counter("etl_rows_read_total", "Rows that stages read.", sums.rows)
        text.counter("etl_bytes_read_total", "Bytes that stages read.", sums.bytes)
        text.counter("etl_tasks_done_total", "Tasks that succeeded.", sums.tasksDone)
        text.counter(
            "etl_task_retries_total",
            "Attempts beyond each task's first, after a failure or the loss of its output.", sums.retries)
        return text
    }
}
