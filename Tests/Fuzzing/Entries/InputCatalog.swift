import Columns
import Planner
import Plans
import SQLSyntax
import Vocabulary

/// Knows two tables of all types and a view, for statements that are only planned. Any path is a file of two
/// columns.
struct InputCatalog: JobCatalog {
    private static let schema = Schema([
        Field("id", .int32), Field("name", .string), Field("amount", .decimal(precision: 10, scale: 2)),
        Field("price", .double), Field("qty", .int64), Field("d", .date), Field("ts", .timestamp),
        Field("flag", .boolean), Field("arr", .array(.int32, containsNull: true)),
        Field("s", .structure([Field("x", .int32), Field("y", .string)])),
        Field("m", .map(key: .string, value: .int32, valueContainsNull: true)), Field("small", .int16),
        Field("tiny", .int8), Field("f", .float), Field("bin", .binary), Field("ntz", .timestampNTZ),
        Field("wide", .decimal(precision: 38, scale: 10)), Field("v", .variant),
        Field("months", .yearToMonth), Field("wait", .dayToSecond),
    ])
    private static let rowCounts: [String: Double] = ["t": 50_000_000, "u": 100]

    private static func files(_ name: String) -> FileRelation {
        FileRelation(
            format: .parquet, files: [FileEntry(path: name, byteCount: 1_000)], dataSchema: schema, name: name
        )
    }

    // MARK: what names stand for

    func relation(named parts: [String]) throws(EngineError) -> CatalogRelation? {
        let name = parts.last?.lowercased() ?? ""
        if name == "w" {
            let source = SQLSource("SELECT id, name, arr FROM t WHERE id > 0", file: "view.sql")
            guard case .query(let query) = try SQLParser.statement(source).kind else { return nil }
            return .view(ViewDefinition(query: query, columns: [], source: source))
        }
        return Self.rowCounts[name] == nil ? nil : .files(Self.files(name))
    }

    func files(
        format: FileFormat, paths: [String], options: [String: String], schema: Schema?
    ) throws(EngineError) -> FileRelation {
        FileRelation(
            format: format, files: [FileEntry(path: paths.first ?? "", byteCount: 1_000)],
            dataSchema: schema ?? Schema([Field("a", .int32), Field("b", .string)]), options: options,
            name: "\(format.rawValue).`\(paths.first ?? "")`")
    }

    func isSampled(_ relation: FileRelation) -> Bool { false }
    func brokenCount(_ relation: FileRelation) -> Int { 0 }
    var relationNames: [String] { ["t", "u", "w"] }

    func functionNames(in database: String) -> [String] { [] }
    var temporaryFunctionNames: [String] { [] }

    // MARK: what is known of them

    func statistics(of relation: FileRelation) -> RelationStatistics {
        RelationStatistics(rowCount: Self.rowCounts[relation.name] ?? 1_000)
    }

    func splits(
        of relation: FileRelation, columns: [Int], filters: [Expression], targetBytes: Int
    ) throws(EngineError) -> [FileSplit] {
        (0..<3).map { FileSplit(file: 0, start: $0, end: $0 + 1, byteCount: 1_000_000) }
    }

    // MARK: what is kept

    func table(named parts: [String]) -> TableDefinition? {
        guard let name = parts.last?.lowercased(), Self.rowCounts[name] != nil else { return nil }
        return TableDefinition(
            name: name, location: "/tables/\(name)", format: .parquet, partitionColumns: [],
            schema: Self.schema)
    }

    func storedView(named parts: [String]) -> StoredView? { nil }

    func database(named name: String) -> DatabaseDefinition? {
        name == "default" ? DatabaseDefinition(name: name, location: "/tables") : nil
    }

    var databaseNames: [String] { ["default"] }
    func storedNames(in database: String) -> (tables: [String], views: [String]) { (["t", "u"], []) }
    var temporaryViewNames: [String] { ["w"] }

    func defaultLocation(ofTable name: String, in database: String, warehouse: String?) -> String {
        "/tables/\(database)/\(name)"
    }

    func defaultLocation(ofDatabase name: String, warehouse: String?) -> String { "/tables/\(name)" }
    func hasDroppedTable(at location: String) -> Bool { false }
    func holdsFiles(at location: String) throws(EngineError) -> Bool { false }
    func holdsWorkingDirectory(_ location: String) throws(EngineError) -> Bool { false }
}
