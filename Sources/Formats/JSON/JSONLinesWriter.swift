import Columns
import Kernels
import Memory
import Vocabulary

/// Holds what Spark's JSON writer options ask for, with Spark's defaults.
package struct JSONWriterOptions: Sendable {
    var ignoreNullFields: Bool
    var lineSeparator: [UInt8]
    var compression: TextCompression
    var zone: Zone
    /// How times are written, where not in Spark's usual forms.
    var times: TimeTexts

    /// Reads options by Spark's names, in any case. Throws `INVALID_OPTION` and `CODEC_NOT_AVAILABLE` (user).
    package init(
        _ options: [String: String] = [:], zone: Zone? = nil, times: TimeTexts = TimeTexts()
    ) throws(EngineError) {
        self.times = times
        let options = TextOptions(options)
        ignoreNullFields = try options.flag("ignoreNullFields", default: true)
        lineSeparator = Array((options["lineSep"] ?? "\n").utf8)
        compression = try TextCompression(option: options["compression", "codec"])
        self.zone = try TextOptions.zone(options, session: zone)
        try options.refuseOtherEncodings()
    }
}

/// Writes batches as JSON, a record a line, the way Spark does. Used by one thread at a time.
package final class JSONLinesWriter {
    private let schema: Schema
    private let options: JSONWriterOptions
    private let output: TextOutput

    /// Begins a file. Throws for options that are not known.
    package init(sink: any ByteSink, schema: Schema, options: JSONWriterOptions) throws(EngineError) {
        self.schema = schema
        self.options = options
        output = try TextOutput(sink, compression: options.compression)
    }

    /// Appends a batch's rows.
    package func write(_ batch: Batch) throws(EngineError) {
        let members = try JSONRendering.members(batch.columns, schema.fields, options)
        var row = 0
        while row < batch.count {
            try output.append { out in
                let stop = min(batch.count, row + 256)
                while row < stop {
                    JSONRendering.putObject(members, row, options.ignoreNullFields, &out)
                    out.append(contentsOf: options.lineSeparator)
                    row += 1
                }
            }
        }
    }

    /// Ends the file.
    package func finish() throws(EngineError) { try output.finish() }
}

/// Holds a column ready to be written as JSON values.
private indirect enum JSONRendering {
    /// Text as it stands: numbers and booleans.
    case plain(Vector)
    /// Text in quotes that needs no escapes.
    case quoted(Vector)
    /// Text in quotes with escapes.
    case escaped(Vector)
    /// Doubles and floats, which are in quotes when they are no numbers.
    case floating(Vector)
    case list(Vector, JSONRendering)
    case map(Vector, keys: Vector, JSONRendering)
    case structure(Vector, [Member], ignoreNulls: Bool)

    /// A member of an object: its name in quotes with the colon, and its values.
    struct Member {
        let head: [UInt8]
        let values: JSONRendering
    }

    static func members(
        _ columns: [Vector], _ fields: [Field], _ options: JSONWriterOptions
    ) throws(EngineError) -> [Member] {
        var result: [Member] = []
        for (column, field) in zip(columns, fields) {
            var head: [UInt8] = []
            var name = field.name
            name.withUTF8 { putEscaped(UnsafeRawBufferPointer($0), &head) }
            head.append(UInt8(ascii: ":"))
            result.append(Member(head: head, values: try make(column, options)))
        }
        return result
    }

    private static func make(_ column: Vector, _ options: JSONWriterOptions) throws(EngineError)
        -> JSONRendering
    {
        let type = column.type
        if type.isNested {
            let flat = column.flattened()
            switch type {
            case .structure(let fields):
                let inner = try members(flat.children, fields, options)
                return .structure(flat, inner, ignoreNulls: options.ignoreNullFields)
            case .map:
                let keys = try options.times.text(flat.children[0], zone: options.zone)
                return .map(flat, keys: keys, try make(flat.children[1], options))
            default: return .list(flat, try make(flat.children[0], options))
            }
        }
        if type == .variant { return .plain(VariantText.json(column.flattened(), zone: options.zone)) }
        if type == .binary { return .quoted(base64(column.flattened())) }
        let text = try options.times.text(column, zone: options.zone)
        if options.times.hasPattern(type) { return .escaped(text) }
        switch type {
        case .string: return .escaped(text)
        case .float, .double: return .floating(text)
        case .boolean, .int8, .int16, .int32, .int64, .decimal, .null: return .plain(text)
        default: return .quoted(text)
        }
    }

    private static func base64(_ column: Vector) -> Vector {
        let builder = ViewBuilder(count: column.count)
        for row in 0..<column.count where !column.isNull(row) {
            builder.put(column.pointer(as: StringView.self)[row].withBytes { Base64.encode($0) }, row)
        }
        return builder.finish(.string, validity: column.validity)
    }

    private var validityOwner: Vector {
        switch self {
        case .plain(let vector), .quoted(let vector), .escaped(let vector), .floating(let vector): vector
        case .list(let vector, _), .map(let vector, _, _), .structure(let vector, _, _): vector
        }
    }

    static func putObject(_ members: [Member], _ row: Int, _ ignoreNulls: Bool, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        for member in members {
            if ignoreNulls, member.values.validityOwner.isNull(row) { continue }
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            out.append(contentsOf: member.head)
            member.values.put(row, &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private func put(_ row: Int, _ out: inout [UInt8]) {
        if validityOwner.isNull(row) { return out.append(contentsOf: "null".utf8) }
        switch self {
        case .plain(let text): text.pointer(as: StringView.self)[row].append(to: &out)
        case .quoted(let text): putQuoted(text, row, &out)
        case .escaped(let text): JSONRendering.putEscaped(text.pointer(as: StringView.self)[row], &out)
        case .floating(let text):
            let view = text.pointer(as: StringView.self)[row]
            let last = view.withBytes { $0.last ?? 0 }
            // NaN and Infinity end in a letter.
            if last > 0x39 { putQuoted(text, row, &out) } else { view.append(to: &out) }
        case .list(let list, let elements):
            out.append(UInt8(ascii: "["))
            let (start, end) = (Int(list.offsets[row]), Int(list.offsets[row + 1]))
            for at in start..<end {
                if at > start { out.append(UInt8(ascii: ",")) }
                elements.put(at, &out)
            }
            out.append(UInt8(ascii: "]"))
        case .map(let map, let keys, let values):
            out.append(UInt8(ascii: "{"))
            let (start, end) = (Int(map.offsets[row]), Int(map.offsets[row + 1]))
            for at in start..<end {
                if at > start { out.append(UInt8(ascii: ",")) }
                JSONRendering.putEscaped(keys.pointer(as: StringView.self)[at], &out)
                out.append(UInt8(ascii: ":"))
                values.put(at, &out)
            }
            out.append(UInt8(ascii: "}"))
        case .structure(_, let members, let ignoreNulls):
            JSONRendering.putObject(members, row, ignoreNulls, &out)
        }
    }

    private func putQuoted(_ text: Vector, _ row: Int, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        text.pointer(as: StringView.self)[row].append(to: &out)
        out.append(UInt8(ascii: "\""))
    }

    /// JSON is UTF-8: what of a text is none becomes U+FFFD, as in Spark.
    private static func putEscaped(_ view: StringView, _ out: inout [UInt8]) {
        view.withUTF8 { putEscaped($0, &out) }
    }

    private static func putEscaped(_ bytes: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in bytes {
            if byte >= 0x20, byte != 0x22, byte != 0x5C {
                out.append(byte)
                continue
            }
            out.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: out.append(UInt8(ascii: "b"))
            case 0x09: out.append(UInt8(ascii: "t"))
            case 0x0A: out.append(UInt8(ascii: "n"))
            case 0x0C: out.append(UInt8(ascii: "f"))
            case 0x0D: out.append(UInt8(ascii: "r"))
            case 0x22, 0x5C: out.append(byte)
            default:
                out.append(contentsOf: "u00".utf8)
                Hexadecimal.append(byte, Hexadecimal.upper, to: &out)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
