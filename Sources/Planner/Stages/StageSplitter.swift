import Columns
import Plans
import Vocabulary

/// Cuts a physical plan at its exchanges into stages.
///
/// ```
///   sort                        stage 3: sort ← read(2)
///   └ exchange range     ⇒      stage 2: read(0, same task) → range by bounds of 1
///     └ scan                    stage 1: range bounds ← read(0, sample)
///                               stage 0: scan → rows and sample
/// ```
struct StageSplitter {
    private let scans: [PhysicalPlanner.ScanSplits]
    private var stages: [Stage] = []
    private var shared: [SharedStage] = []

    init(scans: [PhysicalPlanner.ScanSplits]) {
        self.scans = scans
    }

    /// Returns all stages of a plan whose last stage's rows go to `output`, the last stage last.
    static func split(
        _ plan: PhysicalPlan, output: StageOutput, scans: [PhysicalPlanner.ScanSplits]
    ) throws(EngineError) -> [Stage] {
        try split([(plan, output)], scans: scans)
    }

    /// Returns all stages of several plans, those of the first one first; what they share is computed once.
    static func split(
        _ plans: [(plan: PhysicalPlan, output: StageOutput)], scans: [PhysicalPlanner.ScanSplits]
    ) throws(EngineError) -> [Stage] {
        var splitter = StageSplitter(scans: scans)
        for (plan, output) in plans { _ = try splitter.addStage(plan, output: output) }
        return splitter.stages
    }

    /// A stage that ends at a shared subplan.
    private struct SharedStage {
        let id: StageID
        let subplan: PhysicalPlan
    }

    /// Holds what the stage that is being cut reads.
    private struct Inputs {
        /// Indices into the planner's scans, in order of the stage's own numbering.
        var scans: [Int] = []
        var dependencies: [StageID] = []

        mutating func depend(on stage: StageID) {
            if !dependencies.contains(stage) { dependencies.append(stage) }
        }
    }

    private mutating func addStage(_ plan: PhysicalPlan, output: StageOutput) throws(EngineError) -> StageID {
        var inputs = Inputs()
        let cut = try cut(plan, into: &inputs)
        return append(cut, output: output, inputs: inputs)
    }

    private mutating func append(_ plan: PhysicalPlan, output: StageOutput, inputs: Inputs) -> StageID {
        let tasks = taskCount(of: plan, inputs: inputs)
        let id = StageID(stages.count)
        var dependencies = inputs.dependencies
        if case .shuffle(.range(_, _, let bounds)) = output { dependencies.append(bounds) }
        let stage = Stage(
            id: id, name: StageName.of(plan, output: output), plan: padded(plan, tasks: tasks),
            output: output,
            taskCount: tasks, splits: splits(inputs.scans, tasks: tasks), dependencies: dependencies)
        if let original = StageRepeats.original(of: stage, among: stages) { return original }
        stages.append(stage)
        return id
    }

    // MARK: cutting

    /// Returns the plan with each exchange replaced by a read of the stage that now ends there.
    private mutating func cut(_ plan: PhysicalPlan, into inputs: inout Inputs) throws(EngineError)
        -> PhysicalPlan
    {
        switch plan {
        case .exchange(let partitioning, let input):
            if case .range(let keys, let partitions, _) = partitioning {
                return .shuffleRead(try addRange(keys, partitions: partitions, input: input, into: &inputs))
            }
            let isWhole = partitioning.partitionCount == 1
            if case .shared = partitioning {
                let producer = try addShared(input, into: &inputs)
                return .shuffleRead(
                    ShuffleRead(stage: producer, mode: .sameTask(partition: 0), schema: input.schema))
            }
            // Rows that are kept in one partition can be read by every task as well.
            if isWhole, case .exchange(.shared, let input) = input {
                let producer = try addShared(input, into: &inputs)
                return .shuffleRead(
                    ShuffleRead(stage: producer, mode: .all(partition: 0), schema: input.schema))
            }
            let producer = try addStage(input, output: .shuffle(partitioning))
            inputs.depend(on: producer)
            return .shuffleRead(
                ShuffleRead(
                    stage: producer, mode: isWhole ? .all(partition: 0) : .partition, schema: input.schema))
        case .scan(var scan):
            inputs.scans.append(scan.index)
            scan.index = inputs.scans.count - 1
            return .scan(scan)
        case .externalScan(var scan):
            inputs.scans.append(scan.index)
            scan.index = inputs.scans.count - 1
            return .externalScan(scan)
        default:
            var mapped: [PhysicalPlan] = []
            for child in plan.children { mapped.append(try cut(child, into: &inputs)) }
            return plan.replacingChildren(mapped)
        }
    }

    private mutating func addShared(
        _ input: PhysicalPlan, into inputs: inout Inputs
    ) throws(EngineError) -> StageID {
        // The same though it gives other rows each time: there is one exchange for all its places.
        if let known = shared.first(where: { $0.subplan == input })?.id {
            inputs.depend(on: known)
            return known
        }
        let producer = try addStage(input, output: .shuffle(.single))
        inputs.depend(on: producer)
        shared.append(SharedStage(id: producer, subplan: input))
        return producer
    }

    /// Returns the plan without the `shared` exchanges behind which the rows have one reader: its other
    /// places have turned out to be planned otherwise, or the stages of its readers to be one. Those of the
    /// inputs `always` stay, which other plans of the statement read, too.
    static func keepingShared(
        _ plan: PhysicalPlan, scans: [PhysicalPlanner.ScanSplits], always: Set<PhysicalPlan> = []
    ) throws(EngineError) -> PhysicalPlan {
        var current = plan
        while current.hasShared {
            var splitter = StageSplitter(scans: scans)
            _ = try splitter.addStage(current, output: .shuffle(.single))
            let single = splitter.shared.filter { splitter.readers(of: $0.id) < 2 }.map(\.subplan)
                .filter { !always.contains($0) }
            if single.isEmpty { break }
            current = current.joined(at: single)
        }
        return current
    }

    private func readers(of producer: StageID) -> Int {
        var count = 0
        for stage in stages {
            stage.plan.forEach { if case .shuffleRead(let read) = $0, read.stage == producer { count += 1 } }
        }
        return count
    }

    /// Adds the stages of a range exchange; see the picture above.
    private mutating func addRange(
        _ keys: [SortKey], partitions: Int, input: PhysicalPlan, into inputs: inout Inputs
    ) throws(EngineError) -> ShuffleRead {
        let rows = try addStage(input, output: .shuffle(.rowsAndSample(keys)))
        let keySchema = Schema(
            keys.enumerated().map { Field("key\($0.offset)", $0.element.expression.type) })
        let sample = PhysicalPlan.shuffleRead(
            ShuffleRead(stage: rows, mode: .all(partition: 1), schema: keySchema))
        let keyColumns = keys.enumerated().map {
            SortKey(
                .input($0.offset, $0.element.expression.type), ascending: $0.element.ascending,
                nullsFirst: $0.element.nullsFirst)
        }
        let bounds = append(
            .rangeBounds(keyColumns, partitions: partitions, input: sample), output: .shuffle(.broadcast),
            inputs: Inputs(dependencies: [rows]))
        let same = PhysicalPlan.shuffleRead(
            ShuffleRead(stage: rows, mode: .sameTask(partition: 0), schema: input.schema))
        let ranged = append(
            same, output: .shuffle(.range(keys, partitions: partitions, bounds: bounds)),
            inputs: Inputs(dependencies: [rows]))
        inputs.depend(on: ranged)
        return ShuffleRead(stage: ranged, mode: .partition, schema: input.schema)
    }

    // MARK: tasks

    private func taskCount(of plan: PhysicalPlan, inputs: Inputs) -> Int {
        var tasks = inputs.scans.reduce(1) { max($0, scans[$1].tasks) }
        plan.forEach { node in
            if case .range(_, _, let parts) = node { tasks = max(tasks, parts) }
            guard case .shuffleRead(let read) = node else { return }
            switch read.mode {
            case .partition: tasks = max(tasks, partitionCount(of: read.stage))
            case .sameTask: tasks = max(tasks, stages[read.stage.index].taskCount)
            case .partitionRanges(let ranges): tasks = max(tasks, ranges.count)
            case .slices(let slices): tasks = max(tasks, slices.count)
            case .all: break
            }
        }
        return tasks
    }

    private func partitionCount(of stage: StageID) -> Int {
        if case .shuffle(let partitioning) = stages[stage.index].output {
            partitioning.partitionCount
        } else {
            1
        }
    }

    /// In a stage of more tasks than an exchange has partitions, the tasks beyond read nothing of it. Only
    /// unions bring such inputs together; what joins hold in memory is read whole by every task.
    private func padded(_ plan: PhysicalPlan, tasks: Int) -> PhysicalPlan {
        switch plan {
        case .union(let inputs, let schema):
            return .union(inputs.map { paddedInput($0, tasks: tasks) }, schema: schema)
        default: return plan.replacingChildren(plan.children.map { padded($0, tasks: tasks) })
        }
    }

    private func paddedInput(_ plan: PhysicalPlan, tasks: Int) -> PhysicalPlan {
        switch plan {
        case .shuffleRead(var read):
            let partitions: Int
            switch read.mode {
            case .partition: partitions = partitionCount(of: read.stage)
            case .all(let partition): partitions = tasks > 1 && partition == 0 ? 1 : tasks
            case .partitionRanges, .slices, .sameTask: partitions = tasks
            }
            if partitions < tasks {
                read.mode = .partitionRanges((0..<tasks).map { $0 < partitions ? $0..<($0 + 1) : 0..<0 })
            }
            return .shuffleRead(read)
        case .hashJoin(var join) where join.buildIsShared:
            if join.build == .right {
                join.left = paddedInput(join.left, tasks: tasks)
            } else {
                join.right = paddedInput(join.right, tasks: tasks)
            }
            return .hashJoin(join)
        case .nestedLoopJoin(var join):
            join.left = paddedInput(join.left, tasks: tasks)
            return .nestedLoopJoin(join)
        default: return plan.replacingChildren(plan.children.map { paddedInput($0, tasks: tasks) })
        }
    }

    /// Deals the splits of the stage's scans out to its tasks: neighbours stay together, bytes are even.
    private func splits(_ indices: [Int], tasks: Int) -> [[[FileSplit]]] {
        if indices.isEmpty { return [] }
        var result = [[[FileSplit]]](
            repeating: [[FileSplit]](repeating: [], count: indices.count), count: tasks)
        for (position, index) in indices.enumerated() {
            for (task, run) in SplitAssignment.runs(of: scans[index].splits, tasks: tasks).enumerated() {
                result[task][position] = run
            }
        }
        return result
    }
}

extension PhysicalPlan {
    fileprivate var hasShared: Bool {
        if case .exchange(.shared, _) = self { return true }
        return children.contains(where: \.hasShared)
    }

    /// Returns the plan without the `shared` exchanges above the given inputs.
    fileprivate func joined(at inputs: [PhysicalPlan]) -> PhysicalPlan {
        if case .exchange(.shared, let input) = self, inputs.contains(input) {
            return input.joined(at: inputs)
        }
        return replacingChildren(children.map { $0.joined(at: inputs) })
    }
}
