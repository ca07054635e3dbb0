import Columns
import Testing
import Vocabulary

@testable import Formats

/// What Spark 4.1 gave for the same text, schema and options.
@Suite struct CSVReaderTests {
    private let corrupt = Field("_corrupt_record", .string)
    private func strings(_ count: Int) -> [Field] { (0..<count).map { Field("c\($0)", .string) } }

    private func read(
        _ text: String, _ fields: [Field], _ options: [String: String] = [:], range: Range<Int>? = nil,
        columns: [Int]? = nil
    ) throws -> [[Scalar]] {
        let source = MemorySource(text)
        return try rows(
            of: CSVReader(
                source: source, range: range ?? 0..<source.byteCount, schema: Schema(fields),
                columns: columns ?? Array(fields.indices), options: CSVOptions(options)))
    }

    @Test("a field that a record is too short for has its earlier value, an empty one is null")
    func earlier() throws {
        let source = MemorySource("1,x\n2,y,\n3,z,7\n4\n")
        let old = VectorBuilder(.int32)
        old.append(.integer(5))
        let earlier = EarlierValues(["c": old.finish()])
        for columns in [[2, 0], [0, 1, 2]] {
            let reader = try CSVReader(
                source: source, range: 0..<source.byteCount,
                schema: Schema([Field("a", .int64), Field("b", .string), Field("c", .int32)]),
                columns: columns, options: CSVOptions([:]), earlier: earlier)
            let found = try rows(of: reader).map { $0[columns[0] == 2 ? 0 : 2] }
            #expect(found == [.integer(5), .null, .integer(7), .integer(5)])
        }
    }

    /// Reads strings; nil stands for null.
    private func checkText(
        _ text: String, _ count: Int, _ options: [String: String] = [:], _ expected: [[String?]],
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let result = try read(text, strings(count), options)
        let wanted = expected.map { $0.map { $0.map { Scalar.string($0) } ?? .null } }
        #expect(result == wanted, "\(text)", sourceLocation: sourceLocation)
    }

    private func check(
        _ type: DataType, _ cases: [(text: String, value: Scalar, isCorrupt: Bool)],
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let result = try read(cases.map { $0.text + "\n" }.joined(), [Field("a", type), corrupt])
        try #require(result.count == cases.count, sourceLocation: sourceLocation)
        for (row, one) in zip(result, cases) {
            #expect(row[0] == one.value, "\(one.text)", sourceLocation: sourceLocation)
            #expect(
                row[1] == (one.isCorrupt ? .string(one.text) : .null), "\(one.text)",
                sourceLocation: sourceLocation)
        }
    }

    @Test("quotes and escapes are read as univocity does with Spark's settings")
    func quotes() throws {
        try checkText(
            "a,b,c\n1,2,3\n\"x\",\"y \"\"q\"\" z\",\"w\"\n\"p\\\"q\",r\"s,\"t\"u\n,\"\",\n\"a,b\",\"c\n", 3,
            [:],
            [
                ["a", "b", "c"], ["1", "2", "3"], ["x", "\"y \"\"q\"\" z\"", "w"],
                ["p\"q", "r\"s", "\"t\"u"],
                [nil, nil, nil], ["a,b", "c", nil],
            ])
        try checkText(
            "\"x,y\nz\",2,3\n1,2,3\n", 3, [:], [["x,y", nil, nil], ["z\"", "2", "3"], ["1", "2", "3"]])
        try checkText(
            "a\"\"b,\"a\"\"b\",\"a\"b\n\"a\"b\",2,3\n\"a\" ,2,3\n"
                + " \"a\",2,3\n\"a\\\\\",2,3\n\"a\\n\",2,3\na\\\"b,2,3\n",
            3, [:],
            [
                ["a\"\"b", "\"a\"\"b\"", "\"a\"b"], ["\"a\"b\"", "2", "3"], ["a", "2", "3"],
                [" \"a\"", "2", "3"],
                ["a\\", "2", "3"], ["a\\n", "2", "3"], ["a\\\"b", "2", "3"],
            ])
        try checkText(
            "\"a\"\"b\",c\n\"x\\\"y\",z\n", 2, ["escape": "\""], [["a\"b", "c"], ["\"x\\\"y\"", "z"]])
        try checkText("'a,b',\"c\"\n'it''s',x\n", 2, ["quote": "'"], [["a,b", "\"c\""], ["'it''s'", "x"]])
        try checkText("x,\n\"a\n", 2, [:], [["x", nil], ["a", nil]])
    }

    @Test("fields in quotes may hold line breaks with multiLine")
    func multiLine() throws {
        try checkText(
            "\"x,y\nz\",2,3\n1,2,3\n\"unclosed,1,2\n3,4,5\n", 3, ["multiLine": "true"],
            [["x,y\nz", "2", "3"], ["1", "2", "3"], ["unclosed,1,2\n3,4,5\n", nil, nil]])
        try checkText("\"x\r\ny\",2\r\n1,2\r\n", 2, ["multiLine": "true"], [["x\ny", "2"], ["1", "2"]])
    }

    @Test("separators, comments, line ends and blanks follow the options")
    func options() throws {
        try checkText("1;2\n\"a;b\";3\n", 2, ["sep": ";"], [["1", "2"], ["a;b", "3"]])
        try checkText("1||2\n\"a||b\"||3\n", 2, ["sep": "||"], [["1", "2"], ["a||b", "3"]])
        try checkText("a\tb\n", 2, ["delimiter": "\\t"], [["a", "b"]])
        try checkText("a\tb\n\t\n \t \n1\t\n", 2, ["sep": "\\t"], [["a", "b"], ["1", nil]])
        try checkText("#c\n1,2\n#x,y\n3,#4\n", 2, ["comment": "#"], [["1", "2"], ["3", "#4"]])
        try checkText("a,b\r\nc,d\re,f\n", 2, [:], [["a", "b"], ["c", "d"], ["e", "f"]])
        try checkText("a,b\r\nc,d\r\n", 2, [:], [["a", "b"], ["c", "d"]])
        let trim = ["ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"]
        try checkText(" a , b \n\" q \", z \n", 2, trim, [["a", "b"], [" q ", "z"]])
        try checkText(
            "NA,-\n\"NA\",x\n,\n\"\",\"\"\n", 2, ["nullValue": "NA"],
            [[nil, "-"], [nil, "x"], [nil, nil], ["", ""]])
        try checkText(
            "NA,-\n\"NA\",x\n,\n\"\",\"\"\n", 2, ["emptyValue": "EMPTY"],
            [["NA", "-"], ["NA", "x"], [nil, nil], ["EMPTY", "EMPTY"]])
        try checkText("a|b\\|c\n", 3, ["sep": "|"], [["a", "b\\", "c"]])
        try checkText("\u{FEFF}a,b\n1,2\n", 2, ["header": "true"], [["1", "2"]])
        try checkText("a,b\n1,2\n\n   \n3,4\n", 2, ["header": "true"], [["1", "2"], ["3", "4"]])
    }

    @Test("rows with more or fewer fields are corrupt, and hold what they can")
    func ragged() throws {
        let three = [Field("a", .int32), Field("b", .int32), Field("c", .int32)]
        #expect(
            try read("1,2\n1,2,3\n1,2,3,4\n\n   \n,\n", three + [corrupt]) == [
                [.integer(1), .integer(2), .null, .string("1,2")],
                [.integer(1), .integer(2), .integer(3), .null],
                [.integer(1), .integer(2), .integer(3), .string("1,2,3,4")],
                [.null, .null, .null, .string(",")],
            ])
        #expect(
            try read("1,2\n1,2,3\n1,x,3\n", three, ["mode": "DROPMALFORMED"]) == [
                [.integer(1), .integer(2), .integer(3)]
            ])
        for text in ["1,2,3\n1,2\n", "1,2,3\n1,x,3\n"] {
            let error = #expect(throws: EngineError.self) { try read(text, three, ["mode": "FAILFAST"]) }
            #expect(error?.code == "MALFORMED_RECORD_IN_PARSING")
        }
    }

    @Test("numbers, booleans and times fit as they fit in Spark")
    func types() throws {
        try check(
            .int32,
            [
                ("1", .integer(1), false), ("+1", .integer(1), false), ("-1", .integer(-1), false),
                (" 1", .null, true),
                ("1 ", .null, true), ("1.0", .null, true), ("1e3", .null, true), ("2147483648", .null, true),
                ("\"5\"", .integer(5), false), ("\"\"", .null, false), ("null", .null, true),
                ("0x1", .null, true),
                ("1_0", .null, true),
            ])
        try check(
            .double,
            [
                ("1", .double(1), false), ("+1", .double(1), false), ("1.5", .double(1.5), false),
                ("1e3", .double(1000), false), (".5", .double(0.5), false), ("5.", .double(5), false),
                ("Inf", .double(.infinity), false), ("-Inf", .double(-.infinity), false),
                ("-Infinity", .double(-.infinity), false), ("1d", .double(1), false),
                (" 1.5", .double(1.5), false),
                ("nan", .null, true), ("\"1,500.5\"", .null, true), ("1e400", .double(.infinity), false),
            ])
        try check(
            .decimal(precision: 7, scale: 2),
            [
                ("1", .decimal(100), false), ("1.005", .decimal(101), false), ("12345678", .null, true),
                ("\"1,234.5\"", .decimal(123_450), false), ("1e2", .decimal(10_000), false),
                (" 1", .null, true),
                ("-.5", .decimal(-50), false), ("x", .null, true),
            ])
        try check(
            .boolean,
            [
                ("true", .boolean(true), false), ("TRUE", .boolean(true), false),
                ("false", .boolean(false), false),
                ("1", .null, true), ("t", .null, true), (" True", .null, true),
            ])
        try check(
            .date,
            [
                ("2024-01-31", .integer(19753), false), ("2024-1-3", .integer(19725), false),
                ("2024-02-30", .null, true), ("2024", .integer(19723), false), ("20240101", .null, true),
                (" 2024-01-01", .integer(19723), false), ("01/02/2024", .null, true),
            ])
        try check(
            .timestamp,
            [
                ("2024-01-31 10:11:12", .integer(1_706_695_872_000_000), false),
                ("2024-01-31T10:11:12+02:00", .integer(1_706_688_672_000_000), false),
                ("1700000000", .null, true), ("2024-01-31T10:11Z", .null, true),
                ("2024-01-31T10:11", .integer(1_706_695_860_000_000), false),
                ("2024-01-31 10:11:12.5", .integer(1_706_695_872_500_000), false), ("x", .null, true),
            ])
    }

    @Test("any choice of columns comes out in the order asked for")
    func projection() throws {
        let fields = [Field("a", .int32), Field("b", .string), Field("c", .double), corrupt]
        let text = "1,x,1.5\nbad,\"y,z\",2\n"
        #expect(
            try read(text, fields, columns: [2, 1]) == [
                [.double(1.5), .string("x")], [.double(2), .string("y,z")],
            ])
        #expect(
            try read(text, fields, columns: [3, 0]) == [
                [.null, .integer(1)], [.string("bad,\"y,z\",2"), .null],
            ])
        #expect(try read(text, fields, columns: []) == [[], []])
    }

    @Test("every cut of a file into two ranges gives the same rows")
    func ranges() throws {
        let text = "h,i\n1,a\n\n\"22\",\"b,c\"\r\n333,\n4,d"
        let size = text.utf8.count
        let whole = try read(text, strings(2), ["header": "true"])
        #expect(whole.count == 4)
        for cut in 0...size {
            let first = try read(text, strings(2), ["header": "true"], range: 0..<cut)
            let second = try read(text, strings(2), ["header": "true"], range: cut..<size)
            #expect(first + second == whole, "\(cut)")
        }
    }

    @Test("both ways to index give the same fields over many windows")
    func windows() throws {
        // A backslash in quotes makes the window one that is read field by field.
        for special in ["", "\"\\\"\""] {
            let lines = (0..<40_000).map {
                "\($0),\"text, number \($0)\",\($0 % 7 == 0 ? "" : "v\($0)"),\(special)"
            }
            let result = try read(lines.joined(separator: "\n"), strings(4))
            #expect(result.count == 40_000)
            for (i, row) in result.enumerated() {
                let expected: [Scalar] = [
                    .string("\(i)"), .string("text, number \(i)"), i % 7 == 0 ? .null : .string("v\(i)"),
                    special.isEmpty ? .null : .string("\""),
                ]
                if row != expected {
                    Issue.record("row \(i): \(row)")
                    return
                }
            }
        }
    }

    @Test("random damage never crashes, and both modes agree on the number of good rows")
    func damage() throws {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("\",\\\n\r 1a.-#\u{0}\u{ff}".utf8)
        let fields = [
            Field("a", .int64), Field("b", .decimal(precision: 30, scale: 3)), Field("c", .timestamp),
            corrupt,
        ]
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<200, using: &random)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let source = MemorySource(bytes)
            for multi in ["true", "false"] {
                var counts: [Int] = []
                for mode in ["PERMISSIVE", "DROPMALFORMED"] {
                    let reader = try CSVReader(
                        source: source, range: 0..<count, schema: Schema(fields), columns: [0, 1, 2, 3],
                        options: CSVOptions(["mode": mode, "multiLine": multi, "comment": "#"]))
                    let all = try rows(of: reader)
                    counts.append(all.count { $0[3] == .null })
                }
                #expect(counts[0] == counts[1])
            }
        }
    }
}
