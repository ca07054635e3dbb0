import Formats
import Foundation
import Plans
import Storage
import Testing
import Vocabulary

@testable import Catalog

/// Remembers what was opened, without keeping it open. Used by one test's thread.
private final class WatchedTree: FileTree, @unchecked Sendable {
    struct Opened { weak var source: (any ByteSource)? }
    var opened: [Opened] = []

    func entry(at path: String) throws(EngineError) -> FileStatus? { nil }
    func entries(in directory: String) throws(EngineError) -> [FileStatus] { [] }

    func open(_ path: String) throws(EngineError) -> any ByteSource {
        let source = try LocalFileSource(path: path)
        opened.append(Opened(source: source))
        return source
    }
}

@Suite("Files that a catalog has looked at")
struct OpenFileTests {
    @Test("a kept footer keeps no file open")
    func footers() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent(".deps/data/tpch0.1/parquet/nation.parquet").path
        let tree = WatchedTree()
        let cache = FooterCache(tree: tree) { _, source throws(EngineError) in
            try ParquetFile(source: source).withoutSource()
        }
        let size = try LocalFileSource(path: path).byteCount
        let entry = FileEntry(path: path, byteCount: size, partitionValues: [])
        #expect(try cache.footer(of: entry).rowCount == 25)
        #expect(try cache.footer(of: entry).schema.fields.count == 4)
        #expect(tree.opened.count == 1, "the footer is read once")
        #expect(tree.opened[0].source == nil, "and its file is closed then")
    }
}
