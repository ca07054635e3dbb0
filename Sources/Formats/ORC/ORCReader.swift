import Columns
import Kernels
import Vocabulary

/// Reads columns of an ORC file, stripe by stripe, some rows at a time, so that memory does not grow with the
/// stripes. Used by one thread at a time.
package final class ORCReader: BatchStream {
    /// What is in the file.
    package let file: ORCFile
    private let source: any ByteSource
    private let zone: Zone
    private let batchRows: Int
    /// For each column of the batches its type in the file, nil where the file lacks it.
    private let ids: [Int?]
    /// The types of the batches' columns: the file's, in the form that is wanted.
    package let types: [DataType]
    /// The columns that the file lacks, by their places among the wanted ones.
    package let missing: Set<Int>
    private var stripe: Int
    private let end: Int
    /// The stripe that is open: its columns, the rows that are left, and how many of them a batch has.
    private var open: (columns: [ORCColumn], rowsLeft: Int, batchRows: Int)?

    /// Bytes on disk that the rows of a batch have, about.
    private static let batchBytes = 4 << 20

    /// Begins at the first of `stripes`. `wanted` says which columns the batches have, nil for all of the
    /// file; `relation` are all columns of the table. Fields of structures are found by their names, too,
    /// and null where the file lacks them. Times without a zone, as ORC has them, are those of `zone`.
    /// Throws as `ORCFile` does.
    package init(
        source: any ByteSource, stripes: Range<Int>, zone: Zone, wanted: [Field]? = nil,
        relation: Schema? = nil, batchRows: Int = Limits.batchRows
    ) throws(EngineError) {
        let file = try ORCFile(source: source)
        self.file = file
        let fields = wanted ?? file.schema.fields
        let positions = file.positions(of: fields, in: relation ?? Schema(fields))
        missing = Set(positions.indices.filter { positions[$0] == nil })
        ids = positions.map { $0.map { file.tree.types[0].children[$0] } }
        types = zip(fields, positions).map { field, position in
            position.map { ORCResolution.type(file.schema[$0].type, as: field.type) } ?? field.type
        }
        self.source = source
        self.zone = zone
        self.batchRows = batchRows
        stripe = min(stripes.lowerBound, file.stripes.count)
        end = min(stripes.upperBound, file.stripes.count)
    }

    package func next() throws -> Batch? {
        do throws(EngineError) { return try nextBatch() } catch { throw error.naming(source) }
    }

    private func nextBatch() throws(EngineError) -> Batch? {
        while open == nil || open?.rowsLeft == 0 {
            if stripe >= end { return nil }
            let wanted = file.stripes[stripe]
            stripe += 1
            if wanted.rowCount == 0 { continue }
            var rows = batchRows
            let isCounted = ids.allSatisfy { $0 == nil }
            if !isCounted, wanted.dataBytes > Self.batchBytes {
                rows = max(16, min(batchRows, wanted.rowCount / (wanted.dataBytes / Self.batchBytes)))
            }
            var opened: [ORCColumn] = types.map { ORCMissing($0) }
            if !isCounted {
                opened = try ORCStripeColumns.open(wanted, file, source, zone, ids: ids, types: types)
            }
            open = (opened, wanted.rowCount, rows)
        }
        guard let (opened, rowsLeft, rows) = open else { return nil }
        let count = min(rowsLeft, rows)
        var vectors: [Vector] = []
        for column in opened { vectors.append(try column.read(count)) }
        open?.rowsLeft -= count
        return Batch(columns: vectors, count: count)
    }
}
