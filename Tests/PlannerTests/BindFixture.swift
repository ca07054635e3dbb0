import Columns
import Foundation
import Plans
import SQLSyntax
import Vocabulary

@testable import Planner

/// Knows the one table `t` on which the oracle's tables were made, and what tests add.
struct FixtureCatalog: CatalogLookup {
    var relations: [String: CatalogRelation] = [:]

    init() {
        let text = """
            id INT, name STRING, amount DECIMAL(10,2), price DOUBLE, qty BIGINT, d DATE, ts
            TIMESTAMP, flag BOOLEAN,
            arr ARRAY<INT>, s STRUCT<x: INT, y: STRING>, m MAP<STRING,INT>, small SMALLINT, tiny
            TINYINT, f FLOAT,
            bin BINARY, ntz TIMESTAMP_NTZ, wide DECIMAL(38,10)
            """
        let schema = Schema((try? SQLParser.schema(SQLSource(text))) ?? [])
        relations["t"] = .files(FileRelation(format: .parquet, files: [], dataSchema: schema, name: "t"))
    }

    func relation(named parts: [String]) throws(EngineError) -> CatalogRelation? {
        relations[parts.joined(separator: ".").lowercased()]
    }

    func files(
        format: FileFormat, paths: [String], options: [String: String], schema: Schema?
    ) throws(EngineError) -> FileRelation {
        if paths == ["missing"] { throw .user("PATH_NOT_FOUND", "Path does not exist: missing") }
        return FileRelation(
            format: format, files: [], dataSchema: Schema([Field("a", .int32), Field("b", .string)]),
            name: "\(format.rawValue).`\(paths[0])`")
    }

    func isSampled(_ relation: FileRelation) -> Bool { relation.name.hasSuffix("`large`") }

    func brokenCount(_ relation: FileRelation) -> Int { 0 }

    var relationNames: [String] { relations.keys.sorted() }
}

/// Binds text for tests.
enum BindFixture {
    static func plan(
        _ sql: String, catalog: FixtureCatalog = FixtureCatalog(), ansi: Bool = true,
        notes: StatementNotes? = nil
    ) throws(EngineError) -> LogicalPlan {
        let source = SQLSource(sql, file: "job.sql")
        let binder = Binder(
            catalog: catalog, settings: SessionSettings(ansi: ansi), source: source, notes: notes)
        guard case .query(let query) = try SQLParser.statement(source).kind else {
            throw .internal("no query: \(sql)")
        }
        return try binder.bind(query)
    }

    static func failure(_ sql: String, catalog: FixtureCatalog = FixtureCatalog()) -> EngineError? {
        do {
            _ = try plan(sql, catalog: catalog)
            return nil
        } catch { return error }
    }

    /// Lines of a table beside the tests, split at tabs.
    static func table(_ name: String) -> [[String]] {
        guard let url = Bundle.module.url(forResource: "Cases/\(name)", withExtension: "tsv"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").map { $0.components(separatedBy: "\t") }
    }

    /// Prints a type as Spark's `simpleString`.
    static func simple(_ type: DataType) -> String {
        switch type {
        case .array(let element, _): "array<\(simple(element))>"
        case .map(let key, let value, _): "map<\(simple(key)),\(simple(value))>"
        case .structure(let fields):
            "struct<\(fields.map { "\($0.name):\(simple($0.type))" }.joined(separator: ","))>"
        default: type.sqlName.lowercased()
        }
    }
}
