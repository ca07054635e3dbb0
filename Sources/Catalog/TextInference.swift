import Columns
import Formats
import Functions
import Plans
import Vocabulary

/// Infers the columns of CSV and JSON files.
enum TextInference {
    static func schema(
        _ format: FileFormat, files: [FileEntry], options: [String: String], tree: any FileTree
    ) throws(EngineError) -> Schema {
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
            return try CSVSchemaInference(options: CSVOptions(options, patterns: patterns), sample: sample)
                .infer(sources)
        }
        return try JSONSchemaInference(options: JSONOptions(options, patterns: patterns), sample: sample)
            .infer(sources)
    }
}
