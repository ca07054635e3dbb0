import Templates
import Vocabulary

// What the dbt folders beside `etl.yml` bring in besides models: seeds, and descriptions with tests of all
// steps.
extension PipelineLoader {
    /// Reads the dbt project beside `etl.yml`. Its tests are always of the pipeline; its models and seeds are
    /// with a step that says so (`isBuilt`).
    mutating func readProject(isBuilt: Bool) throws -> DbtProject {
        let project = try DbtReader(files: files, scope: projectScope, isBuilt: isBuilt).read()
        for (name, value) in project.vars {
            declared.insert(name)
            if vars[name] == nil { vars[name] = value }
        }
        macros = project.macros
        testDefaults = project.settings(ofTest:in:)
        warnings += project.warnings
        return project
    }

    /// Describes the steps by what stands at them in `etl.yml` or in dbt's YAML files, and returns all tests.
    mutating func describe(
        _ project: DbtProject, _ steps: inout [PipelineStep], _ owners: [FormatValue]
    ) throws -> [FoundTest] {
        var tests: [FoundTest] = []
        for index in steps.indices {
            PipelineLoader.describe(&steps[index], owners[index])
            tests += try self.tests(of: steps[index], in: owners[index])
        }
        for entry in project.others {
            let name = entry["name"]?.printed ?? ""
            guard let index = steps.firstIndex(where: { $0.name == name && $0.kind != .model }) else {
                // Said once for all models that nothing runs.
                if !project.isBuilt { continue }
                let known = project.models.map(\.name) + steps.map(\.name)
                let near = Suggestion.nearest(to: name, among: known)
                throw (entry["name"] ?? entry).error(
                    "There is no model of this name: \(name)", remedy: near.map { "Did you mean \($0)?" })
            }
            if steps[index].description.isEmpty, steps[index].columns.isEmpty {
                PipelineLoader.describe(&steps[index], entry)
            }
            tests += try self.tests(of: steps[index], in: entry)
        }
        return tests + (try projectTests(project))
    }

    /// Takes over what the user wrote for readers.
    private static func describe(_ step: inout PipelineStep, _ owner: FormatValue) {
        step.description = owner["description"]?.printed ?? ""
        step.columns = (owner["columns"]?.elements ?? []).map {
            ColumnNote(
                name: $0["name"]?.printed ?? "", description: $0["description"]?.printed ?? "",
                type: $0["data_type"]?.printed)
        }
    }

    /// Makes steps of the seeds that are `loaded` in any case, or that a step or a test reads; dbt builds all
    /// that are selected. A test that reads what is no step either is left out, with what it alone reads.
    func addSeeds(
        _ seeds: [Rendered], to steps: inout [PipelineStep],
        _ tests: inout [FoundTest], loaded: Set<String>
    ) throws {
        let all = Set(seeds.map(\.step.name))
        var waiting = seeds
        while true {
            let known = Set(steps.map(\.name))
            var needed = loaded.union(steps.flatMap(\.dependencies))
            for found in tests {
                let read = found.reads
                if read.allSatisfy({ known.contains($0) || all.contains($0) }) { needed.formUnion(read) }
            }
            let added = waiting.filter { needed.contains($0.step.name) }
            if added.isEmpty { return }
            waiting.removeAll { needed.contains($0.step.name) }
            var made: [PipelineStep] = []
            for seed in added {
                var step = seed.step
                if let properties = seed.properties {
                    PipelineLoader.describe(&step, properties)
                    tests += try self.tests(of: step, in: properties)
                }
                made.append(step)
            }
            // Before models: a test of both is the model's, which it may keep from being published.
            steps = made + steps
        }
    }
}
