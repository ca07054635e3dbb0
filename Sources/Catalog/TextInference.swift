import Columns
import Formats
import Functions
import Plans
import Vocabulary

/// Infers the columns of CSV and JSON files.
enum TextInference {
    /// Returns the columns, and how many of the JSON records that were looked at are none.
    static func schema(
        _ format: FileFormat, files: [FileEntry], options: [String: String], tree: any FileTree
    ) throws(EngineError) -> (schema: Schema, brokenCount: Int) {
        let sample = InferenceSample(options: options)
        var sources: [any ByteSource] = []
        for position in sample.files(files.map(\.byteCount)) {
            sources.append(try tree.open(files[position].path))
        }
        // Types do not depend on the session's zone.
        let readers = try TimePatternReaders(options, zone: .utc)
        let patterns = TextPatterns(
            date: readers.date, timestamp: readers.timestamp, timestampNTZ: readers.timestampNTZ)
        if format == .csv {
            let csv = try CSVSchemaInference(
                options: CSVOptions(options, patterns: patterns), sample: sample
            ).infer(sources)
            return (csv, 0)
        }
        return try JSONSchemaInference(options: JSONOptions(options, patterns: patterns), sample: sample)
            .examine(sources)
    }
}
