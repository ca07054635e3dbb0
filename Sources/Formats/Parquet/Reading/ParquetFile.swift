import Columns
import Memory
import Vocabulary

/// Describes a row group: what one unit of reading holds.
package struct ParquetRowGroup: Sendable, Hashable {
    package let rowCount: Int
    /// Bytes on disk, all columns.
    package let byteCount: Int
    /// Row of the file that is the group's first.
    package let firstRow: Int
}

/// Reads a Parquet file's footer and answers what is in the file: schema under Spark's types, row groups,
/// statistics. Thread-safe: nothing changes after it was made.
///
///     PAR1 │ pages of row group 0 … │ … │ footer (Thrift) │ footer size, 4 bytes │ PAR1
///
/// The footer is read by our own Thrift reader: loading Arrow C++ costs a process 11 ms before its first line
/// runs.
package final class ParquetFile: Sendable {
    package let source: any ByteSource
    package let schema: Schema
    package let rowGroups: [ParquetRowGroup]
    package let rowCount: Int
    /// Application metadata of the footer.
    package let keyValues: [String: String]
    /// Size of the footer in the file.
    let footerByteCount: Int
    let metadata: ParquetMetadata
    let nodes: [ParquetNode]
    /// Shared by all that describe the same file by the same nodes.
    private let totals: ParquetColumnTotals

    /// Bytes of the first read from the end; most footers fit.
    private static let footerGuessBytes = 64 << 10

    /// Reads the footer. Throws a `data` error naming the source when it is no Parquet file or is damaged.
    package init(source: any ByteSource) throws(EngineError) {
        self.source = source
        totals = ParquetColumnTotals()
        do {
            let footer = try ParquetFile.readFooter(source)
            footerByteCount = footer.bytes.count
            var reader = ThriftReader(footer.bytes)
            metadata = try ParquetMetadata(reading: &reader)
            var builder = ParquetSchemaBuilder(metadata.schema)
            var (nodes, fields) = try builder.build()
            if let text = metadata.keyValues[SparkRowMetadata.key] {
                SparkRowMetadata.apply(text, to: &nodes, &fields)
            }
            self.nodes = try EarlyTimes.apply(metadata.keyValues, [:], to: nodes)
            schema = Schema(fields)
            try ParquetFile.validate(metadata, nodes: nodes, byteCount: source.byteCount)
        } catch {
            throw error.naming(source)
        }
        var first = 0
        var groups: [ParquetRowGroup] = []
        for group in metadata.rowGroups {
            let bytes = group.columns.reduce(0) { $0 + $1.compressedBytes }
            groups.append(ParquetRowGroup(rowCount: group.rowCount, byteCount: bytes, firstRow: first))
            first += group.rowCount
        }
        rowGroups = groups
        rowCount = first
        keyValues = metadata.keyValues
    }

    /// Describes the same file, read by way of `source` from now on.
    private init(_ file: ParquetFile, source: any ByteSource, nodes: [ParquetNode]? = nil) {
        self.source = source
        schema = file.schema
        rowGroups = file.rowGroups
        rowCount = file.rowCount
        keyValues = file.keyValues
        footerByteCount = file.footerByteCount
        metadata = file.metadata
        self.nodes = nodes ?? file.nodes
        totals = nodes == nil ? file.totals : ParquetColumnTotals()
    }

    /// Returns the same footer with an open file, which must hold the same bytes.
    package func reading(_ source: any ByteSource) -> ParquetFile { ParquetFile(self, source: source) }

    /// Returns the footer alone, which keeps no file open and whose pages cannot be read: for whoever keeps
    /// many, or for long.
    package func withoutSource() -> ParquetFile {
        ParquetFile(self, source: ClosedSource(name: source.name, byteCount: source.byteCount))
    }

    /// Returns the same file with early days and times as a reader's options (their names in lower case) say
    /// where the file itself does not. Throws `INVALID_CONF_VALUE`.
    package func reading(options: [String: String]) throws(EngineError) -> ParquetFile {
        guard EarlyTimes.optionNames.contains(where: { options[$0] != nil }) else { return self }
        let changed = try EarlyTimes.apply(keyValues, options, to: nodes)
        return ParquetFile(self, source: source, nodes: changed)
    }

    private static func readFooter(_ source: any ByteSource) throws(EngineError) -> Buffer {
        let size = source.byteCount
        if size < 12 { throw notParquet("it has only \(size) bytes") }
        let guess = min(size, footerGuessBytes)
        let tail = Buffer(byteCount: guess)
        try source.readFully(at: size - guess, into: tail.mutableBytes)
        let magic = (tail.base + guess - 4).loadUnaligned(as: UInt32.self)
        if magic == 0x4552_4150 {
            throw .data("FAILED_READ_FILE", "The Parquet file is encrypted, which is not supported")
        }
        if magic != 0x3152_4150 { throw notParquet("it does not end with PAR1") }
        let footerBytes = Int((tail.base + guess - 8).loadUnaligned(as: UInt32.self))
        if footerBytes > size - 12 { throw notParquet("its footer would begin before the file does") }
        let footer = Buffer(byteCount: footerBytes)
        if footerBytes + 8 <= guess {
            let from = UnsafeRawBufferPointer(start: tail.base + guess - 8 - footerBytes, count: footerBytes)
            footer.mutableBytes.copyMemory(from: from)
        } else {
            try source.readFully(at: size - 8 - footerBytes, into: footer.mutableBytes)
        }
        return footer
    }

    private static func notParquet(_ why: String) -> EngineError {
        .data(
            "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "This is no Parquet file, or it is cut short: \(why)",
            remedy: "Check the path and the format, or copy the file again.")
    }

    /// Checks what later reads rely on: chunk counts, types, and positions inside the file.
    private static func validate(
        _ metadata: ParquetMetadata, nodes: [ParquetNode], byteCount: Int
    ) throws(EngineError) {
        let leaves = nodes.flatMap(\.leaves)
        var rows = 0
        for (number, group) in metadata.rowGroups.enumerated() {
            let bad = EngineError.data(
                "FAILED_READ_FILE", "The Parquet footer is damaged: row group \(number)")
            if group.columns.count != leaves.count || group.rowCount < 0 { throw bad }
            let (sum, overflow) = rows.addingReportingOverflow(group.rowCount)
            if overflow || sum > 1 << 48 { throw bad }
            rows = sum
            for (chunk, leaf) in zip(group.columns, leaves) {
                // Some writers give the chunks of a row group without rows no place; they are never read.
                let start = group.rowCount == 0 ? 4 : chunk.startOffset
                guard chunk.physical == leaf.physical, chunk.valueCount >= 0, start >= 4, start <= byteCount,
                    chunk.compressedBytes >= 0, chunk.compressedBytes <= byteCount - start
                else { throw bad }
                if leaf.repetition == 0, chunk.valueCount != group.rowCount { throw bad }
            }
        }
    }

    /// Returns the bytes on disk of some columns of a row group.
    package func byteCount(columns: [Int], rowGroup: Int) -> Int {
        var total = 0
        for column in columns {
            for leaf in nodes[column].leaves {
                total += metadata.rowGroups[rowGroup].columns[leaf.index].compressedBytes
            }
        }
        return total
    }

    /// Returns the bytes on disk of a column in all row groups.
    package func byteCount(column: Int) -> Int { total(of: column).byteCount }

    /// Returns the least and greatest of all row groups' bounds of a column and the sum of its nulls, where
    /// all are known.
    package func statistics(column: Int) -> ColumnStatistics? { total(of: column).statistics }

    private func total(of column: Int) -> ParquetColumnTotals.Total {
        totals.total(of: column) {
            ParquetColumnTotals.Total(
                byteCount: rowGroups.indices.reduce(0) { $0 + byteCount(columns: [column], rowGroup: $1) },
                statistics: joinedStatistics(column: column))
        }
    }
}

extension EngineError {
    /// Returns the error with the source's name in its message.
    func naming(_ source: any ByteSource) -> EngineError {
        if message.contains(source.name) { return self }
        var copy = self
        copy.message += ": \(source.name)"
        return copy
    }
}
