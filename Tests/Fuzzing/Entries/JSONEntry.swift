import Columns
import Formats
import Vocabulary

/// Takes two bytes of options and a file of JSON records: infers its schema, and reads it whole and in parts,
/// which must give the same rows.
enum JSONEntry {
    static let target = FuzzTarget(
        name: "json", maximalBytes: 4_000,
        words: [
            "{", "}", "[", "]", "\"", "'", ":", ",", "\n", "\\u0000", "\\ud83d\\ude00", "\\ud800", "\\",
            "null",
            "true", "NaN", "-Infinity", "1e400", "-0.0", "9223372036854775808", "{}", "[]", "\"a\":",
            "\u{FEFF}",
            "0.1234567890123456789012345678901234567890", "2024-02-29T23:59:59.999Z", "{\"a\":{\"b\":[1]}}\n",
        ],
        take: take)

    private static let schema = Schema([
        Field("a", .int64), Field("b", .string), Field("c", .array(.double, containsNull: true)),
        Field(
            "d",
            .structure([
                Field("x", .int32), Field("y", .string), Field("z", .array(.string, containsNull: true)),
            ])), Field("e", .map(key: .string, value: .int8, valueContainsNull: true)),
        Field("f", .decimal(precision: 20, scale: 3)), Field("g", .date), Field("h", .timestamp),
        Field("i", .boolean), Field("j", .binary), Field("k", .float), Field("l", .timestampNTZ),
    ])

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        var input = InputBytes(bytes)
        let (flags, reading) = (input.byte(), input.byte())
        func flag(_ bit: UInt8) -> String { flags & 1 << bit != 0 ? "true" : "false" }
        let options = try JSONOptions([
            "multiLine": flag(0), "primitivesAsString": flag(1), "prefersDecimal": flag(2),
            "inferTimestamp": flag(3), "dropFieldIfAllNull": flag(4),
            "mode": ["PERMISSIVE", "PERMISSIVE", "DROPMALFORMED", "FAILFAST"][Int(flags >> 6)],
        ])
        let source = InputSource(input.rest, name: "input.json")
        var schema = schema
        if flags & 32 == 0 { schema = try JSONSchemaInference(options: options).infer([source]) }
        if reading & 32 != 0, schema.index(of: "_corrupt_record") == nil {
            schema = Schema(schema.fields + [Field("_corrupt_record", .string)])
        }

        let batchRows = [4096, 1, 3, 64][Int(reading & 3)]
        let partCount = [1, 2, 3, 7][Int(reading >> 2 & 3)]
        var whole = RowTexts()
        let isWhole = try attempt {
            try whole.read(
                JSONReader(source: source, range: 0..<source.byteCount, schema: schema, options: options))
        }
        var parts = RowTexts()
        let isInParts = try attempt {
            for range in source.parts(partCount) {
                try parts.read(
                    JSONReader(
                        source: source, range: range, schema: schema, options: options, batchRows: batchRows))
            }
        }
        try require(isWhole == isInParts, "one reading failed and the other did not")
        if isWhole, whole.isComplete, parts.isComplete {
            try whole.mustEqual(parts, "whole and in \(partCount) parts")
        }
    }
}
