import Vocabulary

/// Picks the rows that came since the last read, and such as may have:
///
///     first read    initial ≤ cursor
///     without bounds   after ≤ cursor: rows that tie with the greatest come again, and are known by then
///     with bounds      after < cursor, or written by a transaction that was open at the last read
///
/// Rows without a cursor come in every read unless they are left out: whoever reads says what becomes of
/// them.
struct IncrementalCondition {
    /// Empty where all rows are new.
    let text: String

    /// nil when the relation is not read incrementally. `known`: the relation's columns.
    init?(_ target: DatabaseTarget, _ known: [SourceColumn]) throws(EngineError) {
        let (options, dialect) = (target.options, target.dialect)
        /// As the database has it; capitals matter only where two columns differ by them.
        func column(_ option: String) -> SourceColumn? {
            options[option].map { name in
                let exact = known.first { $0.name == name }
                return exact ?? known.first { $0.name.lowercased() == name.lowercased() }
                    ?? SourceColumn(
                        name: name, type: .string, expression: dialect.quoted(name), isPlain: false)
            }
        }
        guard let found = column("incremental.column") else { return nil }
        let name = dialect.quoted(found.name)
        let cursor = dialect.cursor(found)
        func value(_ text: String) -> String { dialect.cursorLiteral(text, found) }
        // A row whose transaction was still running at the last read may have any cursor.
        let bound = options["incremental.bound"]
        let ended = bound.flatMap { dialect.hasEnded(by: $0) }
        var late: String?
        if let bound, let before = options["incremental.bound.after"] {
            late = dialect.wasOpen(at: before, now: bound)
        }
        var isNew: [String] = []
        if let after = options["incremental.after"].map(value) {
            // All rows that were not read are late ones, where those are known.
            isNew.append("\(cursor) \(late == nil ? ">=" : ">") \(after)")
            if let late {
                let isLate = [late, ended].compactMap { $0.map { "(\($0))" } }.joined(separator: " AND ")
                isNew.append(
                    options["incremental.ties"] == "true"
                        ? "\(name) IN (SELECT \(name) FROM \(try target.relation()) WHERE \(isLate))" : late)
            }
        }
        var wanted = isNew.isEmpty ? [] : [isNew.joined(separator: " OR ")]
        if let initial = options["incremental.initial"].map(value) {
            wanted.append("\(cursor) \(options["incremental.range"] == "open" ? ">" : ">=") \(initial)")
        }
        if let delay = try target.number("incremental.delay", atLeast: 0) {
            wanted.append("\(name) < \(dialect.now(minusMilliseconds: delay))")
        }
        let names = [name] + (column("incremental.id.column").map { [dialect.quoted($0.name)] } ?? [])
        if options["incremental.missing"] == "exclude" {
            wanted += names.map { "\($0) IS NOT NULL" }
        } else if !wanted.isEmpty {
            let isMissing = names.map { "\($0) IS NULL" }.joined(separator: " OR ")
            wanted = [IncrementalCondition.all(wanted) + " OR \(isMissing)"]
        }
        text = IncrementalCondition.all((ended.map { [$0] } ?? []) + wanted)
    }

    private static func all(_ conditions: [String]) -> String {
        conditions.map { "(\($0))" }.joined(separator: " AND ")
    }
}
