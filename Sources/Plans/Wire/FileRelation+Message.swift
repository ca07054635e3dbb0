import Columns
import Vocabulary

extension FileRelation: MessageMapped {
    func message() throws(EngineError) -> WireFileRelation {
        var message = WireFileRelation()
        message.format = format.rawValue
        message.files = try files.messages()
        message.dataSchema = try dataSchema.message()
        message.partitionSchema = try partitionSchema.message()
        message.options = options
        message.name = name
        return message
    }

    init(_ message: WireFileRelation) throws(EngineError) {
        guard let format = FileFormat(rawValue: message.format) else {
            throw PlanCodec.unknown("a file format", message.format)
        }
        self.init(
            format: format, files: try [FileEntry](message.files),
            dataSchema: try PlanCodec.part(message.hasDataSchema, message.dataSchema, "a schema"),
            partitionSchema: try PlanCodec.part(
                message.hasPartitionSchema, message.partitionSchema, "a schema"),
            options: message.options, name: message.name)
    }
}

extension FileEntry: MessageMapped {
    func message() throws(EngineError) -> WireFileEntry {
        var message = WireFileEntry()
        message.path = path
        message.byteCount = try UInt64(plan: byteCount)
        message.partitionValues = try partitionValues.messages()
        if let rowCount { message.rowCount = try UInt64(plan: rowCount) }
        return message
    }

    init(_ message: WireFileEntry) throws(EngineError) {
        self.init(
            path: message.path, byteCount: try Int(message: message.byteCount),
            partitionValues: try [Literal](message.partitionValues),
            rowCount: message.hasRowCount ? try Int(message: message.rowCount) : nil)
    }
}
