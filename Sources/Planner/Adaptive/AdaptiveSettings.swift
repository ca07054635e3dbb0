import Plans
import Vocabulary

/// Holds what a session says of planning again between stages, under Spark's names.
struct AdaptiveSettings {
    static let enabled = "spark.sql.adaptive.enabled"
    static let coalesce = "spark.sql.adaptive.coalescePartitions.enabled"
    static let skewJoin = "spark.sql.adaptive.skewJoin.enabled"
    static let advisorySize = "spark.sql.adaptive.advisoryPartitionSizeInBytes"
    static let skewFactor = "spark.sql.adaptive.skewJoin.skewedPartitionFactor"
    static let skewSize = "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes"

    static let switches = [enabled, coalesce, skewJoin]
    static let sizes = [advisorySize, skewSize]

    var isEnabled: Bool
    /// Whether tasks may read several partitions. A number of partitions that the session sets is kept,
    /// unless it says so itself.
    var coalesces: Bool
    var splitsSkew: Bool
    /// Bytes that a task should read, as they travel.
    var advisoryBytes: Int
    /// A partition is skewed that is so many times as large as the median, …
    var skewFactor: Double
    /// … and larger than this.
    var skewBytes: Int
    /// Bytes up to which a side of a join is read whole by every task; 0 or less: never.
    var broadcastBytes: Int
    /// Bytes that a broadcast may turn out to have, as they travel.
    var mostBroadcastBytes: Int {
        let (bytes, isBeyond) = broadcastBytes.multipliedReportingOverflow(by: Self.broadcastTolerance)
        return isBeyond ? .max : max(0, bytes)
    }

    /// A broadcast is moved otherwise when it is so many times as large as one may be.
    private static let broadcastTolerance = 4

    init(_ settings: SessionSettings) {
        func isOn(_ name: String) -> Bool? { settings.options[name].map { $0.lowercased() == "true" } }
        func bytes(_ name: String) -> Int? { settings.options[name].flatMap { ByteSize.parse($0) } }
        isEnabled = isOn(Self.enabled) ?? true
        coalesces = isOn(Self.coalesce) ?? (settings.shufflePartitions == 0)
        splitsSkew = isOn(Self.skewJoin) ?? true
        advisoryBytes = max(1, bytes(Self.advisorySize) ?? TaskSizing.maximumTaskBytes / 2)
        skewFactor = settings.options[Self.skewFactor].flatMap(Double.init) ?? 5
        skewBytes = bytes(Self.skewSize) ?? TaskSizing.maximumTaskBytes / 2
        broadcastBytes = settings.broadcastBytes
    }
}
