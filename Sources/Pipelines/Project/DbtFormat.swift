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
        FormatKey("seeds", .map(.any), "Settings of seeds by folder."),
        FormatKey("snapshots", .map(.any), "Settings of snapshots.", instead: noSnapshots),
        FormatKey("on-run-start", .any, "Statements before.", instead: noHooks),
        FormatKey("on-run-end", .any, "Statements after.", instead: noHooks),
        FormatKey("tests", .map(.any), "Settings of tests by folder."),
        FormatKey("data_tests", .map(.any), "Settings of tests by folder."),
        FormatKey("sources", .map(.any), "Settings of sources.", instead: "Set them at the sources."),
        FormatKey(
            "dispatch", .any, "Accepted; adapter.dispatch() finds the project's own macros."),
        FormatKey("quoting", .any, "Accepted; names are always quoted."),
        FormatKey("query-comment", .any, "Accepted."),
        FormatKey("packages-install-path", .text, "Accepted; there are no packages."),
        FormatKey("log-path", .text, "Accepted; nothing is written there."),
        FormatKey("docs-paths", .list(.text), "Folders of blocks for doc(), beside all others."),
        FormatKey("asset-paths", .list(.text), "Accepted; nothing is read there."),
        FormatKey("restrict-access", .boolean, "Accepted; there are no packages."),
        FormatKey("dbt-cloud", .any, "Accepted."),
        FormatKey("exposures", .any, "Accepted."),
        FormatKey("metrics", .any, "Accepted."),
        FormatKey("semantic-models", .any, "Accepted."),
        FormatKey("saved-queries", .any, "Accepted."),
        FormatKey("unit_tests", .any, "Accepted."),
        FormatKey("flags", .map(.any), "Accepted."),
    ])

    static let properties = FormatObject(keys: [
        FormatKey("version", .integer(atLeast: 2), "Always 2."),
        FormatKey("anchors", .any, "Parts that others name by their YAML anchors."),
        FormatKey("models", .list(.object(model)), "Models with their tests."),
        FormatKey("sources", .list(.object(source)), "Tables from outside."),
        FormatKey("macros", .any, "Accepted, for readers."),
        FormatKey("exposures", .any, "Accepted, for readers."),
        FormatKey("groups", .list(.object(group)), "Groups of models."),
        FormatKey("seeds", .list(.object(seed)), "Seeds with their tests."),
        FormatKey("snapshots", .any, "Snapshots.", instead: noSnapshots),
        FormatKey(
            "unit_tests", .any, "Unit tests.",
            instead: "Leave them out, and test the tables: data_tests of the model, or a query in tests/."),
        FormatKey("semantic_models", .any, "Semantic layer.", instead: noMetrics),
        FormatKey("metrics", .any, "Semantic layer.", instead: noMetrics),
        FormatKey("saved_queries", .any, "Semantic layer.", instead: noMetrics),
    ])

    private static let noSnapshots =
        "Leave them out; an incremental model with unique_key keeps the latest state of each row."
    private static let noHooks =
        "Make a step of transform in etl.yml of what the statements compute, an alert of what they tell, "
        + "or leave them out."
    private static let noMetrics = "Leave them out: there is no semantic layer. A metric may be a model."

    static let group = FormatObject(keys: [
        FormatKey("name", .text, "Name of the group.", isRequired: true),
        FormatKey("owner", .any, "For readers."),
        FormatKey("description", .any, "For readers."),
        FormatKey("config", .map(.any), "For readers."),
    ])

    /// A column, whose description may name a block of documentation.
    static let plainColumn = FormatObject(
        keys: PipelineFormat.column.keys.map {
            $0.name == "description" ? FormatKey($0.name, .any, $0.note) : $0
        })

    static let column = FormatObject(
        keys: plainColumn.keys + [
            FormatKey("constraints", .list(.object(constraint)), "What contracts ask of its values."),
            FormatKey("docs", .any, "For readers."),
            FormatKey("config", .map(.any), "For readers: meta and tags."),
            FormatKey("policy_tags", .any, "For readers."),
            FormatKey("granularity", .any, "For readers."),
        ])

    static let constraint = FormatObject(keys: [
        FormatKey(
            "type", .choice(["not_null", "unique", "primary_key", "foreign_key", "check", "custom"]),
            "What must be true.", isRequired: true),
        FormatKey("name", .text, "Its name."),
        FormatKey("columns", .list(.text), "Columns, of a constraint of the whole model."),
        FormatKey("expression", .text, "Condition of a check."),
        FormatKey("to", .any, "Table of a foreign key: ref('model')."),
        FormatKey("to_columns", .list(.text), "Columns there."),
        FormatKey("warn_unsupported", .boolean, "Accepted."),
        FormatKey("warn_unenforced", .boolean, "Accepted; all are enforced."),
    ])

    static let model = FormatObject(keys: [
        FormatKey("name", .text, "Name of the model.", isRequired: true),
        FormatKey("description", .any, "For readers."),
        FormatKey("docs", .any, "For readers."),
        FormatKey("meta", .map(.any), "Anything."),
        FormatKey("config", .map(.any), "Settings: materialized, tags, enabled."),
        FormatKey("columns", .list(.object(column)), "Columns with their tests."),
        FormatKey("tests", .list(.any), "Tests of the table."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("constraints", .list(.object(constraint)), "What contracts ask of the table."),
        FormatKey("access", .any, "Which models may read it: private, protected or public."),
        FormatKey("group", .any, "Group that it belongs to."),
        FormatKey("deprecation_date", .any, "For readers."),
        FormatKey("time_spine", .any, "For readers."),
        FormatKey("versions", .any, "Versions of models.", instead: noVersions),
        FormatKey("latest_version", .any, "Versions of models.", instead: noVersions),
    ])

    private static let noVersions = "Make a model with a name of its own of each version."

    static let seed = FormatObject(keys: [
        FormatKey("name", .text, "Name of the seed.", isRequired: true),
        FormatKey("description", .any, "For readers."),
        FormatKey("docs", .any, "For readers."),
        FormatKey("meta", .map(.any), "Anything."),
        FormatKey("columns", .list(.object(plainColumn)), "Columns with their tests."),
        FormatKey("tests", .list(.any), "Tests of the table."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("config", .map(.any), "Settings: column_types, schema, alias, enabled."),
    ])

    /// What `config` of tables from outside may say.
    static let time = FormatObject(keys: [
        FormatKey("event_time", .text, "Column that says when a row happened, for microbatch models."),
        FormatKey("freshness", .object(freshness), "How old the youngest row may be."),
        FormatKey("loaded_at_field", .text, "Column that says when a row came."),
        FormatKey("enabled", .boolean, "Whether the tables are there."),
        FormatKey("meta", .map(.any), "external_location: path of the tables' files."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
    ])

    static let source = FormatObject(keys: [
        FormatKey("name", .text, "Name of the source.", isRequired: true),
        FormatKey("description", .any, "For readers."),
        FormatKey("schema", .any, "Accepted; tables are found by name."),
        FormatKey("database", .any, "Accepted; tables are found by name."),
        FormatKey("meta", .map(.any), "external_location: path with {name} for the table."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
        FormatKey("tables", .list(.object(sourceTable)), "Tables of the source."),
        FormatKey("config", .object(time), "The event_time of its tables, and what may stand here, too."),
        FormatKey("loader", .text, "For readers: what brings it in."),
        FormatKey("quoting", .any, "Accepted; names are always quoted."),
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
        FormatKey("config", .object(time), "Its event_time, and what may stand here, too."),
        FormatKey("external", .any, "Accepted; external_location says where its files are."),
        FormatKey("quoting", .any, "Accepted; names are always quoted."),
        FormatKey("description", .any, "For readers."),
        FormatKey("meta", .map(.any), "external_location: path of the table's files."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
        FormatKey("columns", .list(.object(plainColumn)), "Columns with their tests."),
        FormatKey("tests", .list(.any), "Tests of the table."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("freshness", .object(freshness), "How old the youngest row may be."),
        FormatKey("loaded_at_field", .text, "Column that says when a row came."),
    ])
}
