import Columns
import Vocabulary

extension StageGraph: CustomStringConvertible {
    /// The stages in order, each with its tasks, its plan, and where its rows go.
    package var description: String { stages.map(\.description).joined(separator: "\n") }
}

extension Stage: CustomStringConvertible {
    package var description: String {
        let reads =
            dependencies.isEmpty
            ? "" : ", after \(dependencies.map { "stage \($0)" }.joined(separator: ", "))"
        let body = plan.text { scan in
            let own = splits.compactMap { $0.indices.contains(scan.index) ? $0[scan.index] : nil }
            return own.isEmpty ? nil : Set(own.joined().map(\.file)).count
        }.split(separator: "\n", omittingEmptySubsequences: false)
        let head = "Stage \(id) (\(name)), \(taskCount) \(taskCount == 1 ? "task" : "tasks")\(reads)"
        return ([head] + body.map { "  \($0)" } + ["  => \(outputText)"]).joined(
            separator: "\n")
    }

    /// Says where the rows go.
    package var outputText: String { output.text(over: plan.schema) }
}

extension StageOutput {
    fileprivate func text(over schema: Schema) -> String {
        switch self {
        case .shuffle(let partitioning): partitioning.text(over: schema)
        case .files(let write): "\(write)"
        case .manifest: "manifest"
        }
    }
}

extension FileWrite: CustomStringConvertible {
    package var description: String { "write " + target }

    /// The write as an operator above the plan whose rows it takes.
    package var label: String { "Write " + target }

    private var target: String {
        let folders = partitionColumns.map { schema[$0].name }.joined(separator: ", ")
        let partitions = folders.isEmpty ? "" : ", partitioned by [\(folders)]"
        return "\(format.rawValue) \(path), \(mode.rawValue)\(partitions)"
    }
}
