/// Holds one statement with its place in the text.
package struct StatementSyntax: Sendable, Hashable {
    package var kind: Kind
    package var span: SourceSpan

    /// Tells the statements apart.
    package indirect enum Kind: Sendable, Hashable {
        case query(QuerySyntax)
        case createView(CreateViewSyntax)
        case createStoredView(CreateStoredViewSyntax)
        case createDatabase(CreateDatabaseSyntax)
        case dropDatabase(DropDatabaseSyntax)
        case alterDatabase(AlterDatabaseSyntax)
        case alterTable(AlterTableSyntax)
        case truncateTable([NameSyntax], partition: [PartitionValueSyntax])
        case createTableLike(CreateTableLikeSyntax)
        case analyze(AnalyzeSyntax)
        case dropView(name: [NameSyntax], ifExists: Bool)
        case insertDirectory(InsertDirectorySyntax)
        case insertTable(InsertTableSyntax)
        case multiInsert(MultiInsertSyntax)
        case createTable(CreateTableSyntax)
        case dropTable(name: [NameSyntax], ifExists: Bool)
        case explain(StatementSyntax, mode: ExplainMode)
        /// `SET key = value`; no value asks for the setting, no key for all.
        case set(key: String?, value: String?)
        case reset(key: String?)
        case describe(DescribeSyntax)
        case show(ShowSyntax)
        /// CACHE TABLE, UNCACHE TABLE and REFRESH, which change nothing; the table has to be there.
        case advice(table: [NameSyntax]?)
        /// `USE database`.
        case use([NameSyntax])
        case declareVariable(DeclareVariableSyntax)
        case setVariables(SetVariablesSyntax)
        case createFunction(CreateFunctionSyntax)
        case dropFunction(name: [NameSyntax], isTemporary: Bool, ifExists: Bool)
        case dropVariable(name: [NameSyntax], ifExists: Bool)
        case executeImmediate(ExecuteImmediateSyntax)
    }
}

/// Holds what SHOW is asked for.
package enum ShowSyntax: Sendable, Hashable {
    case tables(in: [NameSyntax]?, pattern: String?)
    case tableDetails(in: [NameSyntax]?, pattern: String)
    case views(in: [NameSyntax]?, pattern: String?)
    case databases(pattern: String?)
    case columns([NameSyntax])
    case partitions([NameSyntax], [PartitionValueSyntax])
    case properties([NameSyntax], key: String?)
    case functions(FunctionKinds, in: [NameSyntax]?, pattern: String?)
    case catalogs
    case namespace
    case createTable([NameSyntax])
}

/// Says which functions SHOW FUNCTIONS lists.
package enum FunctionKinds: String, Sendable, Hashable {
    case user = "USER"
    case system = "SYSTEM"
    case all = "ALL"
}

/// Says how much EXPLAIN shows.
package enum ExplainMode: String, Sendable, Hashable {
    case simple = "SIMPLE"
    case formatted = "FORMATTED"
    case extended = "EXTENDED"
    case analyze = "ANALYZE"
    case cost = "COST"
    case codegen = "CODEGEN"
}

/// Holds what DESCRIBE is asked about.
package enum DescribeSyntax: Sendable, Hashable {
    case table([NameSyntax], isExtended: Bool)
    case column([NameSyntax], [NameSyntax], isExtended: Bool)
    /// `DESCRIBE EXTENDED table AS JSON`.
    case json([NameSyntax])
    case database([NameSyntax], isExtended: Bool)
    case function([NameSyntax], isExtended: Bool)
    case query(QuerySyntax)
}

/// Holds one `key 'value'` of an OPTIONS list.
package struct OptionSyntax: Sendable, Hashable {
    package var key: String
    package var value: String
    package var span: SourceSpan
    package var valueSpan: SourceSpan
}

/// Holds `CREATE [OR REPLACE] TEMPORARY VIEW`, of a query or of files.
package struct CreateViewSyntax: Sendable, Hashable {
    /// Holds what a view shows.
    package enum Content: Sendable, Hashable {
        case query(QuerySyntax, columns: [NameSyntax])
        /// `USING format OPTIONS (…)`, with a schema or to be inferred.
        case files(format: NameSyntax, options: [OptionSyntax], schema: [FieldSyntax]?)
    }

    package var name: [NameSyntax]
    package var replaces: Bool
    package var ifNotExists: Bool
    package var content: Content
}

/// Holds `INSERT OVERWRITE [LOCAL] DIRECTORY`.
package struct InsertDirectorySyntax: Sendable, Hashable {
    /// The path when given outside the options.
    package var path: String?
    /// The place of that path, with its quotes.
    package var pathSpan: SourceSpan?
    package var format: NameSyntax
    package var options: [OptionSyntax]
    package var query: QuerySyntax
}

/// Holds `INSERT INTO|OVERWRITE TABLE`.
package struct InsertTableSyntax: Sendable, Hashable {
    package var table: [NameSyntax]
    package var overwrites: Bool
    /// Target columns, empty for all by position.
    package var columns: [NameSyntax]
    /// `BY NAME`.
    package var isByName: Bool
    /// `PARTITION (a, b = 1)`; a nil value is dynamic.
    package var partition: [PartitionValueSyntax]
    /// `IF NOT EXISTS` behind PARTITION: nothing is written where the partition is there.
    package var ifNotExists = false
    package var query: QuerySyntax
}

/// Holds `FROM relation INSERT … SELECT … INSERT … SELECT …`, of two inserts or more.
package struct MultiInsertSyntax: Sendable, Hashable {
    package var with: [CommonTableSyntax]
    package var from: RelationSyntax
    package var lateralViews: [LateralViewSyntax]
    /// Statements of the kinds `.insertTable` and `.insertDirectory`, whose SELECTs are from `.common`.
    package var inserts: [StatementSyntax]
}

/// Holds `CLUSTERED BY (columns) [SORTED BY (columns)] INTO n BUCKETS`.
package struct BucketSyntax: Sendable, Hashable {
    package var columns: [NameSyntax]
    package var sortedBy: [NameSyntax]
    package var count: Int
    package var countSpan: SourceSpan
}

/// Holds one `name [= value]` of a PARTITION clause.
package struct PartitionValueSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var value: ExpressionSyntax?
}

/// Holds `CREATE [OR REPLACE] [TEMPORARY] TABLE … USING … AS query`, or with a schema and no query.
package struct CreateTableSyntax: Sendable, Hashable {
    package var name: [NameSyntax]
    package var replaces: Bool
    package var ifNotExists: Bool
    /// A table of the job alone, of which nothing is kept but its files; beyond Spark.
    package var isTemporary = false
    package var schema: [FieldSyntax]
    package var format: NameSyntax?
    package var options: [OptionSyntax]
    package var partitionedBy: [NameSyntax]
    package var buckets: BucketSyntax?
    package var location: String?
    /// The place of the path after LOCATION.
    package var locationSpan: SourceSpan?
    package var comment: String?
    package var properties: [OptionSyntax]
    package var query: QuerySyntax?
}
