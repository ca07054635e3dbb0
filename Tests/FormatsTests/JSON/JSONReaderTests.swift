import Columns
import Testing
import Vocabulary

@testable import Formats

/// What Spark 4.1 gave for the same text, schema and options.
@Suite struct JSONReaderTests {
    private let corrupt = Field("_corrupt_record", .string)

    private func read(
        _ text: String, _ fields: [Field], _ options: [String: String] = [:], range: Range<Int>? = nil
    ) throws -> [[Scalar]] {
        let source = MemorySource(text)
        return try rows(
            of: JSONReader(
                source: source, range: range ?? 0..<source.byteCount, schema: Schema(fields),
                options: JSONOptions(options)))
    }

    /// Reads one column of each line; a line that Spark calls corrupt must come out in the corrupt-record
    /// column.
    private func check(
        _ type: DataType, _ cases: [(token: String, value: Scalar, isCorrupt: Bool)],
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let text = cases.map { "{\"d\":\($0.token)}\n" }.joined()
        let result = try read(text, [Field("d", type), corrupt])
        try #require(result.count == cases.count, sourceLocation: sourceLocation)
        for (row, one) in zip(result, cases) {
            #expect(row[0] == one.value, "\(one.token)", sourceLocation: sourceLocation)
            #expect(
                row[1] == (one.isCorrupt ? .string("{\"d\":\(one.token)}") : .null), "\(one.token)",
                sourceLocation: sourceLocation)
        }
    }

    @Test("a member that is not there has its earlier value, a null stays one, in every batch")
    func earlier() throws {
        let text = """
            {"a":1,"b":null}
            {"a":2}
            {"b":"x","a":null}
            broken
            {"a":4,"b":"y","b":null}
            {}
            """
        let source = MemorySource(text)
        let old = VectorBuilder(.string)
        old.append(.string("old"))
        let reader = try JSONReader(
            source: source, range: 0..<source.byteCount,
            schema: Schema([Field("a", .int64), Field("b", .string)]), options: JSONOptions([:]),
            earlier: EarlierValues(["b": old.finish()]), batchRows: 2)
        #expect(
            try rows(of: reader) == [
                [.integer(1), .null], [.integer(2), .string("old")], [.null, .string("x")], [.null, .null],
                [.integer(4), .null], [.null, .string("old")],
            ])
    }

    @Test("a record with one value that does not fit keeps the others and is in the corrupt-record column")
    func partial() throws {
        let text = """
            {"a":1,"b":"x"}
            {"a":"q","b":"y"}
            {"a":2.5,"b":3}
            broken


            {"a":3,"b":{"c": 1, "d":[1, 2]}}
            {"a":1e2,"b":1.50e+3}
            """
        let result = try read(text, [Field("a", .int64), Field("b", .string), corrupt])
        #expect(
            result == [
                [.integer(1), .string("x"), .null],
                [.null, .string("y"), .string(#"{"a":"q","b":"y"}"#)],
                [.null, .string("3"), .string(#"{"a":2.5,"b":3}"#)],
                [.null, .null, .string("broken")],
                [.integer(3), .string(#"{"c": 1, "d":[1, 2]}"#), .null],
                [.null, .string("1.50e+3"), .string(#"{"a":1e2,"b":1.50e+3}"#)],
            ])
    }

    @Test("text that is not JSON is a corrupt record, and what follows a record on its line is not looked at")
    func syntax() throws {
        let good: [(String, [Scalar])] = [
            (#"{"a":1,"b":"x"}{"a":2}"#, [.integer(1), .string("x")]),
            (#"{"a":1} garbage"#, [.integer(1), .null]),
            ("{'a':7}", [.integer(7), .null]),
            (#"{"a":2,"a":3}"#, [.integer(3), .null]),
            (#"{"A":5}"#, [.null, .null]),
            ("{}", [.null, .null]),
            (#"{"a":null}"#, [.null, .null]),
        ]
        let bad = [
            #"{"a":1,}"#, #"{"a":1 "b":2}"#, "null", "5", "\"x\"", #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#,
            #"{"a":-}"#, #"{"a":tru}"#, "{a:8}", #"{"a":+9}"#, #"{"a":1"#, #"{"a":1,"z":[1,{"x":tru}]}"#,
            #"{"a":1,"z":"\q"}"#, "{\"a\":1,\"z\":\"a\tb\"}", #"{"a":1 /* c */}"#, #"{"a":"x"#, "{{{{",
            "[[[[", "}",
            #"{"a":[1,2}"#, #"{"a":1,"b":"x""#, #"{"a"}"#, #"{"a":}"#, #"{"a":1,"b":"\ud8"}"#,
        ]
        for (line, expected) in good {
            let result = try read(line, [Field("a", .int64), Field("b", .string), corrupt])
            #expect(result == [expected + [.null]], "\(line)")
        }
        for line in bad {
            let around = #"{"a":1,"b":"p"}"# + "\n" + line + "\n" + #"{"a":2,"b":"q"}"#
            let result = try read(around, [Field("a", .int64), Field("b", .string), corrupt])
            #expect(
                result == [
                    [.integer(1), .string("p"), .null], [.null, .null, .string(line)],
                    [.integer(2), .string("q"), .null],
                ], "\(line)")
        }
    }

    @Test("an array at the root gives a row for each of its records")
    func rootArray() throws {
        let fields = [Field("a", .int64), corrupt]
        #expect(
            try read("[{\"a\":1},{\"a\":2}]\n[]\n", fields) == [[.integer(1), .null], [.integer(2), .null]])
        let multi = "[{\"a\": 1},\n 5, {\"a\": 2}]\n"
        #expect(try read(multi, fields, ["multiLine": "true"]) == [[.null, .string(multi)]])
        #expect(
            try read("{\n \"a\": 1\n}\n{\"a\": 2}", fields, ["multiline": "true"]) == [[.integer(1), .null]])
    }

    @Test("numbers fit as they fit in Spark")
    func numbers() throws {
        try check(
            .decimal(precision: 7, scale: 2),
            [
                ("1.005", .decimal(101), false), ("\"1.5\"", .decimal(150), false),
                ("123456789", .null, true),
                ("12345.678", .decimal(1_234_568), false), ("1e3", .decimal(100_000), false),
                ("\"1,234.5\"", .decimal(123_450), false), ("\"x\"", .null, true), ("true", .null, true),
            ])
        try check(
            .double,
            [
                ("1", .double(1), false), ("Infinity", .double(.infinity), false),
                ("\"-Infinity\"", .double(-.infinity), false), ("-INF", .double(-.infinity), false),
                ("\"1.5\"", .null, true), ("1e400", .double(.infinity), false), ("true", .null, true),
                ("\"INF\"", .null, true), ("+INF", .double(.infinity), false),
                ("0.1", .double(0.1), false), ("123456789.123456789", .double(123456789.123456789), false),
                ("-5e-324", .double(-Double.leastNonzeroMagnitude), false),
            ])
        try check(
            .float,
            [("1.1", .float(1.1), false), ("1e39", .float(.infinity), false), ("3", .float(3), false)])
        try check(
            .int8, [("1", .integer(1), false), ("300", .null, true), ("-128", .integer(-128), false)])
        try check(
            .int64,
            [
                ("9223372036854775807", .integer(.max), false), ("9223372036854775808", .null, true),
                ("-9223372036854775808", .integer(.min), false), ("\"1\"", .null, true),
                ("12345678", .integer(12_345_678), false), ("123456789", .integer(123_456_789), false),
                ("1234567890123456", .integer(1_234_567_890_123_456), false),
                ("12345678901234567", .integer(12_345_678_901_234_567), false),
            ])
        try check(.boolean, [("true", .boolean(true), false), ("\"true\"", .null, true), ("1", .null, true)])
        try check(.binary, [("\"aGVsbG8=\"", .binary(Array("hello".utf8)), false), ("\"!\"", .null, true)])
    }

    @Test("dates and timestamps are read as Spark casts text")
    func times() throws {
        try check(
            .date,
            [
                ("\"2024-01-31\"", .integer(19753), false), ("\"2024-1-3\"", .integer(19725), false),
                ("\"2024-02-30\"", .null, true), ("\"2024\"", .integer(19723), false),
                ("\"2024-05\"", .integer(19844), false), ("\"2024-01-01T10:00:00\"", .integer(19723), false),
                ("20", .null, true), ("\"x\"", .null, true), ("\" 2024-01-01 \"", .integer(19723), false),
                ("\"\"", .null, true), ("\"0001-01-01\"", .integer(-719162), false),
                ("\"1970-01-01\"", .integer(0), false), ("\"1969-12-31\"", .integer(-1), false),
                ("\"2000-02-29\"", .integer(11016), false), ("\"1900-02-29\"", .null, true),
            ])
        try check(
            .timestamp,
            [
                ("\"2024-01-31 10:11:12\"", .integer(1_706_695_872_000_000), false),
                ("\"2024-01-31T10:11:12.123456Z\"", .integer(1_706_695_872_123_456), false),
                ("\"2024-01-31T10:11:12+02:00\"", .integer(1_706_688_672_000_000), false),
                ("\"2024-01-31\"", .integer(1_706_659_200_000_000), false),
                ("1700000000", .integer(1_700_000_000_000_000), false), ("1.5", .null, true),
                ("\"2024-1-1 1:2:3\"", .integer(1_704_070_923_000_000), false), ("\"x\"", .null, true),
                ("\"2024-01-31T10:11:12.1234567\"", .integer(1_706_695_872_123_456), false),
                ("\"2024-01-31 10:11\"", .integer(1_706_695_860_000_000), false), ("\"\"", .null, true),
            ])
    }

    @Test("structures keep members that fit; arrays and maps with a value that does not are null")
    func nested() throws {
        let structure = DataType.structure([Field("x", .int32), Field("y", .string)])
        try check(
            structure,
            [
                (#"{"x":1,"y":"q"}"#, .structure([.integer(1), .string("q")]), false),
                (#"{"x":"bad","y":"q"}"#, .structure([.null, .string("q")]), true), ("5", .null, true),
                ("[1]", .null, true), ("null", .null, false),
            ])
        try check(
            .array(.int32, containsNull: true),
            [
                ("[1,2,null]", .array([.integer(1), .integer(2), .null]), false),
                ("[1,\"bad\",3]", .null, true),
                ("5", .null, true), ("{\"a\":1}", .null, true), ("[]", .array([]), false),
                ("[[1]]", .null, true),
            ])
        try check(
            .map(key: .string, value: .int32, valueContainsNull: true),
            [
                (#"{"a":1,"b":"bad"}"#, .null, true),
                (
                    #"{"a":1,"b":null}"#,
                    .map(keys: [.string("a"), .string("b")], values: [.integer(1), .null]), false
                ),
                ("[]", .null, true),
            ])
        try check(
            .array(.structure([Field("x", .int32)]), containsNull: true),
            [
                (
                    #"[{"x":1},{"x":"bad"},{"y":2}]"#,
                    .array([.structure([.integer(1)]), .structure([.null]), .structure([.null])]), true
                )
            ])
    }

    @Test("escapes become what they stand for, half surrogates a question mark")
    func escapes() throws {
        try check(
            .string,
            [
                (#""\ud83d\ude00 \ud83d x\u0000""#, .string("😀 ? x\0"), false),
                (#""note \"1\" é \/ \\ \n""#, .string("note \"1\" é / \\ \n"), false),
                (#""\u00e9\u4e2d a string that is longer""#, .string("é中 a string that is longer"), false),
                (#""""#, .string(""), false), (#""twelve bytes""#, .string("twelve bytes"), false),
                (#""thirteen byte""#, .string("thirteen byte"), false),
            ])
    }

    @Test("modes leave out or refuse what does not fit")
    func modes() throws {
        let text = "{\"a\":1}\n{\"a\":\"x\"}\nbad\n{\"a\":4}\n"
        #expect(
            try read(text, [Field("a", .int32)], ["mode": "dropmalformed"]) == [[.integer(1)], [.integer(4)]])
        let failure = #expect(throws: EngineError.self) {
            try read(text, [Field("a", .int32)], ["mode": "FAILFAST"])
        }
        #expect(failure?.code == "MALFORMED_RECORD_IN_PARSING")
        #expect(try read(text, [Field("a", .int32)]) == [[.integer(1)], [.null], [.null], [.integer(4)]])
    }

    @Test("every cut of a file into two ranges gives the same rows")
    func ranges() throws {
        let text = "{\"a\":1}\n\n{\"a\":22}\r\n{\"a\":333}\n{\"a\":4}"
        let size = text.utf8.count
        for cut in 0...size {
            let first = try read(text, [Field("a", .int64)], range: 0..<cut)
            let second = try read(text, [Field("a", .int64)], range: cut..<size)
            #expect(
                first + second == [[.integer(1)], [.integer(22)], [.integer(333)], [.integer(4)]], "\(cut)")
        }
    }

    @Test("many records with lists keep their order over windows and batches")
    func windows() throws {
        let lines = (0..<30_000).map {
            "{\"k\":\"key \($0)\",\"l\":[\($0),{\"z\":1}],\"n\":\($0),\"bad\":tru\($0 % 3 == 0 ? "e" : "")}"
        }
        let result = try read(
            lines.joined(separator: "\n"), [Field("n", .int32), Field("l", .string), Field("k", .string)])
        #expect(result.count == 30_000)
        for (i, row) in result.enumerated() where i % 997 == 0 || i % 3 == 0 {
            #expect(
                row
                    == (i % 3 == 0
                        ? [.integer(Int64(i)), .string("[\(i),{\"z\":1}]"), .string("key \(i)")]
                        : [.null, .null, .null]))
        }
    }

    @Test("random damage never crashes")
    func damage() throws {
        var random = SystemRandomNumberGenerator()
        let line = #"{"a":1.5,"s":{"x":[1,{"y":"q\n"}],"m":{"k":null}},"b":"text","t":"2024-01-01"}"# + "\n"
        let fields = [
            Field("a", .decimal(precision: 20, scale: 3)), Field("b", .string), Field("t", .timestamp),
            corrupt,
            Field(
                "s",
                .structure([
                    Field("x", .array(.string, containsNull: true)),
                    Field("m", .map(key: .string, value: .int32, valueContainsNull: true)),
                ])),
        ]
        for _ in 0..<3000 {
            var bytes = Array(String(repeating: line, count: 4).utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let alphabet = Array("{}[]\",:\\\n '0-e.\u{0}\u{ff}".utf8)
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    alphabet.randomElement(using: &random) ?? 0
            }
            bytes.removeLast(Int.random(in: 0..<40, using: &random))
            let source = MemorySource(bytes)
            for mode in ["PERMISSIVE", "DROPMALFORMED"] {
                let reader = try JSONReader(
                    source: source, range: 0..<bytes.count, schema: Schema(fields),
                    options: JSONOptions(["mode": mode]))
                #expect(try rows(of: reader).count <= 20)
            }
            _ = try? JSONSchemaInference(options: JSONOptions()).infer([source])
        }
    }
}
