import Vocabulary

/// Holds the settings that `dbt_project.yml` gives to models, or to seeds, by their folders. As in dbt a
/// setting has a `+` before it or not; without it, a mapping is a folder or a model.
struct DbtSettings {
    let tree: FormatValue
    /// Name of the project, which all folders are below.
    let project: String
    var names = SettingNames.models

    /// Gathers the settings of a model down the folders; deeper ones win, tags come together.
    func settings(_ folders: [String], _ model: String) -> [String: FormatValue] {
        var found: [String: FormatValue] = [:]
        var at: FormatValue? = tree
        for name in [""] + [project] + folders + [model] {
            if !name.isEmpty { at = at?[name] }
            guard case .map(let pairs)? = at?.kind else { break }
            for (key, value) in pairs {
                guard let setting = DbtSettings.setting(key, value) else { continue }
                if setting == "tags", let before = found[setting] {
                    found[setting]?.kind = .list(before.elements + value.elements)
                } else {
                    found[setting] = value
                }
            }
        }
        return found
    }

    /// Returns the name of a setting; nil for what is a folder or a model, or empty.
    private static func setting(_ key: FormatValue, _ value: FormatValue) -> String? {
        let isMarked = key.printed.hasPrefix("+")
        switch value.kind {
        case .map where !isMarked, .null where !isMarked: return nil
        default: return String(key.printed.dropFirst(isMarked ? 1 : 0))
        }
    }

    /// Checks all settings, also those that no model has, and returns warnings of folders that are not there.
    /// `models` are the paths of all models: their folders and names. Throws for a setting that is not known,
    /// and for a folder whose name is nearly that of another: models would be built without what was meant.
    func check(_ models: [[String]]) throws -> [String] {
        var warnings: [String] = []
        try check(tree, [], models.map { [project] + $0 }, &warnings)
        return warnings
    }

    private func check(
        _ value: FormatValue, _ path: [String], _ models: [[String]], _ warnings: inout [String]
    ) throws {
        guard case .map(let pairs) = value.kind else { return }
        let folders = Set(models.compactMap { $0.count > path.count ? $0[path.count] : nil })
        for (key, item) in pairs {
            if let name = DbtSettings.setting(key, item) {
                if names.accepted.contains(name) { continue }
                let remedy = names.remedy(for: name)
                if remedy != nil, !item.templateValue.isTrue { continue }
                throw key.error(
                    "This setting of \(names.noun) is not supported: \(name)",
                    remedy: remedy ?? names.near(name).map { "Did you mean +\($0)?" }
                        ?? "What is for readers alone goes below +meta.",
                    code: "UNSUPPORTED_FEATURE")
            }
            guard case .map = item.kind else { continue }
            let name = key.printed
            if folders.contains(name) {
                try check(
                    item, path + [name],
                    models.filter { $0.count > path.count && $0[path.count] == name }, &warnings)
                continue
            }
            if let remedy = near(name, folders, path, models) {
                throw key.error(
                    "No \(names.noun) are in a folder of this name, or have it: \(shown(path, name))",
                    remedy: remedy)
            }
            warnings.append(
                "\(key.location.file):\(key.location.line): no \(names.noun) are in a folder of this name, or "
                    + "have it, so its settings apply to nothing: \(shown(path, name))")
        }
    }

    private func shown(_ path: [String], _ name: String) -> String {
        ([names.noun] + path + [name]).joined(separator: ".")
    }

    /// Says what a name that is no folder was meant to be; nil where that is not clear.
    private func near(
        _ name: String, _ folders: Set<String>, _ path: [String], _ models: [[String]]
    ) -> String? {
        if names.accepted.contains(name) { return "A setting that is a mapping needs a +: +\(name)." }
        if let near = Suggestion.nearest(to: name, among: folders.sorted()) { return "Did you mean \(near)?" }
        if path.isEmpty, models.contains(where: { $0.dropFirst().contains(name) }) {
            return "Folders are below the project's name: \(names.noun).\(project).\(name)."
        }
        return nil
    }
}
