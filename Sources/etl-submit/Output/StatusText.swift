import Protocol
import Vocabulary

/// Renders what the status commands print.
enum StatusText {
    /// Returns a job with its stages below.
    static func job(_ job: JobStatus, stages: [StageStatus]) -> String {
        var lines = ["\(job.id)  \(job.name)  \(job.state.rawValue)  submitted \(job.submittedAt)"]
        if let finished = job.finishedAt { lines[0] += "  finished \(finished)" }
        if let queue = job.queue, queue != "default" { lines[0] += "  queue \(queue)" }
        if job.state == .queued, let why = job.why { lines.append("  " + why) }
        for stage in stages {
            let text = StageLine.text(stage, pace: StageLine.Pace(of: stage, after: nil), width: 120)
            lines.append("  \(stage.state)  " + text)
        }
        if let error = job.error { lines.append(error.engineError.description) }
        return lines.joined(separator: "\n")
    }

    /// Returns one line a job.
    static func list(_ jobs: [JobStatus]) -> String {
        columns(
            [["ID", "NAME", "STATE", "PROGRESS", "SUBMITTED"]]
                + jobs.map {
                    [$0.id, $0.name, $0.state.rawValue, "\(Int($0.progress * 100)) %", $0.submittedAt]
                })
    }

    /// Returns the cluster and one line a worker.
    static func cluster(_ cluster: ClusterStatus, workers: [WorkerStatus]) -> String {
        let head =
            "Millrace \(cluster.version): \(Counted.text(cluster.workers, "worker")), "
            + "\(cluster.slots.used) of \(Counted.text(cluster.slots.total, "slot")) in use, "
            + "\(Counted.text(cluster.queuedTasks, "task")) queued, "
            + "\(Counted.text(cluster.runningJobs, "job")) running, \(cluster.queuedJobs) queued"
        if workers.isEmpty { return head }
        let rows = workers.map {
            [
                $0.id, $0.address, $0.pause.map { "no tasks: \($0)" } ?? $0.state,
                "\($0.slots.used)/\($0.slots.total)",
                "\(ByteSize.format($0.memory.used))/\(ByteSize.format($0.memory.total))",
                ByteSize.format($0.shuffleBytes),
            ]
        }
        return head + "\n" + columns([["WORKER", "ADDRESS", "STATE", "SLOTS", "MEMORY", "SHUFFLE"]] + rows)
    }

    /// Returns rows of cells with each column padded to its widest.
    static func columns(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
