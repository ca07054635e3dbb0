import Columns
import Formats
import Functions
import Plans
import Shuffle
import Vocabulary

/// Reads the task's splits of a file relation, one after the other, and filters while it decodes.
final class ScanOperator: Operator {
    private let scan: PhysicalScan
    private let context: TaskContext
    private let splits: [FileSplit]
    private let layout: ScanLayout
    private let predicates: [ColumnPredicate]
    private var nextSplit = 0
    private var current: (any BatchStream)?
    private var currentFile = 0
    /// Filters that the reader of the current file has not applied.
    private let remaining: Predicate?
    private var decodeFilter: ScanDecodeFilter?
    private var keyPruning: ScanKeyPruning

    init(_ scan: PhysicalScan, context: TaskContext) throws {
        self.scan = scan
        self.context = context
        let all = context.fragment.splits
        splits = scan.index < all.count ? all[scan.index] : []
        layout = ScanLayout(scan)
        keyPruning = ScanKeyPruning(scan.relation)
        predicates = ScanPruning.predicates(
            scan.filters, columns: scan.columns, dataCount: layout.dataColumnCount)
        let settings = context.settings
        let decodes = scan.relation.format == .parquet
        let (early, late) = layout.divide(scan.filters, decodes: decodes)
        decodeFilter = early.isEmpty ? nil : try ScanDecodeFilter(early, settings: settings)
        remaining = late.isEmpty ? nil : try Predicate(late, settings: settings)
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) {
        if columns.count == 1 { keyPruning.add(filter, column: scan.columns[scan.output[columns[0]]]) }
        guard scan.relation.format == .parquet, filter.selectsRows else { return }
        let positions = columns.compactMap { layout.filePositions[scan.output[$0]] }
        if positions.count < columns.count { return }
        if decodeFilter == nil { decodeFilter = ScanDecodeFilter() }
        decodeFilter?.add(filter, columns: positions)
    }

    func next() throws -> Pull {
        while true {
            try context.checkCancelled()
            if let current {
                guard let batch = try current.next() else {
                    self.current = nil
                    continue
                }
                context.counters.rowsIn.add(batch.count, ordering: .relaxed)
                if let given = try finish(batch) { return .batch(given) }
            } else {
                guard nextSplit < splits.count else { return .finished }
                try open(splits[nextSplit])
                nextSplit += 1
                if current == nil { context.counters.skippedParts.add(1, ordering: .relaxed) }
            }
        }
    }

    /// Opens a part of a file; `current` stays nil for one that has no rows with keys of the joins above.
    private func open(_ split: FileSplit) throws {
        guard keyPruning.mayMatch(file: split.file) else { return }
        let entry = scan.relation.files[split.file]
        currentFile = split.file
        let opened = try context.resources.readers.open(
            entry.path, split: split, scan: scan, layout: layout,
            predicates: predicates + keyPruning.predicates, filter: decodeFilter, context: context)
        if let parquet = opened as? ParquetReader, parquet.isRuledOut { return }
        current = opened
    }

    /// Adds folder columns, applies what filters are left, and keeps the columns that are wanted.
    private func finish(_ batch: Batch) throws -> Batch? {
        let values = scan.relation.files[currentFile].partitionValues
        let whole = Batch(columns: layout.assemble(batch, folderValues: values), count: batch.count)
        guard let remaining else { return whole.projected(scan.output) }
        let selection = try remaining.select(whole)
        return selection.count == 0 ? nil : whole.projected(scan.output).gathered(selection)
    }
}

/// Knows which of a scan's columns come out of the files and which from folder names.
struct ScanLayout {
    /// Columns of the relation that are inside the files.
    let dataColumnCount: Int
    /// For each read column: its position among the file's read columns, or nil for a folder column.
    let filePositions: [Int?]
    /// Columns to read from the file, as positions in the relation's data schema.
    let fileColumns: [Int]
    private let scan: PhysicalScan

    init(_ scan: PhysicalScan) {
        self.scan = scan
        dataColumnCount = scan.relation.dataSchema.count
        var positions: [Int?] = []
        var columns: [Int] = []
        for column in scan.columns {
            if column < scan.relation.dataSchema.count {
                positions.append(columns.count)
                columns.append(column)
            } else {
                positions.append(nil)
            }
        }
        filePositions = positions
        fileColumns = columns
    }

    /// Fields of the read file columns.
    var fileFields: [Field] { fileColumns.map { scan.relation.dataSchema[$0] } }

    /// Puts file columns and folder values in the order of the scan's columns.
    func assemble(_ batch: Batch, folderValues: [Literal]) -> [Vector] {
        if fileColumns.count == scan.columns.count { return batch.columns }
        return zip(scan.columns, filePositions).map { column, position in
            if let position { return batch.columns[position] }
            return Vector.constant(folderValues[column - dataColumnCount], count: batch.count)
        }
    }

    /// Divides filters into those that the decoder can apply (over file columns, renumbered to the file's
    /// read columns) and those for afterwards (over the scan's columns).
    func divide(_ filters: [Expression], decodes: Bool) -> (early: [Expression], late: [Expression]) {
        var early: [Expression] = []
        var late: [Expression] = []
        for filter in filters {
            var usesFolders = false
            filter.forEach { if case .input(let at, _) = $0, filePositions[at] == nil { usesFolders = true } }
            if !decodes || usesFolders {
                late.append(filter)
            } else {
                early.append(
                    filter.rewritten { node in
                        guard case .input(let at, let type) = node, let place = filePositions[at] else {
                            return node
                        }
                        return .input(place, type)
                    })
            }
        }
        return (early, late)
    }
}
