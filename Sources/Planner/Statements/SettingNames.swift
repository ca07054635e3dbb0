import Kernels
import Plans
import Vocabulary

/// Knows the settings of a session. Unknown `etl.*` names are errors; unknown `spark.*` names are kept and
/// warned of.
package enum SettingNames {
    static let known: [String] =
        [
            "spark.sql.ansi.enabled", "spark.sql.session.timeZone", "spark.sql.shuffle.partitions",
            "spark.sql.autoBroadcastJoinThreshold", "spark.sql.sources.partitionOverwriteMode",
            scanBytes, warehouse, recursionLevels, recursionRows, "etl.optimizer.joinReorder", pool,
            slotLimit,
            replicatesShuffle, StoreAssignment.setting, readPadding, charAsString,
            timeType, AdaptiveSettings.skewFactor, mapKeys, partitionTypes, usualFormat,
        ] + AdaptiveSettings.switches + AdaptiveSettings.sizes + rebaseModes

    /// Settings that are read when the job is submitted: changing them later changes nothing.
    static let ofSubmission: Set<String> = [pool, slotLimit, replicatesShuffle]
    /// The queue that the job is in.
    package static let pool = "spark.scheduler.pool"
    /// Most tasks of the job that run at once.
    package static let slotLimit = "spark.cores.max"
    /// Whether outputs for other tasks are written to shared storage as well.
    package static let replicatesShuffle = "etl.shuffle.replicate"
    private static let longestPool = 128

    /// Where tables without LOCATION and databases go.
    static let warehouse = "spark.sql.warehouse.dir"
    /// Whether texts of CHAR(n) are filled up with blanks where tables are read.
    static let readPadding = "spark.sql.readSideCharPadding"
    /// Whether CHAR(n) and VARCHAR(n) are taken for STRING.
    static let charAsString = "spark.sql.legacy.charVarcharAsString"
    /// Whether statements may cast to TIME and call its functions; TIME literals, and columns of files, are
    /// there without it.
    static let timeType = "spark.sql.timeType.enabled"
    /// What becomes of keys that stand twice in a map: `EXCEPTION` or `LAST_WIN`.
    static let mapKeys = "spark.sql.mapKeyDedupPolicy"
    /// Whether columns of folders are numbers, dates and timestamps where their names look so, or texts.
    package static let partitionTypes = "spark.sql.sources.partitionColumnTypeInference.enabled"
    /// The format of tables that are made without USING.
    static let usualFormat = "spark.sql.sources.default"
    /// What early dates and times mean in Parquet files that do not say; the reader's options tell it here.
    static let rebaseModes = [
        "spark.sql.parquet.datetimeRebaseModeInRead", "spark.sql.parquet.int96RebaseModeInRead",
    ]
    /// Limits of WITH RECURSIVE; -1: none.
    static let recursionLevels = "spark.sql.cteRecursionLevelLimit"
    static let recursionRows = "spark.sql.cteRecursionRowLimit"

    /// Most bytes of files that one task reads.
    static let scanBytes = "spark.sql.files.maxPartitionBytes"

    /// Returns the settings with one changed, and a warning when the name means nothing here. A nil value
    /// restores
    /// the default. Throws `INVALID_CONF_VALUE` and, for unknown `etl.*` names, `UNKNOWN_CONF`.
    package static func setting(
        _ key: String, to value: String?, in settings: SessionSettings
    ) throws(EngineError) -> (settings: SessionSettings, warning: String?) {
        var result = settings
        let defaults = SessionSettings()
        let name = known.first { $0.lowercased() == key.lowercased() } ?? key
        if let value { result.options[name] = value } else { result.options[name] = nil }
        switch name {
        case "spark.sql.ansi.enabled":
            result.ansi =
                try value.map { value throws(EngineError) in try boolean(value, name) } ?? defaults.ansi
        case "spark.sql.session.timeZone":
            if let value, (try? Zone.named(value)) == nil {
                throw invalid(value, name, "the name of a timezone such as Europe/Oslo, or an offset")
            }
            result.timeZone = value ?? defaults.timeZone
        case "spark.sql.shuffle.partitions":
            result.shufflePartitions =
                try value.map { value throws(EngineError) in try count(value, name) } ?? 0
        case "spark.sql.autoBroadcastJoinThreshold":
            result.broadcastBytes =
                try value.map { value throws(EngineError) in try bytes(value, name) }
                ?? defaults.broadcastBytes
        case recursionLevels, recursionRows:
            if let value, Int(value) == nil { throw invalid(value, name, "a number, or -1 for no limit") }
        case pool:
            let names = 1...longestPool
            if let value, !names.contains(value.utf8.count) || value.contains(where: \.isNewline) {
                throw invalid(value, name, "a name of at most \(longestPool) bytes")
            }
        case _ where rebaseModes.contains(name):
            if let value, value.uppercased() != "CORRECTED" {
                throw invalid(
                    value, name,
                    "CORRECTED; for other modes give each relation the option "
                        + "datetimeRebaseMode or int96RebaseMode")
            }
        case slotLimit: if let value { _ = try count(value, name) }
        case StoreAssignment.setting:
            if let value, StoreAssignment.Policy(rawValue: value.uppercased()) == nil {
                throw invalid(value, name, "ANSI, STRICT or LEGACY")
            }
        case mapKeys, usualFormat: if let value { try checkWord(value, name) }
        case replicatesShuffle, readPadding, charAsString, timeType, partitionTypes,
            _ where AdaptiveSettings.switches.contains(name):
            if let value { _ = try boolean(value, name) }
        case _ where AdaptiveSettings.sizes.contains(name):
            if let value { _ = try bytes(value, name) }
        case AdaptiveSettings.skewFactor:
            if let value, !(Double(value).map { $0 >= 1 } ?? false) {
                throw invalid(value, name, "a number of 1 or more")
            }
        case scanBytes:
            if let value, try bytes(value, name) == 0 { throw invalid(value, name, "a size such as 64MB") }
        default:
            if known.contains(name) { return (result, nil) }
            if name.hasPrefix("etl.") { throw unknown(name) }
            if name.hasPrefix("spark.") {
                let near = Suggestion.nearest(to: name, among: known).map { " Did you mean \($0)?" } ?? ""
                return (result, "The setting \(name) has no effect in Millrace.\(near)")
            }
        }
        return (result, nil)
    }

    /// Returns what a setting of Spark's is when nobody set it; nil for those that are not told.
    static func usual(_ key: String, in settings: SessionSettings) -> String? {
        switch key {
        case "spark.sql.ansi.enabled": String(settings.ansi)
        case "spark.sql.session.timeZone": settings.timeZone
        case "spark.sql.sources.partitionOverwriteMode": "STATIC"
        case StoreAssignment.setting: "ANSI"
        case mapKeys: "EXCEPTION"
        case usualFormat: "parquet"
        default: nil
        }
    }

    private static func unknown(_ name: String) -> EngineError {
        let near = Suggestion.nearest(to: name, among: known)
        return .user(
            "UNKNOWN_CONF", "There is no setting of that name: \(name)",
            remedy: near.map { "Did you mean \($0)?" }
                ?? "The settings are: \(known.joined(separator: ", ")).")
    }

    private static func invalid(_ value: String, _ name: String, _ wanted: String) -> EngineError {
        .user("INVALID_CONF_VALUE", "The setting \(name) must be \(wanted), not: \(value)")
    }

    /// Says that SET comes too late for a setting; nil for those that it changes.
    static func lateWarning(_ key: String) -> String? {
        let name = ofSubmission.first { $0.lowercased() == key.lowercased() }
        guard let name else { return nil }
        return "The setting \(name) is read when the job is submitted: give it with --conf."
    }

    /// Throws for a value that is none of the words that a setting takes.
    private static func checkWord(_ value: String, _ name: String) throws(EngineError) {
        if name == mapKeys, !["EXCEPTION", "LAST_WIN"].contains(value.uppercased()) {
            throw invalid(value, name, "EXCEPTION or LAST_WIN")
        }
        if name == usualFormat, FileFormat(rawValue: value.lowercased()) == nil {
            throw invalid(value, name, "a format such as parquet")
        }
    }

    private static func boolean(_ value: String, _ name: String) throws(EngineError) -> Bool {
        switch value.lowercased() {
        case "true": return true
        case "false": return false
        default: throw invalid(value, name, "true or false")
        }
    }

    private static func count(_ value: String, _ name: String) throws(EngineError) -> Int {
        guard let number = Int(value), number > 0, number <= 100_000 else {
            throw invalid(value, name, "a number from 1 to 100000")
        }
        return number
    }

    private static func bytes(_ value: String, _ name: String) throws(EngineError) -> Int {
        if value == "-1" { return 0 }
        guard let size = ByteSize.parse(value) else {
            throw invalid(value, name, "a size such as 10MB, or -1")
        }
        return size
    }
}
