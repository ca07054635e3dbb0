import Plans
import Vocabulary

/// Opens and creates the files of a job. The worker implements it over storage, within the paths that are
/// allowed.
package protocol FileAccess: Sendable {
    /// Opens a file for reading. Throws `PATH_NOT_FOUND` or a `system` error.
    func open(_ path: String) throws(EngineError) -> any ByteSource
    /// Creates a file of an attempt, aside of what is visible: `relativePath` is where the commit will make
    /// it visible below the write's directory.
    func create(
        _ relativePath: String, write: FileWrite, job: String, attempt: AttemptID
    ) throws(EngineError) -> any ByteSink
    /// Removes what an attempt wrote aside; nothing when it wrote nothing.
    func discard(_ attempt: AttemptID)
}
