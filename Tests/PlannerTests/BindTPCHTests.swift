import Columns
import Foundation
import Plans
import SQLSyntax
import Testing
import Vocabulary

@testable import Planner

@Suite("Binding TPC-H, against the columns of Spark's results")
struct BindTPCHTests {
    static let tables: [String: String] = [
        "customer": "c_custkey BIGINT, c_name STRING, c_address STRING, c_nationkey BIGINT, c_phone STRING, "
            + "c_acctbal DECIMAL(15,2), c_mktsegment STRING, c_comment STRING",
        "lineitem": "l_orderkey BIGINT, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT, "
            + "l_quantity DECIMAL(15,2), l_extendedprice DECIMAL(15,2), l_discount DECIMAL(15,2), "
            + "l_tax DECIMAL(15,2), l_returnflag STRING, l_linestatus STRING, l_shipdate DATE, "
            + "l_commitdate DATE, "
            + "l_receiptdate DATE, l_shipinstruct STRING, l_shipmode STRING, l_comment STRING",
        "nation": "n_nationkey BIGINT, n_name STRING, n_regionkey BIGINT, n_comment STRING",
        "orders": "o_orderkey BIGINT, o_custkey BIGINT, o_orderstatus STRING, o_totalprice DECIMAL(15,2), "
            + "o_orderdate DATE, o_orderpriority STRING, o_clerk STRING, o_shippriority INT, "
            + "o_comment STRING",
        "part": "p_partkey BIGINT, p_name STRING, p_mfgr STRING, p_brand STRING, p_type STRING, p_size INT, "
            + "p_container STRING, p_retailprice DECIMAL(15,2), p_comment STRING",
        "partsupp": "ps_partkey BIGINT, ps_suppkey BIGINT, ps_availqty INT, ps_supplycost DECIMAL(15,2), "
            + "ps_comment STRING",
        "region": "r_regionkey BIGINT, r_name STRING, r_comment STRING",
        "supplier": "s_suppkey BIGINT, s_name STRING, s_address STRING, s_nationkey BIGINT, s_phone STRING, "
            + "s_acctbal DECIMAL(15,2), s_comment STRING",
    ]

    static func catalog() throws -> FixtureCatalog {
        var catalog = FixtureCatalog()
        for (name, columns) in tables {
            let schema = Schema(try SQLParser.schema(SQLSource(columns)))
            catalog.relations[name] = .files(
                FileRelation(format: .parquet, files: [], dataSchema: schema, name: name))
        }
        return catalog
    }

    /// The first line of a committed result: its columns as pairs of name and type.
    struct Header: Decodable {
        var columns: [[String]]
    }

    static let oracle = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Oracle")

    @Test("every query has the columns of Spark's result", arguments: 1...22)
    func columns(_ number: Int) throws {
        let file = Self.oracle.appending(path: "tpch/q\(number).sql")
        let text = try String(contentsOf: file, encoding: .utf8)
        let plan = try BindFixture.plan(text, catalog: try Self.catalog())
        let actual = plan.output.map { [$0.name, BindFixture.simple($0.type)] }
        let bytes = try Self.result("tpch-q\(number)")
        let line = try #require(bytes.split(separator: 0x0A).first)
        #expect(actual == (try JSONDecoder().decode(Header.self, from: line)).columns)
    }

    /// Reads a committed result; larger ones are compressed.
    private static func result(_ name: String) throws -> Data {
        let plain = oracle.appending(path: "results/\(name).json")
        if FileManager.default.fileExists(atPath: plain.path) { return try Data(contentsOf: plain) }
        let gzip = Process()
        gzip.executableURL = URL(filePath: "/usr/bin/gzip")
        gzip.arguments = ["--decompress", "--stdout", plain.path + ".gz"]
        let output = Pipe()
        gzip.standardOutput = output
        try gzip.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        gzip.waitUntilExit()
        return bytes
    }
}
