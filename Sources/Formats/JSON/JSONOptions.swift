import Columns
import Kernels
import Vocabulary

/// Holds what Spark's JSON reader options ask for.
package struct JSONOptions: Sendable {
    package var mode: ReadMode
    /// Name of the column that holds records which could not be read.
    package var corruptRecordColumn: String
    /// Whether a file is one record, or one array of records, instead of a record a line.
    package var multiLine: Bool
    /// Share of the records that inference looks at.
    package var samplingRatio: Double
    package var primitivesAsString: Bool
    package var prefersDecimal: Bool
    /// Whether inference makes timestamps of strings that look like them.
    package var inferTimestamp: Bool
    /// Whether inference leaves out what was null or empty in all records.
    package var dropFieldIfAllNull: Bool
    /// Zone of timestamps that name none.
    package var zone: Zone
    /// How times are written, where not in Spark's usual forms.
    package var patterns: TextPatterns
    /// Whether records may hold comments as Java's.
    var allowsComments: Bool
    /// How the file's bytes become lines.
    var decoding: TextDecoding

    /// Reads options by Spark's names, in any case. Throws `INVALID_OPTION` (user) for values that cannot be,
    /// and `UNSUPPORTED_FEATURE` (user) for what would be read in another way than asked.
    package init(
        _ options: [String: String] = [:], zone: Zone? = nil, patterns: TextPatterns = TextPatterns()
    ) throws(EngineError) {
        self.patterns = patterns
        let options = TextOptions(options)
        mode = ReadMode(option: options["mode"])
        corruptRecordColumn = options["columnNameOfCorruptRecord"] ?? "_corrupt_record"
        multiLine = try options.flag("multiLine", default: false)
        samplingRatio = try options.number("samplingRatio", default: 1)
        primitivesAsString = try options.flag("primitivesAsString", default: false)
        prefersDecimal = try options.flag("prefersDecimal", default: false)
        inferTimestamp = try options.flag("inferTimestamp", default: false)
        dropFieldIfAllNull = try options.flag("dropFieldIfAllNull", default: false)
        self.zone = try TextOptions.zone(options, session: zone)
        try options.refuse(
            [
                "allowUnquotedFieldNames": "false", "allowSingleQuotes": "true",
                "allowNumericLeadingZeros": "false", "allowNonNumericNumbers": "true",
                "allowBackslashEscapingAnyCharacter": "false", "allowUnquotedControlChars": "false",
            ], format: "JSON")
        allowsComments = try options.flag("allowComments", default: false)
        decoding = try TextDecoding(options, feed: .blank)
        try options.refusePatterns(without: patterns)
    }
}
