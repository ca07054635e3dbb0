import Plans
import Vocabulary

/// Everything that planning asks of a job's catalog.
package protocol JobCatalog: CatalogLookup, RelationFacts {
    /// Returns the table of that name, or nil.
    func table(named parts: [String]) -> TableDefinition?
    /// Returns the directory of a table that is made without LOCATION.
    func defaultLocation(ofTable name: String) -> String
    /// Tells whether a table that this job dropped, and made no other in its place, lay there.
    func hasDroppedTable(at location: String) -> Bool
    /// Tells whether there is any file that a reader sees at or below a path.
    func holdsFiles(at location: String) throws(EngineError) -> Bool
}
