/// Lists the keys of dbt's own files that are read: `dbt_project.yml` and the YAML beside models.
enum DbtFormat {
    static let project = FormatObject(keys: [
        FormatKey("name", .text, "Name of the project.", isRequired: true),
        FormatKey("version", .text, "Version, for readers."),
        FormatKey("config-version", .integer(atLeast: 2), "Always 2."),
        FormatKey("profile", .text, "Accepted; there are no profiles."),
        FormatKey("model-paths", .list(.text), "Folders of models."),
        FormatKey("test-paths", .list(.text), "Folders of singular tests."),
        FormatKey("macro-paths", .list(.text), "Folders of macros."),
        FormatKey("seed-paths", .list(.text), "Folders of CSV files."),
        FormatKey("analysis-paths", .list(.text), "Accepted; nothing is read there."),
        FormatKey("snapshot-paths", .list(.text), "Accepted; nothing is read there."),
        FormatKey("target-path", .text, "Accepted; nothing is written there."),
        FormatKey("clean-targets", .list(.text), "Accepted; nothing is deleted."),
        FormatKey("require-dbt-version", .any, "Accepted."),
        FormatKey("vars", .map(.any), "Values for var()."),
        FormatKey("models", .map(.any), "Settings of models by folder."),
        FormatKey("seeds", .map(.any), "Settings of seeds.", isBuilt: false),
        FormatKey("snapshots", .map(.any), "Settings of snapshots.", isBuilt: false),
        FormatKey("on-run-start", .any, "Statements before.", isBuilt: false),
        FormatKey("on-run-end", .any, "Statements after.", isBuilt: false),
        FormatKey("dispatch", .any, "Packages.", isBuilt: false),
        FormatKey("flags", .map(.any), "Accepted."),
    ])

    static let properties = FormatObject(keys: [
        FormatKey("version", .integer(atLeast: 2), "Always 2."),
        FormatKey("models", .list(.object(model)), "Models with their tests."),
        FormatKey("sources", .list(.object(source)), "Tables from outside."),
        FormatKey("macros", .any, "Accepted, for readers."),
        FormatKey("exposures", .any, "Accepted, for readers."),
        FormatKey("groups", .any, "Accepted, for readers."),
        FormatKey("seeds", .list(.object(seed)), "Seeds with their tests."),
        FormatKey("snapshots", .any, "Snapshots.", isBuilt: false),
        FormatKey("unit_tests", .any, "Unit tests.", isBuilt: false),
        FormatKey("semantic_models", .any, "Semantic layer.", isBuilt: false),
        FormatKey("metrics", .any, "Semantic layer.", isBuilt: false),
    ])

    static let model = FormatObject(keys: [
        FormatKey("name", .text, "Name of the model.", isRequired: true),
        FormatKey("description", .any, "For readers."),
        FormatKey("docs", .any, "For readers."),
        FormatKey("meta", .map(.any), "Anything."),
        FormatKey("config", .map(.any), "Settings: materialized, tags, enabled."),
        FormatKey("columns", .list(.object(PipelineFormat.column)), "Columns with their tests."),
        FormatKey("tests", .list(.any), "Tests of the table."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("constraints", .any, "Contracts.", isBuilt: false),
        FormatKey("versions", .any, "Versions of models.", isBuilt: false),
    ])

    static let seed = FormatObject(keys: [
        FormatKey("name", .text, "Name of the seed.", isRequired: true),
        FormatKey("description", .any, "For readers."),
        FormatKey("docs", .any, "For readers."),
        FormatKey("meta", .map(.any), "Anything."),
        FormatKey("columns", .list(.object(PipelineFormat.column)), "Columns with their tests."),
        FormatKey("tests", .list(.any), "Tests of the table."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("config", .object(time), "Its event_time."),
    ])

    /// What `config` of tables that are no models may say.
    static let time = FormatObject(keys: [
        FormatKey("event_time", .text, "Column that says when a row happened, for microbatch models.")
    ])

    static let source = FormatObject(keys: [
        FormatKey("name", .text, "Name of the source.", isRequired: true),
        FormatKey("description", .any, "For readers."),
        FormatKey("schema", .any, "Accepted; tables are found by name."),
        FormatKey("database", .any, "Accepted; tables are found by name."),
        FormatKey("meta", .map(.any), "external_location: path with {name} for the table."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
        FormatKey("tables", .list(.object(sourceTable)), "Tables of the source."),
        FormatKey("config", .object(time), "The event_time of its tables."),
        FormatKey("freshness", .object(freshness), "How old the youngest row may be."),
        FormatKey("loaded_at_field", .text, "Column that says when a row came."),
    ])

    static let freshness = FormatObject(keys: [
        FormatKey("warn_after", .object(age), "Age at which a run warns."),
        FormatKey("error_after", .object(age), "Age at which a run fails."),
        FormatKey("filter", .text, "Condition of the rows that are looked at."),
    ])

    static let age = FormatObject(keys: [
        FormatKey("count", .integer(atLeast: 1), "How many.", isRequired: true),
        FormatKey("period", .choice(["minute", "hour", "day"]), "Of what.", isRequired: true),
    ])

    static let sourceTable = FormatObject(keys: [
        FormatKey("name", .text, "Name of the table.", isRequired: true),
        FormatKey("identifier", .text, "Name of the extract step, where it differs."),
        FormatKey("config", .object(time), "Its event_time."),
        FormatKey("description", .any, "For readers."),
        FormatKey("meta", .map(.any), "external_location: path of the table's files."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
        FormatKey("columns", .list(.object(PipelineFormat.column)), "Columns with their tests."),
        FormatKey("tests", .list(.any), "Tests of the table."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("freshness", .object(freshness), "How old the youngest row may be."),
        FormatKey("loaded_at_field", .text, "Column that says when a row came."),
    ])
}
