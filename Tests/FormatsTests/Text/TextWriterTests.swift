import Columns
import Testing
import Vocabulary

@testable import Formats

/// What Spark 4.1 wrote for the same rows and options.
@Suite struct TextWriterTests {
    private let schema = Schema([
        Field("a", .int32), Field("b", .string), Field("c", .double), Field("d", .boolean), Field("e", .date),
        Field("f", .timestamp), Field("g", .decimal(precision: 10, scale: 2)),
    ])
    private let rows: [[Scalar]] = [
        [
            .integer(1), .string("plain"), .double(1.5), .boolean(true), .integer(19724),
            .integer(1_704_164_645_000_000), .decimal(150),
        ],
        [
            .integer(2), .string("a,b"), .double(1e10), .boolean(false), .integer(-719162),
            .integer(1_704_164_645_123_456), .decimal(-1),
        ],
        [
            .integer(3), .string("q\"q"), .double(.nan), .null, .null, .integer(1_704_164_645_100_000),
            .decimal(0),
        ],
        [
            .integer(4), .string("line\nbreak"), .double(-.infinity), .boolean(true), .integer(19724), .null,
            .null,
        ],
        [.integer(5), .string(""), .null, .boolean(true), .integer(19724), .null, .decimal(100)],
        [.integer(6), .null, .double(0), .boolean(true), .null, .null, .decimal(100)],
        [.integer(7), .string(" lead and trail "), .double(1e-5), .null, .null, .null, .null],
        [.integer(8), .string("back\\slash"), .double(1e8), .null, .null, .null, .null],
        [.integer(9), .string("\"quoted\""), .null, .null, .null, .null, .null],
        [.integer(11), .string("a\\\"b"), .null, .null, .null, .null, .null],
        [.integer(12), .string("é😀\t\u{1}/"), .null, .null, .null, .null, .null],
    ]

    private func batch(_ columns: [Int]) -> (Schema, Batch) {
        let vectors = columns.map { column in Vector.of(schema[column].type, rows.map { $0[column] }) }
        return (Schema(columns.map { schema[$0] }), Batch(columns: vectors, count: rows.count))
    }

    private func csv(_ columns: [Int], _ options: [String: String]) throws -> String {
        let sink = MemorySink()
        let (schema, batch) = batch(columns)
        let writer = try CSVWriter(sink: sink, schema: schema, options: CSVWriterOptions(options))
        try writer.write(batch)
        try writer.finish()
        #expect(sink.isFinished)
        return String(decoding: sink.bytes, as: UTF8.self)
    }

    @Test("CSV is quoted and escaped as Spark does")
    func csvDefaults() throws {
        let expected = """
            a,b,c,d,e,f,g
            1,plain,1.5,true,2024-01-02,2024-01-02T03:04:05.000Z,1.50
            2,"a,b",1.0E10,false,0001-01-01,2024-01-02T03:04:05.123Z,-0.01
            3,"q\\"q",NaN,,,2024-01-02T03:04:05.100Z,0.00
            4,"line
            break",-Infinity,true,2024-01-02,,
            5,"",,true,2024-01-02,,1.00
            6,,0.0,true,,,1.00
            7,lead and trail,1.0E-5,,,,
            8,back\\slash,1.0E8,,,,
            9,"\\"quoted\\"",,,,,
            11,"a\\\\\\"b",,,,,
            12,é😀\t\u{1}/,,,,,

            """
        #expect(try csv(Array(0..<7), ["header": "true"]) == expected)
    }

    @Test("CSV options change quoting, nulls and empty values")
    func csvOptions() throws {
        let all = try csv([1], ["quoteAll": "true", "nullValue": "NULL"]).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(
            all.starts(with: [
                "\"plain\"", "\"a,b\"", "\"q\\\"q\"", "\"line", "break\"", "\"\"", "\"NULL\"",
                "\"lead and trail\"", "\"back\\\\slash\"",
            ]))
        let other = try csv(
            [1, 0],
            [
                "sep": ";", "ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false",
                "emptyValue": "E",
                "escape": "\"",
            ])
        #expect(
            other
                == "plain;1\na,b;2\n\"q\"\"q\";3\n\"line\nbreak\";4\nE;5\n;6\n lead and trail ;7\n"
                + "back\\slash;8\n"
                + "\"\"\"quoted\"\"\";9\n\"a\\\"\"b\";11\né😀\t\u{1}/;12\n")
    }

    @Test("JSON leaves nulls out, and writes numbers as Java does")
    func json() throws {
        let sink = MemorySink()
        let (schema, batch) = batch(Array(0..<7))
        let writer = try JSONLinesWriter(sink: sink, schema: schema, options: JSONWriterOptions())
        try writer.write(batch)
        try writer.finish()
        let lines = String(decoding: sink.bytes, as: UTF8.self).split(separator: "\n")
        #expect(
            lines[1]
                == #"{"a":2,"b":"a,b","c":1.0E10,"d":false,"e":"0001-01-01","#
                + #""f":"2024-01-02T03:04:05.123Z","g":-0.01}"#
        )
        #expect(lines[2] == #"{"a":3,"b":"q\"q","c":"NaN","f":"2024-01-02T03:04:05.100Z","g":0.00}"#)
        #expect(lines[3] == #"{"a":4,"b":"line\nbreak","c":"-Infinity","d":true,"e":"2024-01-02"}"#)
        #expect(lines[6] == #"{"a":7,"b":" lead and trail ","c":1.0E-5}"#)
        #expect(lines[9] == #"{"a":11,"b":"a\\\"b"}"#)
        #expect(lines[10] == #"{"a":12,"b":"é😀\t\u0001/"}"#)
    }

    @Test("JSON holds nested values")
    func nestedJSON() throws {
        let type = DataType.structure([
            Field("x", .int32), Field("y", .string), Field("z", .array(.string, containsNull: true)),
        ])
        let schema = Schema([
            Field("m", .map(key: .int32, value: .string, valueContainsNull: true)), Field("s", type),
            Field("b", .binary),
        ])
        let columns = [
            Vector.of(
                schema[0].type, [.map(keys: [.integer(1), .integer(2)], values: [.string("a"), .null])]),
            Vector.of(type, [.structure([.integer(1), .null, .array([.string("q"), .null])])]),
            Vector.of(.binary, [.binary(Array("abc".utf8))]),
        ]
        for (ignore, expected) in [
            ("true", #"{"m":{"1":"a","2":null},"s":{"x":1,"z":["q",null]},"b":"YWJj"}"#),
            ("false", #"{"m":{"1":"a","2":null},"s":{"x":1,"y":null,"z":["q",null]},"b":"YWJj"}"#),
        ] {
            let sink = MemorySink()
            let writer = try JSONLinesWriter(
                sink: sink, schema: schema, options: JSONWriterOptions(["ignoreNullFields": ignore]))
            try writer.write(Batch(columns: columns, count: 1))
            try writer.finish()
            #expect(String(decoding: sink.bytes, as: UTF8.self) == expected + "\n")
        }
    }

    @Test("compressed text is read back", arguments: ["gzip", "deflate", "zstd", "none"])
    func compression(codec: String) throws {
        let lines = (0..<100_000).map { Scalar.string("line number \($0)") }
        let sink = MemorySink()
        let schema = Schema([Field("value", .string)])
        let writer = try TextLineWriter(sink: sink, schema: schema, options: ["compression": codec])
        try writer.write(Batch(columns: [.of(.string, lines)], count: lines.count))
        try writer.finish()
        let name = "x" + (try TextCompression(option: codec)).fileSuffix
        let source = MemorySource(sink.bytes, name: name)
        let reader = try TextLineReader(source: source, range: 0..<source.byteCount, fields: schema.fields)
        #expect(try values(reader) == lines)
        if codec != "none" {
            #expect(sink.byteCount < 500_000)
            let cut = MemorySource(sink.bytes.dropLast(10), name: name)
            #expect(throws: EngineError.self) {
                try values(TextLineReader(source: cut, range: 0..<cut.byteCount, fields: schema.fields))
            }
            #expect(try values(TextLineReader(source: source, range: 5..<source.byteCount, fields: [])) == [])
        }
    }

    private func values(_ reader: TextLineReader) throws -> [Scalar] {
        var result: [Scalar] = []
        while let batch = try reader.next() {
            for row in 0..<batch.count { result.append(batch.columns[0].scalar(at: row)) }
        }
        return result
    }

    @Test("types that a format cannot hold are refused")
    func refused() {
        let nested = Schema([Field("a", .array(.int32, containsNull: true))])
        #expect(throws: EngineError.self) {
            try CSVWriter(sink: MemorySink(), schema: nested, options: CSVWriterOptions())
        }
        #expect(throws: EngineError.self) {
            try TextLineWriter(sink: MemorySink(), schema: Schema([Field("a", .int32)]), options: [:])
        }
        #expect(throws: EngineError.self) { try CSVWriterOptions(["compression": "lzo"]) }
    }
}
