import Columns
import Kernels
import Memory
import Vocabulary

/// Holds what Spark's CSV writer options ask for, with Spark's defaults.
package struct CSVWriterOptions: Sendable {
    var separator: [UInt8]
    var quote: UInt8
    var escape: UInt8
    var header: Bool
    var quoteAll: Bool
    var escapeQuotes: Bool
    var nullValue: [UInt8]
    var emptyValue: [UInt8]
    var trimsLeading: Bool
    var trimsTrailing: Bool
    var lineSeparator: [UInt8]
    var compression: TextCompression
    var zone: Zone
    /// How times are written, where not in Spark's usual forms.
    var times: TimeTexts

    /// Reads options by Spark's names, in any case. Throws `INVALID_OPTION` and `CODEC_NOT_AVAILABLE` (user).
    package init(
        _ options: [String: String] = [:], zone: Zone? = nil, times: TimeTexts = TimeTexts()
    ) throws(EngineError) {
        // The reader checks the options that both have.
        let reading = try CSVOptions(dialect: options, zone: zone)
        self.times = times
        let options = TextOptions(options)
        try options.refuseOtherEncodings()
        (separator, quote, escape) = (reading.separator, reading.quote, reading.escape)
        (header, self.zone) = (reading.header, reading.zone)
        quoteAll = try options.flag("quoteAll", default: false)
        escapeQuotes = try options.flag("escapeQuotes", default: true)
        nullValue = Array((options["nullValue"] ?? "").utf8)
        emptyValue = Array((options["emptyValue"] ?? "\"\"").utf8)
        trimsLeading = try options.flag("ignoreLeadingWhiteSpace", default: true)
        trimsTrailing = try options.flag("ignoreTrailingWhiteSpace", default: true)
        lineSeparator = Array((options["lineSep"] ?? "\n").utf8)
        compression = try TextCompression(option: options["compression", "codec"])
    }
}

/// Writes batches as CSV the way Spark does. Used by one thread at a time.
package final class CSVWriter {
    private let schema: Schema
    private let options: CSVWriterOptions
    private let output: TextOutput
    /// Bytes that make a field need quotes.
    private var special = [Bool](repeating: false, count: 256)

    /// Begins a file, with its header where asked for. Throws `UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE` (user).
    package init(sink: any ByteSink, schema: Schema, options: CSVWriterOptions) throws(EngineError) {
        for field in schema.fields where field.type.isNested {
            throw .unsupportedColumn(field, format: "CSV")
        }
        self.schema = schema
        self.options = options
        output = try TextOutput(sink, compression: options.compression)
        for byte in [options.separator[0], 10, 13] { special[Int(byte)] = true }
        if options.escapeQuotes { special[Int(options.quote)] = true }
        if options.header {
            try output.append { out in
                for (i, name) in schema.names.enumerated() {
                    if i > 0 { out.append(contentsOf: options.separator) }
                    var copy = name
                    copy.withUTF8 { put(UnsafeRawBufferPointer($0), isFirst: i == 0, &out) }
                }
                out.append(contentsOf: options.lineSeparator)
            }
        }
    }

    /// Appends a batch's rows.
    package func write(_ batch: Batch) throws(EngineError) {
        var texts: [Vector] = []
        for (column, field) in zip(batch.columns, schema.fields) {
            texts.append(
                field.type == .binary
                    ? binaryText(column) : try options.times.text(column, zone: options.zone))
        }
        // Numbers and the like need no look at their bytes, unless a separator could be in them.
        let isPlain = schema.fields.map { field in
            field.type != .string && field.type != .binary && !options.quoteAll && options.separator == [0x2C]
                && !options.times.hasPattern(field.type)
        }
        var row = 0
        while row < batch.count {
            try output.append { out in
                let stop = min(batch.count, row + 256)
                while row < stop {
                    putRow(texts, isPlain, row, &out)
                    row += 1
                }
            }
        }
    }

    /// Ends the file.
    package func finish() throws(EngineError) { try output.finish() }

    private func putRow(_ texts: [Vector], _ isPlain: [Bool], _ row: Int, _ out: inout [UInt8]) {
        for (i, text) in texts.enumerated() {
            if i > 0 { out.append(contentsOf: options.separator) }
            if text.isNull(row) {
                putNull(&out)
                continue
            }
            let view = text.pointer(as: StringView.self)[row]
            if isPlain[i] {
                view.append(to: &out)
            } else {
                view.withBytes { put($0, isFirst: i == 0, &out) }
            }
        }
        out.append(contentsOf: options.lineSeparator)
    }

    private func putNull(_ out: inout [UInt8]) {
        if options.quoteAll { out.append(options.quote) }
        out.append(contentsOf: options.nullValue)
        if options.quoteAll { out.append(options.quote) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, isFirst: Bool, _ out: inout [UInt8]) {
        if bytes.isEmpty { return out.append(contentsOf: options.emptyValue) }
        var (start, end) = (0, bytes.count)
        if options.trimsLeading { while start < end, bytes[start] <= 32 { start += 1 } }
        if options.trimsTrailing { while end > start, bytes[end - 1] <= 32 { end -= 1 } }
        let field = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        let opensQuoted = field.first == options.quote || (isFirst && field.first == UInt8(ascii: "#"))
        if options.quoteAll || opensQuoted || field.contains(where: { special[Int($0)] }) {
            putQuoted(field, &out)
        } else {
            out.append(contentsOf: field)
        }
    }

    private func putQuoted(_ field: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        out.append(options.quote)
        for byte in field {
            if byte == options.quote || byte == options.escape, options.escape != 0 {
                out.append(options.escape)
            }
            out.append(byte)
        }
        out.append(options.quote)
    }

    /// Writes binary values as Spark shows them: `[61 62 63]`.
    private func binaryText(_ column: Vector) -> Vector {
        let digits = Hexadecimal.upper
        let column = column.flattened()
        let builder = ViewBuilder(count: column.count)
        for row in 0..<column.count where !column.isNull(row) {
            var text: [UInt8] = [UInt8(ascii: "[")]
            column.pointer(as: StringView.self)[row].withBytes { bytes in
                for (i, byte) in bytes.enumerated() {
                    if i > 0 { text.append(32) }
                    Hexadecimal.append(byte, digits, to: &text)
                }
            }
            text.append(UInt8(ascii: "]"))
            builder.put(text, row)
        }
        return builder.finish(.string, validity: column.validity)
    }
}
