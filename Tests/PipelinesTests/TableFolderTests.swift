import Foundation
import Storage
import Testing
import Vocabulary

@testable import Pipelines

/// Keeps tables below a directory out of which links lead.
@Suite("Tables below what is allowed")
struct TableFolderTests {
    private let folder: ProjectFolder

    init() throws {
        folder = try ProjectFolder([
            "storage/p/staging/r/t/part-0": "new", "storage/p/staging/r/u/part-0": "new",
            "outside/t/part-0": "theirs",
        ])
    }

    private func tables() -> TableFolder {
        let root = folder.path + "/storage/p"
        return TableFolder(
            place: "p", root: root, durable: true, in: LocalTree(below: folder.path + "/storage"))
    }

    private static var state: TableState {
        var state = TableState()
        state.cursor = "7"
        return state
    }

    private func outside() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/outside").sorted()
    }

    @Test("are published, written down, forgotten and brought back there")
    func inside() throws {
        let tables = tables()
        try tables.publish("t", run: "r")
        #expect(tables.names == ["t"] && tables.hasTable("t") && !tables.hasTable("u"))
        #expect(try tables.generation(of: "t") == "r")
        try tables.set(Self.state, of: "t")
        #expect(tables.tableState("t")?.cursor == "7")
        // A run that was killed between the two names.
        let root = folder.path + "/storage/p"
        try FileManager.default.moveItem(atPath: root + "/tables/t", toPath: root + "/replaced/t")
        tables.recover()
        #expect(tables.names == ["t"])
        try tables.reset("t")
        tables.discardAll()
        #expect(tables.names.isEmpty && !FileManager.default.fileExists(atPath: root + "/staging"))
    }

    @Test("are refused where a link leads out, which changes nothing there")
    func outsideLinks() throws {
        let (tables, root) = (tables(), folder.path + "/storage/p")
        try FileManager.default.createSymbolicLink(
            atPath: root + "/tables", withDestinationPath: folder.path + "/outside")
        try FileManager.default.createSymbolicLink(
            atPath: root + "/replaced", withDestinationPath: folder.path + "/outside")
        for refused in [
            { try tables.publish("t", run: "r") }, { try tables.reset("t") },
            { try tables.set(Self.state, of: "t") },
        ] {
            let error = #expect(throws: EngineError.self) { try refused() }
            #expect(error?.code == "PATH_NOT_ALLOWED", "\(String(describing: error))")
        }
        tables.recover()
        #expect(!tables.hasTable("t") && tables.names.isEmpty && tables.tableState("t") == nil)
        try FileManager.default.removeItem(atPath: root + "/staging/r")
        try FileManager.default.createSymbolicLink(
            atPath: root + "/staging/r", withDestinationPath: folder.path + "/outside")
        tables.discard("t", run: "r")
        #expect(try outside() == ["t", "t/part-0"])
    }
}
