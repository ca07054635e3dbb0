import Testing

@testable import Pipelines

/// Holds the example that documents the format: all of it at once, as a user would copy it.
@Suite("The whole example of etl.yml")
struct WholeExampleTests {
    static let text = """
        name: etl_pipeline
        schedule: "0 2 * * *"
        start_date: 2024-01-01
        catchup: false
        default_args: {retries: 2, retry_delay: 30s, retry_exponential_backoff: 2.0, max_retry_delay: 10m,
          execution_timeout: 1h}
        vars: {min_amount: 100}
        connections:
          pg: {uri: "{{ env_var('PG_URI') }}"}
        extract:
          - name: raw_api
            rest:
              client:
                base_url: "https://api.example.com/"
                auth: {type: bearer, token: "{{ env_var('API_TOKEN') }}"}
              endpoint:
                path: data
                paginator: {type: auto}
                incremental: {cursor_path: updated_at, initial_value: "2024-01-01T00:00:00Z"}
            write_disposition: merge
            primary_key: id
            schema_contract: {columns: evolve, data_type: freeze}
          - name: raw_users
            sql: {connection: pg, query: "SELECT * FROM users"}
          - connector: connectors/postgres-source.json
        transform:
          - name: orders
            sql: SELECT id, upper(name) AS name_upper, amount * 1.1 AS amount_x, date, country
              FROM {{ ref('raw_api') }} WHERE amount > {{ var('min_amount') }}
            cache: true
            write: {path: data/, format: parquet, mode: overwrite, partitionBy: [date, country],
              partitionOverwriteMode: dynamic, compression: snappy}
          - dbt: {select: "+transformed_users", publish: after_tests}
        load:
          - name: users_to_warehouse
            from: transformed_users
            connection: pg
            table: public.users
            write_disposition: merge
            primary_key: user_id
        alerts:
          - {on: [failure, deadline], deadline: 2h, email: {to: [ops@example.org], subject: "It failed"},
             webhook: {url: "https://hooks.example.org/1"}}
        metrics: {openlineage: "{{ env_var('OPENLINEAGE_URL', '') }}"}

        """
    static let connector = """
        {"name": "orders", "config": {
          "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
          "connection.url": "jdbc:postgresql://db.example.org:5432/shop", "connection.user": "etl",
          "table.whitelist": "events", "mode": "incrementing", "incrementing.column.name": "id",
          "topic.prefix": "raw_"}}
        """

    @Test("is a pipeline as it stands, and every key of it counts")
    func loads() throws {
        let pipeline = try ProjectFolder([
            "etl.yml": Self.text, "connectors/postgres-source.json": Self.connector,
            "models/transformed_users.sql": "SELECT id AS user_id, name FROM {{ ref('raw_users') }}",
            "models/other.sql": "SELECT 1 AS x",
        ]).load(variables: ["PG_URI": "postgresql://db.example.org/shop", "API_TOKEN": "canary"])
        let names = [
            "raw_api", "raw_users", "raw_events", "orders", "transformed_users", "users_to_warehouse",
        ]
        #expect(Set(pipeline.steps.map(\.name)) == Set(names))
        #expect((2...8).map(pipeline.retries.delay) == [30, 60, 120, 240, 480, 600, 600])
        #expect(pipeline.retries.retries == 2 && pipeline.retries.timeoutSeconds == 3600)
        #expect(pipeline.schedule != nil && pipeline.scheduleText?.catchup == false)
        let api = try #require(pipeline.step(named: "raw_api")?.extract)
        #expect(api.disposition == .merge && api.primaryKey == ["id"] && api.cursor?.column == "updated_at")
        #expect(api.contract.columns == .evolve && api.contract.dataType == .freeze)
        let orders = try #require(pipeline.step(named: "orders"))
        #expect(orders.sql.hasSuffix("FROM `raw_api` WHERE amount > 100"), "\(orders.sql)")
        let write = try #require(orders.write)
        #expect(write.path == "data/" && write.format == "parquet" && write.mode == .overwrite)
        #expect(
            Dictionary(write.options.map { ($0.name, $0.value) }) { $1 } == [
                "partitionBy": "date,country", "partitionOverwriteMode": "dynamic", "compression": "snappy",
            ])
        let load = try #require(pipeline.step(named: "users_to_warehouse"))
        #expect(load.dependencies == ["transformed_users"] && load.load?.from == "transformed_users")
        #expect(load.load?.options.contains { $0 == ("mode", "merge") } == true)
        #expect(pipeline.alerts.count == 1 && pipeline.alerts[0].events == [.failure, .deadline])
        #expect(
            pipeline.alerts[0].deadlineSeconds == 7200 && pipeline.alerts[0].email?.subject == "It failed")
        #expect(pipeline.alerts[0].webhook?.url == "https://hooks.example.org/1")
        // Empty is nowhere.
        #expect(pipeline.lineage == nil)
        // Secrets are references until a worker makes the connection.
        #expect(!"\(pipeline.steps)".contains("canary"))
    }
}
