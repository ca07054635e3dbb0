import Columns
import Formats
import Functions
import Kernels
import Memory
import Plans
import Storage
import Synchronization
import Vocabulary

/// Opens readers of every format; keeps Parquet footers, which all tasks of a file need.
package final class FileReaders: Sendable {
    private let files: any FileAccess
    private let footers = ParquetFooters()

    package init(files: any FileAccess) { self.files = files }

    /// Opens the part of a file that `split` names, reading the scan's file columns in order.
    func open(
        _ path: String, split: FileSplit, scan: PhysicalScan, layout: ScanLayout,
        predicates: [ColumnPredicate],
        filter: ScanDecodeFilter?, context: TaskContext
    ) throws -> any BatchStream {
        let relation = scan.relation
        let zone = try Zone.named(context.settings.timeZone)
        let fields = layout.fileFields
        switch relation.format {
        case .parquet:
            return try openParquet(
                path, split: split, fields: fields, predicates: predicates, relation: relation,
                filter: filter, zone: zone, context: context)
        case .orc:
            return try openORC(
                path, split: split, fields: fields, relation, zone: zone, context: context)
        case .avro:
            return try openAvro(
                path, split: split, fields: fields, options: relation.options, context: context)
        case .json:
            return try openJSON(path, split: split, fields: fields, relation, zone: zone, context: context)
        case .csv:
            let source = try source(path, context)
            return try CSVReader(
                source: source, range: split.start..<split.end, schema: relation.dataSchema,
                columns: layout.fileColumns,
                options: CSVOptions(relation.options, zone: zone, patterns: patterns(relation, zone)),
                memory: memory(of: path, context))
        case .text:
            return try TextLineReader(
                source: try source(path, context), range: split.start..<split.end, fields: fields,
                options: relation.options, memory: memory(of: path, context))
        }
    }

    private func openJSON(
        _ path: String, split: FileSplit, fields: [Field], _ relation: FileRelation, zone: Zone,
        context: TaskContext
    ) throws -> any BatchStream {
        let (source, memory) = (try source(path, context), memory(of: path, context))
        let options = try JSONOptions(relation.options, zone: zone, patterns: patterns(relation, zone))
        let range = split.start..<split.end
        guard fields.map(\.name) == [options.corruptRecordColumn],
            let position = relation.dataSchema.index(of: fields[0].name)
        else {
            return try JSONReader(
                source: source, range: range, schema: Schema(fields), options: options, memory: memory)
        }
        // Wanted alone, it tells of records that do not fit any of the columns.
        let reader = try JSONReader(
            source: source, range: range, schema: relation.dataSchema, options: options, memory: memory)
        return try AdaptedStream(
            reader, fields: fields, found: [(position, fields[0].type)], file: AddressText.shown(path),
            filter: nil, settings: context.settings)
    }

    /// Returns how times are written in a relation's text files, where its options say so.
    private func patterns(_ relation: FileRelation, _ zone: Zone) throws(EngineError) -> TextPatterns {
        let readers = try TimePatternReaders(relation.options, zone: zone)
        return TextPatterns(
            date: readers.date, timestamp: readers.timestamp, timestampNTZ: readers.timestampNTZ)
    }

    // MARK: - Parquet

    private func openParquet(
        _ path: String, split: FileSplit, fields: [Field], predicates: [ColumnPredicate],
        relation: FileRelation, filter: ScanDecodeFilter?, zone: Zone, context: TaskContext
    ) throws -> any BatchStream {
        let file = try parquet(path, context).reading(options: relation.options)
        // Tasks share the file and its footer: what one of them reads are the column chunks that it opens.
        let counters = context.counters
        let onChunk = { (byteCount: Int) -> Void in counters.bytesIn.add(byteCount, ordering: .relaxed) }
        var groups = split.start..<min(split.end, file.rowGroups.count)
        let positions = fields.map { file.schema.index(of: $0.name) }
        let fits = zip(fields, positions).allSatisfy { field, position in
            position.map { file.schema[$0].type == field.type } ?? false
        }
        // Statistics are of the file's own types: conditions on columns that are cast cannot prune.
        let usable = predicates.compactMap { predicate -> ColumnPredicate? in
            let field = relation.dataSchema[predicate.column]
            guard let position = file.schema.index(of: field.name), file.schema[position].type == field.type
            else { return nil }
            var renumbered = predicate
            renumbered.column = position
            return renumbered
        }
        // A split is one row group as a rule; what statistics rule out is not asked about again.
        if groups.count == 1, file.mayMatch(usable, rowGroup: groups.lowerBound),
            try !file.mayHold(usable, rowGroup: groups.lowerBound)
        {
            groups = groups.lowerBound..<groups.lowerBound
        }
        if fits {
            return ParquetReader(
                file: file, columns: positions.compactMap { $0 }, rowGroups: groups, predicates: usable,
                filter: filter, zone: zone, memory: memory(of: path, context), onChunk: onChunk)
        }
        let present = positions.compactMap { $0 }
        let reader = ParquetReader(
            file: file, columns: present, rowGroups: groups, predicates: usable, zone: zone,
            memory: memory(of: path, context), onChunk: onChunk)
        return try AdaptedStream(
            reader, fields: fields,
            found: positions.map { position in
                position.map { at in (present.firstIndex(of: at) ?? 0, file.schema[at].type) }
            }, file: AddressText.shown(path), filter: filter, isParquet: true, options: relation.options,
            settings: context.settings)
    }

    /// Opens a file whose bytes are counted, and what is kept of them.
    private func source(_ path: String, _ context: TaskContext) throws -> MeteredSource {
        let file = try files.open(path)
        (file as? any CountedSource)?.count(in: memory(of: path, context))
        return MeteredSource(file, context.counters)
    }

    /// Gives what the pages, blocks and long lines of a file take out of the worker's memory.
    private func memory(of path: String, _ context: TaskContext) -> CountedMemory {
        CountedMemory(context.resources.budget, owner: "Reading \(AddressText.shown(path))")
    }

    // MARK: - ORC and Avro

    private func openORC(
        _ path: String, split: FileSplit, fields: [Field], _ relation: FileRelation, zone: Zone,
        context: TaskContext
    ) throws -> any BatchStream {
        let source = try source(path, context)
        let reader = try ORCReader(
            source: source, stripes: split.start..<split.end, zone: zone, wanted: fields,
            relation: relation.dataSchema)
        let options = relation.options.filter { $0.key.hasPrefix(FileRelation.earlierValueOption) }
        if options.isEmpty || reader.missing.isEmpty {
            return try adapted(reader, reader.types, to: fields, path: path, context: context)
        }
        let found = reader.types.enumerated().map { reader.missing.contains($0) ? nil : ($0, $1) }
        return try AdaptedStream(
            reader, fields: fields, found: found, file: AddressText.shown(path), filter: nil,
            options: options, settings: context.settings)
    }

    private func openAvro(
        _ path: String, split: FileSplit, fields: [Field], options: [String: String], context: TaskContext
    ) throws -> any BatchStream {
        let source = try source(path, context)
        let reader = try AvroReader(
            source: source, range: split.start..<split.end, wanted: fields,
            readerSchema: options["avroschema"], memory: memory(of: path, context))
        return try adapted(reader, reader.types, to: fields, path: path, context: context)
    }

    /// Brings the columns of a reader, which are of `types`, to the relation's where those differ.
    private func adapted(
        _ reader: any BatchStream, _ types: [DataType], to fields: [Field], path: String,
        context: TaskContext
    ) throws -> any BatchStream {
        if zip(fields, types).allSatisfy({ $0.type == $1 }) { return reader }
        let found = types.enumerated().map { ($0.offset, $0.element) }
        return try AdaptedStream(
            reader, fields: fields, found: found, file: AddressText.shown(path), filter: nil,
            settings: context.settings)
    }

    // MARK: - footers of Parquet files

    private func parquet(_ path: String, _ context: TaskContext) throws -> ParquetFile {
        let source = try files.open(path)
        (source as? any CountedSource)?.count(in: memory(of: path, context))
        return try footers.file(at: path, source)
    }
}
