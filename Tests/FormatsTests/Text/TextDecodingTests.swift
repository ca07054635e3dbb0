import Columns
import Testing
import Vocabulary

@testable import Formats

/// Files in other encodings, with other separators of lines, and JSON with comments.
@Suite struct TextDecodingTests {
    private func lines(_ bytes: [UInt8], _ options: [String: String]) throws -> [Scalar] {
        let reader = try TextLineReader(
            source: MemorySource(bytes), range: 0..<bytes.count, fields: [Field("value", .string)],
            options: options)
        return try rows(of: reader).map { $0[0] }
    }

    private func utf16(_ text: String, isLittle: Bool, mark: Bool) -> [UInt8] {
        ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { (unit: UInt16) -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return isLittle ? [low, high] : [high, low]
        }
    }

    @Test("UTF-16 goes by its mark, is big-endian without one, and by its name where that says")
    func utf16Names() throws {
        let wanted: [Scalar] = [.string("é😀"), .string("b")]
        let text = "é😀\nb\n"
        #expect(try lines(utf16(text, isLittle: true, mark: true), ["encoding": "UTF-16"]) == wanted)
        #expect(try lines(utf16(text, isLittle: false, mark: true), ["charset": "utf-16"]) == wanted)
        #expect(try lines(utf16(text, isLittle: false, mark: false), ["encoding": "UTF-16"]) == wanted)
        #expect(try lines(utf16(text, isLittle: true, mark: false), ["encoding": "UTF-16LE"]) == wanted)
        #expect(try lines(utf16(text, isLittle: false, mark: false), ["encoding": "UTF-16BE"]) == wanted)
    }

    @Test("bytes of ISO-8859-1 and windows-1252 are characters")
    func oneByte() throws {
        let bytes: [UInt8] = [0x63, 0xE9, 0x80, 10]
        #expect(try lines(bytes, ["encoding": "ISO-8859-1"]) == [.string("cé\u{80}")])
        #expect(try lines(bytes, ["encoding": "windows-1252"]) == [.string("cé€")])
    }

    @Test("another encoding is refused, with those that there are")
    func unknown() throws {
        let error = #expect(throws: EngineError.self) { try lines([], ["encoding": "EBCDIC"]) }
        #expect(error?.code == "UNSUPPORTED_FEATURE")
        #expect(error?.remedy?.contains("UTF-16LE") == true)
    }

    @Test("a decoder gives the same text wherever its input is cut")
    func pieces() throws {
        var decoding = try TextDecoding(TextOptions(["encoding": "UTF-16", "lineSep": "||"]), feed: .blank)
        let bytes = utf16("a😀|b||c\n||é||", isLittle: true, mark: true)
        let wanted = Array("a😀|b\nc \né\n".utf8)
        for cut in 0...bytes.count {
            var decoder = TextDecoder(decoding)
            var text: [UInt8] = []
            bytes[..<cut].withUnsafeBytes { text += decoder.decode($0, isLast: false) }
            bytes[cut...].withUnsafeBytes { text += decoder.decode($0, isLast: true) }
            #expect(text == wanted, "cut at \(cut)")
        }
        decoding.lineSeparator = nil
        #expect(!decoding.isPlain)
    }

    @Test("a separator ends lines, and feeds and returns within them stay")
    func separators() throws {
        let one = Array("a|b\r\nc||d".utf8)
        let wanted: [Scalar] = [.string("a"), .string("b\r\nc"), .string(""), .string("d")]
        #expect(try lines(one, ["lineSep": "|"]) == wanted)
        #expect(try lines(Array("a||b\nc||d||".utf8), ["lineSep": "||"]) == [
            .string("a"), .string("b\nc"), .string("d"),
        ])
        #expect(try lines(Array("a\r\nb\n".utf8), ["lineSep": "\r\n"]) == [.string("a"), .string("b")])
    }

    @Test("CSV and JSON are read in another encoding and by another separator, their columns inferred so")
    func records() throws {
        let csv = MemorySource(utf16("id,name;1,é;2,x", isLittle: true, mark: true))
        let options = try CSVOptions([
            "header": "true", "encoding": "UTF-16", "lineSep": ";", "inferSchema": "true",
        ])
        let schema = try CSVSchemaInference(options: options).infer([csv])
        #expect(schema.names == ["id", "name"])
        #expect(schema.types == [.int32, .string])
        let reader = try CSVReader(
            source: csv, range: 0..<csv.byteCount, schema: schema, columns: [0, 1], options: options)
        #expect(try rows(of: reader) == [[.integer(1), .string("é")], [.integer(2), .string("x")]])
    }

    @Test("comments of JSON are passed over where they are allowed")
    func comments() throws {
        let text =
            "/* c */ {\"a\":1}\n{\"a\":/* b\"*/2} // x\n// nothing\n{\"b\":\"// no /* comment */\"}\n# y\n"
        let source = MemorySource(text)
        let options = try JSONOptions(["allowComments": "true"])
        let (schema, broken) = try JSONSchemaInference(options: options).examine([source])
        #expect(broken == 1)
        #expect(schema.names.contains("a") && schema.names.contains("b"))
        let fields = [Field("a", .int64), Field("b", .string)]
        let reader = try JSONReader(
            source: source, range: 0..<source.byteCount, schema: Schema(fields), options: options)
        #expect(
            try rows(of: reader) == [
                [.integer(1), .null], [.integer(2), .null], [.null, .string("// no /* comment */")],
                [.null, .null],
            ])
    }

    @Test("times are written as the options say, in members of structures, too")
    func times() throws {
        let times = TimeTexts(
            date: { days, out in out += Array("day \(days)".utf8) },
            timestamp: { micros, out in out += Array("at \"\(micros)\"".utf8) })
        let batch = Batch(
            columns: [
                Vector.of(.date, [.integer(3), .null]), Vector.of(.timestamp, [.integer(4), .integer(5)]),
            ], count: 2)
        let schema = Schema([Field("d", .date), Field("t", .timestamp)])
        let csv = MemorySink()
        let lines = try CSVWriter(
            sink: csv, schema: schema, options: CSVWriterOptions(["lineSep": ";"], times: times))
        try lines.write(batch)
        try lines.finish()
        let written = String(decoding: csv.bytes, as: UTF8.self)
        #expect(written == #"day 3,"at \"4\"";,"at \"5\"";"#)
        let json = MemorySink()
        let objects = try JSONLinesWriter(
            sink: json, schema: schema, options: JSONWriterOptions(times: times))
        try objects.write(batch)
        try objects.finish()
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == "{\"d\":\"day 3\",\"t\":\"at \\\"4\\\"\"}\n{\"t\":\"at \\\"5\\\"\"}\n")
    }
}
