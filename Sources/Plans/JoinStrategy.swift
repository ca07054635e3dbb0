/// Names how a hint asks a join to be planned. Spark's names and their aliases.
package enum JoinStrategy: String, Hashable, Sendable, CaseIterable {
    /// The hinted side is read whole by every task.
    case broadcast = "BROADCAST"
    /// Both sides are spread by their keys. Spark sorts them then; here a table is made of either.
    case merge = "MERGE"
    /// Both sides are spread by their keys, and the table is made of the hinted side.
    case shuffleHash = "SHUFFLE_HASH"
    /// All pairs are compared, whatever keys there are.
    case replicate = "SHUFFLE_REPLICATE_NL"

    /// Finds the strategy by the name of a hint, in whatever case; nil for other names.
    package init?(hint name: String) {
        switch name.uppercased() {
        case "BROADCAST", "BROADCASTJOIN", "MAPJOIN": self = .broadcast
        case "MERGE", "SHUFFLE_MERGE", "MERGEJOIN": self = .merge
        case "SHUFFLE_HASH": self = .shuffleHash
        case "SHUFFLE_REPLICATE_NL": self = .replicate
        default: return nil
        }
    }

    /// Every name that a hint may have.
    package static let names = [
        "BROADCAST", "BROADCASTJOIN", "MAPJOIN", "MERGE", "SHUFFLE_MERGE", "MERGEJOIN", "SHUFFLE_HASH",
        "SHUFFLE_REPLICATE_NL",
    ]
}
