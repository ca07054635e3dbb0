import Columns
import FoundationEssentials
import Planner
import Plans
import Vocabulary

/// Writes changes of the metastore for the log, as JSON, and reads them.
package enum StoreRecord {
    /// Returns the bytes of changes.
    package static func encode(_ changes: [StoreChange]) throws -> [UInt8] {
        Array(try JSONEncoder().encode(changes.map { try Entry($0) }))
    }

    /// Reads what `encode` wrote. Throws `CORRUPT_LOG`.
    package static func decode(_ bytes: [UInt8]) throws -> [StoreChange] {
        do {
            return try JSONDecoder().decode([Entry].self, from: Data(bytes)).map { try $0.change() }
        } catch let error as EngineError {
            throw error
        } catch {
            throw EngineError.system("CORRUPT_LOG", "A change of the catalog in the log is damaged: \(error)")
        }
    }

    /// Names what the changes are about, if it is one thing whose earlier changes are of no matter any more.
    /// Dropping a database is more than that: tables go with it. Throws `CORRUPT_LOG`.
    package static func subject(_ bytes: [UInt8]) throws -> String? {
        let changes = try decode(bytes)
        guard let change = changes.first, changes.count == 1 else { return nil }
        return switch change {
        case .putDatabase(let database): "database \(database.name)"
        case .dropDatabase: nil
        case .putTable(let table): "table \(table.database).\(table.name.lowercased())"
        case .dropTable(let database, let name): "table \(database).\(name.lowercased())"
        case .putView(let view): "view \(view.database).\(view.name.lowercased())"
        case .dropView(let database, let name): "view \(database).\(name.lowercased())"
        case .putFunction(let function): "function \(function.database ?? "").\(function.name)"
        case .dropFunction(let database, let name): "function \(database).\(name)"
        }
    }

    /// One change; exactly one member is there.
    private struct Entry: Codable {
        var database: Database?
        var droppedDatabase: String?
        var table: Table?
        var droppedTable: [String]?
        var view: View?
        var droppedView: [String]?
        var function: FunctionDefinition?
        var droppedFunction: [String]?

        init(_ change: StoreChange) throws {
            switch change {
            case .putDatabase(let value): database = Database(value)
            case .dropDatabase(let name): droppedDatabase = name
            case .putTable(let value): table = try Table(value)
            case .dropTable(let database, let name): droppedTable = [database, name]
            case .putView(let value): view = try View(value)
            case .dropView(let database, let name): droppedView = [database, name]
            case .putFunction(let value): function = value
            case .dropFunction(let database, let name): droppedFunction = [database, name]
            }
        }

        func change() throws -> StoreChange {
            if let database { return .putDatabase(database.definition) }
            if let droppedDatabase { return .dropDatabase(name: droppedDatabase) }
            if let table { return .putTable(try table.definition()) }
            if let droppedTable, droppedTable.count == 2 {
                return .dropTable(database: droppedTable[0], name: droppedTable[1])
            }
            if let view { return .putView(try view.definition()) }
            if let droppedView, droppedView.count == 2 {
                return .dropView(database: droppedView[0], name: droppedView[1])
            }
            if let function { return .putFunction(function) }
            if let droppedFunction, droppedFunction.count == 2 {
                return .dropFunction(database: droppedFunction[0], name: droppedFunction[1])
            }
            throw EngineError.system(
                "CORRUPT_LOG",
                "A change of the catalog in the log is of a kind that this release does not know",
                remedy: "Start the coordinator version that wrote the log, or a newer one.")
        }
    }

    private struct Database: Codable {
        var name: String
        var comment: String
        var location: String
        var properties: [String: String]

        init(_ value: DatabaseDefinition) {
            (name, comment, location, properties) =
                (value.name, value.comment, value.location, value.properties)
        }

        var definition: DatabaseDefinition {
            DatabaseDefinition(name: name, comment: comment, location: location, properties: properties)
        }
    }

    private struct Table: Codable {
        var database: String
        var name: String
        var location: String
        var format: String
        var options: [String: String]
        var partitionColumns: [String]
        /// As `PlanCodec` writes it.
        var schema: Data
        var isManaged: Bool
        var comment: String?
        var columnComments: [String: String]
        var properties: [String: String]
        var createdMilliseconds: Int64
        var addedPartitions: [String]
        var statistics: TableStatistics?
        /// Missing in records of older builds.
        var limitedTypes: [String: String]?
        var columnDefaults: [String: String]?
        var earlierValues: [String: String]?
        var buckets: BucketDefinition?

        init(_ value: TableDefinition) throws {
            (database, name, location) = (value.database, value.name, value.location)
            (format, options) = (value.format.rawValue, value.options)
            partitionColumns = value.partitionColumns
            schema = Data(try PlanCodec.encode(value.schema))
            isManaged = value.isManaged
            (comment, columnComments) = (value.comment, value.columnComments)
            (properties, createdMilliseconds) = (value.properties, value.createdMilliseconds)
            (addedPartitions, statistics) = (value.addedPartitions, value.statistics)
            limitedTypes = value.limitedTypes.isEmpty ? nil : value.limitedTypes
            columnDefaults = value.columnDefaults.isEmpty ? nil : value.columnDefaults
            earlierValues = value.earlierValues.isEmpty ? nil : value.earlierValues
            buckets = value.buckets
        }

        func definition() throws -> TableDefinition {
            guard let format = FileFormat(rawValue: format) else {
                throw EngineError.system("CORRUPT_LOG", "A table in the log has an unknown format: \(format)")
            }
            var table = TableDefinition(
                name: name, location: location, format: format, options: options,
                partitionColumns: partitionColumns, schema: try PlanCodec.decodeSchema(Array(schema)))
            table.database = database
            table.isManaged = isManaged
            (table.comment, table.columnComments) = (comment, columnComments)
            (table.properties, table.createdMilliseconds) = (properties, createdMilliseconds)
            (table.addedPartitions, table.statistics) = (addedPartitions, statistics)
            table.limitedTypes = limitedTypes ?? [:]
            table.columnDefaults = columnDefaults ?? [:]
            table.earlierValues = earlierValues ?? [:]
            table.buckets = buckets
            return table
        }
    }

    private struct View: Codable {
        var database: String
        var name: String
        var text: String
        var namespace: String
        var schema: Data
        var queryColumns: [String]
        var namesColumns: Bool
        var comment: String?
        var columnComments: [String: String]
        var properties: [String: String]
        var createdMilliseconds: Int64
        /// Not in records of earlier releases.
        var ansi: Bool?

        init(_ value: StoredView) throws {
            (database, name, text) = (value.database, value.name, value.text)
            namespace = value.namespace
            schema = Data(try PlanCodec.encode(value.schema))
            (queryColumns, namesColumns) = (value.queryColumns, value.namesColumns)
            (comment, columnComments) = (value.comment, value.columnComments)
            (properties, createdMilliseconds) = (value.properties, value.createdMilliseconds)
            ansi = value.ansi
        }

        func definition() throws -> StoredView {
            var view = StoredView(
                database: database, name: name, text: text,
                schema: try PlanCodec.decodeSchema(Array(schema)), queryColumns: queryColumns,
                namesColumns: namesColumns)
            view.namespace = namespace
            (view.comment, view.columnComments) = (comment, columnComments)
            (view.properties, view.createdMilliseconds) = (properties, createdMilliseconds)
            view.ansi = ansi
            return view
        }
    }
}
