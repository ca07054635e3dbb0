import Columns
import Vocabulary

extension ShuffleRead: MessageMapped {
    func message() throws(EngineError) -> WireShuffleRead {
        var message = WireShuffleRead()
        message.stage = stage.rawValue
        switch mode {
        case .partition: message.mode = .partition
        case .partitionRanges(let ranges):
            message.mode = .partitionRanges
            message.ranges = try Self.bounds(ranges)
        case .slices(let slices):
            message.mode = .slices
            message.ranges = try Self.bounds(slices.map(\.partitions))
            message.producers = try Self.bounds(slices.map(\.producers))
        case .sameTask(let partition):
            message.mode = .sameTask
            message.partition = try UInt64(plan: partition)
        case .all(let partition):
            message.mode = .all
            message.partition = try UInt64(plan: partition)
        }
        message.schema = try schema.message()
        return message
    }

    init(_ message: WireShuffleRead) throws(EngineError) {
        let mode: Mode
        switch message.mode {
        case .partition: mode = .partition
        case .partitionRanges: mode = .partitionRanges(try Self.ranges(message.ranges))
        case .slices:
            let (partitions, producers) = try (Self.ranges(message.ranges), Self.ranges(message.producers))
            if partitions.count != producers.count {
                throw PlanCodec.corrupt("a slice of an output has no producers")
            }
            mode = .slices(zip(partitions, producers).map { ShuffleSlice(partitions: $0, producers: $1) })
        case .sameTask: mode = .sameTask(partition: try Int(message: message.partition))
        case .all: mode = .all(partition: try Int(message: message.partition))
        case .unspecified, .UNRECOGNIZED: throw PlanCodec.unknown("a shuffle read", message.mode.rawValue)
        }
        self.init(
            stage: StageID(rawValue: message.stage), mode: mode,
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"))
    }

    private static func bounds(_ ranges: [Range<Int>]) throws(EngineError) -> [UInt64] {
        try ranges.flatMap { [$0.lowerBound, $0.upperBound] }.plan()
    }

    private static func ranges(_ message: [UInt64]) throws(EngineError) -> [Range<Int>] {
        let bounds = try [Int](message: message)
        if bounds.count % 2 != 0 { throw PlanCodec.corrupt("a range of partitions has no end") }
        return try stride(from: 0, to: bounds.count, by: 2).map { (index) throws(EngineError) in
            if bounds[index] > bounds[index + 1] {
                throw PlanCodec.corrupt("a range of partitions runs backwards")
            }
            return bounds[index]..<bounds[index + 1]
        }
    }
}
