import Catalog
import Plans
import Protocol
import Vocabulary

/// Reaches the files of jobs for the coordinator: lists them for planning, and publishes what tasks wrote.
package protocol JobStorage: Sendable {
    /// What jobs made for those after them.
    var metastore: Metastore { get }
    /// Returns a new job's catalog over this storage.
    func makeCatalog(settings: SessionSettings) -> SessionCatalog
    /// Makes the files of a statement visible, and what they replace invisible, at once. Idempotent.
    /// `attempts` are the winners, each with its files.
    func publish(
        _ write: FileWrite, job: String, statement: UInt32,
        attempts: [(attempt: AttemptID, manifest: FileManifest)]
    ) throws
    /// Removes a directory of a dropped table or partition. Idempotent.
    func remove(_ path: String) throws
    /// Removes what the statement's attempts wrote aside. Idempotent.
    func discard(_ write: FileWrite, job: String, statement: UInt32) throws
}
