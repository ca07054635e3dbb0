import Columns
import Vocabulary

/// Holds the stages of one statement; a stage comes after all stages that it reads, but for stages that were
/// added while others ran.
package struct StageGraph: Hashable, Sendable {
    package var stages: [Stage]
    package var result: StatementResult

    package init(stages: [Stage], result: StatementResult) {
        self.stages = stages
        self.result = result
    }

    /// Where the statement writes files, by the stages that do; several for several inserts of one source.
    package var writes: [(stage: StageID, write: FileWrite)] {
        stages.compactMap { if case .files(let write) = $0.output { ($0.id, write) } else { nil } }
    }
}

/// Tells what becomes of the last stage's output.
package enum StatementResult: Hashable, Sendable {
    /// Rows for the client: partition 0 of every task of `stage`, in task order; at most `limit` when given.
    case rows(stage: StageID, schema: Schema)
    /// Files, published when all tasks of `stage` have written, and with them those of all other stages that
    /// write some.
    case files(stage: StageID, write: FileWrite)
    /// Nothing for the client; the coordinator takes the manifest of `stage`'s one task with the commit.
    case manifest(stage: StageID)
}

/// Runs one physical plan in `taskCount` tasks.
package struct Stage: Hashable, Sendable {
    package var id: StageID
    /// What the stage does, for people: `scan lineitem → partial aggregate`.
    package var name: String
    package var plan: PhysicalPlan
    package var output: StageOutput
    package var taskCount: Int
    /// Splits by task, then by scan index; empty when the plan has no scan.
    package var splits: [[[FileSplit]]]
    /// Stages whose output the plan or the partitioning reads.
    package var dependencies: [StageID]

    package init(
        id: StageID, name: String, plan: PhysicalPlan, output: StageOutput, taskCount: Int,
        splits: [[[FileSplit]]] = [], dependencies: [StageID] = []
    ) {
        self.id = id
        self.name = name
        self.plan = plan
        self.output = output
        self.taskCount = taskCount
        self.splits = splits
        self.dependencies = dependencies
    }
}

/// Tells where a task's rows go.
package enum StageOutput: Hashable, Sendable {
    /// Into the worker's shuffle store, for later stages or the client.
    case shuffle(Partitioning)
    /// Into files.
    case files(FileWrite)
    /// Into the task's manifest: the bytes of the plan's one row of `PhysicalPlan.manifestSchema`.
    case manifest
}

/// Writes rows as files below a directory.
package struct FileWrite: Hashable, Sendable {
    /// Names what happens to what is there already.
    package enum Mode: String, Hashable, Sendable {
        case overwrite, append, errorIfExists, ignore
    }

    /// Directory as the user named it.
    package var path: String
    package var format: FileFormat
    package var mode: Mode
    /// Replace only the partitions that are written (`partitionOverwriteMode=dynamic`).
    package var dynamicPartitionOverwrite: Bool
    /// Columns of the plan's schema that become folders `name=value`, in folder order.
    package var partitionColumns: [Int]
    /// Writer options under Spark's names, lower case (`compression`, `header`, `sep`, …).
    package var options: [String: String]
    /// All columns of the plan.
    package var schema: Schema

    package init(
        path: String, format: FileFormat, mode: Mode, dynamicPartitionOverwrite: Bool = false,
        partitionColumns: [Int] = [], options: [String: String] = [:], schema: Schema
    ) {
        self.path = path
        self.format = format
        self.mode = mode
        self.dynamicPartitionOverwrite = dynamicPartitionOverwrite
        self.partitionColumns = partitionColumns
        self.options = options
        self.schema = schema
    }
}

extension EngineError {
    /// Reports that a new table's location holds files, which CREATE TABLE … AS may not add to.
    package static func locationNotEmpty(_ path: String, at place: SourceLocation? = nil) -> EngineError {
        .user(
            "LOCATION_NOT_EMPTY",
            "CREATE TABLE … AS cannot make a table in a location that holds files already: \(path)",
            remedy: "Use CREATE OR REPLACE TABLE to replace them, or INSERT INTO to add to them.", at: place)
    }
}

/// Holds everything that a worker needs to run one task, but where its inputs are.
package struct TaskFragment: Hashable, Sendable {
    package var stage: StageID
    package var taskIndex: Int
    package var taskCount: Int
    package var plan: PhysicalPlan
    package var output: StageOutput
    /// This task's splits by scan index.
    package var splits: [[FileSplit]]
    package var settings: SessionSettings
    /// Whether the task says what each of its operators did.
    package var measuresOperators: Bool

    package init(
        stage: StageID, taskIndex: Int, taskCount: Int, plan: PhysicalPlan, output: StageOutput,
        splits: [[FileSplit]], settings: SessionSettings, measuresOperators: Bool = false
    ) {
        self.stage = stage
        self.taskIndex = taskIndex
        self.taskCount = taskCount
        self.plan = plan
        self.output = output
        self.splits = splits
        self.settings = settings
        self.measuresOperators = measuresOperators
    }
}
