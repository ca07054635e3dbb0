import Vocabulary

/// Says what a worker process is and has; fixed during one life of the process.
package struct WorkerIdentity: Sendable, Hashable {
    /// `host:port` under which other workers fetch from it; one live worker an address.
    package var address: String
    /// Differs in every life of a process and grows at an address: the time of its
    /// start, then random bits.
    package var incarnation: UInt64
    /// The worker's protocol version.
    package var version: UInt32
    package var slots: Int
    package var memoryBytes: Int

    package init(address: String, incarnation: UInt64, version: UInt32, slots: Int, memoryBytes: Int) {
        self.address = address
        self.incarnation = incarnation
        self.version = version
        self.slots = slots
        self.memoryBytes = memoryBytes
    }
}

/// Names a worker's life as the worker itself can.
package struct WorkerLife: Sendable, Hashable {
    package var address: String
    package var incarnation: UInt64

    package init(address: String, incarnation: UInt64) {
        self.address = address
        self.incarnation = incarnation
    }
}

extension WorkerIdentity {
    /// The version of this build's workers.
    /// 2: adopts outputs of workers that leave; tells of a full disk.
    /// 3: writes outputs to shared storage, and reads them there.
    /// 4: tells how many parts of files a task skipped.
    /// 5: tells the epoch that it knows, and is told of a new log.
    /// 6: reads outputs of others with the token of their job; tells the number of the log that it knows.
    /// 7: tells of a long inventory in parts.
    package static let currentVersion: UInt32 = 7
    /// The first version whose workers know of tokens.
    package static let tokenVersion: UInt32 = 6

    package var life: WorkerLife { WorkerLife(address: address, incarnation: incarnation) }
}
