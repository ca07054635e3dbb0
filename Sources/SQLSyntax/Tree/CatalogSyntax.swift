/// Holds `CREATE {DATABASE | SCHEMA} [IF NOT EXISTS] name …`.
package struct CreateDatabaseSyntax: Sendable, Hashable {
    package var name: [NameSyntax]
    package var ifNotExists: Bool
    package var comment: String?
    package var location: String?
    package var properties: [OptionSyntax] = []
}

/// Holds `DROP {DATABASE | SCHEMA} [IF EXISTS] name [RESTRICT | CASCADE]`.
package struct DropDatabaseSyntax: Sendable, Hashable {
    package var name: [NameSyntax]
    package var ifExists: Bool
    package var cascades: Bool
}

/// Holds `ALTER {DATABASE | SCHEMA} name SET {DBPROPERTIES (…) | LOCATION path}` and COMMENT ON DATABASE.
package struct AlterDatabaseSyntax: Sendable, Hashable {
    /// Says what changes.
    package enum Action: Sendable, Hashable {
        case properties([OptionSyntax])
        case location(String)
        case comment(String)
    }

    package var name: [NameSyntax]
    package var action: Action
}

/// Holds ALTER TABLE and ALTER VIEW, and the statements that are short for one.
package struct AlterTableSyntax: Sendable, Hashable {
    /// Says what changes.
    package indirect enum Action: Sendable, Hashable {
        case rename(to: [NameSyntax])
        case setProperties([OptionSyntax])
        case unsetProperties([String])
        case addColumns([FieldSyntax])
        case columnComment(NameSyntax, String)
        case columnType(NameSyntax, TypeSyntax)
        /// The text of the new default value; nil for DROP DEFAULT.
        case columnDefault(NameSyntax, String?)
        case location(String)
        case addPartitions([[PartitionValueSyntax]], ifNotExists: Bool)
        case dropPartitions([[PartitionValueSyntax]], ifExists: Bool)
        case repairPartitions
        case comment(String?)
        /// `ALTER VIEW name AS query`.
        case query(ViewQuerySyntax)
        /// What tables of files do not take, by its words.
        case refused(String)
    }

    package var name: [NameSyntax]
    package var isView: Bool
    package var action: Action
}

/// Holds the query of a view that is kept, with its place in the text.
package struct ViewQuerySyntax: Sendable, Hashable {
    package var query: QuerySyntax
    package var columns: [ViewColumnSyntax] = []
}

/// Holds a column of a view's list.
package struct ViewColumnSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var comment: String?
}

/// Holds `CREATE VIEW` of a view that is kept.
package struct CreateStoredViewSyntax: Sendable, Hashable {
    package var name: [NameSyntax]
    package var replaces: Bool
    package var ifNotExists: Bool
    package var comment: String?
    package var properties: [OptionSyntax]
    package var content: ViewQuerySyntax
}

/// Holds `CREATE [OR REPLACE] [TEMPORARY] FUNCTION name(parameters) RETURNS … RETURN …`.
package struct CreateFunctionSyntax: Sendable, Hashable {
    /// Says what a function gives.
    package enum Result: Sendable, Hashable {
        /// A value of the type; nil: of its body's.
        case value(TypeSyntax?)
        /// Rows of the columns; nil: of its query's.
        case table([FieldSyntax]?)
    }

    package var name: [NameSyntax]
    package var isTemporary: Bool
    package var replaces: Bool
    package var ifNotExists: Bool
    package var parameters: [FieldSyntax]
    package var result: Result
    package var comment: String?
    /// What DETERMINISTIC or NOT DETERMINISTIC says; nil where neither stands.
    package var isDeterministic: Bool?
    /// Whether the body is a query, not an expression.
    package var isQuery: Bool
    /// The text behind RETURN.
    package var bodySpan: SourceSpan
}

/// Holds `ANALYZE TABLE name COMPUTE STATISTICS …`.
package struct AnalyzeSyntax: Sendable, Hashable {
    /// Names the columns that are looked at.
    package enum Columns: Sendable, Hashable {
        case none
        case all
        case named([NameSyntax])
    }

    package var table: [NameSyntax]
    package var columns: Columns
    /// `NOSCAN`: only the size of the files.
    package var isSizeOnly: Bool
}

/// Holds `CREATE TABLE name LIKE other [USING format] [TBLPROPERTIES …] [LOCATION …]`.
package struct CreateTableLikeSyntax: Sendable, Hashable {
    package var name: [NameSyntax]
    package var like: [NameSyntax]
    package var ifNotExists: Bool
    package var format: NameSyntax?
    package var properties: [OptionSyntax] = []
    package var location: String?
}
