import Columns
import Formats
import Planner
import Plans
import Storage
import Vocabulary

extension SessionCatalog {
    /// Footers that are read for statistics; more files are taken to be like them.
    private static let sampledFooters = 64

    /// Returns what is known of the rows and columns of a relation.
    package func statistics(of relation: FileRelation) -> RelationStatistics {
        if relation.files.isEmpty, expectsFiles { return RelationStatistics(rowCount: Self.expectedRows) }
        var known =
            switch relation.format {
            case .parquet: parquetStatistics(relation)
            case .orc: orcStatistics(relation)
            case .avro, .csv, .json, .text: textStatistics(relation)
            }
        addAnalysed(relation, to: &known)
        return known
    }

    private func parquetStatistics(_ relation: FileRelation) -> RelationStatistics {
        let sample = relation.files.prefix(Self.sampledFooters)
        let footers = sample.compactMap {
            try? self.footers.footer(of: $0).reading(options: relation.options)
        }
        let sampledBytes = sample.reduce(0) { $0 + $1.byteCount }
        let scale = sampledBytes > 0 ? Double(relation.byteCount) / Double(sampledBytes) : 1
        let rows = Double(footers.reduce(0) { $0 + $1.rowCount }) * scale
        var columns: [Int: ColumnFacts] = [:]
        for (position, field) in relation.dataSchema.fields.enumerated() {
            columns[position] = ParquetColumnFacts.of(field, in: footers, rows: rows)
        }
        addPartitionFacts(relation, to: &columns)
        return RelationStatistics(rowCount: rows, columns: columns)
    }

    private func orcStatistics(_ relation: FileRelation) -> RelationStatistics {
        let sample = relation.files.prefix(Self.sampledFooters)
        let rows = sample.reduce(0) { $0 + ((try? stripes.footer(of: $1).rowCount) ?? 0) }
        let sampledBytes = sample.reduce(0) { $0 + $1.byteCount }
        let scale = sampledBytes > 0 ? Double(relation.byteCount) / Double(sampledBytes) : 1
        var columns: [Int: ColumnFacts] = [:]
        addPartitionFacts(relation, to: &columns)
        return RelationStatistics(rowCount: Double(rows) * scale, columns: columns)
    }

    /// Puts what ANALYZE TABLE found in place of what is guessed.
    private func addAnalysed(_ relation: FileRelation, to known: inout RelationStatistics) {
        guard let first = relation.files.first?.path else { return }
        let tables = metastore.read { state in state.tables.values.flatMap(\.values) }
        let table = tables.first {
            $0.statistics != nil && $0.name == relation.name && first.hasPrefix($0.location)
        }
        guard let statistics = table?.statistics, let rows = statistics.rowCount else { return }
        known.rowCount = Double(rows)
        for (position, field) in relation.schema.fields.enumerated() {
            guard let found = statistics.columns[field.name.lowercased()] else { continue }
            var facts = known.columns[position] ?? ColumnFacts()
            facts.distinctCount = Double(max(1, found.distinctCount))
            facts.nullFraction = rows > 0 ? Double(found.nullCount) / Double(rows) : 0
            facts.averageBytes = Double(found.averageBytes)
            if field.type.isIntegral, let least = found.minimum.flatMap({ Int64($0) }),
                let greatest = found.maximum.flatMap({ Int64($0) })
            {
                (facts.minimum, facts.maximum) = (.integer(least), .integer(greatest))
            }
            known.columns[position] = facts
        }
    }

    /// Bytes of a record in text, for want of anything better: per column, with its separators.
    private static let textBytesPerColumn = 9.0

    private func textStatistics(_ relation: FileRelation) -> RelationStatistics {
        var width = Double(max(1, relation.dataSchema.count)) * Self.textBytesPerColumn
        if relation.format == .json {
            width += relation.dataSchema.names.reduce(0) { $0 + Double($1.utf8.count) + 4 }
        }
        if relation.format == .text { width = 60 }
        let isPacked =
            relation.format != .avro
            && relation.files.contains { TextCompression.isCompressed(AddressText.shown($0.path)) }
        let bytes = Double(relation.byteCount) * (isPacked ? 4 : 1)
        var columns: [Int: ColumnFacts] = [:]
        addPartitionFacts(relation, to: &columns)
        return RelationStatistics(rowCount: bytes / width, columns: columns)
    }

    private func addPartitionFacts(_ relation: FileRelation, to columns: inout [Int: ColumnFacts]) {
        for position in relation.partitionSchema.fields.indices {
            let values = Set(
                relation.files.compactMap { file in
                    position < file.partitionValues.count ? file.partitionValues[position].value : nil
                })
            columns[relation.dataSchema.count + position] = ColumnFacts(
                distinctCount: Double(max(1, values.count)))
        }
    }

    /// Returns the parts of a relation that tasks read.
    package func splits(
        of relation: FileRelation, columns: [Int], filters: [Expression], targetBytes: Int
    ) throws(EngineError) -> [FileSplit] {
        let pruning = FilePruning(relation: relation, columns: columns, filters: filters)
        var splits: [FileSplit] = []
        for (index, file) in relation.files.enumerated() where pruning.mayMatch(file) {
            switch relation.format {
            case .parquet:
                splits += try rowGroups(of: index, relation: relation, columns: columns, pruning: pruning)
            case .orc: splits += try orcStripes(of: index, relation: relation, pruning: pruning)
            case .avro, .csv, .json, .text:
                splits += FileSplitting.ranges(of: index, relation: relation, targetBytes: targetBytes)
            }
        }
        return splits
    }

    private func orcStripes(
        of index: Int, relation: FileRelation, pruning: FilePruning
    ) throws(EngineError) -> [FileSplit] {
        let footer = try stripes.footer(of: relation.files[index])
        let predicates = pruning.predicates(for: footer.schema)
        var splits: [FileSplit] = []
        for (number, stripe) in footer.stripes.enumerated() where stripe.rowCount > 0 {
            if !predicates.isEmpty, !footer.mayMatch(predicates, stripe: number) { continue }
            splits.append(
                FileSplit(file: index, start: number, end: number + 1, byteCount: stripe.byteCount))
        }
        return splits
    }

    private func rowGroups(
        of index: Int, relation: FileRelation, columns: [Int], pruning: FilePruning
    ) throws(EngineError) -> [FileSplit] {
        let footer = try footers.footer(of: relation.files[index]).reading(options: relation.options)
        let wanted = columns.filter { $0 < relation.dataSchema.count }.compactMap {
            footer.schema.index(of: relation.dataSchema[$0].name)
        }
        let predicates = pruning.predicates(for: footer.schema)
        var splits: [FileSplit] = []
        for group in footer.rowGroups.indices {
            if footer.rowGroups[group].rowCount == 0 { continue }
            if !predicates.isEmpty, !footer.mayMatch(predicates, rowGroup: group) { continue }
            let bytes = footer.byteCount(columns: wanted, rowGroup: group)
            splits.append(FileSplit(file: index, start: group, end: group + 1, byteCount: bytes))
        }
        return splits
    }
}
