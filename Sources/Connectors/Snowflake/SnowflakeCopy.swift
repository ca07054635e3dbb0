import Vocabulary

/// Holds the options of a COPY INTO statement of Snowflake, checked, and writes the statement. Named as
/// there: https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
struct SnowflakeCopy {
    /// Files that are there already: `@stage/path`, or the address of a bucket. nil when rows are sent.
    let source: String?
    /// Stage that rows are sent to; one of the session alone by default.
    let stage: String?
    let purges: Bool
    /// Whether a file that was loaded before is loaded again.
    let isForced: Bool
    private let format: [(name: String, value: String)]
    private let settings: [(name: String, value: String)]
    private let onError: String?

    /// Names of options before those of the file format, which are passed on as they are.
    static let formatPrefix = "copy.format."
    private static let texts: Set = ["copy.pattern", "copy.storage_integration"]
    private static let words = [
        "copy.match_by_column_name": ["none", "case_sensitive", "case_insensitive"],
        "copy.load_mode": ["full_ingest", "add_files_copy"],
    ]
    private static let switches: Set = [
        "copy.enforce_length", "copy.truncatecolumns", "copy.load_uncertain_files", "copy.return_failed_only",
    ]
    static let options: Set = texts.union(words.keys).union(switches).union([
        "copy.from", "copy.stage", "copy.files", "copy.on_error", "copy.force", "copy.purge",
        "copy.size_limit",
    ])

    /// Throws `INVALID_OPTION` for values that Snowflake has not.
    init(_ options: [String: String]) throws(EngineError) {
        source = try options["copy.from"].map(SnowflakeCopy.place)
        stage = try options["copy.stage"].map(SnowflakeCopy.place)
        if let source, let stage {
            throw SnowflakeCopy.bad("copy.from and copy.stage", "\(source), \(stage)", "one of the two")
        }
        if let stage, !stage.hasPrefix("@") {
            throw SnowflakeCopy.bad("copy.stage", stage, "@stage or @stage/path")
        }
        purges = try SnowflakeCopy.isTrue("copy.purge", options) ?? false
        isForced = try SnowflakeCopy.isTrue("copy.force", options) ?? false
        onError = try options["copy.on_error"].map(SnowflakeCopy.errorRule)
        var settings: [(String, String)] = []
        for (name, value) in options.sorted(by: { $0.key < $1.key }) where name.hasPrefix("copy.") {
            let key = name.dropFirst("copy.".count).uppercased()
            if SnowflakeCopy.texts.contains(name) {
                settings.append((key, SnowflakeDialect().literal(value)))
            } else if let known = SnowflakeCopy.words[name] {
                guard known.contains(value.lowercased()) else {
                    throw SnowflakeCopy.bad(name, value, known.joined(separator: ", "))
                }
                settings.append((key, value.uppercased()))
            } else if SnowflakeCopy.switches.contains(name) {
                let isTrue = try SnowflakeCopy.isTrue(name, options) == true
                settings.append((key, isTrue ? "TRUE" : "FALSE"))
            } else if name == "copy.size_limit" {
                guard let bytes = Int(value), bytes > 0 else { throw SnowflakeCopy.bad(name, value, "bytes") }
                settings.append((key, "\(bytes)"))
            } else if name == "copy.files" {
                let names = value.split(separator: "\n").map { SnowflakeDialect().literal(String($0)) }
                settings.append((key, "(\(names.joined(separator: ", ")))"))
            }
        }
        self.settings = settings
        format = try SnowflakeCopy.format(options)
        if source == nil, !settings.isEmpty || !format.isEmpty {
            let name = settings.first?.0.lowercased() ?? "file_format"
            throw .user(
                "INVALID_OPTION",
                "\(name) is for files that are on a stage already, not for rows that are sent",
                remedy: "Name those files with copy.from, or leave the option out.")
        }
    }

    private static func bad(_ name: String, _ value: String, _ known: String) -> EngineError {
        .user(
            "INVALID_OPTION", "\(name) has a value that Snowflake does not take: \(value)",
            remedy: "It is \(known).")
    }

    private static func isTrue(_ name: String, _ options: [String: String]) throws(EngineError) -> Bool? {
        guard let value = options[name] else { return nil }
        guard let isTrue = ["true": true, "false": false][value.lowercased()] else {
            throw bad(name, value, "true or false")
        }
        return isTrue
    }

    /// Returns a stage as it is written, an address as a literal.
    private static func place(_ text: String) throws(EngineError) -> String {
        if text.hasPrefix("@") {
            let isPlain = text.dropFirst().allSatisfy {
                $0.isLetter || $0.isNumber || "_$.%~/\"-=+".contains($0)
            }
            guard isPlain, text.count > 1 else { throw bad("the stage", text, "@stage/path, without spaces") }
            return text
        }
        let schemes = ["s3://", "s3gov://", "s3china://", "gcs://", "azure://"]
        guard schemes.contains(where: { text.hasPrefix($0) }) else {
            throw bad("copy.from", text, "@stage/path, or an address such as s3://bucket/path/")
        }
        return SnowflakeDialect().literal(text)
    }

    private static func errorRule(_ text: String) throws(EngineError) -> String {
        let upper = text.uppercased()
        if ["CONTINUE", "SKIP_FILE", "ABORT_STATEMENT"].contains(upper) { return upper }
        if upper.wholeMatch(of: /SKIP_FILE_[0-9]+/) != nil { return upper }
        if upper.wholeMatch(of: /SKIP_FILE_[0-9]+%/) != nil { return "'\(upper)'" }
        throw bad(
            "copy.on_error", text, "continue, skip_file, skip_file_10, skip_file_10% or abort_statement")
    }

    /// Numbers, true and false, and Snowflake's own words stand as they are; lists in brackets.
    private static func format(_ options: [String: String]) throws(EngineError) -> [(String, String)] {
        var found: [(String, String)] = []
        for (option, value) in options.sorted(by: { $0.key < $1.key }) where option.hasPrefix(formatPrefix) {
            let name = option.dropFirst(formatPrefix.count).uppercased()
            guard name.wholeMatch(of: /[A-Z_]+/) != nil else { throw bad(option, value, "an option's name") }
            let upper = value.uppercased()
            if value.contains("\n") {
                let items = value.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                found.append(
                    (
                        name,
                        "("
                            + items.map { SnowflakeDialect().literal(String($0)) }
                            .joined(separator: ", ") + ")"
                    ))
            } else if Int(value) != nil || ["TRUE", "FALSE", "AUTO", "NONE"].contains(upper) {
                found.append((name, upper))
            } else {
                found.append((name, SnowflakeDialect().literal(name == "TYPE" ? upper : value)))
            }
        }
        return found
    }

    /// Whether rows may be left out without an error.
    var toleratesErrors: Bool { onError.map { $0 != "ABORT_STATEMENT" } ?? false }

    /// Returns the statement that loads files which are there.
    func statement(into table: String, from source: String) -> String {
        let list = format.map { "\($0.name) = \($0.value)" }.joined(separator: " ")
        let parts =
            ["COPY INTO \(table) FROM \(source)"] + (format.isEmpty ? [] : ["FILE_FORMAT = (\(list))"])
            + settings.map { "\($0.name) = \($0.value)" }
        return (parts + common).joined(separator: " ")
    }

    /// Returns the statement that loads Parquet files that were written for it; `values` are over the one
    /// column `$1` that a file's row is.
    func statement(into table: String, _ columns: [String], values: [String], from place: String) -> String {
        let names = columns.map { DatabaseText.name($0) }.joined(separator: ", ")
        let parts = [
            "COPY INTO \(table) (\(names)) FROM (SELECT \(values.joined(separator: ", ")) FROM \(place))",
            "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE)",
        ]
        return (parts + common).joined(separator: " ")
    }

    private var common: [String] {
        (onError.map { ["ON_ERROR = \($0)"] } ?? []) + (isForced ? ["FORCE = TRUE"] : [])
            + (purges ? ["PURGE = TRUE"] : [])
    }
}

/// Tells what a COPY INTO did, from the rows that it gives: one for each file that it looked at.
struct SnowflakeCopyReport {
    private(set) var rows = 0
    private(set) var files = 0
    private(set) var skipped = 0
    private(set) var errors = 0
    private var firstError: String?

    init(_ records: [[String: String]]) {
        for record in records {
            guard let status = record["status"], record["file"] != nil else { continue }
            rows += record["rows_loaded"].flatMap { Int($0) } ?? 0
            switch status {
            case "LOADED", "PARTIALLY_LOADED": files += 1
            default: skipped += 1
            }
            // A file that was loaded before counts as an error there.
            if status == "LOAD_SKIPPED" { continue }
            errors += record["errors_seen"].flatMap { Int($0) } ?? 0
            if firstError == nil, let text = record["first_error"], let file = record["file"] {
                firstError = "\(text) (\(file)\(record["first_error_line"].map { ", line \($0)" } ?? ""))"
            }
        }
    }

    /// What a job has to say of it: rows that were left out are a warning.
    var notes: [String: String] {
        errors > 0 ? ["log": text, "warning": text + "."] : ["log": text]
    }

    /// Says what was done.
    var text: String {
        var text = "Snowflake loaded \(rows) rows of \(files) files"
        if skipped > 0 { text += ", left out \(skipped) files" }
        if errors > 0 { text += ", met \(errors) errors" }
        return text + (firstError.map { "; the first: \($0)" } ?? "")
    }
}
