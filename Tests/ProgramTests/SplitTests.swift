import Foundation
import Testing

/// Reads large text files in parts of many sizes: the rows must not depend on where a part ends.
@Suite("Text files read in parts", .serialized)
struct SplitTests {
    /// Records with quotes, commas in quotes, escapes, blanks and line ends of a kind; some are long.
    private static func csv(_ end: String, isMultiLine: Bool) -> String {
        var text = "id,name,note" + end
        for i in 0..<6_000 {
            let inner = isMultiLine && i % 7 == 0 ? "line\(end)\(end)two, \"\"\(i)\"\"" : "a, b;c"
            let long = i % 997 == 0 ? String(repeating: "x", count: 5_000) : ""
            text += "\(i),\"\(inner)\",\(i % 5 == 0 ? "\"q\\\"\(i)\"" : " n\(i) ")\(long)" + end
        }
        return text
    }

    private static func json(_ end: String) -> String {
        (0..<6_000).map { i in
            let note = i % 5 == 0 ? #"a\n\"b\" {[,"# : "n\(i)"
            return #"{"id":\#(i),"note":"\#(note)","l":[\#(i),{"x":"}"}]}"# + end
        }.joined()
    }

    private static let check = "count(*) AS n, sum(id) AS s, count(DISTINCT id) AS d, sum(length(note)) AS l"

    @Test(
        "any size of part gives the same rows", arguments: ["\n", "\r\n"], ["csv", "csv multi-line", "json"])
    func sizes(end: String, kind: String) throws {
        let program = try Program()
        let isCSV = kind != "json"
        let text = isCSV ? Self.csv(end, isMultiLine: kind != "csv") : Self.json(end)
        try program.write("in/a.txt", text)
        try program.write("in/b.txt", String(text.dropLast(end.count)))
        let options =
            "path 'in', header 'true', inferSchema 'true'"
            + (kind == "csv multi-line" ? ", multiLine 'true'" : "")
        let query =
            "CREATE TEMPORARY VIEW v USING \(isCSV ? "csv" : "json") OPTIONS (\(options)); "
            + "SELECT \(Self.check) FROM v"
        let expected = (0..<6_000).reduce(0, +) * 2
        var results: Set<String> = []
        for bytes in [1 << 30, 100_000, 65_537, 12_345, 4_096, 1_001] {
            let run = try program.sql(query, ["--conf", "spark.sql.files.maxPartitionBytes=\(bytes)"])
            #expect(run.status == 0, "\(bytes): \(run.errors)")
            results.insert(run.output)
        }
        #expect(results.count == 1, "\(results)")
        #expect(results.first?.hasPrefix("{\"n\":12000,\"s\":\(expected),\"d\":6000,") ?? false, "\(results)")
    }
}
