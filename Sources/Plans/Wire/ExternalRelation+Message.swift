import Columns
import FoundationEssentials
import Vocabulary

extension ExternalRelation: MessageMapped {
    func message() throws(EngineError) -> WireExternalRelation {
        var message = WireExternalRelation()
        message.source = source.rawValue
        message.options = options
        message.name = name
        message.schema = try schema.message()
        message.splits = try splits.messages()
        if let rowCount { message.rowCount = try UInt64(plan: rowCount) }
        message.notes = notes
        return message
    }

    init(_ message: WireExternalRelation) throws(EngineError) {
        guard let source = ExternalSource(rawValue: message.source) else {
            throw PlanCodec.unknown("a data source", message.source)
        }
        self.init(
            source: source, options: message.options, name: message.name,
            schema: try PlanCodec.part(message.hasSchema, message.schema, "a schema"),
            splits: try [ExternalSplit](message.splits),
            rowCount: message.hasRowCount ? try Int(message: message.rowCount) : nil, notes: message.notes)
    }
}

extension ExternalSplit: MessageMapped {
    func message() throws(EngineError) -> WireExternalSplit {
        var message = WireExternalSplit()
        message.payload = Data(payload)
        message.byteCount = try UInt64(plan: byteCount)
        return message
    }

    init(_ message: WireExternalSplit) throws(EngineError) {
        self.init(payload: Array(message.payload), byteCount: try Int(message: message.byteCount))
    }
}

extension PhysicalExternalScan: MessageMapped {
    func message() throws(EngineError) -> WireExternalScan {
        var message = WireExternalScan()
        message.index = try UInt64(plan: index)
        message.relation = try relation.message()
        message.columns = try columns.plan()
        message.filters = try filters.messages()
        message.output = try output.plan()
        return message
    }

    init(_ message: WireExternalScan) throws(EngineError) {
        let relation: ExternalRelation = try PlanCodec.part(
            message.hasRelation, message.relation, "a relation")
        let columns = try [Int](message: message.columns)
        let output = try [Int](message: message.output)
        let width = relation.schema.count
        guard columns.allSatisfy({ $0 < width }), output.allSatisfy({ $0 < columns.count })
        else {
            throw PlanCodec.corrupt("a scan reads a column that is not there")
        }
        self.init(
            index: try Int(message: message.index), relation: relation, columns: columns,
            filters: try [Expression](message.filters), output: output)
    }
}

extension ExternalRelation {
    /// Returns the operator that hands rows to this relation.
    func message(input: PhysicalPlan) throws(EngineError) -> WireExternalWriteNode {
        var message = WireExternalWriteNode()
        message.target = try self.message()
        message.input = try input.message()
        return message
    }

    /// Reads what `message(input:)` gave.
    static func write(_ message: WireExternalWriteNode) throws(EngineError) -> PhysicalPlan {
        .externalWrite(
            try PlanCodec.part(message.hasTarget, message.target, "a target"),
            input: try PlanCodec.part(message.hasInput, message.input, "an input"))
    }
}

extension PlanCodec {
    /// Returns the bytes of a described relation, for a task's manifest.
    package static func encode(_ relation: ExternalRelation) throws(EngineError) -> [UInt8] {
        try bytes(of: relation.message())
    }

    /// Reads what `encode(_:)` of a relation wrote. Throws as `decode` does.
    package static func decodeRelation(_ bytes: [UInt8]) throws(EngineError) -> ExternalRelation {
        try ExternalRelation(
            read(WireExternalRelation.self, from: bytes, depthLimit: relationDepthLimit))
    }
}
