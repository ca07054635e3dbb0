import Templates
import Vocabulary

/// Lists the settings that dbt has for one kind of resource: those that are carried out, and those that are
/// refused with what to do instead.
struct SettingNames: Sendable {
    /// The resources, for messages; also the key of their settings in `dbt_project.yml`.
    let noun: String
    let accepted: [String]
    private let refused: [String: String]

    static let models = SettingNames(
        noun: "models",
        accepted: shared + [
            "materialized", "unique_key", "incremental_strategy", "partition_by", "on_schema_change",
            "batch_size", "lookback", "begin", "concurrent_batches", "access", "contract", "file_format",
            "on_configuration_change",
        ],
        refused: refusedOfAll.merging([
            "merge_update_columns": wholeRows, "merge_exclude_columns": wholeRows,
            "incremental_predicates": "Leave it out: merge looks at the whole table.",
            "predicates": "Leave it out: merge looks at the whole table.",
            "sql_header": "Give the run its settings: etl-submit --conf name=value.",
            "latest_version": "Give each version of the model a name of its own.",
        ]) { $1 })

    static let seeds = SettingNames(
        noun: "seeds", accepted: shared + ["column_types", "delimiter", "quote_columns"],
        refused: refusedOfAll)

    static let tests = SettingNames(
        noun: "tests",
        accepted: [
            "severity", "warn_if", "error_if", "fail_calc", "limit", "where", "enabled", "tags", "meta",
            "store_failures", "store_failures_as", "schema", "alias", "group", "description",
        ], refused: refusedOfAll)

    /// Settings that are true or false, or null.
    static let booleans: Set = ["enabled", "full_refresh", "store_failures"]

    /// Returns the value of such a setting; nil for what is neither. Texts come from `--vars` and from
    /// variables of the environment.
    static func boolean(_ value: TemplateValue) -> TemplateValue? {
        switch value {
        case .none, .boolean: return value
        default:
            let text = value.printed.lowercased()
            return ["true", "false"].contains(text) ? .boolean(text == "true") : nil
        }
    }

    /// What the value of a setting must be one of.
    static let choices = [
        "materialized": ["table", "view", "incremental", "ephemeral"],
        "incremental_strategy": ["append", "merge", "insert_overwrite", "delete+insert", "microbatch"],
        "on_schema_change": ["ignore", "fail", "append_new_columns", "sync_all_columns"],
        "batch_size": Microbatch.Size.allCases.map(\.rawValue),
        "access": ["private", "protected", "public"],
        "file_format": ["parquet"], "store_failures_as": ["table", "view", "ephemeral"],
    ]

    private static let shared = [
        "tags", "enabled", "meta", "docs", "group", "description", "full_refresh", "persist_docs",
        "event_time", "alias", "schema",
    ]

    private static let onePlace =
        "A pipeline's tables are in one place: leave it out. +schema puts them into groups there."
    private static let hook =
        "Statements around a model are not run: make a step of transform of what they compute, "
        + "or leave them out."
    private static let storage = "Leave it out: it says how another engine stores the table."
    private static let wholeRows =
        "merge replaces whole rows: have the query give all columns, and leave it out."

    private static let refusedOfAll: [String: String] = {
        var all = [
            "database": onePlace, "catalog": onePlace, "project": onePlace, "dataset": "Use schema.",
            "location_root": onePlace, "pre_hook": hook, "post_hook": hook,
            "grants": "Tables are files: who may read them is the storage's to say. Leave it out.",
        ]
        for name in [
            "transient", "cluster_by", "clustered_by", "buckets", "indexes", "dist", "sort", "sort_type",
            "unlogged", "tblproperties", "table_type", "labels", "hours_to_expiration", "kms_key_name",
            "liquid_clustered_by", "auto_liquid_cluster", "automatic_clustering", "copy_grants", "query_tag",
            "snowflake_warehouse", "secure", "compression", "options",
        ] { all[name] = storage }
        return all
    }()

    /// Returns what to do instead of a setting that dbt or one of its adapters has; nil for all others.
    func remedy(for name: String) -> String? { refused[name.replacing("-", with: "_")] }

    /// Returns the accepted setting that a name is nearest to.
    func near(_ name: String) -> String? { Suggestion.nearest(to: name, among: accepted) }
}
