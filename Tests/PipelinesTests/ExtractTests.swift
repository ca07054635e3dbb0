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

    @Test("that merges keeps a row whose newer one its contract discards")
    func discarded() async throws {
        let rows = try await Self.table(
            "write_disposition: merge, primary_key: id, schema_contract: {data_type: discard_row}",
            files: [#"{"id": 1, "v": 1}"#, "{\"id\": 1, \"v\": \"bad\"}\n{\"id\": 2, \"v\": \"3\"}"],
            "SELECT id, v FROM {x} ORDER BY id")
        #expect(rows == ["1,1", "2,3"])
    }
}
