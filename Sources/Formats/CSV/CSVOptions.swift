import CKernels
import Columns
import Kernels
import Vocabulary

/// Holds what Spark's CSV options ask for, with Spark's defaults.
package struct CSVOptions: Sendable {
    /// One to eight bytes.
    package var separator: [UInt8]
    package var quote: UInt8
    package var escape: UInt8
    package var comment: UInt8
    package var header: Bool
    package var nullValue: String
    package var emptyValue: String
    package var ignoreLeadingWhiteSpace: Bool
    package var ignoreTrailingWhiteSpace: Bool
    package var mode: ReadMode
    package var corruptRecordColumn: String
    package var multiLine: Bool
    package var inferSchema: Bool
    package var enforceSchema: Bool
    package var zone: Zone
    /// How times are written, where not in Spark's usual forms.
    package var patterns: TextPatterns
    /// How the file's bytes become lines.
    var decoding: TextDecoding

    /// Reads options by Spark's names, in any case. Throws `INVALID_OPTION` (user) for values that cannot be,
    /// and `UNSUPPORTED_FEATURE` (user) for encodings that are not known and for time patterns without their
    /// parsers.
    package init(
        _ options: [String: String] = [:], zone: Zone? = nil, patterns: TextPatterns = TextPatterns()
    ) throws(EngineError) {
        try self.init(dialect: options, zone: zone, patterns: patterns)
        let options = TextOptions(options)
        decoding = try TextDecoding(options, feed: .kept)
        try options.refusePatterns(without: patterns)
    }

    /// Reads what readers and writers have in common.
    init(
        dialect options: [String: String], zone: Zone?, patterns: TextPatterns = TextPatterns()
    ) throws(EngineError) {
        self.patterns = patterns
        decoding = .plain
        let options = TextOptions(options)
        separator = try CSVOptions.separator(options["sep", "delimiter"] ?? ",")
        quote = try CSVOptions.byte(options, "quote", default: 0x22)
        escape = try CSVOptions.byte(options, "escape", default: 0x5C)
        comment = try CSVOptions.byte(options, "comment", default: 0)
        header = try options.flag("header", default: false)
        nullValue = options["nullValue"] ?? ""
        emptyValue = options["emptyValue"] ?? ""
        ignoreLeadingWhiteSpace = try options.flag("ignoreLeadingWhiteSpace", default: false)
        ignoreTrailingWhiteSpace = try options.flag("ignoreTrailingWhiteSpace", default: false)
        mode = ReadMode(option: options["mode"])
        corruptRecordColumn = options["columnNameOfCorruptRecord"] ?? "_corrupt_record"
        multiLine = try options.flag("multiLine", default: false)
        inferSchema = try options.flag("inferSchema", default: false)
        enforceSchema = try options.flag("enforceSchema", default: true)
        self.zone = try TextOptions.zone(options, session: zone)
        try options.refuse(
            [
                "nanValue": "NaN", "positiveInf": "Inf", "negativeInf": "-Inf",
                "preferDate": "true", "unescapedQuoteHandling": "STOP_AT_DELIMITER",
            ], format: "CSV")
        if emptyValue.utf8.count > CSVOptions.emptyValueLimit {
            throw .user(
                "INVALID_OPTION", "Option emptyValue is longer than \(CSVOptions.emptyValueLimit) bytes")
        }
    }

    /// Longest `emptyValue`, bytes.
    static let emptyValueLimit = 32

    private static func separator(_ text: String) throws(EngineError) -> [UInt8] {
        let plain = text == "\\t" ? "\t" : text.replacing("\\t", with: "\t")
        let bytes = Array(plain.utf8)
        guard (1...8).contains(bytes.count), !bytes.contains(10), !bytes.contains(13) else {
            throw .user(
                "INVALID_OPTION", "Option sep must be one to eight bytes without line breaks, not: \(text)")
        }
        return bytes
    }

    private static func byte(_ options: TextOptions, _ name: String, default value: UInt8) throws(EngineError)
        -> UInt8
    {
        guard let text = options[name] else { return value }
        let bytes = Array(text.utf8)
        if bytes.isEmpty || text == "\0" { return 0 }
        guard bytes.count == 1, bytes[0] < 0x80, bytes[0] != 10, bytes[0] != 13 else {
            throw .user("INVALID_OPTION", "Option \(name) must be one ASCII character, not: \(text)")
        }
        return bytes[0]
    }

    /// The dialect as the index wants it.
    var dialect: csv_dialect {
        var dialect = csv_dialect()
        withUnsafeMutableBytes(of: &dialect.separator) { $0.copyBytes(from: separator) }
        dialect.separator_length = UInt32(separator.count)
        (dialect.quote, dialect.escape, dialect.comment) = (quote, escape, comment)
        dialect.multi_line = multiLine ? 1 : 0
        dialect.trim_leading = ignoreLeadingWhiteSpace ? 1 : 0
        dialect.trim_trailing = ignoreTrailingWhiteSpace ? 1 : 0
        return dialect
    }
}
