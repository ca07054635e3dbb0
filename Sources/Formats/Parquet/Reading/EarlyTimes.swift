import Columns
import Kernels
import Vocabulary

/// Says what becomes of a column's days before 1582-10-15 and its instants before 1900, which Spark counted
/// by the Julian calendar and by Java's older zones before version 3, and later where it was told to.
/// Source: `DataSourceUtils` of Apache Spark 4.
struct EarlyTimes: Sendable {
    /// Names Spark's modes but CORRECTED, which leaves values as they are.
    enum Mode: String { case legacy = "LEGACY", exception = "EXCEPTION" }

    let mode: Mode
    /// The writer's clock; nil where the file does not name its zone.
    var clock: JulianClock?

    // MARK: What a file and a reader's options say

    private static let dayOption = "datetimerebasemode"
    private static let int96Option = "int96rebasemode"
    /// Names of a reader's options that matter, in lower case.
    static let optionNames = [dayOption, int96Option]

    /// Gives leaves their modes: those that the footer tells of, and the options' in files that do not say
    /// which Spark wrote them.
    static func apply(
        _ keyValues: [String: String], _ options: [String: String], to nodes: [ParquetNode]
    ) throws(EngineError) -> [ParquetNode] {
        let version = keyValues["org.apache.spark.version"]
        func mode(_ key: String, since: String, _ option: String) throws(EngineError) -> Mode? {
            let wanted = try asked(options[option], option)
            guard let version else { return wanted }
            return version < since || keyValues[key] != nil ? .legacy : nil
        }
        let days = try mode("org.apache.spark.legacyDateTime", since: "3.0.0", dayOption)
        let int96 = try mode("org.apache.spark.legacyINT96", since: "3.1.0", int96Option)
        var clock: JulianClock?
        if days == .legacy || int96 == .legacy, let name = keyValues["org.apache.spark.timeZone"] {
            // As to java.util.TimeZone, an id that is not known is GMT.
            clock = JulianClock((try? Zone.named(name)) ?? .utc)
        }
        return nodes.map { node in
            node.mapLeaves { leaf in
                var leaf = leaf
                let mode = leaf.physical == .int96 ? int96 : days
                leaf.early = nil
                if let mode, leaf.type == .date || leaf.type == .timestamp {
                    leaf.early = EarlyTimes(mode: mode, clock: clock)
                }
                return leaf
            }
        }
    }

    private static func asked(_ value: String?, _ option: String) throws(EngineError) -> Mode? {
        guard let value, value.uppercased() != "CORRECTED" else { return nil }
        guard let mode = Mode(rawValue: value.uppercased()) else {
            throw .user(
                "INVALID_CONF_VALUE",
                "The option \(option) must be LEGACY, CORRECTED or EXCEPTION, not: \(value)")
        }
        return mode
    }

    // MARK: Values

    /// Changes `count` days or instants, laid out as the leaf's type, in place. Throws
    /// `INCONSISTENT_BEHAVIOR_CROSS_VERSION` for an early one under EXCEPTION.
    func settle(_ values: UnsafeMutableRawPointer, count: Int, of leaf: ParquetLeaf) throws(EngineError) {
        if leaf.type == .date {
            let days = values.assumingMemoryBound(to: Int32.self)
            for row in 0..<count where Int64(days[row]) < JulianCalendar.firstGregorianDay {
                if mode == .exception { throw refusal(leaf) }
                days[row] = Int32(truncatingIfNeeded: JulianCalendar.rebased(day: Int64(days[row])))
            }
            return
        }
        guard mode == .exception || clock != nil else { throw .internal("times without a writer's clock") }
        let instants = values.assumingMemoryBound(to: Int64.self)
        for row in 0..<count where instants[row] < JulianClock.firstAgreed {
            guard mode == .legacy, let clock else { throw refusal(leaf) }
            instants[row] = clock.rebased(instant: instants[row])
        }
    }

    private func refusal(_ leaf: ParquetLeaf) -> EngineError {
        let found = leaf.type == .date ? "dates before 1582-10-15" : "times before 1900"
        let option = leaf.physical == .int96 ? "int96RebaseMode" : "datetimeRebaseMode"
        return .data(
            "INCONSISTENT_BEHAVIOR_CROSS_VERSION.READ_ANCIENT_DATETIME",
            "The Parquet column \(leaf.path) has \(found), and the file does not say of which calendar",
            remedy: "Set the option \(option) to LEGACY for files of Spark 2 and Hive, else to CORRECTED.")
    }

    /// Returns a bound of the column's values after the change; nil where it is not known without the zone.
    func bound(_ stored: Int64, of leaf: ParquetLeaf) -> Int64? {
        if leaf.type == .date {
            if stored >= JulianCalendar.firstGregorianDay { return stored }
            return mode == .legacy ? JulianCalendar.rebased(day: stored) : nil
        }
        // A day more: what is stored just before 1900 may lie some minutes after it.
        return stored >= JulianClock.firstAgreed + 86_400_000_000 ? stored : nil
    }
}

extension ParquetLeaf {
    /// Takes the clock of `zone` for the writer's where the file does not name one.
    func settled(in zone: Zone) -> ParquetLeaf {
        guard let early, early.clock == nil else { return self }
        var leaf = self
        leaf.early?.clock = JulianClock(zone)
        return leaf
    }
}
