import Columns
import Formats
import Plans
import Vocabulary

/// Infers the columns of CSV and JSON files from samples.
enum TextInference {
    static func schema(
        _ format: FileFormat, files: [FileEntry], options: [String: String], tree: any FileTree
    ) throws(EngineError) -> Schema {
        var sources: [any ByteSource] = []
        for file in files.prefix(sampledFiles) { sources.append(try tree.open(file.path)) }
        if format == .csv { return try CSVSchemaInference(options: try CSVOptions(options)).infer(sources) }
        return try JSONSchemaInference(options: try JSONOptions(options)).infer(sources)
    }

    /// Files that are looked into at most.
    private static let sampledFiles = 256
}
