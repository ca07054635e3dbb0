import Plans
import Vocabulary

/// Everything that planning asks of a job's catalog.
package protocol JobCatalog: CatalogLookup, RelationFacts {
    /// Returns the table of that name, or nil.
    func table(named parts: [String]) -> TableDefinition?
    /// Returns the directory of a table that is made without LOCATION.
    func defaultLocation(ofTable name: String) -> String
}
