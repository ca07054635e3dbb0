/// Holds what selectors choose: steps that are made, and tests. A chosen step brings the tests that stand at
/// it; a test may be chosen alone, and is run then on what is published.
package struct StepSelection: Sendable, Hashable {
    package var steps: Set<String> = []
    /// Names of the tests, which differ within a pipeline.
    package var tests: Set<String> = []

    var isEmpty: Bool { steps.isEmpty && tests.isEmpty }

    mutating func formUnion(_ other: StepSelection) {
        steps.formUnion(other.steps)
        tests.formUnion(other.tests)
    }

    func intersection(_ other: StepSelection) -> StepSelection {
        StepSelection(
            steps: steps.intersection(other.steps), tests: tests.intersection(other.tests))
    }

    mutating func subtract(_ other: StepSelection) {
        steps.subtract(other.steps)
        tests.subtract(other.tests)
    }
}

/// Holds the steps that a run is to do, in their order, each with those of its tests that it is to run.
package struct ChosenSteps: Sendable {
    package var steps: [PipelineStep]
    /// Names of the steps that are not made: their tests are run on what is published.
    package var onlyTested: Set<String> = []

    package var names: Set<String> { Set(steps.map(\.name)) }
}

extension Pipeline {
    /// Returns the steps that selectors choose: all without any. Throws `SELECTOR`.
    package func chosen(select: [String], exclude: [String]) throws -> ChosenSteps {
        if select.isEmpty, exclude.isEmpty { return ChosenSteps(steps: steps) }
        var selection = StepSelection(
            steps: Set(steps.map(\.name)), tests: Set(steps.flatMap { $0.tests.map(\.name) }))
        if !select.isEmpty { selection = try StepSelector.choose(select, from: steps) }
        if !exclude.isEmpty { selection.subtract(try StepSelector.choose(exclude, from: steps)) }
        var chosen = ChosenSteps(steps: [])
        for var step in steps {
            let isMade = selection.steps.contains(step.name)
            step.tests.removeAll { !selection.tests.contains($0.name) && !(isMade && $0.isConstraint) }
            if !isMade, step.tests.isEmpty { continue }
            if !isMade { chosen.onlyTested.insert(step.name) }
            chosen.steps.append(step)
        }
        return chosen
    }
}
