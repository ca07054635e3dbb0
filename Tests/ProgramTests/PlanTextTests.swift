import Foundation
import Programs
import Testing

/// Holds what `etl-submit plan` prints of the steps, in full.
@Suite("What plan prints") struct PlanTextTests {
    @Test("of each step that writes: the target, mode, partitions, compression, disposition and keys")
    func writing() throws {
        let program = try Program()
        try program.write(
            "p/etl.yml",
            """
            name: p
            extract:
              - name: raw
                file: {path: raw.csv}
              - name: events
                rest:
                  client: {base_url: "https://localhost/"}
                  endpoint: {path: events, incremental: {cursor_path: at}}
                write_disposition: merge
                primary_key: [id, at]
            transform:
              - name: daily
                sql: SELECT id, day FROM {{ ref('raw') }}
                write:
                  path: out/daily
                  partitionBy: [day, id]
                  partitionOverwriteMode: dynamic
                  compression: zstd
              - name: lines
                sql: SELECT id FROM {{ ref('raw') }}
                write: {path: out/lines, format: json, mode: append}
            load:
              - name: totals
                from: daily
                connection: db
                table: public.totals
                write_disposition: merge
                primary_key: [day, id]
              - {name: copies, from: daily, connection: db, table: copies}
              - {name: files, from: daily, write: {path: out/files, mode: ignore}}
            connections:
              db: {uri: "postgresql://someone@db.test/shop", password: "{{ env_var('SECRET') }}"}
            """)
        let plan = try program.run(["plan", "p"])
        #expect(plan.status == 0, "\(plan.errors)")
        let parts = plan.output.components(separatedBy: "\n\n")
        #expect(parts.first == "Pipeline p")
        func text(of step: String) -> String {
            let part = parts.first { $0.split(separator: " ")[1] == step } ?? ""
            let lines = part.split(separator: "\n").filter { !$0.hasPrefix("    reads ") }
            return lines.map { "\($0)\n" }.joined()
        }
        for (step, expected) in PlanTextTests.expected { #expect(text(of: step) == expected) }
        // Nothing of the database's login.
        for hidden in ["someone", "db.test", "SECRET"] { #expect(!plan.output.contains(hidden)) }
    }

    /// Members of a connector's file that hold a password, and the key that is told.
    static let literals = [
        (
            #""connection.url": "jdbc:postgresql://db/x", "connection.password": "canary""#,
            "connection.password"
        ),
        (#""connection.url": "jdbc:postgresql://me:canary@db/x""#, "connection.url"),
        (#""connection.url": "jdbc:postgresql://db/x?user=me&password=canary""#, "connection.url"),
    ]

    @Test(
        "a password in a file of Kafka Connect is refused by file, line and key, and never shown",
        arguments: literals)
    func connectorPassword(_ members: String, _ key: String) throws {
        let program = try Program()
        try program.write("p/etl.yml", "name: p\nextract: [{connector: c.json}]\n")
        func write(_ members: String) throws {
            try program.write(
                "p/c.json",
                """
                {"config": {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
                  "mode": "bulk", "table.whitelist": "t", "topic.prefix": "kc-",
                  \(members)}}
                """)
        }
        try write(members)
        for arguments in [["plan", "p"], ["p"]] {
            let refused = try program.run(arguments)
            #expect(refused.status == 1 && !(refused.output + refused.errors).contains("canary"))
            for part in ["[SECRET_IN_TEXT]", "p/c.json:3:", "a secret: \(key)\n", "${env:NAME}"] {
                #expect(refused.errors.contains(part), "\(refused.errors)")
            }
        }
        // What the error says to write is taken.
        try write(members.replacing("canary", with: "${env:PASSWORD}"))
        let plan = try program.run(["plan", "p"])
        #expect(plan.status == 0 && plan.output.contains("extract kc_t (p/etl.yml)"), "\(plan.errors)")
    }

    private static let expected = [
        "raw": """
        extract raw (p/etl.yml)
            | SELECT * FROM millrace_input
            write_disposition  replace

        """,
        "events": """
        extract events (p/etl.yml)
            | SELECT * FROM millrace_input
            write_disposition  merge
            primary_key        id, at
            incremental        by at

        """,
        "daily": """
        transform daily (p/etl.yml) after raw
            | SELECT id, day FROM `raw`
            writes parquet to out/daily
              mode                    overwrite
              partitionBy             day, id
              partitionOverwriteMode  dynamic
              compression             zstd

        """,
        "lines": """
        transform lines (p/etl.yml) after raw
            | SELECT id FROM `raw`
            writes json to out/lines
              mode  append

        """,
        "totals": """
        load totals (p/etl.yml) after daily
            | SELECT * FROM `daily`
            writes table public.totals
              write_disposition  merge
              primary_key        day, id

        """,
        "copies": """
        load copies (p/etl.yml) after daily
            | SELECT * FROM `daily`
            writes table copies
              write_disposition  append

        """,
        "files": """
        load files (p/etl.yml) after daily
            | SELECT * FROM `daily`
            writes parquet to out/files
              mode  ignore

        """,
    ]
}
