import Columns
import Memory
import Plans
import Shuffle

/// Holds a join's build side on disk, dealt out to partitions. Only read, by any number of tasks.
struct SpilledBuild: Sendable {
    let parts: [SpilledRows]
    /// How often the rows were dealt out before.
    let level: Int
    /// Whether any row has a null key (for `NOT IN`).
    let hasNullKey: Bool
}

/// Joins sides of which neither fits in memory: both are dealt out to partitions by the hash of their keys,
/// and each pair of partitions is joined alone ("Grace" hash join: Kitsuregawa, Tanaka and Moto-oka, 1983).
/// A pair whose build side does not fit either is dealt out again. Used by one thread.
final class SpilledJoin {
    private let build: SpilledBuild
    private let probe: SpilledPartitions
    private let buildSpiller: RowSpiller
    private let probeSpiller: RowSpiller
    private var nextPart = 0

    /// Begins to deal out the probe side. `schema`: of the build side; `probe`: of the probe side.
    init(_ build: SpilledBuild, schema: Schema, probe probeSchema: Schema, context: TaskContext) throws {
        self.build = build
        buildSpiller = RowSpiller(schema: schema, context: context)
        probeSpiller = RowSpiller(schema: probeSchema, context: context)
        probe = try SpilledPartitions(level: build.level, spiller: probeSpiller)
    }

    /// Deals out rows of the probe side by their keys.
    func append(_ batch: Batch, keys: [Vector]) throws { try probe.append(batch, keys: keys) }

    /// Ends the dealing out.
    func finish() throws { try probe.finish() }

    /// Returns the sides of the next pair that can give rows, or nil after the last.
    func takePair(_ role: JoinRole) -> (build: SpillSource, probe: SpillSource)? {
        while nextPart < SpilledPartitions.count {
            let (builds, probes) = (build.parts[nextPart], probe.parts[nextPart])
            nextPart += 1
            if builds.rowCount == 0, role.isEmptyWithoutBuild { continue }
            if probes.rowCount == 0, !role.givesBuildAtEnd { continue }
            return (SpillSource(builds, buildSpiller), SpillSource(probes, probeSpiller))
        }
        return nil
    }
}

/// Gives rows that were written to disk, block by block.
final class SpillSource: Operator {
    private let rows: SpilledRows
    private let spiller: RowSpiller
    private var block = 0

    init(_ rows: SpilledRows, _ spiller: RowSpiller) {
        self.rows = rows
        self.spiller = spiller
    }

    func next() throws -> Pull {
        guard block < rows.ranges.count else { return .finished }
        block += 1
        return .batch(try spiller.read(rows, block: block - 1))
    }
}
