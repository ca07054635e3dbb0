import Columns
import Memory
import Plans
import Shuffle
import Vocabulary

/// Runs one attempt of a task, a step at a time, so that a thread can leave it while it is blocked.
///
/// `@unchecked Sendable`: whoever runs a step owns it; the compute pool never runs two steps at once.
package final class TaskRun: @unchecked Sendable {
    /// Tells what a step came to.
    package enum Step: Sendable {
        /// Go on with another step whenever a thread is free.
        case ready
        case blocked(Wakeup)
        case finished(TaskResult)
        /// The error is an `EngineError` or a `FetchFailure`.
        case failed(any Error)
    }

    package let context: TaskContext
    private var root: (any Operator)?
    private var sink: (any TaskSink)?
    private var boundsRead: (any Operator)?
    private var bounds: [Batch] = []
    private let made: MadeMemory

    /// Batches that one step pulls at most, so that other tasks get their turn.
    static let batchesPerStep = 64

    package init(context: TaskContext) {
        self.context = context
        made = MadeMemory(context.resources.budget)
    }

    /// Runs until the task is blocked, ends, or has had its turn.
    package func step() -> Step {
        do {
            return try made.serving { try runStep() }
        } catch {
            sink?.abort()
            root = nil
            sink = nil
            return .failed(error)
        }
    }

    private func runStep() throws -> Step {
        try context.checkCancelled()
        context.meters?.beginStep()
        defer { context.meters?.endStep() }
        if sink == nil, let wakeup = try prepare() { return .blocked(wakeup) }
        guard let root, let sink else { throw EngineError.internal("a finished task was run again") }
        for _ in 0..<TaskRun.batchesPerStep {
            FreedMemory.giveBackBeyondBound()
            switch try root.next() {
            case .blocked(let wakeup): return .blocked(wakeup)
            case .batch(let batch): try sink.write(batch)
            case .finished:
                var result = try sink.finish()
                result.operators = context.operatorFigures
                self.root = nil
                return .finished(result)
            }
        }
        return .ready
    }

    /// Makes operators and sink; reads the range bounds first where the output is partitioned by range.
    private func prepare() throws -> Wakeup? {
        let fragment = context.fragment
        if case .shuffle(.range(let keys, _, let stage)) = fragment.output {
            let schema = Schema(
                keys.enumerated().map { Field("key\($0.offset)", $0.element.expression.type) })
            let read =
                try boundsRead
                ?? ShuffleReadOperator(
                    ShuffleRead(stage: stage, mode: .all(partition: 0), schema: schema), context: context)
            boundsRead = read
            while true {
                let pull = try read.next()
                if case .blocked(let wakeup) = pull { return wakeup }
                guard case .batch(let batch) = pull else { break }
                bounds.append(batch)
            }
        }
        var factory = OperatorFactory(context: context)
        root = try factory.make(fragment.plan)
        switch fragment.output {
        case .shuffle(let partitioning):
            sink = try ShuffleSink(
                partitioning, schema: fragment.plan.schema, bounds: bounds.first, context: context)
        case .files(let write): sink = try FileSink(write, context: context)
        case .manifest: sink = ManifestSink()
        }
        return nil
    }
}
