import Foundation
import Programs
import Testing

/// Looks at what the coordinator keeps of databases, tables and views, for jobs after a crash too.
@Suite("The catalog of a cluster", .serialized)
struct StoredCatalogTests {
    /// Runs SQL on the cluster and returns its rows as JSON lines.
    private func rows(_ cluster: TestCluster, _ sql: String) throws -> String {
        let run = try cluster.submit(["--output", "json", "-e", sql])
        #expect(run.status == 0, "\(sql): \(run.errors)")
        return run.output
    }

    @Test(
        "databases, tables, views and statistics are there for other jobs, and after the coordinator's crash")
    func crash() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        _ = try rows(
            cluster,
            """
            CREATE DATABASE shop COMMENT 'sales';
            USE shop;
            CREATE TABLE orders (id INT, amount DOUBLE, day DATE) USING parquet PARTITIONED BY (day)
              TBLPROPERTIES ('owner' = 'me');
            INSERT INTO orders VALUES (1, 2.5, DATE'2024-01-01'), (2, 4.0, DATE'2024-01-02');
            ALTER TABLE orders ADD COLUMNS (note STRING COMMENT 'free text');
            CREATE VIEW large AS SELECT id, amount FROM orders WHERE amount > 3;
            ANALYZE TABLE orders COMPUTE STATISTICS FOR COLUMNS id;
            CREATE TABLE gone USING json AS SELECT 1 AS a;
            DROP TABLE gone;
            """)
        let questions = [
            "SHOW TABLES IN shop", "SELECT * FROM shop.large", "SHOW PARTITIONS shop.orders",
            "SELECT id, amount, note, day FROM shop.orders ORDER BY id", "DESCRIBE EXTENDED shop.orders id",
            "DESCRIBE shop.orders", "SHOW TBLPROPERTIES shop.orders", "DESCRIBE DATABASE shop",
            "SHOW CREATE TABLE shop.large", "DESCRIBE EXTENDED shop.orders AS JSON",
        ]
        let before = try questions.map { try rows(cluster, $0) }
        #expect(before[0].contains("large") && before[0].contains("orders") && !before[0].contains("gone"))
        #expect(before[1] == "{\"id\":2,\"amount\":4.0}\n", "\(before[1])")
        #expect(before[2].contains("day=2024-01-02"), "\(before[2])")
        #expect(before[4].contains("\"distinct_count\"") && before[4].contains("\"2\""), "\(before[4])")
        for part in [
            #"{\"table_name\":\"orders\",\"catalog_name\":\"spark_catalog\",\"namespace\":[\"shop\"]"#,
            #"{\"name\":\"note\",\"type\":{\"name\":\"string\",\"collation\":\"UTF8_BINARY\"},"#,
            #"\"nullable\":true,\"comment\":\"free text\"}"#,
            #"\"table_properties\":{\"owner\":\"me\"}"#, #"\"partition_columns\":[\"day\"]"#,
        ] { #expect(before[9].contains(part), "\(before[9])") }
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        try cluster.awaitWorkers(1)
        let after = try questions.map { try rows(cluster, $0) }
        #expect(after == before)
        // A job that was not yet over when the names changed finds them as they are now.
        _ = try rows(cluster, "DROP TABLE shop.orders")
        let missing = try cluster.submit(["-e", "SELECT * FROM shop.large"])
        #expect(missing.status == 1)
        #expect(missing.errors.contains("TABLE_OR_VIEW_NOT_FOUND"), "\(missing.errors)")
        #expect(
            !FileManager.default.fileExists(atPath: cluster.file("storage/spark-warehouse/shop.db/orders")))
        _ = try rows(cluster, "DROP DATABASE shop CASCADE")
        #expect(try rows(cluster, "SHOW DATABASES") == "{\"namespace\":\"default\"}\n")
    }

    @Test("a job goes on after a crash behind statements that changed the catalog")
    func goingOn() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        let slow = "SELECT count(*) AS n FROM range(400000000) WHERE hash(id) % 7 = 3"
        let job = try cluster.start([
            "--output", "json", "-e",
            "CREATE TABLE kept USING parquet AS SELECT 5 AS five; DECLARE v INT = 1; SET VAR v = (SELECT "
                + "max(five) FROM kept); CREATE OR REPLACE TEMPORARY VIEW w AS \(slow); "
                + "SELECT n > 0 AS many, v, five FROM w, kept",
        ])
        let id = try cluster.jobID(of: job)
        #expect(
            try eventually(within: 60) {
                try cluster.submit(["logs", id]).output.contains("statement 5 planned")
            })
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == "{\"many\":true,\"v\":5,\"five\":5}\n", "\(ended.output)")
    }
}
