import Columns
import Kernels
import Plans
import Storage
import Testing
import Vocabulary

@testable import Catalog

/// A tree of files by path, held in memory.
private struct MemoryTree: FileTree {
    var files: [String: Int]

    func entry(at path: String) throws(EngineError) -> FileStatus? {
        if let size = files[path] { return FileStatus(path: path, isDirectory: false, byteCount: size) }
        let isDirectory = files.keys.contains { $0.hasPrefix(path + "/") }
        return isDirectory ? FileStatus(path: path, isDirectory: true, byteCount: 0) : nil
    }

    func entries(in directory: String) throws(EngineError) -> [FileStatus] {
        var names: Set<String> = []
        for path in files.keys where path.hasPrefix(directory + "/") {
            if let name = path.dropFirst(directory.count + 1).split(separator: "/").first {
                names.insert(String(name))
            }
        }
        var found: [FileStatus] = []
        for name in names.sorted() {
            if let entry = try entry(at: directory + "/" + name) { found.append(entry) }
        }
        return found
    }

    func open(_ path: String) throws(EngineError) -> any ByteSource { throw .user("PATH_NOT_FOUND", path) }
}

@Suite("Paths and partition folders")
struct PathTests {
    private let tree = MemoryTree(files: [
        "in/a.json": 1, "in/b.json": 2, "in/_SUCCESS": 0, "in/.a.json.crc": 1, "in/_temporary/x.json": 1,
        "t/y=2023/m=1/f.csv": 1, "t/y=2024/m=__HIVE_DEFAULT_PARTITION__/g.csv": 2,
        "t/y=2024/m=2/_x=1/h.csv": 3,
    ])

    private func listed(_ path: String) throws -> [String] {
        try PathListing(tree: tree).files(at: [path]).map(\.entry.path)
    }

    @Test("a directory gives its files, without hidden ones")
    func directory() throws {
        #expect(try listed("in/") == ["in/a.json", "in/b.json"])
    }

    @Test("globs match parts of paths")
    func globs() throws {
        #expect(try listed("in/[b-z].json") == ["in/b.json"])
        #expect(try listed("in/{a,b}.js*") == ["in/a.json", "in/b.json"])
        #expect(try listed("t/y=*/m=1") == ["t/y=2023/m=1/f.csv"])
    }

    @Test(
        "a pattern matches one name",
        arguments: [
            ("a?c*", "abcd", true), ("*.csv", "a.csv", true), ("*.csv", "a.json", false),
            ("2024-*", "2024-01", true), ("{a,b}x?", "bx1", true), ("{a,b}x?", "cx1", false),
            ("{a,{b,c}}", "c", true), ("[a-c]*", "bb", true), ("[^a-c]*", "bb", false),
            ("[!a]", "b", true), ("*", "", true), ("**", "ab", true), ("\\*", "*", true),
            ("\\*", "a", false), ("[", "[", true),
        ])
    func patterns(pattern: String, name: String, matches: Bool) {
        #expect(GlobPattern(pattern).matches(name) == matches)
    }

    @Test(
        "a path that names nothing is an error with a remedy",
        arguments: ["nowhere", "in/*.csv", "in/a.json/x"])
    func missing(_ path: String) {
        #expect {
            try listed(path)
        } throws: {
            ($0 as? EngineError)?.code == "PATH_NOT_FOUND" && ($0 as? EngineError)?.remedy != nil
        }
    }

    @Test("folders become columns of inferred types, the default partition null")
    func folders() throws {
        let files = ["t/y=2023/m=1/f.csv", "t/y=2024/m=__HIVE_DEFAULT_PARTITION__/g.csv"]
        let pairs = files.map { PartitionFolders.pairs(of: $0, below: "t") }
        let found = try PartitionFolders.discover(pairs, root: "t", infersTypes: true, given: nil, zone: .utc)
        #expect(found.schema == Schema([Field("y", .int32), Field("m", .int32)]))
        #expect(found.values[1] == [.int32(2024), .null(.int32)])
    }

    @Test("instants in names of folders are in the session's zone")
    func zone() throws {
        let files = ["t/t=2024-07-01 12%3A30%3A00/f", "t/t=2024-01-01 00%3A00%3A00.5/f"]
        let pairs = files.map { PartitionFolders.pairs(of: $0, below: "t") }
        let berlin = try Zone.named("Europe/Berlin")
        let found = try PartitionFolders.discover(
            pairs, root: "t", infersTypes: true, given: nil, zone: berlin)
        #expect(found.schema == Schema([Field("t", .timestamp)]))
        #expect(found.values[0] == [Literal(.integer(1_719_829_800_000_000), .timestamp)])
        #expect(found.values[1] == [Literal(.integer(1_704_063_600_500_000), .timestamp)])
    }

    @Test("folders of other keys beside each other are refused")
    func conflict() {
        let pairs = ["t/y=1/f", "t/z=1/f"].map { PartitionFolders.pairs(of: $0, below: "t") }
        #expect {
            try PartitionFolders.discover(pairs, root: "t", infersTypes: true, given: nil, zone: .utc)
        } throws: { ($0 as? EngineError)?.code == "CONFLICTING_DIRECTORY_STRUCTURES" }
    }

    @Test("values of folders are integers, dates or texts as Spark infers them")
    func inference() {
        #expect(PartitionFolders.inferred(["1", "2"]) == .int32)
        #expect(PartitionFolders.inferred(["1", "9999999999"]) == .int64)
        #expect(PartitionFolders.inferred(["1", "1.5"]) == .double)
        #expect(PartitionFolders.inferred(["2024-02-29"]) == .date)
        let spark: [([String], DataType)] = [
            (["1", "02", "1.5", "-3", "1e3"], .string), (["1", "02", "-3", "+1"], .int32),
            (["1", "1e3"], .decimal(precision: 10, scale: 0)), (["1e3"], .decimal(precision: 4, scale: 0)),
            (["1e3", "1.5"], .string), (["99999999999", "1.5"], .string), (["1.50", "2"], .double),
            (["99999999999999999999", "1"], .decimal(precision: 20, scale: 0)),
            (["99999999999999999999", "1.5"], .string), (["2020-01-01", "1"], .string),
            (["1d"], .double), (["1.5f"], .double), (["NaN"], .double), (["0x1"], .string),
            ([String(repeating: "1", count: 39)], .double), (["true"], .string),
        ]
        for (texts, type) in spark { #expect(PartitionFolders.inferred(texts) == type, "\(texts)") }
        #expect(PartitionFolders.inferred(["2023-02-29"]) == .string)
        #expect(PartitionFolders.unescaped("a%3Db%2") == "a=b%2")
    }

    @Test("filters on folders rule files out, others keep them")
    func pruning() {
        let relation = FileRelation(
            format: .csv, files: [], dataSchema: Schema([Field("a", .int32)]),
            partitionSchema: Schema([Field("y", .int32)]),
            name: "t")
        let equal = Expression.equal(.input(1, .int32), .literal(.int32(2024)))
        let other = Expression.equal(.input(0, .int32), .literal(.int32(1)))
        let pruning = FilePruning(relation: relation, columns: [0, 1], filters: [equal, other])
        func file(_ year: Int32) -> FileEntry {
            FileEntry(path: "f", byteCount: 1, partitionValues: [.int32(year)])
        }
        #expect(pruning.mayMatch(file(2024)))
        #expect(!pruning.mayMatch(file(2023)))
    }

    @Test("large text files are cut into equal ranges, compressed ones are not")
    func splitting() {
        func ranges(_ path: String) -> [Range<Int>] {
            let relation = FileRelation(
                format: .csv, files: [FileEntry(path: path, byteCount: 100)], dataSchema: Schema([Field]()),
                name: "t")
            return FileSplitting.ranges(of: 0, relation: relation, targetBytes: 30).map { $0.start..<$0.end }
        }
        #expect(ranges("f.csv") == [0..<25, 25..<50, 50..<75, 75..<100])
        #expect(ranges("f.csv.gz") == [0..<100])
    }
}
