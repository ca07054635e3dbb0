import Plans

/// Collects the files that a statement names itself, by ``json.`path` ``, and not by a view.
package final class DirectReads {
    private(set) var files: [FileRelation] = []

    /// Adds files that are not there yet.
    func add(_ relation: FileRelation) {
        if !files.contains(where: { $0.name == relation.name && $0.format == relation.format }) {
            files.append(relation)
        }
    }
}
