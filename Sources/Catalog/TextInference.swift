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
        let patterns = try patterns(options)
        do throws(EngineError) {
            if format == .csv {
                let csv = try CSVSchemaInference(
                    options: CSVOptions(options, patterns: patterns), sample: sample, memory: tree.memory
                ).infer(sources)
                return (csv, 0)
            }
            return try JSONSchemaInference(
                options: JSONOptions(options, patterns: patterns), sample: sample, memory: tree.memory
            ).examine(sources)
        } catch where error.code == "OUT_OF_MEMORY" {
            let others = sources.count > 1 ? " and \(Counted.text(sources.count - 1, "other file"))" : ""
            throw .data(
                "RECORD_TOO_LARGE",
                "A record takes more memory than the coordinator has to look for the columns of "
                    + "\(sources.first?.name ?? "")\(others)",
                remedy: "Give the columns with CREATE TEMPORARY VIEW name (columns) USING …: then only "
                    + "workers read it.")
        }
    }

    /// Throws for options that no reader of the format takes.
    static func check(_ format: FileFormat, _ options: [String: String]) throws(EngineError) {
        switch format {
        case .csv: _ = try CSVOptions(options, patterns: patterns(options))
        case .json: _ = try JSONOptions(options, patterns: patterns(options))
        case .parquet, .orc, .avro, .text: return
        }
    }

    /// Types do not depend on the session's zone.
    private static func patterns(_ options: [String: String]) throws(EngineError) -> TextPatterns {
        let readers = try TimePatternReaders(options, zone: .utc)
        return TextPatterns(
            date: readers.date, timestamp: readers.timestamp, timestampNTZ: readers.timestampNTZ)
    }
}
