/// Carries what a statement's meaning depends on beside its text; part of every plan.
package struct SessionSettings: Hashable, Sendable {
    /// Spark's ANSI mode: overflow, bad casts and division by zero are errors.
    package var ansi: Bool
    /// Identifier of the zone in which instants are shown and parsed.
    package var timeZone: String
    /// `now()` of the statement, microseconds since 1970 UTC.
    package var nowMicroseconds: Int64
    /// Partitions of a hash exchange (`spark.sql.shuffle.partitions`); 0: chosen from the size and the slots.
    package var shufflePartitions: Int
    /// Largest side that is broadcast in a join, bytes (`spark.sql.autoBroadcastJoinThreshold`).
    package var broadcastBytes: Int
    /// Other `spark.*` and `etl.*` settings, as given.
    package var options: [String: String]
    /// Place of the task among its stage's, where rows are computed; no part of a plan that is sent.
    package var taskIndex = 0

    package init(
        ansi: Bool = true, timeZone: String = "UTC", nowMicroseconds: Int64 = 0, shufflePartitions: Int = 0,
        broadcastBytes: Int = 32 << 20, options: [String: String] = [:]
    ) {
        self.ansi = ansi
        self.timeZone = timeZone
        self.nowMicroseconds = nowMicroseconds
        self.shufflePartitions = shufflePartitions
        self.broadcastBytes = broadcastBytes
        self.options = options
    }
}
