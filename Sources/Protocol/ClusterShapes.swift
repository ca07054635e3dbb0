/// Says how a worker stands.
package struct WorkerStatus: Codable, Sendable, Hashable {
    /// Counts what there is of something and how much of it is in use.
    package struct Share: Codable, Sendable, Hashable {
        package var total: Int
        package var used: Int

        package init(total: Int, used: Int) {
            self.total = total
            self.used = used
        }
    }

    package var id: String
    package var address: String
    /// `active`, `draining` or `lost`.
    package var state: String
    package var slots: Share
    package var memory: Share
    package var shuffleBytes: Int
    /// Why it gets no tasks although it stays: `diskFull` or `quarantine`; nil when it does.
    package var pause: String?

    package init(
        id: String, address: String, state: String, slots: Share, memory: Share, shuffleBytes: Int,
        pause: String? = nil
    ) {
        self.id = id
        self.address = address
        self.state = state
        self.slots = slots
        self.memory = memory
        self.shuffleBytes = shuffleBytes
        self.pause = pause
    }
}

/// Says how the cluster stands as a whole.
package struct ClusterStatus: Codable, Sendable, Hashable {
    package var version: String
    /// Counts the coordinator's starts on its state.
    package var epoch: Int
    package var workers: Int
    package var slots: WorkerStatus.Share
    package var queuedTasks: Int
    package var runningJobs: Int
    package var queuedJobs: Int

    package init(
        version: String, epoch: Int, workers: Int, slots: WorkerStatus.Share, queuedTasks: Int,
        runningJobs: Int,
        queuedJobs: Int
    ) {
        self.version = version
        self.epoch = epoch
        self.workers = workers
        self.slots = slots
        self.queuedTasks = queuedTasks
        self.runningJobs = runningJobs
        self.queuedJobs = queuedJobs
    }
}

/// Describes an error on the wire: RFC 9457 problem details, with the engine's fields beside.
package struct Problem: Codable, Sendable, Hashable {
    package var type: String
    package var title: String
    package var status: Int
    package var detail: String
    package var error: JobFailure

    package init(type: String, title: String, status: Int, detail: String, error: JobFailure) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.error = error
    }
}
