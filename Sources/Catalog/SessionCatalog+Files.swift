import Columns
import Formats
import Kernels
import Plans
import Storage
import Vocabulary

extension SessionCatalog {
    /// Lists the files at the paths and infers their columns where none are given.
    package func files(
        format: FileFormat, paths: [String], options: [String: String], schema: Schema?
    ) throws(EngineError) -> FileRelation {
        for path in paths {
            guard let write = try expectedWrite(at: path) else { continue }
            return try expectedRelation(
                write, format: format, options: options, schema: schema,
                name: paths.joined(separator: ","))
        }
        let filter = options["pathglobfilter"].map { GlobPattern($0) }
        let zone = try Zone.named(options["timezone"] ?? timeZone)
        var found = try PathListing(tree: tree, nameFilter: filter).files(at: paths)
        let span = try ModificationSpan(options, zone: zone)
        if !span.isOpen {
            var kept: [PathListing.Found] = []
            for file in found where try span.holds(file.entry) { kept.append(file) }
            found = kept
        }
        if format == .avro, options["ignoreextension"]?.lowercased() == "false" {
            found.removeAll { !$0.entry.path.hasSuffix(".avro") }
        }
        if let only = options["onlyfiles"] {
            // What a pipeline has not read before; partitions are still those of the whole path.
            let chosen = Set(only.split(separator: "\n"))
            found.removeAll { !chosen.contains(Substring($0.entry.path)) }
        }
        let name = paths.map(AddressText.shown).joined(separator: ",")
        let base = options["basepath"].map(PathListing.trimmed)
        let isFlat = options["recursivefilelookup"]?.lowercased() == "true"
        let pairs = found.map { file -> [(key: String, value: String)] in
            let root = base.map { file.entry.path.hasPrefix($0 + "/") ? $0 : file.root } ?? file.root
            return isFlat ? [] : PartitionFolders.pairs(of: file.entry.path, below: root)
        }
        let infers =
            names.withLock { $0.infersPartitionTypes }
            && options["spark.sql.sources.partitioncolumntypeinference.enabled"]?.lowercased() != "false"
        let partitions = try PartitionFolders.discover(
            pairs, root: name, infersTypes: infers, given: schema, zone: zone)
        let entries = zip(found, partitions.values).map { file, values in
            var entry = FileEntry(
                path: file.entry.path, byteCount: file.entry.byteCount, partitionValues: values)
            entry.modifiedMicroseconds = file.entry.modifiedMicroseconds
            return entry
        }
        let readable = entries.filter { $0.byteCount > 0 }
        let full: Schema
        if let schema {
            // Its reader would find what is wrong with the options far from where they stand.
            try TextInference.check(format, options)
            full = schema
        } else {
            full = try inferred(
                format, readable, hasFiles: !entries.isEmpty, options: options, name: name)
        }
        let keys = Set(partitions.schema.names.map { $0.lowercased() })
        let data = full.fields.filter { !keys.contains($0.name.lowercased()) }
        return FileRelation(
            format: format, files: readable, dataSchema: Schema(data.map { Field($0.name, $0.type) }),
            partitionSchema: partitions.schema, options: options, name: name)
    }

    /// Says whether inference of the relation's columns, where they were inferred, looked at a sample only.
    /// Names of CSV columns come from the first record alone.
    package func isSampled(_ relation: FileRelation) -> Bool {
        let infers = relation.options["inferschema"]?.lowercased() == "true"
        guard relation.format == .json || (relation.format == .csv && infers) else { return false }
        return InferenceSample(options: relation.options).isPartial(relation.files.map(\.byteCount))
    }

    /// Returns how many records were not JSON when the relation's columns were inferred last.
    package func brokenCount(_ relation: FileRelation) -> Int {
        names.withLock { $0.brokenCounts[relation.name] ?? 0 }
    }

    /// Returns the columns inside the files.
    private func inferred(
        _ format: FileFormat, _ files: [FileEntry], hasFiles: Bool, options: [String: String], name: String
    ) throws(EngineError) -> Schema {
        if format == .text { return Schema([Field("value", .string)]) }
        if format == .avro, let text = options["avroschema"] { return try AvroFile.columns(ofSchema: text) }
        // Empty text files have no columns, as Spark sees it; no file at all is an error.
        if !format.hasSchema, files.isEmpty, hasFiles { return Schema([Field]()) }
        guard let first = files.first else {
            throw .user(
                "UNABLE_TO_INFER_SCHEMA", "There is no file with content to take the columns from: \(name)",
                remedy:
                    "Check the path, or give the columns with CREATE TEMPORARY VIEW name (columns) USING ….")
        }
        switch format {
        case .parquet, .orc, .avro:
            if options["mergeschema"]?.lowercased() != "true" { return try ownSchema(format, first) }
            return try merged(format, files)
        case .json, .csv:
            let (schema, broken) = try TextInference.schema(
                format, files: files, options: options, tree: tree)
            names.withLock { $0.brokenCounts[name] = broken }
            return schema
        case .text: return Schema([Field("value", .string)])
        }
    }

    /// The columns that a file itself tells.
    private func ownSchema(_ format: FileFormat, _ file: FileEntry) throws(EngineError) -> Schema {
        if format == .orc { return try stripes.footer(of: file).schema }
        if format == .avro { return try heads.footer(of: file).schema }
        return try footers.footer(of: file).schema
    }

    /// The columns of all files. Throws when two files disagree on a type.
    private func merged(_ format: FileFormat, _ files: [FileEntry]) throws(EngineError) -> Schema {
        var merging = SchemaMerging()
        for file in files { try merging.add(try ownSchema(format, file).fields, file: file.path) }
        try merging.checkNames()
        return Schema(merging.fields)
    }
}
