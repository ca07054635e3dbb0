import Columns
import Planner
import Plans
import Testing
import Vocabulary

@testable import Catalog

@Suite("What is kept of databases, tables and views")
struct MetastoreTests {
    private static var table: TableDefinition {
        var table = TableDefinition(
            name: "Orders", location: "s3://b/orders", format: .csv, options: ["header": "true"],
            partitionColumns: ["day"],
            schema: Schema([
                Field("id", .int32),
                Field("tags", .array(.structure([Field("k v", .string)]), containsNull: true)),
                Field("price", .decimal(precision: 10, scale: 2)), Field("day", .date),
            ]))
        table.database = "shop"
        table.isManaged = true
        table.comment = "it's"
        table.columnComments = ["id": "the key"]
        table.properties = ["owner": "me"]
        table.createdMilliseconds = 1_700_000_000_123
        table.addedPartitions = ["day=2024-01-01"]
        var statistics = TableStatistics(byteCount: 10, rowCount: 3)
        statistics.columns["id"] = .init(
            minimum: "1", maximum: "9", distinctCount: 3, nullCount: 0, averageBytes: 4, maximumBytes: 4)
        table.statistics = statistics
        return table
    }

    private static var view: StoredView {
        var view = StoredView(
            database: "shop", name: "large", text: "SELECT id FROM orders",
            schema: Schema([Field("x", .int32)]),
            queryColumns: ["id"], namesColumns: true)
        view.namespace = "default"
        view.comment = "c"
        view.columnComments = ["x": "y"]
        view.properties = ["p": "q"]
        return view
    }

    private static let changes: [StoreChange] = [
        .putDatabase(
            DatabaseDefinition(name: "shop", comment: "c", location: "w/shop.db", properties: ["a": "b"])),
        .putTable(table), .putView(view), .dropView(database: "shop", name: "large"),
        .dropTable(database: "shop", name: "Orders"), .dropDatabase(name: "shop"),
    ]

    @Test("changes come out of the log as they went in; what is none is refused")
    func records() throws {
        #expect(try StoreRecord.decode(StoreRecord.encode(Self.changes)) == Self.changes)
        for damaged in ["", "[{}]", "{\"a\":1}", "[{\"table\":{\"name\":\"t\"}}]"] {
            #expect(throws: EngineError.self) { try StoreRecord.decode(Array(damaged.utf8)) }
        }
    }

    @Test("changes applied twice are as applied once, and a copy changes by itself")
    func changes() {
        let metastore = Metastore()
        let copy = metastore.copy()
        metastore.apply(Array(Self.changes.prefix(3)))
        metastore.apply(Array(Self.changes.prefix(3)))
        #expect(metastore.read { $0.tables["shop"]?.count } == 1)
        #expect(metastore.read { $0.tables["shop"]?["orders"] } == Self.table)
        #expect(metastore.read { $0.views["shop"]?["large"] } == Self.view)
        #expect(copy.read { $0.databases.keys.sorted() } == ["default"])
        metastore.apply(Array(Self.changes.suffix(3)))
        metastore.apply(Array(Self.changes.suffix(3)))
        #expect(metastore.read { $0.databases.keys.sorted() } == ["default"])
        #expect(metastore.read { $0.tables["shop"] } == nil)
    }

    @Test("a new table never gets the directory of one that was renamed")
    func locations() {
        let metastore = Metastore(warehouse: "w")
        #expect(metastore.location(ofTable: "T", in: "default", warehouse: nil) == "w/t")
        #expect(metastore.location(ofTable: "t", in: "default", warehouse: "/own") == "/own/t")
        var renamed = TableDefinition(
            name: "u", location: "w/t", format: .parquet, schema: Schema([Field("a", .int32)]))
        metastore.apply([.putTable(renamed)])
        #expect(metastore.location(ofTable: "t", in: "default", warehouse: nil) == "w/t-2")
        #expect(metastore.location(ofTable: "u", in: "default", warehouse: nil) == "w/u")
        renamed.name = "t"
        metastore.apply([.dropTable(database: "default", name: "u"), .putTable(renamed)])
        #expect(metastore.location(ofTable: "t", in: "default", warehouse: nil) == "w/t")
        metastore.apply([.putDatabase(DatabaseDefinition(name: "d", location: "w/d.db/"))])
        #expect(metastore.location(ofTable: "t", in: "d", warehouse: "/own") == "w/d.db/t")
    }
}
