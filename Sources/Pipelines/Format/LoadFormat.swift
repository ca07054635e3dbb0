// Shapes of `load`.
extension PipelineFormat {
    static let load = FormatObject(
        keys: [
            FormatKey("name", .text, "Name of the step.", isRequired: true),
            FormatKey("description", .text, "What the step is for."),
            FormatKey("from", .text, "Step whose table is loaded, or after which files of a stage are."),
            FormatKey("connection", .text, "Name among connections."),
            FormatKey("table", .text, "Table to load, schema.table; made where it is missing."),
            FormatKey("copy_into", .object(copyInto), "How Snowflake takes the rows, or files of a stage."),
            FormatKey("write", .object(write), "Directory to write instead of a table."),
            FormatKey(
                "write_disposition", .choice(["append", "replace", "merge"]),
                "What becomes of the target's rows; append by default."),
            FormatKey("primary_key", .oneOrMore(.text), "Columns by which merge finds rows."),
            FormatKey("tags", .oneOrMore(.text), "Words for the selector tag:."),
        ], oneOf: ["table", "write"])

    /// Named as in Snowflake's COPY INTO.
    static let copyInto = FormatObject(keys: [
        FormatKey("from", .text, "Files that are there already: @stage/path, or s3://bucket/path/."),
        FormatKey(
            "stage", .text, "Stage that the rows are sent to: @stage/path; one of the session by default."),
        FormatKey("file_format", .map(.any), "Format of the files: type, field_delimiter, format_name, …"),
        FormatKey("pattern", .text, "Regular expression that the files' paths match."),
        FormatKey("files", .oneOrMore(.text), "Names of the files."),
        FormatKey(
            "on_error", .text,
            "continue, skip_file, skip_file_10, skip_file_10% or abort_statement (default)."),
        FormatKey("force", .boolean, "Load files again that were loaded before."),
        FormatKey("purge", .boolean, "Remove files that were loaded."),
        FormatKey(
            "match_by_column_name", .choice(["none", "case_sensitive", "case_insensitive"]),
            "Whether columns are found by their names."),
        FormatKey("size_limit", .integer(atLeast: 1), "Bytes after which no further file is begun."),
        FormatKey("truncatecolumns", .boolean, "Cut texts that are too long for their column."),
        FormatKey("storage_integration", .text, "Integration that may read the bucket."),
    ])
}
