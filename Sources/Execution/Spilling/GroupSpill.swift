import Columns
import Plans

/// Keeps the states of an aggregation's groups that did not fit in memory, by partitions of their keys. Used
/// by one thread.
final class GroupSpill {
    /// A partition that waits to be merged: no other has rows of its groups.
    struct Part {
        var rows: SpilledRows
        /// How often its rows were dealt out, less one.
        var level: Int
    }

    /// Groups that are written together: enough for blocks of some thousand rows in each partition.
    static let groupsAtOnce = 32_768

    private let keyCount: Int
    private let spiller: RowSpiller
    private var open: SpilledPartitions?
    private var waiting: [Part] = []
    /// Level at which rows are dealt out now.
    private(set) var level = 0

    /// `types`: of the key columns, `keys` of them, then of the states.
    init(types: [DataType], keys: Int, _ context: TaskContext) {
        keyCount = keys
        let schema = Schema(types.enumerated().map { Field("c\($0.offset)", $0.element) })
        spiller = RowSpiller(schema: schema, context: context)
    }

    /// Whether rows were dealt out at this level.
    var hasRows: Bool { open != nil }

    /// Deals out rows of keys and states.
    func append(_ columns: [Vector], count: Int) throws {
        let partitions = try open ?? SpilledPartitions(level: level, spiller: spiller)
        open = partitions
        try partitions.append(
            Batch(columns: columns, count: count), keys: Array(columns[0..<keyCount]))
    }

    func beginLevel(_ level: Int) { self.level = level }

    /// Puts the partitions of this level before those that wait.
    func endLevel() throws {
        try open?.finish()
        for rows in open?.parts ?? [] where rows.rowCount > 0 {
            waiting.append(Part(rows: rows, level: level))
        }
        open = nil
    }

    /// Takes the next partition to merge.
    func takePart() -> Part? { waiting.popLast() }

    func read(_ part: Part, block: Int) throws -> Batch { try spiller.read(part.rows, block: block) }
}
