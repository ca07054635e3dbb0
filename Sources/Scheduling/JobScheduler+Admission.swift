import Vocabulary

// Admission: so many jobs are accepted, and so many of them run at once; the others are queued.
//
//     submit ──▶ accepted, or refused when too many have not ended
//                   │ queued: waits for its turn
//                   ▼ a place is free: of the queue with fewest jobs for its weight, the oldest
//                admitted ──▶ planned, run, committed … ──▶ ended: its place is free
//
// No fact tells of it: after a restart the jobs that have a planned statement have begun, and the others wait
// as they did.
extension JobScheduler {
    /// Says why a new job cannot be accepted now, or nil when it can.
    ///
    /// `isPart`: the job is part of a run that was accepted, so that it is not counted against the bound.
    package func refusal(isPart: Bool = false, pool: String) -> EngineError? {
        if !settings.queueWeights.isEmpty, settings.queueWeights[pool] == nil {
            let names = settings.queueWeights.keys.sorted().joined(separator: ", ")
            return .user(
                "UNKNOWN_QUEUE", "The cluster has no queue of this name: \(pool)",
                remedy: "Its queues are: \(names). Name one with --queue, or have it added with --queues "
                    + "on the coordinator.")
        }
        if isPart || ledger.liveJobs.count < settings.acceptedJobs { return nil }
        return .system(
            "TOO_MANY_JOBS",
            "The cluster takes no more jobs now: \(ledger.liveJobs.count) have not ended, and it takes at "
                + "most \(settings.acceptedJobs)",
            remedy: "Submit the job again when others have ended; --max-jobs on the coordinator sets the "
                + "bound.")
    }

    /// Says how many jobs run, and how many may, of a job that waits for its turn; nil of any other.
    package func turn(of job: JobID) -> (running: Int, most: Int)? {
        guard waiting.contains(job) else { return nil }
        return (admitted.count, settings.runningJobs)
    }

    /// Counts the attempts that run for a live job, those being cancelled too.
    package func runningCount(of job: JobID) -> Int {
        runtimes[job.index]?.runningCount ?? 0
    }

    /// Queues that are known at once, as long as no more have jobs: any name is one where none are given.
    static let queueLimit = 256

    /// Returns the queue's place, known from then on until it is idle and another one needs its place.
    mutating func queue(named name: String) -> Int {
        if let place = queuePlaces[name] { return place }
        let queue = QueueRuntime(name: name, share: FairShare(weight: settings.queueWeights[name] ?? 1))
        let place = queues.count < Self.queueLimit ? queues.count : idleQueue() ?? queues.count
        if place == queues.count {
            queues.append(queue)
        } else {
            queuePlaces[queues[place].name] = nil
            queues[place] = queue
        }
        queuePlaces[name] = place
        return place
    }

    /// Finds a queue without a job that has begun, and without a task of one that has ended. What it had is
    /// forgotten, as it nearly is while it has nothing to launch.
    private func idleQueue() -> Int? {
        queues.firstIndex { $0.admittedCount == 0 && $0.share.running == 0 }
    }

    /// Lets a job begin that has not; it gives its place back at its end.
    mutating func admit(_ job: JobID) {
        guard let runtime = runtimes[job.index], runtime.queue == nil else { return }
        let queue = queue(named: ledger.jobs[job.index].header.pool)
        runtimes[job.index]?.queue = queue
        admitted.insert(job, at: admitted.firstIndex { $0 > job } ?? admitted.count)
        queues[queue].admittedCount += 1
    }

    /// Has a job wait for its turn, in the order of acceptance.
    mutating func wait(_ job: JobID) {
        if waiting.contains(job) { return }
        waiting.insert(job, at: waiting.firstIndex { $0 > job } ?? waiting.count)
    }

    /// Gives a job's place to others, at its end.
    mutating func leavePlace(of job: JobID) {
        if let queue = runtimes[job.index]?.queue {
            admitted.removeAll { $0 == job }
            queues[queue].admittedCount -= 1
        } else {
            waiting.removeAll { $0 == job }
        }
    }

    /// Lets the next waiting job begin, if one may, and returns it.
    mutating func admitNext() -> JobID? {
        guard admitted.count < settings.runningJobs, let first = waiting.first else { return nil }
        var chosen = first
        var least: (jobs: Int, weight: Int)?
        var seen: Set<Int> = []
        for job in waiting {
            let place = queue(named: ledger.jobs[job.index].header.pool)
            // The oldest of each queue stands for it.
            guard seen.insert(place).inserted else { continue }
            let (jobs, weight) = (queues[place].admittedCount, Int(queues[place].share.weight))
            if let least, jobs * least.weight >= least.jobs * weight { continue }
            (chosen, least) = (job, (jobs, weight))
        }
        waiting.removeAll { $0 == chosen }
        admit(chosen)
        return chosen
    }
}
