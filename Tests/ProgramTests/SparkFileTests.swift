import Foundation
import Programs
import Synchronization
import Testing

/// Reads the files of `Tests/Oracle/files`, under the same options and modes, and compares with what Spark
/// gave: rows, and names and types of inferred columns.
@Suite("Files as Spark reads them", .serialized)
struct SparkFileTests {
    /// One line of a `.jsonl` file; `Tests/Oracle/make_files.py` says what is in it.
    struct Case: Sendable {
        var name: String
        var files: [String: Data]
        var view: String
        var asked: String
        var query: String
        var columns: [[String]]?
        var rows: [[String?]]?
    }

    private static let groups = ["csv", "json", "orc", "parquet", "partition"]
    private static let folder = ProgramRun.root.appendingPathComponent("Tests/Oracle/files")

    private static func cases(_ group: String) throws -> [Case] {
        let text = try String(contentsOf: folder.appendingPathComponent(group + ".jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let files = try #require(object["files"] as? [String: Any])
            return Case(
                name: try #require(object["name"] as? String),
                files: try files.mapValues { content in
                    if let text = content as? String { return Data(text.utf8) }
                    let packed = try #require((content as? [String: String])?["base64"])
                    return try #require(Data(base64Encoded: packed))
                },
                view: try #require(object["view"] as? String),
                asked: try #require(object["asked"] as? String),
                query: try #require(object["query"] as? String), columns: object["columns"] as? [[String]],
                rows: (object["rows"] as? [[Any]]).map { $0.map { $0.map { $0 is NSNull ? nil : "\($0)" } } })
        }
    }

    /// Cases that differ from Spark, by intent or not yet, with the reason.
    private static func knownDifferences() throws -> [String: String] {
        let file = ProgramRun.root.appendingPathComponent("Tests/ProgramTests/KnownDifferences.txt")
        var found: [String: String] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 1)
            found[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return found
    }

    @Test(
        "every case gives Spark's rows and columns, but for the known differences",
        arguments: groups)
    func group(name: String) throws {
        let cases = try Self.cases(name)
        #expect(cases.count > 20)
        let known = try Self.knownDifferences()
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: cases.count) { number in
            let one = cases[number]
            let difference = (try? Self.difference(one)) ?? "could not be run"
            switch (difference.isEmpty, known[one.name]) {
            case (false, nil): problems.withLock { $0.append("\(one.name): \(difference)") }
            case (true, .some): problems.withLock { $0.append("\(one.name): is no difference any more") }
            default: break
            }
        }
        #expect(problems.withLock { $0.sorted() } == [])
    }

    @Test("every known difference names a case and a reason")
    func reasons() throws {
        let names = Set(try Self.groups.flatMap { try Self.cases($0).map(\.name) })
        for (name, reason) in try Self.knownDifferences() {
            #expect(names.contains(name), "\(name)")
            #expect(reason.count > 10, "\(name)")
        }
    }

    /// Runs a case; returns what differs, or an empty text.
    private static func difference(_ one: Case) throws -> String {
        let program = try Program()
        for (name, bytes) in one.files { try program.write(name, bytes) }
        let view = one.view.replacing("{dir}", with: program.folder.path).replacing("{{", with: "{")
            .replacing("}}", with: "}")
        let run = try program.sql(view + "; " + one.query)
        guard let wanted = one.rows else {
            return run.status == 1 ? "" : "Spark fails, not we: \(run.output.prefix(300))"
        }
        if run.status != 0 { return "fails, not Spark: \(run.errors.prefix(300))" }
        let rows = try run.output.split(separator: "\n").map { try row(String($0)) }
        let (ours, theirs) = (rows.map(shown).sorted(), wanted.map(shown).sorted())
        if ours != theirs { return "\(ours) instead of \(theirs)" }
        if view.hasPrefix("CREATE TEMPORARY VIEW v("), one.asked == "SELECT * FROM v" { return "" }
        let described = try program.sql(view + "; DESCRIBE " + one.asked)
        let columns = try described.output.split(separator: "\n").map { line -> [String] in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return [object?["col_name"] as? String ?? "", object?["data_type"] as? String ?? ""]
        }
        return columns == one.columns ? "" : "\(columns) instead of \(one.columns ?? [])"
    }

    private static func row(_ line: String) throws -> [String?] {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        if let count = object["n"] { return ["\(count)"] }
        return object.indices.count == 0 ? [] : (0..<object.count).map { object["c\($0)"] as? String }
    }

    private static func shown(_ row: [String?]) -> String {
        row.map { $0.map { "'\($0)'" } ?? "null" }.joined(separator: "|")
    }
}
