import Vocabulary

/// Says how rows are to be spread over tasks, and so over files where they are written.
package struct Repartition: Hashable, Sendable {
    /// Names how rows find their task.
    package enum Method: Hashable, Sendable {
        /// Evenly.
        case roundRobin
        /// Rows whose keys are equal in one task.
        case hash
        /// Each task a range of the keys.
        case range
        /// As they are, in at most so many tasks.
        case fewer
    }

    package var method: Method
    /// Tasks; nil: as many as suit the rows.
    package var count: Int?
    package var keys: [SortKey]

    package init(_ method: Method, count: Int? = nil, keys: [SortKey] = []) {
        self.method = method
        self.count = count
        self.keys = keys
    }

    /// Most tasks that may be asked for.
    package static let mostTasks = 100_000

    /// Returns the same with `transform` applied to each key.
    package func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> Repartition {
        var copy = self
        copy.keys = try keys.map {
            SortKey(try transform($0.expression), ascending: $0.ascending, nullsFirst: $0.nullsFirst)
        }
        return copy
    }

    package var label: String {
        let name =
            switch method {
            case .roundRobin: "round robin"
            case .hash: "hash"
            case .range: "range"
            case .fewer: "at most"
            }
        let list = keys.isEmpty ? "" : " [\(keys.map { "\($0.expression)" }.joined(separator: ", "))]"
        return "Repartition \(name)\(list)\(count.map { ", \(Counted.text($0, "task"))" } ?? "")"
    }
}
