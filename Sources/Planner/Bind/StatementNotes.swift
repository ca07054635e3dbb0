import Plans

/// Collects what a statement is to be warned of besides what its plan says.
package final class StatementNotes {
    /// Files that the statement names itself, by ``json.`path` ``, and not by a view.
    private(set) var files: [FileRelation] = []
    /// Sentences about hints that have no effect.
    private(set) var hints: [String] = []

    /// Adds files that are not there yet.
    func add(_ relation: FileRelation) {
        if !files.contains(where: { $0.name == relation.name && $0.format == relation.format }) {
            files.append(relation)
        }
    }

    /// Adds what is wrong with hints, each sentence once: a common table is bound as often as it is used.
    func add(hints sentences: [String]) {
        for sentence in sentences where !hints.contains(sentence) { hints.append(sentence) }
    }
}
