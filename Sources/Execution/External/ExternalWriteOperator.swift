import Columns
import Plans
import Shuffle
import Synchronization
import Vocabulary

/// Hands its input's rows to a connector, which takes them on a thread of its own; gives one row once the
/// target has all of them.
final class ExternalWriteOperator: Operator {
    private let context: TaskContext
    private let input: any Operator
    private let rows = RowQueue(batches: ExternalWriteOperator.batches)
    private let answer = BlockingPipe<[UInt8]>(capacity: 1)
    private var pending: Batch?
    private var inputWakeup: Wakeup?
    private var isInputFinished = false
    private var isFinished = false

    /// Batches that wait for the connector at most.
    private static let batches = 16

    init(_ target: ExternalRelation, input: any Operator, context: TaskContext) throws {
        self.context = context
        self.input = input
        let provider = try context.resources.connectors.sink(target.source)
        let connector = ConnectorContext(context)
        try DetachedThread.run { [rows, answer, context] in
            do {
                var result = target
                result.notes = try provider.load(rows, into: target, connector)
                // Rows that the target took from elsewhere never came through here.
                if let copied = result.notes["copied"].flatMap({ Int($0) }) {
                    context.counters.rowsOut.add(copied, ordering: .relaxed)
                }
                _ = answer.put(try PlanCodec.encode(result))
                answer.finish()
            } catch {
                answer.finish(connector.secrets.redacted(error))
            }
            // Wakes a task that waits for room.
            rows.pipe.close()
        }
    }

    deinit {
        if isFinished { return }
        rows.cancel()
        answer.close()
    }

    func next() throws -> Pull {
        while !isFinished {
            try context.checkCancelled()
            // The connector has failed, or needs no more.
            if !isInputFinished, rows.pipe.wasClosed {
                isInputFinished = true
                pending = nil
            }
            if let batch = pending {
                if let wakeup = rows.pipe.offer(batch) { return blocked(wakeup) }
                context.counters.rowsOut.add(batch.count, ordering: .relaxed)
                pending = nil
            } else if isInputFinished {
                switch try answer.take() {
                case .blocked(let wakeup): return blocked(wakeup)
                case .finished: isFinished = true
                case .value(let bytes):
                    return .batch(Batch(columns: [.of(.binary, [.binary(bytes)])], count: 1))
                }
            } else {
                try pullInput()
                if let inputWakeup { return blocked(inputWakeup) }
            }
        }
        return .finished
    }

    private func pullInput() throws {
        inputWakeup = nil
        switch try input.next() {
        case .blocked(let wakeup): inputWakeup = wakeup
        case .batch(let batch): pending = batch
        case .finished:
            isInputFinished = true
            rows.pipe.finish()
        }
    }

    private func blocked(_ wakeup: Wakeup) -> Pull {
        context.onCancel { wakeup.signal() }
        return .blocked(wakeup)
    }
}

/// Hands a task's rows to the thread of a connector. Thread-safe.
package final class RowQueue: Sendable {
    let pipe: BlockingPipe<Batch>
    private let stop = Mutex<(action: (@Sendable () -> Void)?, isStopped: Bool)>((nil, false))

    init(batches: Int) { pipe = BlockingPipe(capacity: batches) }

    /// Returns the next batch, waiting for it; nil after the last one. Throws when the task has failed or was
    /// stopped: the rows so far must then not become visible.
    package func next() throws -> Batch? {
        if let batch = try pipe.get() { return batch }
        if stop.withLock({ $0.isStopped }) { throw RowQueue.stopped }
        return nil
    }

    /// Calls `action` when the task is stopped, at once if it was: it makes a call that waits return soon.
    /// The action given before is forgotten.
    package func whenStopped(_ action: (@Sendable () -> Void)?) {
        let isStopped = stop.withLock { state in
            state.action = action
            return state.isStopped
        }
        if isStopped { action?() }
    }

    static let stopped = EngineError.system("TASK_CANCELLED", "The task was cancelled")

    func cancel() {
        let action = stop.withLock { state in
            state.isStopped = true
            return state.action
        }
        pipe.close()
        action?()
    }
}
