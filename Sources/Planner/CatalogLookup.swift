import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Finds what names in a statement stand for. Declared here because binding needs it; implemented by
/// `Catalog`.
package protocol CatalogLookup {
    /// Returns the table or temporary view of that name (parts as written, without quotes), or nil.
    func relation(named parts: [String]) throws(EngineError) -> CatalogRelation?
    /// Returns the table or kept view of that name, as a view of a database sees it.
    func relation(named parts: [String], in database: String) throws(EngineError) -> CatalogRelation?
    /// Returns the types as written of a table's columns of CHAR(n) and VARCHAR(n), by lower-case names; a
    /// view of a database sees that one's.
    func declaredTypes(named parts: [String], in database: String?) -> [String: String]
    /// Whether the name stands for something of the job alone.
    func isTemporary(_ parts: [String]) -> Bool
    /// The database in use.
    var currentDatabase: String { get }
    /// Returns the files at a path, for ``format.`path` `` and `USING format OPTIONS (…)`. Lists them and
    /// infers
    /// the schema unless one is given. Throws `PATH_NOT_FOUND` and the errors of inference.
    func files(
        format: FileFormat, paths: [String], options: [String: String], schema: Schema?
    ) throws(EngineError) -> FileRelation
    /// Says whether only a sample of the relation's records was looked at to infer its columns.
    func isSampled(_ relation: FileRelation) -> Bool
    /// Returns how many of those records were not JSON.
    func brokenCount(_ relation: FileRelation) -> Int
    /// Returns the variable of the session of that name, which words such as `session` may stand before.
    func variable(named parts: [String]) -> SessionVariable?
    /// Returns the function that is kept under the name, which a function or view of a database sees.
    func storedFunction(named parts: [String], in database: String) -> FunctionDefinition?
    /// Returns the job's own function of that name.
    func temporaryFunction(named name: String) -> FunctionDefinition?
    /// Every name that `relation(named:)` knows, for suggestions and `SHOW TABLES`.
    var relationNames: [String] { get }
}

extension CatalogLookup {
    /// Returns what the name stands for outside of views.
    package func relation(named parts: [String], in database: String) throws(EngineError) -> CatalogRelation?
    {
        try relation(named: parts)
    }

    /// Returns nothing: no column has such a type.
    package func declaredTypes(named parts: [String], in database: String?) -> [String: String] { [:] }

    /// Returns false: everything is kept.
    package func isTemporary(_ parts: [String]) -> Bool { false }

    /// The one that is always there.
    package var currentDatabase: String { "default" }

    /// Returns nil: no function is kept.
    package func storedFunction(named parts: [String], in database: String) -> FunctionDefinition? { nil }

    /// Returns nil: the job has no functions of its own.
    package func temporaryFunction(named name: String) -> FunctionDefinition? { nil }

    /// Returns nil: there are no variables.
    package func variable(named parts: [String]) -> SessionVariable? { nil }
}

/// Says what a name in a FROM clause stands for.
package enum CatalogRelation: Sendable {
    /// A temporary view on files, or a table.
    case files(FileRelation)
    /// A temporary view on what a connector gives.
    case external(ExternalRelation)
    /// A temporary view on a query, bound anew wherever it is used.
    case view(ViewDefinition)
}

/// Holds a view on a query: its text's tree, and the text itself for the places in messages.
package struct ViewDefinition: Sendable {
    package var query: QuerySyntax
    /// Names given after the view's own, empty for the query's own names.
    package var columns: [String]
    package var source: SQLSource
    /// For a kept view: its database, in which its query finds names without one.
    package var database: String?
    /// For a kept view: the columns that its query gave when it was made, which it still shows.
    package var queryColumns: [String] = []
    /// Whether the view was made in ANSI mode; nil: as the session is.
    package var ansi: Bool?

    package init(query: QuerySyntax, columns: [String], source: SQLSource, database: String? = nil) {
        self.query = query
        self.columns = columns
        self.source = source
        self.database = database
    }
}
