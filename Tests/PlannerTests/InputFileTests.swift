import Columns
import Plans
import Testing
import Vocabulary

@testable import Planner

@Suite("input_file_name and its kin")
struct InputFileTests {
    private static var catalog: FixtureCatalog {
        var catalog = FixtureCatalog()
        let schema = Schema([Field("a", .int32)])
        let files = [
            FileEntry(path: "/data/one.parquet", byteCount: 10),
            FileEntry(path: "s3://bucket/two.parquet", byteCount: 20),
        ]
        catalog.relations["two"] = .files(
            FileRelation(format: .parquet, files: files, dataSchema: schema, name: "two"))
        return catalog
    }

    private static func relation(_ plan: LogicalPlan) -> FileRelation? {
        switch plan {
        case .scan(let scan): if case .files(let relation) = scan.relation { relation } else { nil }
        case .project(_, let input), .filter(_, let input): relation(input)
        default: nil
        }
    }

    @Test("a call makes the files' names, starts and lengths columns of the scan")
    func columns() throws {
        let plan = try BindFixture.plan(
            "SELECT a, input_file_name() FROM two WHERE input_file_block_length() > 5", catalog: Self.catalog)
        let relation = try #require(Self.relation(plan))
        #expect(relation.partitionSchema.names == Binder.inputFileFunctions)
        #expect(
            relation.files.map(\.partitionValues) == [
                [.string("file:///data/one.parquet"), .int64(0), .int64(10)],
                [.string("s3://bucket/two.parquet"), .int64(0), .int64(20)],
            ])
        #expect(plan.output.map(\.name) == ["a", "input_file_name()"])
    }

    @Test("without a call the scan stays as it is")
    func none() throws {
        let plan = try BindFixture.plan("SELECT a FROM two", catalog: Self.catalog)
        #expect(try #require(Self.relation(plan)).partitionSchema.count == 0)
    }

    @Test("two sources are refused")
    func twoSources() {
        let failure = BindFixture.failure(
            "SELECT input_file_name() FROM two x JOIN two y ON x.a = y.a", catalog: Self.catalog)
        #expect(failure?.code == "MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION")
    }

    @Test("the hidden column _metadata tells of a row's file, and stands only where files are read")
    func metadata() throws {
        let plan = try BindFixture.plan(
            "SELECT _metadata.file_path, x._metadata.file_name FROM two x WHERE _metadata.file_size > 1",
            catalog: Self.catalog)
        #expect(plan.output.map(\.name) == ["file_path", "file_name"])
        #expect(plan.output.map(\.type) == [.string, .string])
        let whole = try BindFixture.plan(
            "SELECT x._metadata.row_index, a, _metadata FROM two x WHERE _metadata.row_index > 1",
            catalog: Self.catalog)
        #expect(whole.output.map(\.name) == ["row_index", "a", "_metadata"])
        guard case .structure(let members) = whole.output[2].type else { return }
        #expect(members.last?.name == "row_index" && members.count == 7)
        for sql in ["SELECT _metadata FROM range(1)", "SELECT y._metadata.file_name FROM two x"] {
            let code = BindFixture.failure(sql, catalog: Self.catalog)?.code
            #expect(code?.hasPrefix("UNRESOLVED_COLUMN") == true, "\(sql): \(code ?? "none")")
        }
    }
}
