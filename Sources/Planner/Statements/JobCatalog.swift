import Plans
import Vocabulary

/// Everything that planning asks of a job's catalog. Names are parts as written; those without a database are
/// of the one in use.
package protocol JobCatalog: CatalogLookup, RelationFacts {
    /// Returns the table of that name, of the job's own first, or nil.
    func table(named parts: [String]) -> TableDefinition?
    /// Returns the kept view of that name, or nil.
    func storedView(named parts: [String]) -> StoredView?
    /// Returns the database of that name, or nil.
    func database(named name: String) -> DatabaseDefinition?
    /// Names of all databases, sorted.
    var databaseNames: [String] { get }
    /// Names of the tables, and of the kept views, of a database, sorted.
    func storedNames(in database: String) -> (tables: [String], views: [String])
    /// Names of the functions that are kept in a database, sorted.
    func functionNames(in database: String) -> [String]
    /// Names of the job's own functions, sorted.
    var temporaryFunctionNames: [String] { get }
    /// Names of temporary views, as they were written, sorted.
    var temporaryViewNames: [String] { get }
    /// Returns the directory of a table that is made without LOCATION, which no other table has.
    /// `warehouse` is the session's own root of such directories, nil for the usual one.
    func defaultLocation(ofTable name: String, in database: String, warehouse: String?) -> String
    /// Returns the directory of a database that is made without LOCATION.
    func defaultLocation(ofDatabase name: String, warehouse: String?) -> String
    /// Tells whether a table that this job dropped, and made no other in its place, lay there.
    func hasDroppedTable(at location: String) -> Bool
    /// Tells whether there is any file that a reader sees at or below a path.
    func holdsFiles(at location: String) throws(EngineError) -> Bool
    /// Tells whether the directory that the job works in lies at or below a path.
    func holdsWorkingDirectory(_ location: String) throws(EngineError) -> Bool
}

extension JobCatalog {
    /// Returns the database and the name that parts mean; nil for more parts than a name has.
    func qualified(_ parts: [String]) -> (database: String, name: String)? {
        var parts = parts
        if parts.count == 3, parts[0].lowercased() == "spark_catalog" { parts.removeFirst() }
        guard let last = parts.last, parts.count <= 2 else { return nil }
        return (parts.count == 2 ? parts[0].lowercased() : currentDatabase, last)
    }
}
