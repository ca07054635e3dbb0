import Columns
import Dispatch
import Memory
import Plans
import Shuffle
import Synchronization
import Vocabulary

@testable import Execution

/// Runs the stages of a statement one after the other in this process, for tests of execution alone.
struct StageRunner {
    let resources: WorkerResources
    let pool = ComputePool(threadCount: 2)

    init(memoryBytes: Int = 1 << 30, connectors: ConnectorRegistry = ConnectorRegistry()) {
        let store = ShuffleStore()
        resources = WorkerResources(
            budget: MemoryBudget(limitBytes: memoryBytes), store: store,
            shuffle: LocalShuffleSource(store: store),
            spillDirectory: "/tmp", encodesShuffle: false, files: NoFiles(), connectors: connectors)
    }

    private struct NoFiles: FileAccess {
        func open(_ path: String) throws(EngineError) -> any ByteSource {
            throw .user("PATH_NOT_FOUND", "No files here: \(path)")
        }

        func create(
            _ relativePath: String, write: FileWrite, job: String, attempt: AttemptID
        ) throws(EngineError) -> any ByteSink {
            throw .user("PATH_NOT_FOUND", "No files here: \(relativePath)")
        }

        func discard(_ attempt: AttemptID) {}
    }

    /// Returns a context for operators that are run without a task.
    static func context() -> TaskContext {
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        let fragment = TaskFragment(
            stage: StageID(0), taskIndex: 0, taskCount: 1, plan: .values(rows: [], schema: Schema([])),
            output: .shuffle(.single), splits: [], settings: SessionSettings())
        let runner = StageRunner()
        runner.pool.stop()
        return TaskContext(
            attempt: AttemptID(task: TaskID(stage: key, index: 0), epoch: 1, number: 0), jobID: "test",
            fragment: fragment, inputs: [:], resources: runner.resources)
    }

    /// Runs all stages and returns the rows of the last one, in task order.
    func run(_ graph: StageGraph, settings: SessionSettings = SessionSettings()) throws -> [[Scalar]] {
        defer { pool.stop() }
        var outputs: [StageID: [OutputAddress]] = [:]
        for stage in graph.stages {
            outputs[stage.id] = try runTasks(of: stage, inputs: outputs, settings: settings)
        }
        guard let last = graph.stages.last else { return [] }
        var rows: [[Scalar]] = []
        for address in outputs[last.id] ?? [] {
            guard let output = resources.store.output(of: address.attempt),
                case .batches(let batches) = output.partitions[0]
            else { continue }
            for batch in batches {
                for row in 0..<batch.count { rows.append(batch.columns.map { $0.scalar(at: row) }) }
            }
        }
        return rows
    }

    private func runTasks(
        of stage: Stage, inputs: [StageID: [OutputAddress]], settings: SessionSettings
    ) throws -> [OutputAddress] {
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        var addresses: [OutputAddress] = []
        for task in 0..<stage.taskCount {
            let key = StageKey(job: JobID(0), statement: 0, stage: stage.id)
            let attempt = AttemptID(
                task: TaskID(stage: key, index: UInt32(task)), epoch: 1, number: UInt32(task))
            addresses.append(OutputAddress(attempt: attempt, address: "here"))
            let fragment = TaskFragment(
                stage: stage.id, taskIndex: task, taskCount: stage.taskCount, plan: stage.plan,
                output: stage.output,
                splits: task < stage.splits.count ? stage.splits[task] : [], settings: settings)
            let context = TaskContext(
                attempt: attempt, jobID: "test", fragment: fragment, inputs: inputs, resources: resources)
            group.enter()
            pool.submit(TaskRun(context: context)) { end in
                if case .failed(let error) = end { failure.withLock { $0 = $0 ?? error } }
                group.leave()
            }
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
        return addresses
    }
}

/// Short ways to write plans in tests.
enum PlanText {
    /// Literal rows as a plan; types from the schema.
    static func values(_ schema: Schema, _ rows: [[Scalar]]) -> PhysicalPlan {
        .values(
            rows: rows.map { row in zip(row, schema.fields).map { Literal($0, $1.type) } }, schema: schema)
    }

    /// One stage, one task, whose rows are the result.
    static func single(_ plan: PhysicalPlan) -> StageGraph {
        let stage = Stage(id: StageID(0), name: "test", plan: plan, output: .shuffle(.single), taskCount: 1)
        return StageGraph(stages: [stage], result: .rows(stage: StageID(0), schema: plan.schema))
    }
}
