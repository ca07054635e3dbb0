import Templates
import Vocabulary

extension PipelineLoader {
    /// Orders the steps and gives each test to the last step that it reads, so that all is there; where
    /// nothing else forbids it, a tested table waits for the tables that its tests read.
    func attachTests(
        to steps: [PipelineStep], _ owners: [FormatValue], _ project: DbtProject
    ) throws -> [PipelineStep] {
        var steps = steps
        _ = try StepGraph(steps).ordered()
        var found: [DataTest] = []
        for (index, step) in steps.enumerated() {
            let reader = reader(
                of: Relation(view: step.name, step: step.name), step.name, owners[index].location)
            for var test in try reader.tests(in: owners[index]) {
                test.relations = try inlined(test.relations, depth: 0)
                found.append(test)
                for other in test.relations.compactMap(\.step) where other != step.name {
                    let below = StepGraph(steps, withTests: true).reachable(
                        from: step.name, up: false, within: Int.max)
                    if !below.contains(other) { steps[index].testDependencies.append(other) }
                }
            }
        }
        found += try project.sources.flatMap(sourceTests)
        found += try project.singularTests.compactMap(singular)
        PipelineLoader.nameApart(&found)
        let order = try StepGraph(steps, withTests: true).ordered()
        let byName = Dictionary(steps.map { ($0.name, $0) }) { first, _ in first }
        var sorted = order.compactMap { byName[$0] }
        for test in found {
            let read = Set(test.relations.compactMap(\.step))
            // A singular test of models that are not chosen is left out, as dbt does.
            if read.contains(where: { byName[$0] == nil }) { continue }
            // A table from outside is tested before anything made of it is published.
            let user = sorted.firstIndex { $0.relations.contains { test.relations.contains($0) } }
            let last = sorted.lastIndex { read.contains($0.name) } ?? user ?? sorted.count - 1
            sorted[last].tests.append(test)
            // Steps run side by side: what a test reads must be there before the step that it belongs to.
            let name = sorted[last].name
            for other in read.sorted() where other != name && !sorted[last].testDependencies.contains(other) {
                sorted[last].testDependencies.append(other)
            }
        }
        return sorted
    }

    private func reader(
        of relation: Relation, _ subject: String, prefix: String = "", _ location: SourceLocation
    ) -> TestReader {
        TestReader(
            relation: relation, subject: subject, prefix: prefix, location: location, macros: macros
        ) { text, place, scope in
            do {
                return try render(text, file: place.file, this: subject, test: scope)
            } catch let error as EngineError {
                throw EngineError.user(error.code, error.message, remedy: error.remedy, at: place)
            }
        }
    }

    /// Returns the tests of a source's table, none when nothing brings it in.
    private func sourceTests(_ source: DbtProject.Source) throws -> [DataTest] {
        guard let relation = try names.relation(of: source) else { return [] }
        let subject = "\(source.source)_\(source.table)"
        let reader = reader(of: relation, subject, prefix: "source_", source.entry.location)
        return try reader.tests(in: source.entry)
            + (try reader.freshness(source.entry, of: source.owner).map { [$0] } ?? [])
    }

    /// Returns the test of a file of the dbt project, nil when it is not enabled.
    private func singular(_ file: (name: String, file: String, text: String)) throws -> DataTest? {
        let settings = TestSettings()
        names.begin()
        var scope = queryScope(this: file.name)
        scope.functions["config"] = { call in
            try settings.set(call)
            return .text("")
        }
        let text = try Template(file.text, file: files.path(file.file)).rendered(in: scope)
        let place = SourceLocation(file: files.path(file.file), line: 1, column: 1, lineText: "")
        var test = DataTest(
            name: file.name, sql: try single(text.text, place),
            relations: try inlined(names.relations, depth: 0),
            location: place)
        test.places = QueryPlaces(text: text)
        try settings.apply(to: &test) { EngineError.user("PIPELINE_FORMAT", $0, at: place) }
        return settings.isEnabled ? test : nil
    }

    /// Gives tests of the same name numbers, in their order.
    private static func nameApart(_ tests: inout [DataTest]) {
        var seen: [String: Int] = [:]
        for index in tests.indices {
            let name = tests[index].name
            seen[name, default: 0] += 1
            if let count = seen[name], count > 1 { tests[index].name = "\(name)_\(count)" }
        }
    }
}
