import Columns
import Kernels
import Memory
import Vocabulary

/// Writes batches as one ORC file, with Spark's conventions for types. Holds one stripe in memory. Used by
/// one thread at a time.
package final class ORCWriter {
    private let sink: any ByteSink
    private let schema: Schema
    private let codec: ORCCodec
    /// The clock by which times are written, and its name in the file.
    private let clock: Zone
    /// The session's clock, which that one stands for.
    private let zone: Zone
    private var columns: [ORCColumnWriter] = []
    private var stripeRows = 0
    private var offset = 3
    private var stripes: [ORCStripe] = []
    private var stripeStatistics = ORCMessageWriter()
    package private(set) var rowCount = 0

    /// Bytes of a stripe before it is compressed, as by ORC's own writer.
    private static let stripeBytes = 64 << 20
    private static let chunkBytes = 256 << 10

    /// Begins a file. Times are written as the clock of `zone` shows them. Throws a `user` error when a
    /// column's type has no form in ORC.
    package init(
        sink: any ByteSink, schema: Schema, compression: ORCCompression, zone: Zone
    ) throws(EngineError) {
        if schema.fields.isEmpty {
            throw .user(
                "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", "An ORC file needs at least one column")
        }
        for field in schema.fields { try ORCTypeList.check(field) }
        self.sink = sink
        self.schema = schema
        self.zone = zone
        // Other readers know the zones of the database, and not every offset.
        clock = zone.name.contains("/") ? zone : .utc
        codec = ORCCodec(kind: compression, chunkBytes: Self.chunkBytes)
        let magic = GrowingBytes()
        magic.append(Array("ORC".utf8))
        try sink.write(magic.bytes)
        begin()
    }

    /// Bytes so far, those of the stripe in memory included.
    package var byteCount: Int { sink.byteCount + columns.reduce(0) { $0 + $1.byteCount } }

    /// Makes the columns anew for the next stripe.
    private func begin() {
        var next = 1
        let epoch = ORCClocks(writer: clock, reader: clock, isJulian: false).epoch
        columns = schema.fields.map { Self.column($0.type, &next, epoch) }
        stripeRows = 0
    }

    private static func column(_ type: DataType, _ next: inout Int, _ epoch: Int64) -> ORCColumnWriter {
        let id = next
        next += 1
        var children: [ORCColumnWriter] = []
        for child in ORCTypeList.children(of: type) { children.append(column(child, &next, epoch)) }
        switch type {
        case .boolean, .int8: return ORCByteWriter(type, id)
        case .int16: return ORCIntegerWriter<Int16>(type, id)
        case .int32, .date, .yearMonthInterval: return ORCIntegerWriter<Int32>(type, id)
        case .int64, .timestampNTZ, .dayTimeInterval: return ORCIntegerWriter<Int64>(type, id)
        case .float: return ORCFloatWriter<Float>(type, id)
        case .double: return ORCFloatWriter<Double>(type, id)
        case .decimal: return ORCDecimalWriter(type, id)
        case .timestamp: return ORCTimeWriter(type, id, epoch: epoch)
        case .array, .map: return ORCListWriter(type, id, children)
        case .structure: return ORCStructureWriter(type, id, children)
        case .string, .binary, .null, .variant, .calendarInterval, .time, .unsupported:
            return ORCTextWriter(type, id)
        }
    }

    /// Appends a batch whose columns have the schema's types.
    package func write(_ batch: Batch) throws(EngineError) {
        if batch.columns.count != schema.count {
            throw .internal("a batch of \(batch.columns.count) columns for a file of \(schema.count)")
        }
        if batch.count == 0 { return }
        let rows = Array(0..<batch.count)
        for (column, writer) in zip(batch.columns, columns) {
            let flat = column.flattened()
            try writer.write(clock.name == zone.name ? flat : try shown(flat), rows)
        }
        stripeRows += batch.count
        rowCount += batch.count
        if columns.reduce(0, { $0 + $1.byteCount }) >= Self.stripeBytes { try finishStripe() }
    }

    /// Returns instants at which the file's clock shows what the session's shows.
    private func shown(_ vector: Vector) throws(EngineError) -> Vector {
        if vector.type == .timestamp {
            let local = try Casting.cast(vector, to: .timestampNTZ, mode: .error, zone: zone)
            return try Casting.cast(local, to: .timestamp, mode: .error, zone: clock).flattened()
        }
        if vector.children.isEmpty { return vector }
        var children: [Vector] = []
        for child in vector.children { children.append(try shown(child.flattened())) }
        return .flat(
            vector.type, count: vector.count, values: vector.values, validity: vector.validity,
            heaps: vector.heaps, children: children)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        try sink.write(bytes)
        offset += bytes.count
    }

    /// Writes bytes in compressed chunks and returns how many they are then.
    private func writeChunks(_ bytes: UnsafeRawBufferPointer) throws(EngineError) -> Int {
        let start = offset
        if codec.kind == .none {
            try write(bytes)
        } else {
            let packed = GrowingBytes(capacity: 4096)
            try codec.deflate(bytes, to: packed)
            try write(packed.bytes)
        }
        return offset - start
    }

    private func writeChunks(_ message: ORCMessageWriter) throws(EngineError) -> Int {
        let bytes = GrowingBytes(capacity: message.bytes.count + 64)
        bytes.append(message.bytes)
        return try writeChunks(bytes.bytes)
    }

    // MARK: - stripes

    private func finishStripe() throws(EngineError) {
        if stripeRows == 0 { return }
        var stripe = ORCStripe()
        stripe.offset = offset
        stripe.rowCount = stripeRows
        var footer = ORCMessageWriter()
        var encodings = ORCMessageWriter()
        var statistics = ORCMessageWriter()
        Self.putEncoding((0, 0), to: &encodings)
        statistics.put(1, Self.rowStatistics(stripeRows))
        for column in columns { try finish(column, &footer, &encodings, &statistics) }
        stripe.dataBytes = offset - stripe.offset
        var whole = ORCMessageWriter()
        whole.append(footer)
        whole.append(encodings)
        whole.put(3, clock.isUTC ? "UTC" : clock.name)
        stripe.footerBytes = try writeChunks(whole)
        stripes.append(stripe)
        stripeStatistics.put(1, statistics)
        begin()
    }

    private static func rowStatistics(_ rows: Int) -> ORCMessageWriter {
        var message = ORCMessageWriter()
        message.put(1, rows)
        message.put(10, 0)
        return message
    }

    private static func putEncoding(_ encoding: (kind: Int, size: Int), to message: inout ORCMessageWriter) {
        var one = ORCMessageWriter()
        one.put(1, encoding.kind)
        if encoding.size > 0 { one.put(2, encoding.size) }
        message.put(2, one)
    }

    /// Writes the streams of a column, and of those below it.
    private func finish(
        _ column: ORCColumnWriter, _ footer: inout ORCMessageWriter, _ encodings: inout ORCMessageWriter,
        _ statistics: inout ORCMessageWriter
    ) throws(EngineError) {
        for (kind, bytes) in column.finishedStreams() {
            var stream = ORCMessageWriter()
            stream.put(1, kind)
            stream.put(2, column.id)
            stream.put(3, try writeChunks(bytes.bytes))
            footer.put(1, stream)
        }
        Self.putEncoding((column.encoding.kind, column.encoding.dictionarySize), to: &encodings)
        statistics.put(1, column.statistics())
        for child in column.children { try finish(child, &footer, &encodings, &statistics) }
    }

    // MARK: - the file's end

    /// Writes what is left and the footer, and finishes the sink.
    package func finish() throws(EngineError) {
        try finishStripe()
        let contentBytes = offset - 3
        let metadataBytes = stripes.isEmpty ? 0 : try writeChunks(stripeStatistics)
        let footerBytes = try writeChunks(footer(contentBytes))
        var postscript = ORCMessageWriter()
        postscript.put(1, footerBytes)
        postscript.put(2, codec.kind.code)
        if codec.kind != .none { postscript.put(3, codec.chunkBytes) }
        // Version 0.12 of the format.
        postscript.put(4, [0, 12])
        postscript.put(5, metadataBytes)
        // The faults of earlier writers that readers work around are not here.
        postscript.put(6, 9)
        postscript.put(8000, "ORC")
        let bytes = GrowingBytes()
        bytes.append(postscript.bytes)
        bytes.append(UInt8(bytes.count))
        try write(bytes.bytes)
        try sink.finish()
    }

    private func footer(_ contentBytes: Int) -> ORCMessageWriter {
        var footer = ORCMessageWriter()
        footer.put(1, 3)
        footer.put(2, contentBytes)
        for stripe in stripes {
            var message = ORCMessageWriter()
            message.put(1, stripe.offset)
            message.put(2, 0)
            message.put(3, stripe.dataBytes)
            message.put(4, stripe.footerBytes)
            message.put(5, stripe.rowCount)
            footer.put(3, message)
        }
        let types = ORCTypeList(schema.fields).messages
        for type in types { footer.put(4, type) }
        footer.put(6, rowCount)
        for place in types.indices {
            footer.put(7, place == 0 ? Self.rowStatistics(rowCount) : ORCMessageWriter())
        }
        // No index of rows within stripes.
        footer.put(8, 0)
        // Gregorian throughout.
        footer.put(11, 2)
        footer.put(12, "Millrace")
        return footer
    }
}
