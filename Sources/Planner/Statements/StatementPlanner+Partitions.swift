import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Partitions of tables: folders `name=value` below the table's location, and those that were only named.
extension StatementPlanner {
    /// Holds a partition by its folders below the table's location, and the values that they name.
    struct Partition {
        var folder: String
        var values: [String: String]
    }

    /// Returns a table's partitions, in order of their folders' names.
    func partitions(of table: TableDefinition) throws(EngineError) -> [Partition] {
        guard case .files(let relation)? = try catalog.relation(named: [table.database, table.name]) else {
            return []
        }
        var folders = Set(table.addedPartitions)
        for file in relation.files {
            let parts = file.path.split(separator: "/").dropLast().filter { $0.contains("=") }
            let own = parts.suffix(table.partitionColumns.count)
            if own.count == table.partitionColumns.count { folders.insert(own.joined(separator: "/")) }
        }
        return folders.sorted().map { folder in
            var values: [String: String] = [:]
            for part in folder.split(separator: "/") {
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                values[FolderText.unescaped(pair[0]).lowercased()] =
                    pair.count == 2 ? FolderText.unescaped(pair[1]) : ""
            }
            return Partition(folder: folder, values: values)
        }
    }

    /// Reads the values of a PARTITION clause as folders name them.
    func partitionSpec(
        _ list: [PartitionValueSyntax], of table: TableDefinition
    ) throws(EngineError) -> [String: String] {
        var spec: [String: String] = [:]
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        for item in list {
            let key = item.name.text.lowercased()
            guard table.partitionColumns.contains(where: { $0.lowercased() == key }),
                let column = table.schema.index(of: item.name.text)
            else {
                throw .user(
                    "PARTITIONS_NOT_FOUND",
                    "The table is not partitioned by this column: \(item.name.text)",
                    at: location(item.name.span))
            }
            guard let value = item.value else { continue }
            let bound = try binder.bindConstant(value)
            let type = table.schema[column].type
            let cast = Expression.cast(binder.cast(bound, to: type), to: .string, mode: .ansi)
            guard let literal = binder.constant(cast) else {
                throw .user(
                    "CAST_INVALID_INPUT", "The value of a partition must be a constant of \(type.sqlName).",
                    at: location(value.span))
            }
            if case .string(let text) = literal.value {
                spec[key] = text
            } else {
                spec[key] = FolderText.null
            }
        }
        return spec
    }

    func notPartitioned(_ table: TableDefinition, at name: [NameSyntax]) -> EngineError {
        .user(
            "INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY",
            "The table is not partitioned: \(table.name)", at: span(of: name))
    }

    func showPartitions(_ name: [NameSyntax], _ list: [PartitionValueSyntax]) throws(EngineError)
        -> PlannedStatement
    {
        let table = try keptTable(name, "SHOW PARTITIONS")
        if table.partitionColumns.isEmpty { throw notPartitioned(table, at: name) }
        let spec = try partitionSpec(list, of: table)
        let found = try partitions(of: table).filter { partition in
            spec.allSatisfy { partition.values[$0.key] == $0.value }
        }
        return listing(["partition"], found.map { [.string($0.folder)] })
    }

    func addPartitions(
        _ lists: [[PartitionValueSyntax]], to table: TableDefinition, ifNotExists: Bool, at name: [NameSyntax]
    ) throws(EngineError) -> PlannedStatement {
        if table.partitionColumns.isEmpty { throw notPartitioned(table, at: name) }
        var table = table
        let known = Set(try partitions(of: table).map(\.folder))
        for list in lists {
            let spec = try partitionSpec(list, of: table)
            guard spec.count == table.partitionColumns.count else {
                throw .user(
                    "INVALID_PARTITION_VALUE",
                    "A partition to add names all of: \(table.partitionColumns.joined(separator: ", "))",
                    at: span(of: list.map(\.name)))
            }
            let folder = table.partitionColumns.map {
                FolderText.escaped($0) + "=" + FolderText.escaped(spec[$0.lowercased()] ?? "")
            }.joined(separator: "/")
            if known.contains(folder) || table.addedPartitions.contains(folder) {
                if ifNotExists { continue }
                throw .user(
                    "PARTITIONS_ALREADY_EXIST", "The table has this partition already: \(folder)",
                    remedy: "Use ADD IF NOT EXISTS PARTITION.", at: span(of: list.map(\.name)))
            }
            table.addedPartitions.append(folder)
        }
        return put(table)
    }

    /// Returns the folders of the partitions that TRUNCATE names. One that it names in full must be there.
    func emptyPartitions(
        _ list: [PartitionValueSyntax], of table: TableDefinition, at name: [NameSyntax]
    ) throws(EngineError) -> [String] {
        if table.partitionColumns.isEmpty { throw notPartitioned(table, at: name) }
        let spec = try partitionSpec(list, of: table)
        let found = try partitions(of: table).filter { partition in
            spec.allSatisfy { partition.values[$0.key] == $0.value }
        }
        if found.isEmpty, spec.count == table.partitionColumns.count {
            throw .user(
                "PARTITIONS_NOT_FOUND", "The table has no such partition: \(table.name)",
                at: span(of: list.map(\.name)))
        }
        return found.map(\.folder)
    }

    func dropPartitions(
        _ lists: [[PartitionValueSyntax]], of table: TableDefinition, ifExists: Bool, at name: [NameSyntax]
    ) throws(EngineError) -> PlannedStatement {
        if table.partitionColumns.isEmpty { throw notPartitioned(table, at: name) }
        if !table.isManaged {
            // Spark would forget the partition and keep its files; here the folder is the partition.
            throw .user(
                "UNSUPPORTED_FEATURE.TABLE_OPERATION",
                "The files of a table with a LOCATION are not the table's to remove: \(table.name)",
                remedy: "Remove the partition's folder below \(table.location).", at: span(of: name))
        }
        var table = table
        let known = try partitions(of: table)
        var dropped: [String] = []
        for list in lists {
            let spec = try partitionSpec(list, of: table)
            let found = known.filter { partition in
                spec.allSatisfy { partition.values[$0.key] == $0.value }
            }
            if found.isEmpty, !ifExists {
                throw .user(
                    "PARTITIONS_NOT_FOUND", "The table has no such partition: \(table.name)",
                    remedy: "Use DROP IF EXISTS PARTITION.", at: span(of: list.map(\.name)))
            }
            dropped += found.map(\.folder)
        }
        table.addedPartitions.removeAll { dropped.contains($0) }
        table.statistics = nil
        var planned = put(table)
        let root = table.location.hasSuffix("/") ? String(table.location.dropLast()) : table.location
        planned.removedPaths = dropped.map { "\(root)/\($0)" }
        return planned
    }
}

/// Writes values as names of folders. Source: Hive's `FileUtils.escapePathName`.
enum FolderText {
    static let null = "__HIVE_DEFAULT_PARTITION__"

    private static let escapedBytes = Set("\"#%'*/:=?\\{[]^\u{7f}".utf8)

    static func escaped(_ text: String) -> String {
        if text.isEmpty { return null }
        var result: [UInt8] = []
        for byte in text.utf8 {
            if byte < 0x20 || escapedBytes.contains(byte) {
                result.append(UInt8(ascii: "%"))
                Hexadecimal.append(byte, Hexadecimal.upper, to: &result)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func unescaped(_ text: Substring) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
