import Foundation
import Pipelines
import Protocol
import Testing
import Vocabulary

/// Holds what becomes of the rows of earlier reads, run for real.
@Suite("An extract")
struct ExtractTests {
    /// Reads files one after the other into a table of the settings, and returns the table's rows.
    static func table(_ settings: String, files: [String], _ query: String) async throws -> [String] {
        let bench = try await RunBench([
            "etl.yml": "name: p\nextract: [{name: x, file: {path: in.json}, \(settings)}]\n"
        ])
        for file in files {
            try bench.folder.write(["in.json": file + "\n"])
            let record = try await bench.run()
            #expect(record.state == .succeeded, "\(RunBench.errors(record))")
        }
        return try await bench.rows(query)
    }

    @Test("keeps values of a new type in a column of their own, in each read that has some")
    func variants() async throws {
        let rows = try await Self.table(
            "write_disposition: append",
            files: [#"{"id": 1, "v": 1}"#, #"{"id": 2, "v": "x"}"#, #"{"id": 3, "v": "y"}"#],
            "SELECT id, v, v__v_string FROM {x} ORDER BY id")
        #expect(rows == ["1,1,null", "2,null,x", "3,null,y"])
    }

    @Test(
        "keeps a key with a quote and a mark behind it as one name",
        arguments: ["\u{301}", "\u{200D}", "\u{FE0F}"])
    func quotedKeys(mark: String) async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\nextract: [{name: x, file: {path: in.json}, "
                + "write_disposition: merge, primary_key: id}]\n"
        ])
        let target = bench.folder.path + "/stolen"
        let key =
            "a`\(mark) FROM range(1); INSERT OVERWRITE DIRECTORY '\(target)' USING json SELECT 1; SELECT 1 --"
        for value in 1...2 {
            try bench.folder.write(["in.json": "{\"id\": 1, \"\(key)\": \(value)}\n"])
            let record = try await bench.run()
            #expect(record.state == .succeeded, "\(record.steps)")
        }
        #expect(!FileManager.default.fileExists(atPath: target))
        #expect(try await bench.rows("SELECT * FROM {x}").map { $0.split(separator: ",").count } == [2])
    }

    @Test(
        "that appends or merges reads each file once, below a directory, a pattern and partitions",
        arguments: ["in", "in/day=*/*.json", "in/*"], ["append", "merge, primary_key: id"])
    func filesOnce(path: String, how: String) async throws {
        let bench = try await RunBench([
            "etl.yml":
                "name: p\nextract: [{name: x, file: {path: \"\(path)\", format: json}, "
                + "write_disposition: \(how)}]\n",
            "in/day=1/a.json": "{\"id\": 1}\n",
        ])
        func read() async throws -> [String] {
            let record = try await bench.run()
            #expect(record.state == .succeeded, "\(RunBench.errors(record))")
            return try await bench.rows("SELECT id, count(*) FROM {x} GROUP BY id ORDER BY id")
        }
        #expect(try await read() == ["1,1"])
        #expect(try await read() == ["1,1"], "nothing is new")
        try bench.folder.write(["in/day=2/a.json": "{\"id\": 2}\n"])
        #expect(try await read() == ["1,1", "2,1"])
        #expect(try await read() == ["1,1", "2,1"])
        #expect(StateFolder.tables(in: bench.state).readFileCount("x") == 2)
        // A file that is written anew is read anew.
        try bench.folder.write(["in/day=1/a.json": "{\"id\": 1}\n{\"id\": 3}\n"])
        let first = how == "append" ? "1,2" : "1,1"
        #expect(try await read() == [first, "2,1", "3,1"])
        #expect(try await read() == [first, "2,1", "3,1"])
    }

    /// A step that reads what is in `rows.json` by a program, and one that counts its rows.
    private static func counted(_ bench: RunBench, _ settings: String, _ rows: String) async throws
        -> RunRecord
    {
        try bench.folder.write([
            "rows.json": rows,
            "etl.yml": """
            name: p
            extract: [{name: x, command: [cat, \(bench.folder.path)/rows.json], \(settings)}]
            transform: [{name: t, sql: "SELECT count(id) AS n FROM {{ ref('x') }}"}]
            """,
        ])
        return try await bench.run()
    }

    @Test("of a source without rows makes no table, and only what needs it fails, until there are some")
    func noRows() async throws {
        let bench = try await RunBench([:])
        let settings = "write_disposition: append, tests: [{row_count: {min: 1}}]"
        let empty = try await Self.counted(bench, settings, "")
        #expect(empty.steps["x"]?.state == .succeeded, "\(empty.steps)")
        #expect(RunBench.errors(empty) == ["t": "TABLE_NOT_MADE"])
        #expect(empty.steps["t"]?.error?.message.contains("gave no rows yet") == true, "\(empty.steps)")
        #expect(empty.tests.map(\.outcome) == [.skip])
        #expect(bench.warned.all.contains { $0.contains("x: the source gave no rows") })
        #expect(try await Self.counted(bench, settings, #"{"id": 1}"#).state == .succeeded)
        #expect(try await bench.rows("SELECT n FROM {t}") == ["1"])
    }

    @Test("of a source without rows makes an empty table of the columns that it declares")
    func declaredColumns() async throws {
        for how in ["replace", "append", "merge, primary_key: id"] {
            let bench = try await RunBench([:])
            let settings =
                "write_disposition: \(how), "
                + "columns: [{name: id, data_type: bigint}, {name: name, data_type: text}, {name: other}]"
            let empty = try await Self.counted(bench, settings, "")
            #expect(empty.state == .succeeded, "\(RunBench.errors(empty))")
            #expect(try await bench.rows("SELECT count(*) FROM {x}") == ["0"])
            #expect(try await bench.rows("SELECT n FROM {t}") == ["0"])
            let first = try await Self.counted(bench, settings, #"{"id": 1, "name": "a", "more": true}"#)
            #expect(first.state == .succeeded, "\(RunBench.errors(first))")
            #expect(try await bench.rows("SELECT id, name, more FROM {x}") == ["1,a,true"], "\(how)")
            let none = try await Self.counted(bench, settings, "")
            #expect(none.state == .succeeded, "\(RunBench.errors(none))")
            // What is replaced by nothing is empty; what is added to stays.
            #expect(
                try await bench.rows("SELECT id, name, more FROM {x}")
                    == (how == "replace" ? [] : ["1,a,true"]))
        }
    }

    @Test("that merges keeps a row whose newer one its contract discards")
    func discarded() async throws {
        let rows = try await Self.table(
            "write_disposition: merge, primary_key: id, schema_contract: {data_type: discard_row}",
            files: [#"{"id": 1, "v": 1}"#, "{\"id\": 1, \"v\": \"bad\"}\n{\"id\": 2, \"v\": \"3\"}"],
            "SELECT id, v FROM {x} ORDER BY id")
        #expect(rows == ["1,1", "2,3"])
    }

    @Test(
        "counts as its rows those that its contract lets pass, and warns of the others, by column",
        arguments: ["append", "merge, primary_key: id", "replace"])
    func discardedCount(how: String) async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\nextract: [{name: x, file: {path: in.json}, write_disposition: \(how), "
                + "schema_contract: {columns: discard_row, data_type: discard_row}}]\n"
        ])
        var record = try await bench.run(files: ["in.json": "{\"id\": 1, \"v\": 1}\n"])
        #expect(bench.warned.all.isEmpty && record.steps["x"]?.rowsOut == 1)
        let lines = [
            #"{"id": 2, "v": 2}"#, #"{"id": 3, "v": "bad"}"#, #"{"id": 4, "v": "worse", "more": 1}"#,
            #"{"id": 5, "v": 5, "more": 2}"#, #"{"id": 6, "v": 6, "more": null}"#,
        ]
        record = try await bench.run(files: ["in.json": lines.joined(separator: "\n") + "\n"])
        #expect(record.steps["x"]?.rowsIn == 5 && record.steps["x"]?.rowsOut == 2, "\(record.steps)")
        #expect(
            bench.warned.all == [
                "x: 3 rows thrown away, as schema_contract says discard_row, for v (2 rows with a value that "
                    + "does not fit bigint), more (2 rows with a value of the new column)"
            ])
        let kept = how == "replace" ? ["2,2", "6,6"] : ["1,1", "2,2", "6,6"]
        #expect(try await bench.rows("SELECT id, v FROM {x} ORDER BY id") == kept)
        // Where none is left the table stays as it is, but for one that is replaced.
        record = try await bench.run(files: ["in.json": #"{"id": 7, "v": "no"}"# + "\n"])
        #expect(record.state == .succeeded && record.steps["x"]?.rowsOut == 0, "\(record.steps)")
        #expect(try await bench.rows("SELECT id, v FROM {x} ORDER BY id") == (how == "replace" ? [] : kept))
    }

    @Test(
        "leaves no value short: what a column cannot hold whole goes to another one",
        arguments: [
            ([#"10"#, #"10.7"#, #"11.0"#], "v__v_double", ["1,10,null", "2,null,10.7", "3,11,null"]),
            (
                [#"true"#, #""late""#, #""true""#], "v__v_string",
                ["1,true,null", "2,null,late", "3,true,null"]
            ),
            (
                [#"5"#, #"20000000000000000000"#, #""6""#], "v__v_decimal",
                ["1,5,null", "2,null,20000000000000000000", "3,6,null"]
            ),
            ([#"1"#, #"{"a": [2]}"#, #"3"#], "v__v_json", ["1,1,null", #"2,null,{"a":[2]}"#, "3,3,null"]),
            ([#"[1]"#, #"["x"]"#, #"["2"]"#], "v__v_json", ["1,[1],null", #"2,null,["x"]"#, "3,[2],null"]),
            ([#""a""#, #"{"b": 1}"#, #""c""#], "'-'", ["1,a,-", #"2,{"b":1},-"#, "3,c,-"]),
        ] as [([String], String, [String])], ["append", "merge, primary_key: id"])
    func wholeValues(change: ([String], String, [String]), how: String) async throws {
        let rows = try await Self.table(
            "write_disposition: \(how)",
            files: change.0.enumerated().map { #"{"id": \#($0 + 1), "v": \#($1)}"# },
            "SELECT id, v, \(change.1) FROM {x} ORDER BY id")
        #expect(rows == change.2)
    }

    /// A column of a type, then texts for it in one file, and those of them that it does not hold.
    static let texts: [(type: String, texts: [String], beside: [String])] = [
        (
            "DOUBLE",
            [
                "9007199254740993", "9007199254740992", "0.1", "-12.50", "1e300", "1.5e-300", "1E22", "NaN",
                "123456789012345678901", "100000000000000000000000", "late",
            ], ["123456789012345678901", "9007199254740993", "late"]
        ),
        ("FLOAT", ["0.1", "123.456", "16777217", "16777216", "1e30"], ["16777217"]),
        (
            "DECIMAL(38,0)", ["123456789012345678901.5", "123456789012345678901", "1.5", "7", "7.0"],
            ["1.5", "123456789012345678901.5"]
        ),
        ("DECIMAL(10,2)", ["1.25", "1.255", "1e3", " 4 "], ["1.255"]),
        ("DATE", ["2024-01-02", "2024-01-02 10:00:00"], ["2024-01-02 10:00:00"]),
    ]

    @Test("keeps texts beside a column that would hold less than they say", arguments: texts)
    func wholeTexts(type: String, texts: [String], beside: [String]) async throws {
        let bench = try await RunBench([
            "etl.yml":
                "name: p\nextract: [{name: x, file: {path: in, format: parquet}, "
                + "write_disposition: append}]\n"
        ])
        func read(_ values: String) async throws {
            try await bench.execute(
                "INSERT OVERWRITE DIRECTORY '\(bench.folder.path)/in' USING parquet "
                    + "SELECT v FROM VALUES \(values) AS t(v)")
            let record = try await bench.run()
            #expect(record.state == .succeeded, "\(RunBench.errors(record))")
        }
        try await read("(CAST(NULL AS \(type)))")
        try await read(texts.map { "('\($0)')" }.joined(separator: ", "))
        let rows = try await bench.rows(
            "SELECT v__v_string FROM {x} WHERE v__v_string IS NOT NULL ORDER BY v__v_string")
        #expect(rows == beside)
        let kept = try await bench.rows("SELECT count(v) FROM {x}")
        #expect(kept == ["\(texts.count - beside.count)"])
    }

    @Test(
        "lets nested records gain members, and leave some out",
        arguments: ["append", "merge, primary_key: id"])
    func nestedMembers(how: String) async throws {
        let rows = try await Self.table(
            "write_disposition: \(how)",
            files: [
                #"{"id": 1, "v": {"x": 1}, "w": [{"a": 1}]}"#,
                #"{"id": 2, "v": {"x": 2, "y": {"z": "n"}}, "w": [{"b": "q", "a": 2}, {"a": 3}]}"#,
                #"{"id": 3, "v": {"x": 3}, "w": []}"#,
                #"{"id": 4, "v": null}"#,
            ], "SELECT id, v.x, v.y.z, to_json(w) FROM {x} ORDER BY id")
        #expect(
            rows == [
                #"1,1,null,[{"a":1}]"#, #"2,2,n,[{"a":2,"b":"q"},{"a":3}]"#, "3,3,null,[]",
                "4,null,null,null",
            ])
    }

    @Test(
        "takes a column whose name changes by letter case alone for the same one",
        arguments: ["append", "append, schema_contract: freeze", "merge, primary_key: id"])
    func letterCase(how: String) async throws {
        let rows = try await Self.table(
            "write_disposition: \(how)",
            files: [#"{"id": 1, "v": 1}"#, #"{"ID": 2, "v": 2}"#, #"{"id": 3, "V": "3"}"#],
            "SELECT id, v FROM {x} ORDER BY id")
        #expect(rows == ["1,1", "2,2", "3,3"])
    }

    @Test("under a frozen contract takes what fits, whatever type its values alone would have")
    func frozen() async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\nextract: [{name: x, file: {path: in.json}, write_disposition: append, "
                + "schema_contract: freeze}]\n"
        ])
        func read(_ text: String) async throws -> RunRecord {
            try bench.folder.write(["in.json": text + "\n"])
            return try await bench.run()
        }
        #expect(try await read(#"{"id": 1, "v": 5, "w": {"a": 1, "b": 2}}"#).state == .succeeded)
        let narrow = try await read(#"{"id": 2, "v": null, "w": {"a": 2}}"#)
        #expect(narrow.state == .succeeded, "\(RunBench.errors(narrow))")
        let other = try await read(#"{"id": 3, "v": 5.5}"#)
        #expect(
            other.steps["x"]?.error?.message.contains("changed from bigint to double") == true,
            "\(RunBench.errors(other))")
        let wider = try await read(#"{"id": 3, "w": {"a": 1, "c": 4}}"#)
        #expect(
            wider.steps["x"]?.error?.message.contains("a new column") == true, "\(RunBench.errors(wider))")
        #expect(wider.steps["x"]?.error?.message.contains("x.w.c") == true)
        #expect(try await bench.rows("SELECT id, v, w.a FROM {x} ORDER BY id") == ["1,5,1", "2,null,2"])
    }

    @Test("takes CSV's columns by their names, never by their place in files of another order")
    func headers() async throws {
        let files = [
            "in/1.csv": "id,zip,amt\n1,5,10\n", "in/2.csv": "id,amt,zip\n2,20,6\n",
            "in/3.csv": "id,amt,zip,new\n3,30,7,x\n",
        ]
        func bench(_ how: String) async throws -> RunBench {
            let etl = "name: p\nextract: [{name: x, file: {path: in, format: csv}\(how)}]\n"
            return try await RunBench(files.merging(["etl.yml": etl]) { $1 })
        }
        #expect(RunBench.errors(try await bench("").run()) == ["x": "CSV_HEADER_MISMATCH"])
        let append = try await bench(", write_disposition: append")
        for count in [1, 2, 3, 3] {
            let record = try await append.run()
            #expect(record.state == .succeeded, "\(RunBench.errors(record))")
            #expect(StateFolder.tables(in: append.state).readFileCount("x") == count)
        }
        let rows = try await append.rows("SELECT id, zip, amt, new FROM {x} ORDER BY id")
        #expect(rows == ["1,5,10,null", "2,6,20,null", "3,7,30,x"])
    }

    @Test("reads CSV whose header leaves names out, says one twice, or has spaces")
    func unnamed() async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\nextract: [{name: x, file: {path: in, format: csv}}]\n",
            "in/1.csv": ",v,V,w\n0,1,2,5\n", "in/2.csv": ",v,V, W \n1,3,4,6\n",
        ])
        let record = try await bench.run()
        #expect(record.state == .succeeded, "\(RunBench.errors(record))")
        #expect(try await bench.rows("SELECT _c0, v1, V2, w FROM {x} ORDER BY 1") == ["0,1,2,5", "1,3,4,6"])
    }
}
