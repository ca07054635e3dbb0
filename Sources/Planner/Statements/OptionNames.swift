import Plans
import SQLSyntax
import Vocabulary

/// Knows the options of readers and writers. Spark passes over those that it does not know, and so does
/// Millrace, but says so: a misspelt `header` reads a file wrongly and silently.
enum OptionNames {
    private static let files = [
        "path", "timeZone", "pathGlobFilter", "recursiveFileLookup", "basePath", "onlyFiles", "morePaths",
        "partitionBy", "partitionOverwriteMode", "compression", "codec", "modifiedAfter", "modifiedBefore",
    ]

    private static let texts = [
        "mode", "columnNameOfCorruptRecord", "multiLine", "lineSep", "encoding", "charset", "dateFormat",
        "timestampFormat", "timestampNTZFormat", "samplingRatio",
    ]

    /// The options that have an effect, or are refused where they would have another one than Spark's.
    static func known(_ format: FileFormat) -> [String] {
        switch format {
        case .parquet: files + ["mergeSchema", "datetimeRebaseMode", "int96RebaseMode"]
        case .orc: files + ["mergeSchema"]
        case .avro:
            files + ["avroSchema", "recordName", "recordNamespace", "ignoreExtension", "mergeSchema"]
        case .text: files + ["wholeText", "lineSep", "encoding", "charset"]
        case .json:
            files + texts + [
                "primitivesAsString", "prefersDecimal", "inferTimestamp", "dropFieldIfAllNull",
                "ignoreNullFields", "allowComments", "allowUnquotedFieldNames", "allowSingleQuotes",
                "allowNumericLeadingZeros", "allowNonNumericNumbers", "allowBackslashEscapingAnyCharacter",
                "allowUnquotedControlChars",
            ]
        case .csv:
            files + texts + [
                "sep", "delimiter", "quote", "escape", "comment", "header", "nullValue", "emptyValue",
                "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace", "inferSchema", "enforceSchema",
                "quoteAll", "escapeQuotes", "nanValue", "positiveInf", "negativeInf", "preferDate",
                "unescapedQuoteHandling",
            ]
        }
    }

    /// Returns a sentence for each option that has no effect, with its place and the nearest name that has
    /// one.
    static func warnings(_ options: [OptionSyntax], _ format: FileFormat, _ source: SQLSource) -> [String] {
        let known = known(format)
        let lowered = Set(known.map { $0.lowercased() })
        let modes = format == .json || format == .csv ? options.compactMap { modeWarning($0, source) } : []
        return modes
            + options.filter { !lowered.contains($0.key.lowercased()) }.map { option in
                let place = source.location(option.span)
                let near = Suggestion.nearest(to: option.key, among: known)
                return "The option \(option.key) of \(format.rawValue) files has no effect in Millrace "
                    + "(\(place.file):\(place.line):\(place.column))."
                    + (near.map { " Did you mean \($0)?" } ?? "")
            }
    }

    private static let modes: Set = ["permissive", "dropmalformed", "failfast"]

    /// Returns a sentence for a `mode` of text files that is none, and taken as PERMISSIVE, as Spark does.
    private static func modeWarning(_ option: OptionSyntax, _ source: SQLSource) -> String? {
        guard option.key.lowercased() == "mode", !modes.contains(option.value.lowercased()) else {
            return nil
        }
        let place = source.location(option.span)
        return
            "\(option.value) is no mode of reading (\(place.file):\(place.line):\(place.column)): "
            + "PERMISSIVE is taken. There are PERMISSIVE, DROPMALFORMED and FAILFAST."
    }

    /// Options of Spark's JDBC source that ADBC drivers have no use for: they are their own driver, and rows
    /// go and come in batches of bytes.
    private static let unusedOfDatabases: Set = ["driver", "fetchsize", "batchsize"]

    /// Returns a sentence for each option of a database that has no effect.
    static func warnings(
        _ options: [OptionSyntax], _ external: ExternalSource, _ source: SQLSource
    ) -> [String] {
        guard external == .jdbc else { return [] }
        return options.filter { unusedOfDatabases.contains($0.key.lowercased()) }.map { option in
            let place = source.location(option.span)
            return "The option \(option.key) of databases has no effect in Millrace "
                + "(\(place.file):\(place.line):\(place.column))."
        }
    }
}
