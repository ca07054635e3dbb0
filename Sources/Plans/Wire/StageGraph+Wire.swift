import Columns
import Vocabulary

extension PlanCodec {
    /// Returns the bytes of a statement's stages and of the settings they were planned under, for the
    /// coordinator's log.
    package static func encode(
        _ graph: StageGraph, settings: SessionSettings
    ) throws(EngineError) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.count(1, Int(version))
        try writer.messages(2, graph.stages)
        switch graph.result {
        case .rows(let stage, let schema):
            writer.count(3, stage.index)
            try writer.message(4, schema)
        case .files(let stage, let write):
            writer.count(3, stage.index)
            try writer.message(5, StageOutput.files(write))
        }
        try writer.message(6, settings)
        return writer.bytes
    }

    /// Reads what `encode(_:settings:)` wrote. Throws as `decode` does.
    package static func decodeGraph(
        _ bytes: [UInt8]
    ) throws(EngineError) -> (StageGraph, SessionSettings) {
        var reader = ProtobufReader(bytes)
        var found = 0
        var stages: [Stage] = []
        var last: UInt32 = 0
        var schema: Schema?
        var output: StageOutput?
        var settings: SessionSettings?
        while let field = try reader.next() {
            switch field {
            case 1:
                found = try reader.count()
                try check(version: found)
            case 2: stages.append(try reader.message())
            case 3: last = try reader.identifier()
            case 4: schema = try reader.message()
            case 5: output = try reader.message()
            case 6: settings = try reader.message()
            default: try reader.skip()
            }
        }
        try check(version: found)
        let stage = StageID(rawValue: last)
        let result: StatementResult
        if case .files(let write)? = output {
            result = .files(stage: stage, write: write)
        } else {
            result = .rows(stage: stage, schema: try ProtobufReader.required(schema, "the result's schema"))
        }
        return (
            StageGraph(stages: stages, result: result), try ProtobufReader.required(settings, "the settings")
        )
    }
}

/// The splits of one task, by scan.
private struct TaskSplits: ProtobufMessage {
    var scans: [SplitList]

    init(_ splits: [[FileSplit]]) { scans = splits.map { SplitList(splits: $0) } }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) { try writer.messages(1, scans) }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        scans = []
        while let field = try reader.next() {
            if field == 1 { scans.append(try reader.message()) } else { try reader.skip() }
        }
    }
}

extension Stage: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.unsigned(1, UInt64(id.rawValue))
        writer.text(2, name)
        try writer.message(3, plan)
        try writer.message(4, output)
        writer.count(5, taskCount)
        try writer.messages(6, splits.map { TaskSplits($0) })
        writer.packed(7, dependencies.map(\.index))
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var id: UInt32 = 0
        var name = ""
        var plan: PhysicalPlan?
        var output: StageOutput?
        var count = 0
        var splits: [TaskSplits] = []
        var dependencies: [Int] = []
        while let field = try reader.next() {
            switch field {
            case 1: id = try reader.identifier()
            case 2: name = try reader.text()
            case 3: plan = try reader.message()
            case 4: output = try reader.message()
            case 5: count = try reader.count()
            case 6: splits.append(try reader.message())
            case 7: try reader.counts(into: &dependencies)
            default: try reader.skip()
            }
        }
        self.init(
            id: StageID(rawValue: id), name: name, plan: try ProtobufReader.required(plan, "the plan"),
            output: try ProtobufReader.required(output, "the output"), taskCount: count,
            splits: splits.map { $0.scans.map(\.splits) },
            dependencies: dependencies.map { StageID(rawValue: UInt32(truncatingIfNeeded: $0)) })
    }
}
