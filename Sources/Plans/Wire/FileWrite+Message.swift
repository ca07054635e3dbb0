import Columns
import Vocabulary

extension FileWrite: MessageMapped {
    func message() throws(EngineError) -> WireFileWrite {
        var message = WireFileWrite()
        message.path = path
        message.format = format.rawValue
        message.mode = mode.rawValue
        message.dynamicPartitionOverwrite = dynamicPartitionOverwrite
        message.partitionColumns = try partitionColumns.plan()
        message.options = options
        message.schema = try schema.message()
        return message
    }

    init(_ message: WireFileWrite) throws(EngineError) {
        guard let format = FileFormat(rawValue: message.format) else {
            throw PlanCodec.unknown("a file format", message.format)
        }
        guard let mode = Mode(rawValue: message.mode) else {
            throw PlanCodec.unknown("a write mode", message.mode)
        }
        let schema: Schema = try PlanCodec.part(message.hasSchema, message.schema, "a schema")
        let columns = try [Int](message: message.partitionColumns)
        guard columns.allSatisfy({ $0 < schema.count }) else {
            throw PlanCodec.corrupt("files are partitioned by a column that is not there")
        }
        self.init(
            path: message.path, format: format, mode: mode,
            dynamicPartitionOverwrite: message.dynamicPartitionOverwrite, partitionColumns: columns,
            options: message.options, schema: schema)
    }
}
