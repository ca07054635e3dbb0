import Columns
import Kernels
import Memory
import Vocabulary

/// Reads columns of some row groups of a file as batches. Batches never span row groups. Used by one thread
/// at a time; several readers may share a file.
package final class ParquetReader: BatchStream {
    private let file: ParquetFile
    private let columns: [Int]
    private let filter: (any DecodeFilter)?
    private let zone: Zone
    /// Rows of a batch at most, and those of one of the current row group.
    private let batchRows: Int
    private var groupBatchRows = 0
    private let memory: CountedMemory
    private let onChunk: ((Int) -> Void)?
    private var groups: [Int]
    private var readers: [(any ColumnReader)?] = []
    private var group = 0
    private var rowsLeft = 0
    /// Rows of the row group before the batch that is being read.
    private var batchStart = 0
    private let scratch = PageValues.makeScratch()
    /// Bytes of a batch's rows, as they are in the pages, about; a batch of wide rows has fewer of them.
    private static let batchBytes = 8 << 20
    /// Row groups that statistics ruled out.
    package let prunedRowGroups: Int
    /// Whether statistics rule out all that was to be read.
    package let isRuledOut: Bool
    /// Rows that the filter has seen.
    package private(set) var scannedRows = 0

    /// Prepares to read `columns`, positions in the file's schema, of `rowGroups`. Row groups that
    /// `predicates` rule out by statistics are not read. `filter` names its columns as positions in
    /// `columns`; with it, batches hold only the rows that pass. `onChunk` gets the bytes of each column
    /// chunk that is opened; `memory` gives what pages declare, once it is much. Writers that do not name
    /// their zone had a clock of `zone`.
    package init(
        file: ParquetFile, columns: [Int], rowGroups: Range<Int>? = nil, predicates: [ColumnPredicate] = [],
        filter: (any DecodeFilter)? = nil, zone: Zone = .utc, batchRows: Int = Limits.batchRows,
        memory: CountedMemory = .unlimited, onChunk: ((Int) -> Void)? = nil
    ) {
        self.file = file
        self.memory = memory
        self.columns = columns
        self.filter = filter
        self.zone = zone
        self.batchRows = batchRows
        self.onChunk = onChunk
        let all = rowGroups ?? 0..<file.rowGroups.count
        groups = all.filter { file.mayMatch(predicates, rowGroup: $0) }
        prunedRowGroups = all.count - groups.count
        isRuledOut = groups.isEmpty
        groups.reverse()
    }

    /// Returns the next batch, or nil at the end. Throws a `data` error naming the file when it is damaged.
    package func next() throws -> Batch? {
        do {
            if let unread { throw unread }
            while true {
                while rowsLeft == 0 {
                    guard let next = groups.popLast() else { return nil }
                    // Of a row group without rows nothing is checked, not even where it lies.
                    if file.rowGroups[next].rowCount == 0 { continue }
                    group = next
                    rowsLeft = file.rowGroups[next].rowCount
                    groupBatchRows = rowsAtOnce(file.metadata.rowGroups[next])
                    readers = Array(repeating: nil, count: columns.count)
                    announce(file.metadata.rowGroups[next].columns)
                }
                batchStart = file.rowGroups[group].rowCount - rowsLeft
                let rows = min(rowsLeft, groupBatchRows)
                rowsLeft -= rows
                scannedRows += rows
                if let filter {
                    if let batch = try filtered(rows, filter) { return batch }
                } else {
                    var vectors: [Vector] = []
                    for column in columns.indices { vectors.append(try reader(column).read(rows)) }
                    return Batch(columns: vectors, count: rows)
                }
            }
        } catch let error as EngineError {
            throw error.blame == .data ? error.naming(file.source) : error
        }
    }

    /// Returns how many rows of a row group are read at once.
    private func rowsAtOnce(_ group: ParquetRowGroupMetadata) -> Int {
        let bytes = leaves.reduce(0) { $0 &+ group.columns[$1.index].uncompressedBytes }
        return min(batchRows, max(1, ParquetReader.batchBytes / max(1, bytes / max(1, group.rowCount))))
    }

    /// The error of the first column whose type SQL has not.
    private var unread: EngineError? {
        for leaf in leaves {
            if case .unsupported(let name) = leaf.type {
                return .data(
                    "PARQUET_TYPE_NOT_SUPPORTED",
                    "A Parquet column has a type that SQL has not: \(leaf.path) (\(name))",
                    remedy: "Name the other columns in the SELECT instead of *.")
            }
        }
        return nil
    }

    private var leaves: [ParquetLeaf] { columns.flatMap { file.nodes[$0].leaves } }

    /// Tells the source which chunks of a row group come next.
    private func announce(_ chunks: [ParquetColumnChunk]) {
        file.source.willRead(
            leaves.map { leaf in
                let chunk = chunks[leaf.index]
                return chunk.startOffset..<(chunk.startOffset + chunk.compressedBytes)
            })
    }

    /// Reads the columns of the filter's steps, each for the rows that are left, then the others; nil when
    /// no row passed.
    private func filtered(_ rows: Int, _ filter: any DecodeFilter) throws -> Batch? {
        var vectors: [Vector?] = Array(repeating: nil, count: columns.count)
        var selection: Selection?
        for (step, tested) in filter.begin().enumerated() {
            let count = selection?.count ?? rows
            for column in tested where vectors[column] == nil {
                vectors[column] = try read(column, rows, selection)
            }
            let passed = try filter.select(
                Batch(columns: tested.compactMap { vectors[$0] }, count: count), step: step)
            if passed.count == 0 {
                for column in columns.indices where vectors[column] == nil { try skip(column, rows) }
                return nil
            }
            if passed.count == count { continue }
            for column in columns.indices { vectors[column] = vectors[column]?.gathered(passed) }
            if let before = selection {
                var i = 0
                while i < passed.count {
                    passed.rows[i] = before.rows[Int(passed.rows[i])]
                    i &+= 1
                }
            }
            selection = passed
        }
        var result: [Vector] = []
        for column in columns.indices { result.append(try vectors[column] ?? read(column, rows, selection)) }
        return Batch(columns: result, count: selection?.count ?? rows)
    }

    private func read(_ column: Int, _ rows: Int, _ selection: Selection?) throws(EngineError) -> Vector {
        guard let selection else { return try reader(column).read(rows) }
        return try reader(column).read(rows, selected: selection)
    }

    private func skip(_ column: Int, _ rows: Int) throws(EngineError) {
        // A column that was not opened yet learns what to pass over when it is.
        if let reader = readers[column] { try reader.skip(rows) }
    }

    /// Returns the reader of a column in the current row group, opened at first use at the current batch's
    /// first row.
    private func reader(_ column: Int) throws(EngineError) -> any ColumnReader {
        if let reader = readers[column] { return reader }
        let zone = zone
        let node = file.nodes[columns[column]].mapLeaves { $0.settled(in: zone) }
        let made = try makeReader(node)
        if batchStart > 0 { try made.skip(batchStart) }
        readers[column] = made
        return made
    }

    private func makeReader(_ node: ParquetNode) throws(EngineError) -> any ColumnReader {
        let chunks = file.metadata.rowGroups[group].columns
        if node.type == .null { return NullColumnReader() }
        for leaf in node.leaves { onChunk?(chunks[leaf.index].compressedBytes) }
        if case .leaf(let leaf) = node {
            let pages = try PageStream(
                leaf: leaf, chunk: chunks[leaf.index], source: file.source, memory: memory)
            return FlatColumnReader(leaf: leaf, pages: pages, scratch: scratch)
        }
        var leaves: [NestedLeafReader] = []
        for leaf in node.leaves {
            let pages = try PageStream(
                leaf: leaf, chunk: chunks[leaf.index], source: file.source, memory: memory)
            leaves.append(NestedLeafReader(leaf: leaf, pages: pages, scratch: scratch))
        }
        return NestedColumnReader(node: node, leaves: leaves, memory: memory)
    }
}
