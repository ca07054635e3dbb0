import Templates
import Vocabulary

/// Gathers what dbt_project.yml, a properties file and config() say of a model or a seed.
final class ModelSettings {
    var values: [String: TemplateValue] = [:]
    let names: SettingNames
    /// The resource as macros such as generate_schema_name see it.
    let node: TemplateMap

    init(_ names: SettingNames = .models, node: TemplateMap = TemplateMap()) {
        self.names = names
        self.node = node
    }

    /// Takes settings of a config() call. Throws for those that are not supported.
    func set(_ call: TemplateCall) throws {
        for (name, value) in call.named { try set(name, value) { call.error($0, remedy: $1, code: $2) } }
        if let first = call.positional.first {
            throw call.error("config() takes name=value, not \(first.printed)")
        }
    }

    func set(
        _ name: String, _ value: TemplateValue, _ error: (String, String?, String) -> EngineError
    ) throws {
        guard names.accepted.contains(name) else {
            // What is empty asks for nothing.
            if names.remedy(for: name) != nil, !value.isTrue { return }
            throw error(
                "This setting of \(names.noun) is not supported: \(name)",
                names.remedy(for: name) ?? names.near(name).map { "Did you mean \($0)?" }
                    ?? "What is for readers alone goes below meta.", "UNSUPPORTED_FEATURE")
        }
        if let known = SettingNames.choices[name], value != .none, !known.contains(value.printed) {
            throw error(
                "This value of \(name) is not supported: \(value.printed)",
                Suggestion.nearest(to: value.printed, among: known).map { "Did you mean \($0)?" }
                    ?? "Supported are: \(known.joined(separator: ", ")).", "UNSUPPORTED_FEATURE")
        }
        if name == "contract" || name == "column_types", value != .none {
            guard case .map = value else {
                throw error("\(name) must be a mapping, not \(value.typeName)", nil, "PIPELINE_FORMAT")
            }
        }
        if SettingNames.booleans.contains(name) {
            guard let flag = SettingNames.boolean(value) else {
                throw error(
                    "\(name) must be true or false, not: \(value.printed)", nil, "PIPELINE_FORMAT")
            }
            values[name] = flag
            return
        }
        if name == "tags", case .list(let more) = value, case .list(let before)? = values["tags"] {
            // A query may be rendered more than once.
            values["tags"] = .list(before + more.filter { !before.contains($0) })
        } else {
            values[name] = name == "tags" && value.typeName == "text" ? .list([value]) : value
        }
    }

    /// Whether the model is there at all.
    var isEnabled: Bool { values["enabled"] != .boolean(false) }

    /// Texts of a setting that is one text or a list.
    func texts(_ name: String) -> [String] {
        switch values[name] {
        case .list(let items)?: items.map(\.printed)
        case .text(let text)?: text.split(separator: ",").map { String($0.trimmingPrefix(" ")) }
        default: []
        }
    }

    /// A setting of one word; nil where it is not set.
    func text(_ name: String) -> String? { values[name].flatMap { $0 == .none ? nil : $0.printed } }

    /// Whether the model's columns must be those that its properties list.
    var hasContract: Bool {
        guard case .map(let contract)? = values["contract"] else { return false }
        return contract["enforced"]?.isTrue == true
    }

    /// Says whether the model's query is to give only what is new, as dbt decides it.
    func isIncremental(_ table: TableName, _ run: RunContext) -> Bool {
        guard values["materialized"]?.printed == "incremental", run.hasTable(table) else { return false }
        if let own = values["full_refresh"], own != TemplateValue.none { return !own.isTrue }
        return !run.fullRefresh
    }

    /// Returns how the model's table comes about. Throws when settings do not go together.
    func materialization(_ error: (String) -> EngineError) throws -> Materialization {
        var how = Materialization()
        how.kind = values["materialized"].flatMap { .init(rawValue: $0.printed) } ?? .table
        how.uniqueKey = texts("unique_key")
        how.partitionBy = texts("partition_by")
        how.onSchemaChange = values["on_schema_change"].flatMap { .init(rawValue: $0.printed) } ?? .ignore
        how.strategy =
            values["incremental_strategy"].flatMap { .init(rawValue: $0.printed) }
            ?? (how.uniqueKey.isEmpty ? .append : .merge)
        guard how.kind == .incremental else { return how }
        if how.strategy == .microbatch { how.microbatch = try microbatch(error) }
        if [.merge, .deleteInsert].contains(how.strategy), how.uniqueKey.isEmpty {
            throw error("The strategy \(how.strategy.rawValue) needs unique_key")
        }
        if how.onSchemaChange == .ignore, how.strategy == .insertOverwrite, how.partitionBy.isEmpty {
            // All is replaced, its columns too.
            how.onSchemaChange = .syncAllColumns
        }
        return how
    }

    /// Name of the column that says when a row happened; nil where there is none.
    var eventTime: String? { text("event_time") }

    /// Returns how the model is cut into batches. dbt, too, asks for all of these but `lookback`.
    private func microbatch(_ error: (String) -> EngineError) throws -> Microbatch {
        for name in ["event_time", "batch_size", "begin"] where values[name] == nil {
            throw error("The strategy microbatch needs \(name)")
        }
        let (begin, lookback) = (values["begin"]?.printed ?? "", values["lookback"]?.printed ?? "1")
        guard let start = CivilTime.parse(begin.replacing(/(?:[+]00:?00| UTC)$/, with: "")) else {
            throw error("begin must be a date such as 2024-01-01, or with a time (UTC): \(begin)")
        }
        guard let count = Int(lookback), (0...Microbatch.limit).contains(count) else {
            throw error("lookback must be a whole number from 0 on: \(lookback)")
        }
        return Microbatch(
            eventTime: eventTime ?? "", size: .init(rawValue: values["batch_size"]?.printed ?? "") ?? .day,
            lookback: count, begin: start)
    }
}
