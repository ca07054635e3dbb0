import Vocabulary

/// Orders steps by what they read. Pure; the same steps give the same order.
struct StepGraph {
    private let names: [String]
    private let parents: [String: [String]]
    /// Where the steps stand.
    private let places: [String: SourceLocation]

    /// `withTests`: what only tests read counts, too.
    init(_ steps: [PipelineStep], withTests: Bool = false) {
        names = steps.map(\.name)
        places = Dictionary(steps.compactMap { step in step.location.map { (step.name, $0) } }) { $1 }
        let known = Set(names)
        parents = Dictionary(
            steps.map { step in
                let above = step.dependencies + (withTests ? step.testDependencies : [])
                return (step.name, above.filter(known.contains))
            }
        ) { first, _ in first }
    }

    /// Returns all names, parents first, else in the order given. Throws `PIPELINE_CYCLE` that names the
    /// circle.
    func ordered() throws -> [String] {
        var remaining = names
        var done = Set<String>()
        var order: [String] = []
        var children: [String: [String]] = [:]
        var missing: [String: Int] = [:]
        for name in names {
            let above = Set(parents[name] ?? [])
            missing[name] = above.count
            for parent in above.sorted() { children[parent, default: []].append(name) }
        }
        // Passes over the steps in their order; a chain written upside down costs one pass a step.
        while !remaining.isEmpty {
            let ready = remaining.filter { missing[$0] == 0 }
            if ready.isEmpty { throw cycle(among: Set(remaining)) }
            for name in ready {
                order.append(name)
                done.insert(name)
                for child in children[name] ?? [] { missing[child, default: 0] -= 1 }
            }
            remaining.removeAll(where: done.contains)
        }
        return order
    }

    private func cycle(among rest: Set<String>) -> EngineError {
        var path: [String] = []
        var at = rest.sorted().first ?? ""
        while !path.contains(at) {
            path.append(at)
            at = (parents[at] ?? []).first(where: rest.contains) ?? at
        }
        let circle = path.drop { $0 != at } + [at]
        return .user(
            "PIPELINE_CYCLE", "Steps need each other in a circle: \(circle.joined(separator: " needs "))",
            remedy: "Take one ref() out of the circle.", at: circle.first.flatMap { places[$0] })
    }

    /// Returns the names above (or below) one, within a distance.
    func reachable(from name: String, up: Bool, within distance: Int) -> Set<String> {
        var children: [String: [String]] = [:]
        if !up {
            for (child, above) in parents {
                for parent in above { children[parent, default: []].append(child) }
            }
        }
        var found = Set<String>()
        var edge = [name]
        var steps = 0
        while !edge.isEmpty, steps < distance {
            edge = edge.flatMap { (up ? parents : children)[$0] ?? [] }.filter { found.insert($0).inserted }
            steps += 1
        }
        return found
    }
}
