import Vocabulary

/// Chooses steps as dbt's `--select` does: by name, folder, path, tag and the other methods of `StepMethod`;
/// `+` before for what is above, after for what is below, with a number for how far; `@` for what is below
/// and all that it needs; a space joins, a comma intersects.
package enum StepSelector {
    /// Returns the names of the steps that any of the selectors chooses, tests left aside.
    package static func select(_ texts: [String], from steps: [PipelineStep]) throws -> Set<String> {
        try choose(texts, from: steps).steps
    }

    /// Returns what any of the selectors chooses. Throws `SELECTOR` when one has no meaning or chooses
    /// nothing.
    package static func choose(_ texts: [String], from steps: [PipelineStep]) throws -> StepSelection {
        var chosen = StepSelection()
        for text in texts.flatMap({ $0.split(whereSeparator: \.isWhitespace).map(String.init) }) {
            var common: StepSelection?
            for part in text.split(separator: ",") {
                let found = try one(String(part), steps)
                common = common.map { $0.intersection(found) } ?? found
            }
            guard let common, !common.isEmpty else { throw empty(text, steps) }
            chosen.formUnion(common)
        }
        return chosen
    }

    private static func empty(_ text: String, _ steps: [PipelineStep]) -> EngineError {
        let value = text.split(separator: ":").last.map(String.init) ?? text
        let known = steps.map(\.name) + steps.flatMap(\.tags) + steps.flatMap { $0.tests.map(\.name) }
        let word = value.filter { !"+@".contains($0) }
        let near = known.contains(word) ? nil : Suggestion.nearest(to: word, among: Set(known).sorted())
        return .user(
            "SELECTOR", "The selector chooses no step and no test: \(text)",
            remedy: near.map { "Did you mean \($0)?" }
                ?? "Steps are: \(steps.prefix(20).map(\.name).joined(separator: ", ")).")
    }

    private static func one(_ text: String, _ steps: [PipelineStep]) throws -> StepSelection {
        guard let match = text.wholeMatch(of: /(@)?(?:(\d*)\+)?(?:([\w.]+):)?([^+@]+?)(?:\+(\d*))?/) else {
            throw EngineError.user(
                "SELECTOR", "The selector has no meaning: \(text)",
                remedy: "Write name, +name, name+, 2+name, @name, tag:word or path:models/folder.")
        }
        if match.1 != nil, match.5 != nil {
            throw EngineError.user(
                "SELECTOR", "A selector has @ before the name or + after it, not both: \(text)",
                remedy: "@name chooses what is below, too.")
        }
        let method = try StepMethod(match.3.map(String.init), String(match.4), text)
        let starts = steps.filter(method.chooses).map(\.name)
        let tests = steps.flatMap { step in step.tests.filter(method.chooses) }
        let graph = StepGraph(steps)
        var all = Set(starts)
        func add(up: Bool, from names: some Sequence<String>, _ distance: Int) {
            for name in names { all.formUnion(graph.reachable(from: name, up: up, within: distance)) }
        }
        if let count = match.2 { add(up: true, from: starts, distance(count)) }
        if let count = match.5 { add(up: false, from: starts, distance(count)) }
        if match.1 != nil {
            add(up: false, from: starts, Int.max)
            add(up: true, from: all, Int.max)
        }
        // What a test reads is above it; nothing is below.
        let above = match.1 != nil ? Int.max : match.2.map(distance) ?? 0
        if above > 0 {
            let read = Set(tests.flatMap { $0.relations.compactMap(\.step) })
            all.formUnion(read)
            add(up: true, from: read, above - 1)
        }
        let ofSteps = steps.filter { all.contains($0.name) }.flatMap(\.tests)
        return StepSelection(steps: all, tests: Set((tests + ofSteps).map(\.name)))
    }

    private static func distance(_ text: Substring) -> Int { text.isEmpty ? Int.max : Int(text) ?? Int.max }
}
