import Plans
import Vocabulary

/// Decides how many tasks share a piece of work. Small work stays in one task, where no exchange is needed;
/// large
/// work gets tasks enough for every slot, and none that reads more than `maximumTaskBytes`.
struct TaskSizing {
    let cluster: ClusterFacts
    let settings: SessionSettings

    /// Most bytes that one task should read, unless `spark.sql.files.maxPartitionBytes` says otherwise.
    static let maximumTaskBytes = 128 << 20
    /// Below this a second task does not pay for its exchange.
    static let minimumTaskBytes = 4 << 20
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
        if bounded < Double(Self.minimumTaskBytes) / 8 { return 1 }
        return min(max(forSize, cluster.slots), 4096)
    }

    /// Bytes of a text file that one split covers.
    func splitBytes(total: Int) -> Int {
        let forSlots = total / (cluster.slots * Self.tasksPerSlot)
        return min(scanBytes, max(Self.minimumTaskBytes, forSlots))
    }
}
