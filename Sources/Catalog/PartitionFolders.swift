import Columns
import Kernels
import Plans
import Vocabulary

/// Reads `key=value` folders between a relation's root and its files.
enum PartitionFolders {
    /// Spark's folder for null.
    static let nullFolder = "__HIVE_DEFAULT_PARTITION__"

    /// Returns the pairs of a file's folders, outermost first; an empty list for a file without.
    static func pairs(of path: String, below root: String) -> [(key: String, value: String)] {
        guard path.hasPrefix(root) else { return [] }
        let folders = path.dropFirst(root.count).split(separator: "/").dropLast()
        return folders.compactMap { folder -> (key: String, value: String)? in
            guard let equals = folder.firstIndex(of: "="), equals != folder.startIndex else { return nil }
            return (unescaped(folder[..<equals]), unescaped(folder[folder.index(after: equals)...]))
        }
    }

    /// Decodes `%41`, as Spark's `ExternalCatalogUtils.unescapePathName`.
    static func unescaped(_ text: Substring) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            if source[index] == 0x25, index + 2 < source.count,
                let value = UInt8(
                    String(decoding: source[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns the schema of the partition columns and each file's values. Types are inferred as Spark does:
    /// INT, BIGINT, DECIMAL, DOUBLE, DATE, TIMESTAMP, else STRING, over all values of a key; `given` types
    /// win. Instants are in `zone`. Throws `CONFLICTING_DIRECTORY_STRUCTURES` when files lie under different
    /// keys.
    static func discover(
        _ files: [[(key: String, value: String)]], root: String, infersTypes: Bool, given: Schema?,
        zone: Zone
    ) throws(EngineError) -> (schema: Schema, values: [[Literal]]) {
        guard let first = files.first(where: { !$0.isEmpty }) else {
            return (Schema([Field]()), files.map { _ in [] })
        }
        let keys = first.map(\.key)
        let folded = keys.map { $0.lowercased() }
        for pairs in files where pairs.map({ $0.key.lowercased() }) != folded {
            throw .user(
                "CONFLICTING_DIRECTORY_STRUCTURES", "Files lie under different partition folders: \(root)",
                remedy:
                    "Read the directories one by one, or give every file the folders of the first: "
                    + keys.joined(separator: ", "))
        }
        var fields: [Field] = []
        var columns: [[Literal]] = []
        for (position, key) in keys.enumerated() {
            let texts = files.map { $0[position].value }
            let type =
                given?.index(of: key).flatMap { given?[$0].type } ?? (infersTypes ? inferred(texts) : .string)
            fields.append(Field(key, type))
            var literals: [Literal] = []
            for text in texts { literals.append(try literal(text, type, key: key, zone)) }
            columns.append(literals)
        }
        return (Schema(fields), files.indices.map { file in columns.map { $0[file] } })
    }

    static func inferred(_ texts: [String]) -> DataType {
        let types = Set(texts.filter { $0 != nullFolder }.map(type))
        return types.reduce(DataType.null, wider)
    }

    /// The type that one folder's value has by itself, tried in Spark's order.
    private static func type(of text: String) -> DataType {
        if Int32(text) != nil { return .int32 }
        if Int64(text) != nil { return .int64 }
        if let digits = PartitionNumber.wholeDigits(text), digits <= DataType.maximumPrecision {
            return .decimal(precision: digits, scale: 0)
        }
        if PartitionNumber.double(text) != nil { return .double }
        if days(text) != nil { return .date }
        return instant(text) != nil ? .timestamp : .string
    }

    /// The type for values of two types; as in Spark, a DOUBLE does not hold what a BIGINT or a decimal does.
    /// The order in which types are joined does not matter.
    private static func wider(_ a: DataType, _ b: DataType) -> DataType {
        if a == b { return a }
        switch (a, b) {
        case (.null, let other), (let other, .null): return other
        case (.int32, .int64), (.int64, .int32): return .int64
        case (.int32, .double), (.double, .int32): return .double
        case (.decimal(let precision, _), .int32), (.int32, .decimal(let precision, _)):
            return .decimal(precision: max(precision, 10), scale: 0)
        case (.decimal(let precision, _), .int64), (.int64, .decimal(let precision, _)):
            return .decimal(precision: max(precision, 20), scale: 0)
        case (.decimal(let one, _), .decimal(let other, _)):
            return .decimal(precision: max(one, other), scale: 0)
        case (.date, .timestamp), (.timestamp, .date): return .timestamp
        default: return .string
        }
    }

    /// Reads `yyyy-mm-dd` as days since 1970.
    static func days(_ text: String) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        return date.isValid ? Int64(date.days) : nil
    }

    /// Reads a date or `yyyy-mm-dd hh:mm:ss` as the microseconds that a local clock shows since 1970.
    private static func clockTime(_ text: String) -> Int64? {
        instant(text) ?? days(text).map { $0 * Int64(ClockTime.microsecondsPerDay) }
    }

    /// Reads `yyyy-mm-dd hh:mm:ss` with an optional fraction, in UTC, as microseconds since 1970.
    static func instant(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let isLong = bytes.count > 20 && bytes.count <= 26
        guard bytes.count == 19 || isLong, days(String(text.prefix(10))) != nil else { return nil }
        // A cast takes more forms; a folder's name that has one of those is text.
        let isClock = bytes.indices.dropFirst(10).allSatisfy { place in
            switch place {
            case 10: bytes[place] == 0x20 || bytes[place] == 0x54
            case 13, 16: bytes[place] == 0x3A
            case 19: bytes[place] == 0x2E
            default: bytes[place] >= 0x30 && bytes[place] <= 0x39
            }
        }
        return isClock ? bytes.withUnsafeBytes { TimeText.parseTimestamp($0, zone: nil) } : nil
    }

    private static func literal(
        _ text: String, _ type: DataType, key: String, _ zone: Zone
    ) throws(EngineError) -> Literal {
        if text == nullFolder { return .null(type) }
        let value: Scalar? =
            switch type {
            case .string: .string(text)
            // Bytes that are no UTF-8 were replaced when the folder was named, as by Spark.
            case .binary: .binary(Array(text.utf8))
            case .int8, .int16, .int32, .int64: Int64(text).map { .integer($0) }
            case .double: PartitionNumber.double(text).map { .double($0) }
            case .float: PartitionNumber.double(text).map { .float(Float($0)) }
            case .boolean:
                text.lowercased() == "true"
                    ? .boolean(true) : text.lowercased() == "false" ? .boolean(false) : nil
            case .date: days(text).map { .integer($0) }
            case .decimal(_, let scale):
                Array(text.utf8).withUnsafeBytes { NumberText.parseDecimal($0, scale: scale) }
                    .map { .decimal($0) }
            case .timestamp: clockTime(text).map { .integer(Int64(zone.instant(local: Int($0)))) }
            case .timestampNTZ: clockTime(text).map { .integer($0) }
            case .time: Array(text.utf8).withUnsafeBytes { ClockText.parse($0) }.map { .integer($0) }
            default: nil
            }
        guard let value else {
            throw .data(
                "INVALID_PARTITION_VALUE", "A partition folder's value is no \(type.sqlName): \(key)=\(text)",
                remedy: "Give the column another type, or rename the folder.")
        }
        return Literal(value, type)
    }
}
