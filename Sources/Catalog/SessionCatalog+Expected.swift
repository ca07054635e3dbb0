import Columns
import Plans
import Storage
import Vocabulary

/// Files that statements before will write, while a job is explained and nothing runs: later statements are
/// planned on what will be there.
extension SessionCatalog {
    /// Rows that are taken for files that do not exist yet: nothing is known of them.
    static let expectedRows = 1_000_000.0

    /// Takes the output of a statement that was planned and will not run.
    package func expect(_ write: FileWrite) {
        names.withLock { $0.expected[Self.place(write.path)] = write }
    }

    var expectsFiles: Bool { names.withLock { !$0.expected.isEmpty } }

    /// Writes a path one way: without a scheme for local files, without `./` before and slashes behind.
    private static func place(_ path: String) -> String {
        var text = Substring(PathListing.trimmed(path))
        for prefix in ["file://", "file:", "./"] where text.hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
        }
        return String(text)
    }

    /// Returns the statement that will write the files at a path: at the path itself, above it, or at what a
    /// pattern names. A directory that rows are added to and that has files is read as it is.
    func expectedWrite(at path: String) throws(EngineError) -> FileWrite? {
        let writes = names.withLock { $0.expected }
        if writes.isEmpty { return nil }
        let place = Self.place(path)
        let pattern = GlobPattern(place)
        let found = writes.sorted { $0.key < $1.key }.first { target, _ in
            place == target || place.hasPrefix(target + "/") || pattern.matches(target)
        }
        guard let write = found?.value else { return nil }
        if write.mode == .append, try tree.entry(at: PathListing.trimmed(write.path)) != nil { return nil }
        return write
    }

    /// Returns the relation that the expected files will be, without any file. Throws when they will be of
    /// another format.
    func expectedRelation(
        _ write: FileWrite, format: FileFormat, options: [String: String], schema: Schema?, name: String
    ) throws(EngineError) -> FileRelation {
        if format != write.format, format != .text {
            throw .user(
                "UNABLE_TO_INFER_SCHEMA",
                "An earlier statement of the job writes these files as \(write.format.rawValue), not as "
                    + "\(format.rawValue): \(name)")
        }
        let folders = write.partitionColumns.map { write.schema[$0] }
        let data = write.schema.fields.indices.filter { !write.partitionColumns.contains($0) }
        let found = Self.readable(data.map { write.schema[$0] }, format, options)
        let folderNames = Set(folders.map { $0.name.lowercased() })
        let fields = (schema?.fields ?? found).filter { !folderNames.contains($0.name.lowercased()) }
        return FileRelation(
            format: format, files: [], dataSchema: Schema(fields.map { Field($0.name, $0.type) }),
            partitionSchema: Schema(folders.map { Field($0.name, $0.type) }), options: options, name: name)
    }

    /// The columns that a reader finds in files of these columns.
    private static func readable(
        _ fields: [Field], _ format: FileFormat, _ options: [String: String]
    ) -> [Field] {
        switch format {
        case .parquet, .orc, .avro: return fields
        case .text: return [Field("value", .string)]
        case .json:
            return fields.map { Field($0.name, inferred($0.type)) }.sorted { $0.name < $1.name }
        case .csv:
            let hasNames = options["header"]?.lowercased() == "true"
            let infers = options["inferschema"]?.lowercased() == "true"
            return fields.enumerated().map { place, field in
                Field(hasNames ? field.name : "_c\(place)", infers ? field.type : .string)
            }
        }
    }

    /// The type that JSON's inference finds for values of a type.
    private static func inferred(_ type: DataType) -> DataType {
        switch type {
        case .boolean: .boolean
        case .int8, .int16, .int32, .int64: .int64
        case .float, .double, .decimal: .double
        case .array(let element, _): .array(inferred(element), containsNull: true)
        case .structure(let fields):
            .structure(fields.map { Field($0.name, inferred($0.type)) }.sorted { $0.name < $1.name })
        default: .string
        }
    }
}
