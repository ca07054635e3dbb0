import Columns
import Formats
import Functions
import Plans
import Vocabulary

/// Infers the columns of CSV and JSON files from samples.
enum TextInference {
    static func schema(
        _ format: FileFormat, files: [FileEntry], options: [String: String], tree: any FileTree
    ) throws(EngineError) -> Schema {
        var sources: [any ByteSource] = []
        for file in files.prefix(sampledFiles) { sources.append(try tree.open(file.path)) }
        // Types do not depend on the session's zone.
        let readers = try TimePatternReaders(options, zone: .utc)
        let patterns = TextPatterns(
            date: readers.date, timestamp: readers.timestamp, timestampNTZ: readers.timestampNTZ)
        if format == .csv {
            return try CSVSchemaInference(options: CSVOptions(options, patterns: patterns)).infer(sources)
        }
        return try JSONSchemaInference(options: JSONOptions(options, patterns: patterns)).infer(sources)
    }

    /// Files that are looked into at most.
    private static let sampledFiles = 256
}
