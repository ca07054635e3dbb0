import Columns
import Formats
import Vocabulary

/// Takes four bytes of options and a CSV file: infers its schema, and reads it whole and in parts, which must
/// give the same rows.
enum CSVEntry {
    static let target = FuzzTarget(
        name: "csv", maximalBytes: 4_000,
        words: [
            "\"", "\"\"", "\r\n", "\n", ",", "\\\"", "\\", "NaN", "Inf", "-Inf", "2024-02-29", "0001-01-01",
            "2024-02-29T23:59:60.999999Z", "9999-12-31 24:00:00", "1e400", "-0", "\u{FEFF}", "\0", "true",
            "99999999999999999999999999999999999999", ".5", "5.", "+1", "1_0", "é", "\u{2028}",
        ],
        take: take)

    /// Every type that a column of text can be read as.
    static let types: [DataType] = [
        .string, .int32, .double, .date, .timestamp, .decimal(precision: 10, scale: 2), .boolean, .int8,
        .int64, .float, .decimal(precision: 38, scale: 10), .timestampNTZ, .int16, .binary,
    ]

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        var input = InputBytes(bytes)
        let (flags, reading) = (input.byte(), input.byte())
        let (dialect, kind) = (input.byte(), input.byte())
        let options = try options(flags: flags, dialect: dialect)
        let name = "input.csv" + ["", "", "", "", "", ".gz", ".zst", ".deflate"][Int(kind >> 5)]
        let source = InputSource(input.rest, name: name)
        var schema = Schema(types.enumerated().map { Field("c\($0)", $1) })
        if kind & 1 == 0 { schema = try CSVSchemaInference(options: options).infer([source]) }
        if kind & 2 != 0 { schema = Schema(schema.fields + [Field("_corrupt_record", .string)]) }
        if schema.count > 100 { return }
        var columns = Array(schema.fields.indices)
        if kind & 4 != 0 { columns = columns.filter { $0 % 2 == 0 }.reversed() }

        let batchRows = [4096, 1, 3, 64][Int(reading & 3)]
        // The header is looked for in the first part alone, where blank lines may be all there is.
        let partCount = options.header ? 1 : [1, 2, 3, 7][Int(reading >> 2 & 3)]
        var whole = RowTexts()
        let isWhole = try attempt {
            try whole.read(
                CSVReader(
                    source: source, range: 0..<source.byteCount, schema: schema, columns: columns,
                    options: options))
        }
        var parts = RowTexts()
        let isInParts = try attempt {
            for range in source.parts(partCount) {
                try parts.read(
                    CSVReader(
                        source: source, range: range, schema: schema, columns: columns, options: options,
                        batchRows: batchRows))
            }
        }
        try require(isWhole == isInParts, "one reading failed and the other did not")
        if isWhole, whole.isComplete, parts.isComplete {
            try whole.mustEqual(parts, "whole and in \(partCount) parts")
        }
    }

    private static func options(flags: UInt8, dialect: UInt8) throws -> CSVOptions {
        func flag(_ bit: UInt8) -> String { flags & 1 << bit != 0 ? "true" : "false" }
        var options = [
            "header": flag(0), "multiLine": flag(1), "inferSchema": flag(2),
            "ignoreLeadingWhiteSpace": flag(3), "ignoreTrailingWhiteSpace": flag(4),
            "mode": ["PERMISSIVE", "PERMISSIVE", "DROPMALFORMED", "FAILFAST"][Int(flags >> 6)],
        ]
        if flags & 32 != 0 { options["enforceSchema"] = "false" }
        options["sep"] = [",", ";", "\\t", "||", "é", " ", "\"", ",,,,,,,,"][Int(dialect & 7)]
        if dialect & 8 != 0 { options["quote"] = "'" }
        if dialect & 16 != 0 { options["escape"] = "\"" }
        if dialect & 32 != 0 { options["comment"] = "#" }
        if dialect & 64 != 0 { options["nullValue"] = "NULL" }
        if dialect & 128 != 0 { options["emptyValue"] = "EMPTY" }
        return try CSVOptions(options)
    }
}
