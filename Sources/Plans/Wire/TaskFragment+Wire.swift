import Columns
import Vocabulary

extension SessionSettings: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.flag(1, ansi)
        writer.text(2, timeZone)
        writer.presentSigned(3, nowMicroseconds)
        writer.count(4, shufflePartitions)
        writer.count(5, broadcastBytes)
        writer.texts(6, options)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var ansi = false
        var timeZone = ""
        var now: Int64 = 0
        var partitions = 0
        var broadcast = 0
        var options: [String: String] = [:]
        while let field = try reader.next() {
            switch field {
            case 1: ansi = try reader.flag()
            case 2: timeZone = try reader.text()
            case 3: now = try reader.signed()
            case 4: partitions = try reader.count()
            case 5: broadcast = try reader.count()
            case 6: try reader.entry(into: &options)
            default: try reader.skip()
            }
        }
        self.init(
            ansi: ansi, timeZone: timeZone, nowMicroseconds: now, shufflePartitions: partitions,
            broadcastBytes: broadcast,
            options: options)
    }
}

/// The splits of one scan.
struct SplitList {
    var splits: [FileSplit]
}

extension SplitList: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, splits)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var splits: [FileSplit] = []
        while let field = try reader.next() {
            switch field {
            case 1: splits.append(try reader.message())
            default: try reader.skip()
            }
        }
        self.init(splits: splits)
    }
}

extension TaskFragment: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, Int(PlanCodec.version))
        writer.unsigned(2, UInt64(stage.rawValue))
        writer.count(3, taskIndex)
        writer.count(4, taskCount)
        try writer.message(5, plan)
        try writer.message(6, output)
        try writer.messages(7, splits.map { SplitList(splits: $0) })
        try writer.message(8, settings)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var version = 0
        var stage: UInt32 = 0
        var index = 0
        var count = 0
        var plan: PhysicalPlan?
        var output: StageOutput?
        var lists: [SplitList] = []
        var settings: SessionSettings?
        while let field = try reader.next() {
            switch field {
            case 1:
                version = try reader.count()
                try PlanCodec.check(version: version)
            case 2: stage = try reader.identifier()
            case 3: index = try reader.count()
            case 4: count = try reader.count()
            case 5: plan = try reader.message()
            case 6: output = try reader.message()
            case 7: lists.append(try reader.message())
            case 8: settings = try reader.message()
            default: try reader.skip()
            }
        }
        try PlanCodec.check(version: version)
        self.init(
            stage: StageID(rawValue: stage), taskIndex: index, taskCount: count,
            plan: try ProtobufReader.required(plan, "the plan"),
            output: try ProtobufReader.required(output, "the output"), splits: lists.map(\.splits),
            settings: try ProtobufReader.required(settings, "the settings"))
    }
}
