import Columns
import Plans
import Shuffle
import Vocabulary

/// Asks a connector for a relation's schema and splits, on a thread of its own; gives their bytes as one row.
final class DescribeOperator: Operator {
    private let context: TaskContext
    private let pipe = BlockingPipe<[UInt8]>(capacity: 1)

    init(_ relation: ExternalRelation, context: TaskContext) throws {
        self.context = context
        let provider = try context.resources.connectors.source(relation.source)
        let connector = ConnectorContext(context)
        try DetachedThread.run { [pipe] in
            do {
                let described = try provider.describe(relation, connector)
                guard !described.schema.fields.isEmpty else {
                    throw EngineError.user(
                        "UNABLE_TO_INFER_SCHEMA", "The source gives no columns: \(relation.name)")
                }
                _ = pipe.put(try PlanCodec.encode(described))
                pipe.finish()
            } catch {
                pipe.finish(connector.secrets.redacted(error))
            }
        }
    }

    deinit { pipe.close() }

    func next() throws -> Pull {
        try context.checkCancelled()
        switch try pipe.take() {
        case .blocked(let wakeup):
            context.onCancel { wakeup.signal() }
            return .blocked(wakeup)
        case .finished: return .finished
        case .value(let bytes):
            return .batch(Batch(columns: [.of(.binary, [.binary(bytes)])], count: 1))
        }
    }
}
