import Vocabulary

/// Chooses steps as dbt's `--select` does: `name`, globs, `tag:t`, `path:p`; `+` before for what is above,
/// after for what is below, with a number for how far; a space joins, a comma intersects.
package enum StepSelector {
    /// Returns the names of the steps that any of the selectors chooses. Throws `SELECTOR` when one has no
    /// meaning or chooses nothing.
    package static func select(_ texts: [String], from steps: [PipelineStep]) throws -> Set<String> {
        var chosen = Set<String>()
        for text in texts.flatMap({ $0.split(whereSeparator: \.isWhitespace).map(String.init) }) {
            var common: Set<String>?
            for part in text.split(separator: ",") {
                let found = try one(String(part), steps)
                common = common.map { $0.intersection(found) } ?? found
            }
            guard let common, !common.isEmpty else {
                let near = Suggestion.nearest(
                    to: text.filter { $0 != "+" }, among: steps.map(\.name))
                throw EngineError.user(
                    "SELECTOR", "The selector chooses no step: \(text)",
                    remedy: near.map { "Did you mean \($0)?" }
                        ?? "Steps are: \(steps.prefix(20).map(\.name).joined(separator: ", ")).")
            }
            chosen.formUnion(common)
        }
        return chosen
    }

    private static func one(_ text: String, _ steps: [PipelineStep]) throws -> Set<String> {
        guard let match = text.wholeMatch(of: /(?:(\d*)\+)?(?:(\w+):)?([^+:@]+)(?:\+(\d*))?/) else {
            throw EngineError.user(
                "SELECTOR", "The selector has no meaning: \(text)",
                remedy: "Write name, +name, name+, 2+name, tag:word or path:models/folder.")
        }
        let value = String(match.3)
        let starts: Set<String>
        switch match.2.map(String.init) {
        case nil, "name": starts = Set(steps.map(\.name).filter { Wildcard.matches(value, $0) })
        case "tag":
            starts = Set(steps.filter { $0.tags.contains { Wildcard.matches(value, $0) } }.map(\.name))
        case "path":
            let folder = value.hasSuffix("/") ? String(value.dropLast()) : value
            starts = Set(
                steps.filter {
                    $0.file == folder || $0.file.hasPrefix(folder + "/") || Wildcard.matches(folder, $0.file)
                }
                .map(\.name))
        case let method?:
            let near = Suggestion.nearest(to: method, among: ["name", "tag", "path"])
            throw EngineError.user(
                "SELECTOR", "The selector's method is not known: \(method)",
                remedy: near.map { "Did you mean \($0)?" } ?? "Known are name, tag and path.")
        }
        let graph = StepGraph(steps)
        var all = starts
        if let count = match.1 {
            for name in starts {
                all.formUnion(graph.reachable(from: name, up: true, within: distance(count)))
            }
        }
        if let count = match.4 {
            for name in starts {
                all.formUnion(graph.reachable(from: name, up: false, within: distance(count)))
            }
        }
        return all
    }

    private static func distance(_ text: Substring) -> Int { text.isEmpty ? Int.max : Int(text) ?? Int.max }
}
