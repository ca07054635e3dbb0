import Columns
import Functions
import Kernels
import Plans
import Shuffle
import Synchronization
import Vocabulary

/// Reads the task's splits of an external relation. Each split is read by a thread of its own, since sources
/// block; the task takes batches from a bounded queue.
final class ExternalScanOperator: Operator {
    private let scan: PhysicalExternalScan
    private let context: TaskContext
    private let splits: [FileSplit]
    private let provider: any SourceProvider
    private let predicate: Predicate?
    private var nextSplit = 0
    private var current: SplitThread?

    init(_ scan: PhysicalExternalScan, context: TaskContext) throws {
        self.scan = scan
        self.context = context
        let all = context.fragment.splits
        splits = scan.index < all.count ? all[scan.index] : []
        provider = try context.resources.connectors.source(scan.relation.source)
        predicate = scan.filters.isEmpty ? nil : try Predicate(scan.filters, settings: context.settings)
    }

    deinit { current?.stop() }

    func next() throws -> Pull {
        while true {
            try context.checkCancelled()
            guard let current else {
                guard nextSplit < splits.count else { return .finished }
                try open(splits[nextSplit])
                nextSplit += 1
                continue
            }
            switch try current.pipe.take() {
            case .blocked(let wakeup):
                current.watch(context, wakeup)
                return .blocked(wakeup)
            case .finished: self.current = nil
            case .value(let batch):
                context.counters.rowsIn.add(batch.count, ordering: .relaxed)
                if let given = try finish(batch) { return .batch(given) }
            }
        }
    }

    private func open(_ split: FileSplit) throws {
        guard split.file < scan.relation.splits.count else {
            throw EngineError.internal("a task was given a split that its relation has not")
        }
        let request = SourceRequest(
            relation: scan.relation, split: scan.relation.splits[split.file], columns: scan.columns,
            predicates: ScanPruning.predicates(
                scan.filters, columns: scan.columns, dataCount: scan.relation.schema.count))
        current = try SplitThread(provider, request, ConnectorContext(context), context.counters)
    }

    private func finish(_ batch: Batch) throws -> Batch? {
        guard let predicate else { return batch.projected(scan.output) }
        let selection = try predicate.select(batch)
        if selection.count == 0 { return nil }
        let whole = batch.projected(scan.output)
        return selection.count < batch.count ? whole.gathered(selection) : whole
    }
}

/// Reads one split on its own thread. Thread-safe.
private final class SplitThread: Sendable {
    let pipe = BlockingPipe<Batch>(capacity: SplitThread.batches)
    private let reader = Mutex<(reader: (any SourceReader)?, isStopped: Bool)>((nil, false))

    /// Batches that wait for the task at most.
    private static let batches = 8

    init(
        _ provider: any SourceProvider, _ request: SourceRequest, _ context: ConnectorContext,
        _ counters: TaskMeter
    ) throws(EngineError) {
        try DetachedThread.run { [self] in
            do {
                try read(try provider.open(request, context), counters)
                pipe.finish()
            } catch {
                pipe.finish(context.secrets.redacted(error))
            }
            reader.withLock { $0.reader = nil }
        }
    }

    private func read(_ opened: any SourceReader, _ counters: TaskMeter) throws {
        let isStopped = reader.withLock { state in
            state.reader = opened
            return state.isStopped
        }
        if isStopped { return opened.cancel() }
        var counted = 0
        while let batch = try opened.next() {
            // Before it is cut: each part holds the whole batch's buffers.
            let bytes = opened.bytesRead ?? counted + batch.retainedBytes
            counters.bytesIn.add(bytes - counted, ordering: .relaxed)
            counted = bytes
            var at = 0
            // Sources give what they have; the operators above count on batches of the usual size.
            while at < batch.count {
                let count = min(Limits.batchRows, batch.count - at)
                let part = count == batch.count ? batch : batch.sliced(from: at, count: count)
                guard pipe.put(part) else { return opened.cancel() }
                at += count
            }
        }
    }

    /// Ends the thread soon; what it has read is dropped.
    func stop() {
        pipe.close()
        let opened = reader.withLock { state in
            state.isStopped = true
            return state.reader
        }
        opened?.cancel()
    }

    /// A task that is cancelled while it waits for a source would wait on: it is woken to see it.
    func watch(_ context: TaskContext, _ wakeup: Wakeup) { context.onCancel { wakeup.signal() } }
}
