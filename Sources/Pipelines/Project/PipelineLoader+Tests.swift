import Templates
import Vocabulary

extension PipelineLoader {
    /// A test with the step that it stands at; nil where it stands by itself.
    struct FoundTest {
        var test: DataTest
        var owner: String?
        /// Steps whose tables it reads.
        var reads: Set<String> { Set(test.relations.compactMap(\.step)) }
    }

    /// Returns the tests that stand at a step.
    func tests(of step: PipelineStep, in owner: FormatValue) throws -> [FoundTest] {
        let reader = reader(of: names.relation(of: step.name), step.name, owner.location)
        let constraints = step.contract == nil ? [] : try reader.constraints(of: owner)
        return try (reader.tests(in: owner) + constraints).map { test in
            var test = test
            test.relations = try inlined(test.relations, depth: 0)
            return FoundTest(test: test, owner: step.name)
        }
    }

    /// Returns the tests of sources, and those that have a file each.
    mutating func projectTests(_ project: DbtProject) throws -> [FoundTest] {
        var tests = try project.sources.flatMap { try sourceTests($0, of: project.name) }
        for file in project.singularTests { try singular(file).map { tests.append($0) } }
        return tests.map { FoundTest(test: $0, owner: nil) }
    }

    /// Orders the steps and gives each test to the last step that it reads, so that all is there; where
    /// nothing else forbids it, a tested table waits for the tables that its tests read.
    mutating func attach(_ tests: [FoundTest], to steps: [PipelineStep]) throws -> [PipelineStep] {
        var steps = steps
        _ = try StepGraph(steps).ordered()
        let names = Set(steps.map(\.name))
        // Those that stand by themselves come last.
        var found = tests.filter { $0.owner != nil } + tests.filter { $0.owner == nil }
        found.removeAll { isLeftOut($0, names) }
        PipelineLoader.nameApart(&found)
        for (index, step) in steps.enumerated() {
            for other in found.filter({ $0.owner == step.name }).flatMap({ $0.reads.sorted() })
            where other != step.name {
                let below = StepGraph(steps, withTests: true).reachable(
                    from: step.name, up: false, within: Int.max)
                if !below.contains(other) { steps[index].testDependencies.append(other) }
            }
        }
        let order = try StepGraph(steps, withTests: true).ordered()
        let byName = Dictionary(steps.map { ($0.name, $0) }) { first, _ in first }
        var sorted = order.compactMap { byName[$0] }
        for (test, read) in found.map({ ($0.test, $0.reads) }) {
            // A table from outside is tested before anything made of it is published.
            let tables = test.relations.map(\.plain)
            let user = sorted.firstIndex { $0.relations.contains { tables.contains($0.plain) } }
            guard
                let last = sorted.lastIndex(where: { read.contains($0.name) }) ?? user
                    ?? sorted.lastIndex(where: { $0.load == nil })
            else {
                warnings.append("The test \(test.name) is left out: no step makes a table.")
                continue
            }
            sorted[last].tests.append(test)
            // Steps run side by side: what a test reads must be there before the step that it belongs to.
            let name = sorted[last].name
            for other in read.sorted() where other != name && !sorted[last].testDependencies.contains(other) {
                sorted[last].testDependencies.append(other)
            }
        }
        return sorted
    }

    /// Whether a test reads what the pipeline does not make. As in dbt, one of models that are not chosen is
    /// left out; where one of them is, that is said.
    private mutating func isLeftOut(_ found: FoundTest, _ names: Set<String>) -> Bool {
        let missing = found.reads.subtracting(names)
        if missing.isEmpty { return false }
        if missing.count < found.reads.count {
            let list = missing.sorted().joined(separator: ", ")
            warnings.append(
                "The test \(found.test.name) is left out, since it reads what is not selected or not "
                    + "enabled: \(list). Add it to the dbt step's select.")
        }
        return true
    }

    private func reader(
        of relation: Relation, _ subject: String, prefix: String = "", _ location: SourceLocation
    ) -> TestReader {
        TestReader(
            relation: relation, subject: subject, prefix: prefix, location: location, macros: macros,
            defaults: { testDefaults($0, String($1.file.trimmingPrefix(files.path("")))) }
        ) { text, place, scope in
            do {
                return try render(text, file: place.file, this: subject, test: scope)
            } catch let error as EngineError {
                throw EngineError.user(error.code, error.message, remedy: error.remedy, at: place)
            }
        }
    }

    /// Returns the tests of a source's table, none when nothing brings it in.
    private func sourceTests(_ source: DbtProject.Source, of project: String) throws -> [DataTest] {
        guard let relation = try names.relation(of: source) else { return [] }
        let subject = "\(source.source)_\(source.table)"
        let reader = reader(of: relation, subject, prefix: "source_", source.entry.location)
        let tests =
            try reader.tests(in: source.entry)
            + (reader.freshness(source.entry, of: source.owner).map { [$0] } ?? [])
        return tests.map { test in
            var test = test
            test.source = [project, source.source, source.table]
            return test
        }
    }

    /// Returns the test of a file of the dbt project, nil when it is not enabled.
    private mutating func singular(_ file: (name: String, file: String, text: String)) throws -> DataTest? {
        let settings = TestSettings(testDefaults(file.name, file.file))
        let rendered: RenderedQuery
        do {
            rendered = try placed(
                file.text, file: files.path(file.file), this: file.name, test: TestScope(settings: settings))
        } catch let error as EngineError {
            guard let idle = names.idleNamed else { throw error }
            warnings.append(
                "The test \(file.name) is left out, since no step of etl.yml runs what it reads: \(idle).")
            return nil
        }
        let place = place(of: file.file)
        var test = DataTest(
            name: file.name, sql: try single(rendered.query.text, place),
            relations: try inlined(rendered.relations, depth: 0),
            location: place)
        test.places = QueryPlaces(text: rendered.query)
        test.file = file.file
        try settings.apply(to: &test) {
            EngineError.user("PIPELINE_FORMAT", "\($1)", remedy: $2, at: place)
        }
        return settings.isEnabled ? test : nil
    }

    /// Gives tests of the same name numbers, in their order.
    private static func nameApart(_ tests: inout [FoundTest]) {
        var seen: [String: Int] = [:]
        for index in tests.indices {
            let name = tests[index].test.name
            seen[name, default: 0] += 1
            if let count = seen[name], count > 1 { tests[index].test.name = "\(name)_\(count)" }
        }
    }
}
