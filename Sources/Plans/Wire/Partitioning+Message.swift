import Vocabulary

extension Partitioning: MessageMapped {
    func message() throws(EngineError) -> WirePartitioning {
        var message = WirePartitioning()
        switch self {
        case .hash(let keys, let partitions):
            message.kind = .hash
            message.keys = try keys.messages()
            message.partitions = try UInt64(plan: partitions)
        case .range(let keys, let partitions, let bounds):
            message.kind = .range
            message.sortKeys = try keys.messages()
            message.partitions = try UInt64(plan: partitions)
            message.bounds = bounds.rawValue
        case .rowsAndSample(let keys):
            message.kind = .rowsAndSample
            message.sortKeys = try keys.messages()
        case .broadcast: message.kind = .broadcast
        case .single: message.kind = .single
        case .shared: throw .internal("A plan was not split at a shared subplan.")
        case .roundRobin(let partitions):
            message.kind = .roundRobin
            message.partitions = try UInt64(plan: partitions)
        }
        return message
    }

    init(_ message: WirePartitioning) throws(EngineError) {
        switch message.kind {
        case .hash:
            self = .hash(try [Expression](message.keys), partitions: try Self.partitions(message))
        case .range:
            self = .range(
                try [SortKey](message.sortKeys), partitions: try Self.partitions(message),
                bounds: StageID(rawValue: message.bounds))
        case .rowsAndSample: self = .rowsAndSample(try [SortKey](message.sortKeys))
        case .broadcast: self = .broadcast
        case .single: self = .single
        case .roundRobin: self = .roundRobin(partitions: try Self.partitions(message))
        case .unspecified, .UNRECOGNIZED: throw PlanCodec.unknown("an exchange", message.kind.rawValue)
        }
    }

    private static func partitions(_ message: WirePartitioning) throws(EngineError) -> Int {
        let count = try Int(message: message.partitions)
        if count < 1 { throw PlanCodec.corrupt("an exchange has no partitions") }
        return count
    }
}
