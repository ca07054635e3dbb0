import Columns
import Plans
import Vocabulary

/// Holds a database of the coordinator's state.
package struct DatabaseDefinition: Hashable, Sendable {
    package var name: String
    package var comment: String
    package var location: String
    package var properties: [String: String]

    package init(name: String, comment: String = "", location: String, properties: [String: String] = [:]) {
        self.name = name
        self.comment = comment
        self.location = location
        self.properties = properties
    }
}

/// Says where the files of a table are, and what is kept of it beside them.
package struct TableDefinition: Hashable, Sendable {
    package var database = "default"
    package var name: String
    package var location: String
    package var format: FileFormat
    package var options: [String: String]
    /// Names of the columns that are folders, in folder order.
    package var partitionColumns: [String]
    /// How rows would be dealt out to files; kept and shown, but not followed.
    package var buckets: BucketDefinition?
    /// All columns, data columns first.
    package var schema: Schema
    /// True where DROP TABLE removes the files: the table was made without LOCATION.
    package var isManaged = false
    /// True for a table of the job alone.
    package var isTemporary = false
    package var comment: String?
    /// By lower-case names of columns.
    package var columnComments: [String: String] = [:]
    /// The types, in SQL, of columns that bound their texts by VARCHAR(n) or CHAR(n), by lower-case names.
    package var limitedTypes: [String: String] = [:]
    /// The texts of the columns' default values, by lower-case names.
    package var columnDefaults: [String: String] = [:]
    /// What columns hold in files that were written before the columns were added, as texts, by lower-case
    /// names.
    package var earlierValues: [String: String] = [:]
    package var properties: [String: String] = [:]
    package var createdMilliseconds: Int64 = 0
    /// Folders that ALTER TABLE … ADD PARTITION named and that may hold no file.
    package var addedPartitions: [String] = []
    /// What ANALYZE TABLE found.
    package var statistics: TableStatistics?

    package init(
        name: String, location: String, format: FileFormat, options: [String: String] = [:],
        partitionColumns: [String] = [], schema: Schema
    ) {
        self.name = name
        self.location = location
        self.format = format
        self.options = options
        self.partitionColumns = partitionColumns
        self.schema = schema
    }

    /// The options that its files are written with. A null of JSON is written where rows without it would be
    /// taken for those from before a column was added.
    var writeOptions: [String: String] {
        if format != .json || earlierValues.isEmpty { return options }
        return options.filter { $0.key.lowercased() != "ignorenullfields" }
            .merging(["ignoreNullFields": "false"]) { $1 }
    }
}

/// Holds what CLUSTERED BY says of a table.
package struct BucketDefinition: Hashable, Sendable, Codable {
    package var count: Int
    package var columns: [String]
    package var sortedBy: [String]

    package init(count: Int, columns: [String], sortedBy: [String]) {
        self.count = count
        self.columns = columns
        self.sortedBy = sortedBy
    }
}

/// Holds what ANALYZE TABLE found of a table's rows.
package struct TableStatistics: Hashable, Sendable, Codable {
    /// Holds what is known of a column. Least and greatest value are texts, as a cast to STRING gives them.
    package struct Column: Hashable, Sendable, Codable {
        package var minimum: String?
        package var maximum: String?
        package var distinctCount: Int
        package var nullCount: Int
        package var averageBytes: Int
        package var maximumBytes: Int

        package init(
            minimum: String?, maximum: String?, distinctCount: Int, nullCount: Int, averageBytes: Int,
            maximumBytes: Int
        ) {
            self.minimum = minimum
            self.maximum = maximum
            self.distinctCount = distinctCount
            self.nullCount = nullCount
            self.averageBytes = averageBytes
            self.maximumBytes = maximumBytes
        }
    }

    package var byteCount: Int
    /// Nil after NOSCAN.
    package var rowCount: Int?
    /// By lower-case names.
    package var columns: [String: Column] = [:]

    package init(byteCount: Int, rowCount: Int? = nil) {
        self.byteCount = byteCount
        self.rowCount = rowCount
    }
}

/// Holds a view that is kept: the text of its query, and what it gives.
package struct StoredView: Hashable, Sendable {
    package var database: String
    package var name: String
    package var text: String
    /// The database that was in use when the view was made: its query's names without one are of it.
    package var namespace: String
    /// Names of the view's columns, and their types when it was made.
    package var schema: Schema
    /// Names of the query's own columns.
    package var queryColumns: [String]
    /// Whether the view gave its columns names of its own.
    package var namesColumns: Bool
    package var comment: String?
    package var columnComments: [String: String] = [:]
    package var properties: [String: String] = [:]
    package var createdMilliseconds: Int64 = 0
    /// Whether the view was made in ANSI mode; nil in views of earlier releases.
    package var ansi: Bool?

    package init(
        database: String, name: String, text: String, schema: Schema, queryColumns: [String],
        namesColumns: Bool
    ) {
        self.database = database
        self.name = name
        self.text = text
        self.namespace = database
        self.schema = schema
        self.queryColumns = queryColumns
        self.namesColumns = namesColumns
    }
}

/// Holds a function that SQL defines: types and texts as SQL reads them, bound anew wherever it is called.
package struct FunctionDefinition: Hashable, Sendable, Codable {
    /// Holds a parameter, or a column of the rows that a function gives.
    package struct Column: Hashable, Sendable, Codable {
        package var name: String
        package var type: String
        /// The text of the value that a call leaves out.
        package var defaultText: String?
        package var comment: String?

        package init(name: String, type: String, defaultText: String? = nil, comment: String? = nil) {
            self.name = name
            self.type = type
            self.defaultText = defaultText
            self.comment = comment
        }
    }

    /// Nil for a function of the job alone.
    package var database: String?
    package var name: String
    package var parameters: [Column]
    /// The type of the value that it gives; nil for a table function.
    package var type: String?
    /// The columns of the rows that it gives; nil for a function that gives a value.
    package var columns: [Column]?
    package var body: String
    /// Whether the body is a query, not an expression.
    package var isQuery: Bool
    /// The database that was in use when the function was made: its body's names without one are of it.
    package var namespace: String
    package var comment: String?
    package var isDeterministic: Bool?
    package var createdMilliseconds: Int64

    package init(
        database: String?, name: String, parameters: [Column], body: String, isQuery: Bool, namespace: String,
        createdMilliseconds: Int64
    ) {
        self.database = database
        self.name = name
        self.parameters = parameters
        self.body = body
        self.isQuery = isQuery
        self.namespace = namespace
        self.createdMilliseconds = createdMilliseconds
    }

    /// The name as Spark's column names show it.
    package var shownName: String { database.map { "spark_catalog.\($0).\(name)" } ?? name }
    package var isTable: Bool { columns != nil }
}

/// Changes the databases, tables, views and functions that are kept. Applied twice, a change is the same as
/// applied once.
package enum StoreChange: Hashable, Sendable {
    case putDatabase(DatabaseDefinition)
    /// With all tables, views and functions in it.
    case dropDatabase(name: String)
    case putTable(TableDefinition)
    case dropTable(database: String, name: String)
    case putView(StoredView)
    case dropView(database: String, name: String)
    case putFunction(FunctionDefinition)
    case dropFunction(database: String, name: String)
}
