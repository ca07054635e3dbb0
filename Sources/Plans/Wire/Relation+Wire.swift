import Columns
import Vocabulary

extension FileEntry: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, path)
        writer.count(2, byteCount)
        try writer.messages(3, partitionValues)
        writer.optionalCount(4, rowCount)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var path = ""
        var byteCount = 0
        var values: [Literal] = []
        var rowCount: Int?
        while let field = try reader.next() {
            switch field {
            case 1: path = try reader.text()
            case 2: byteCount = try reader.count()
            case 3: values.append(try reader.message())
            case 4: rowCount = try reader.count()
            default: try reader.skip()
            }
        }
        self.init(path: path, byteCount: byteCount, partitionValues: values, rowCount: rowCount)
    }
}

extension FileRelation: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, format.rawValue)
        try writer.messages(2, files)
        try writer.message(3, dataSchema)
        try writer.message(4, partitionSchema)
        writer.texts(5, options)
        writer.text(6, name)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var format = ""
        var files: [FileEntry] = []
        var data: Schema?
        var partitions: Schema?
        var options: [String: String] = [:]
        var name = ""
        while let field = try reader.next() {
            switch field {
            case 1: format = try reader.text()
            case 2: files.append(try reader.message())
            case 3: data = try reader.message()
            case 4: partitions = try reader.message()
            case 5: try reader.entry(into: &options)
            case 6: name = try reader.text()
            default: try reader.skip()
            }
        }
        let known = try ProtobufReader.required(FileFormat(rawValue: format), "a file format")
        self.init(
            format: known, files: files, dataSchema: try ProtobufReader.required(data, "a schema"),
            partitionSchema: try ProtobufReader.required(partitions, "a schema"), options: options, name: name
        )
    }
}

extension FileSplit: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.count(1, file)
        writer.count(2, start)
        writer.count(3, end)
        writer.count(4, byteCount)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var file = 0
        var start = 0
        var end = 0
        var byteCount = 0
        while let field = try reader.next() {
            switch field {
            case 1: file = try reader.count()
            case 2: start = try reader.count()
            case 3: end = try reader.count()
            case 4: byteCount = try reader.count()
            default: try reader.skip()
            }
        }
        self.init(file: file, start: start, end: end, byteCount: byteCount)
    }
}

extension FileWrite: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        writer.text(1, path)
        writer.text(2, format.rawValue)
        writer.text(3, mode.rawValue)
        writer.flag(4, dynamicPartitionOverwrite)
        writer.packed(5, partitionColumns)
        writer.texts(6, options)
        try writer.message(7, schema)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var path = ""
        var format = ""
        var mode = ""
        var dynamic = false
        var columns: [Int] = []
        var options: [String: String] = [:]
        var schema: Schema?
        while let field = try reader.next() {
            switch field {
            case 1: path = try reader.text()
            case 2: format = try reader.text()
            case 3: mode = try reader.text()
            case 4: dynamic = try reader.flag()
            case 5: try reader.counts(into: &columns)
            case 6: try reader.entry(into: &options)
            case 7: schema = try reader.message()
            default: try reader.skip()
            }
        }
        self.init(
            path: path, format: try ProtobufReader.required(FileFormat(rawValue: format), "a file format"),
            mode: try ProtobufReader.required(Mode(rawValue: mode), "a write mode"),
            dynamicPartitionOverwrite: dynamic,
            partitionColumns: columns, options: options,
            schema: try ProtobufReader.required(schema, "a schema"))
    }
}
