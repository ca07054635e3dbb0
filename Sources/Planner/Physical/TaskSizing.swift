import Plans
import Vocabulary

/// Decides how many tasks share a piece of work. Small work stays in one task, where no exchange is needed;
/// large work gets tasks enough for every slot, and none that reads more than `maximumTaskBytes`.
struct TaskSizing {
    let cluster: ClusterFacts
    let settings: SessionSettings

    /// Most bytes that one task should read, unless `spark.sql.files.maxPartitionBytes` says otherwise.
    static let maximumTaskBytes = 128 << 20
    /// Encoded bytes below which a second task of a scan does not pay for its exchange: a few milliseconds of
    /// decoding.
    static let minimumTaskBytes = 1 << 20
    /// Least bytes of a text file that are a split of their own.
    static let minimumSplitBytes = 4 << 20
    /// Below this the rows of an exchange stay in one partition.
    static let minimumExchangeBytes = 512 << 10
    /// Most partitions of an exchange, unless there are more slots.
    static let maximumPartitions = 4096
    /// Tasks per slot in a scan, so that slots that finish early find more.
    static let tasksPerSlot = 2

    /// Most bytes that one task should read here.
    private var scanBytes: Int {
        settings.options[SettingNames.scanBytes].flatMap { ByteSize.parse($0) } ?? Self.maximumTaskBytes
    }

    /// Returns the number of tasks for scans of `splits` splits with `byteCount` bytes in all.
    func scanTasks(splits: Int, byteCount: Int) -> Int {
        let scanBytes = scanBytes
        let forSize = byteCount / scanBytes + (byteCount % scanBytes == 0 ? 0 : 1)
        let forSlots = min(cluster.slots * Self.tasksPerSlot, byteCount / Self.minimumTaskBytes)
        return max(1, min(splits, max(forSize, forSlots)))
    }

    /// Returns the number of partitions of a hash or range exchange of about `byteCount` bytes.
    func partitions(byteCount: Double) -> Int {
        if settings.shufflePartitions > 0 { return settings.shufflePartitions }
        let bounded = min(max(0, byteCount), 1e15)
        let forSize = Int(bounded / Double(Self.maximumTaskBytes / 2)) + 1
        if bounded < Double(Self.minimumExchangeBytes) { return 1 }
        // Whole rounds: three even partitions on two slots take as long as four.
        let slots = max(1, cluster.slots)
        return min((forSize + slots - 1) / slots * slots, max(Self.maximumPartitions, slots))
    }

    /// Bytes of a text file that one split covers.
    func splitBytes(total: Int) -> Int {
        let forSlots = total / (cluster.slots * Self.tasksPerSlot)
        return min(scanBytes, max(Self.minimumSplitBytes, forSlots))
    }
}
