import Templates
import Vocabulary

/// Says by what a selector chooses steps: the word before its `:`, as dbt names it.
struct StepMethod {
    /// dbt's methods that look at the steps and tests alone.
    enum Kind: String, CaseIterable {
        case name, fqn, tag, path, file, package, config, group, access, source
        case resourceType = "resource_type"
        case testName = "test_name"
        case testType = "test_type"
    }
    let kind: Kind
    /// Names after `config.`.
    private let keys: [String]
    private let value: String

    /// dbt's methods for what is not here.
    private static let refused = [
        "state": "There is no earlier manifest to compare with: --select +name chooses by the graph.",
        "result": "`etl-submit retry` goes on with the last run from where it failed.",
        "source_status": "A source's freshness is a test here: it runs with the steps that read it.",
        "exposure": "Exposures are for readers: name the steps.",
        "metric": "There is no semantic layer.", "semantic_model": "There is no semantic layer.",
        "saved_query": "There is no semantic layer.", "unit_test": "There are no unit tests.",
        "version": "There are no versions of models.",
    ]

    /// `method` is what stands before `:`, nil where nothing does. Throws `SELECTOR` (user).
    init(_ method: String?, _ value: String, _ text: String) throws {
        self.value = value
        guard let method else {
            let isFile = [".sql", ".csv"].contains { value.lowercased().hasSuffix($0) }
            kind = value.contains("/") ? .path : isFile ? .file : .fqn
            keys = []
            return
        }
        let words = method.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        keys = Array(words.dropFirst())
        guard let kind = Kind(rawValue: words.first ?? "") else {
            let remedy = words.first.flatMap { StepMethod.refused[$0] }
            let known = Kind.allCases.map(\.rawValue)
            throw EngineError.user(
                "SELECTOR",
                remedy == nil
                    ? "The selector's method is not known: \(method)"
                    : "The selector's method has no meaning here: \(method)",
                remedy: remedy ?? Suggestion.nearest(to: method, among: known).map { "Did you mean \($0)?" }
                    ?? "Known are: \(known.joined(separator: ", ")).")
        }
        self.kind = kind
        if (kind == .config) == keys.isEmpty {
            throw EngineError.user(
                "SELECTOR", "The selector has no meaning: \(text)",
                remedy: kind == .config
                    ? "Name the setting: config.materialized:incremental."
                    : "Only config takes names after it.")
        }
        if kind == .testType, !StepMethod.testTypes.contains(value) {
            throw EngineError.user(
                "SELECTOR", "There are no tests of this type: \(value)",
                remedy: "Known are: \(StepMethod.testTypes.joined(separator: ", ")).")
        }
    }

    /// dbt's types of tests: those with a name that others share, and those with a file each; `data` are
    /// both.
    private static let testTypes = ["generic", "singular", "data"]

    /// Says whether the method chooses a step.
    func chooses(_ step: PipelineStep) -> Bool {
        switch kind {
        case .name, .fqn: isNamed(step)
        case .tag: step.tags.contains { Wildcard.matches(value, $0) }
        case .path: isBelow(step.file)
        case .file: isFile(step.file)
        case .package: Wildcard.matches(value, step.dbt.project ?? "") || value == "this"
        case .config: isSet(step.dbt.settings)
        case .group: step.dbt.group.map { Wildcard.matches(value, $0) } ?? false
        case .access: step.kind == .model && step.dbt.access == value
        case .source: step.dbt.sources.contains(where: isSource)
        case .resourceType: step.kind.rawValue == value
        case .testName, .testType: false
        }
    }

    /// Says whether the method chooses a test by what is its own; those of chosen steps come with them.
    func chooses(_ test: DataTest) -> Bool {
        if test.isConstraint { return false }
        return switch kind {
        case .name, .fqn: Wildcard.matches(value, test.name)
        case .tag: test.tags.contains { Wildcard.matches(value, $0) }
        case .path: test.file.map(isBelow) ?? false
        case .file: test.file.map(isFile) ?? false
        case .config: isSet(test.settings)
        case .source: test.source.map(isSource) ?? false
        case .resourceType: ["test", "data_test"].contains(value)
        case .testName: test.kind.map { Wildcard.matches(value, $0) } ?? false
        case .testType: value == "data" || (value == "singular") == (test.kind == nil)
        case .package, .group, .access: false
        }
    }

    /// A name, or one of a model's folders, alone or after the project's name.
    private func isNamed(_ step: PipelineStep) -> Bool {
        if Wildcard.matches(value, step.name) { return true }
        let path = step.dbt.path
        return !path.isEmpty && (isWay(path) || isWay(Array(path.dropFirst())))
    }

    /// Whether the names between the dots are the first of a path.
    private func isWay(_ path: [String]) -> Bool {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= path.count else { return false }
        for (place, part) in parts.enumerated() where part != path[place] {
            // From the first wildcard on the rest is matched as a whole.
            guard part.contains(where: { "*?".contains($0) }) else { return false }
            return Wildcard.matches(
                parts[place...].joined(separator: "."), path[place...].joined(separator: "."))
        }
        return true
    }

    /// Whether the value is a source, or one table of it, alone or after the project's name.
    private func isSource(_ names: [String]) -> Bool {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let wanted = parts.count == 3 ? names : Array(names.dropFirst().prefix(parts.count))
        return wanted.count == parts.count && zip(parts, wanted).allSatisfy(Wildcard.matches)
    }

    private func isBelow(_ file: String) -> Bool {
        let folder = value.hasSuffix("/") ? String(value.dropLast()) : value
        return file == folder || file.hasPrefix(folder + "/") || Wildcard.matches(folder, file)
    }

    private func isFile(_ file: String) -> Bool {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        return Wildcard.matches(value, name) || Wildcard.matches(value, stem)
    }

    private func isSet(_ settings: [String: TemplateValue]) -> Bool {
        var found = TemplateValue.map(
            TemplateMap(settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        for key in keys {
            guard case .map(let map) = found, let next = map[key] else { return false }
            found = next
        }
        guard case .list(let items) = found else { return isValue(found) }
        return items.contains(where: isValue)
    }

    private func isValue(_ item: TemplateValue) -> Bool {
        if case .boolean(let flag) = item { return value.lowercased() == (flag ? "true" : "false") }
        return item.printed == value
    }
}
