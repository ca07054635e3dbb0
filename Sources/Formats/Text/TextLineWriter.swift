import Columns
import Kernels
import Memory
import Vocabulary

/// Writes one string column as lines: Spark's format `text`. Used by one thread at a time.
package final class TextLineWriter {
    private let output: TextOutput
    private let lineSeparator: [UInt8]

    /// Begins a file. Throws `UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE` (user) unless the schema is one string.
    package init(sink: any ByteSink, schema: Schema, options: [String: String]) throws(EngineError) {
        for field in schema.fields where field.type != .string {
            throw .unsupportedColumn(field, format: "Text")
        }
        if schema.count != 1 {
            throw .user("TEXT_COLUMNS", "Format text writes one column, not \(schema.count)")
        }
        let options = TextOptions(options)
        lineSeparator = Array((options["lineSep"] ?? "\n").utf8)
        output = try TextOutput(
            sink, compression: try TextCompression(option: options["compression", "codec"]))
    }

    /// Appends a batch's rows; null is an empty line.
    package func write(_ batch: Batch) throws(EngineError) {
        let text = batch.columns[0].flattened()
        for row in 0..<batch.count {
            try output.append { out in
                if !text.isNull(row) { text.pointer(as: StringView.self)[row].append(to: &out) }
                out.append(contentsOf: lineSeparator)
            }
        }
    }

    /// Ends the file.
    package func finish() throws(EngineError) { try output.finish() }
}
