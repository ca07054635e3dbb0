import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Writes a small pipeline that works, for a user to begin with.
package enum ExamplePipeline {
    /// Name of the pipeline in `files`.
    private static let name = "example"

    /// Files of the example, by path.
    package static let files: [(path: String, text: String)] = [
        (
            "etl.yml",
            """
            # yaml-language-server: $schema=./etl.schema.json
            name: example
            schedule: "0 2 * * *"
            start_date: 2024-01-01
            catchup: false
            default_args: {retries: 2, retry_delay: 30s, execution_timeout: 1h}
            vars: {min_amount: 100}

            extract:
              - name: raw_users
                file: {path: data/users.csv}
              - name: raw_orders
                file: {path: data/orders.json}
                tests:
                  - row_count: {min: 1}

            transform:
              - name: orders
                sql: |
                  SELECT id, user_id, amount * 1.1 AS amount_taxed, country
                  FROM {{ ref('raw_orders') }}
                  WHERE amount > {{ var('min_amount') }}
                write: {path: data/out/orders/, format: parquet, mode: overwrite, partitionBy: [country]}
              - dbt: {select: "+transformed_users", publish: after_tests}

            """
        ),
        (
            "models/transformed_users.sql",
            """
            SELECT
                user_id,
                UPPER(first_name) AS first_name_upper,
                UPPER(last_name) AS last_name_upper,
                email,
                CASE WHEN age >= 18 THEN 'adult' ELSE 'minor' END AS age_group
            FROM {{ ref('raw_users') }}
            WHERE email IS NOT NULL

            """
        ),
        (
            "models/schema.yml",
            """
            version: 2
            models:
              - name: transformed_users
                columns:
                  - name: user_id
                    tests: [not_null, unique]
                  - name: age_group
                    tests:
                      - accepted_values: {values: [adult, minor]}

            """
        ),
        (
            "tests/orders_belong_to_users.sql",
            """
            SELECT o.id
            FROM {{ ref('orders') }} o
            LEFT JOIN {{ ref('raw_users') }} u ON o.user_id = u.user_id
            WHERE u.user_id IS NULL

            """
        ),
        (
            "data/users.csv",
            """
            user_id,first_name,last_name,email,age
            1,Ada,Lovelace,ada@example.org,36
            2,Alan,Turing,alan@example.org,41
            3,Nobody,Known,,7
            4,Kid,Young,kid@example.org,12

            """
        ),
        (
            "data/orders.json",
            """
            {"id":1,"user_id":1,"amount":250.0,"country":"GB"}
            {"id":2,"user_id":2,"amount":99.5,"country":"GB"}
            {"id":3,"user_id":4,"amount":120.0,"country":"DE"}

            """
        ),
        (".gitignore", ".millrace/\ndata/out/\n"),
    ]

    /// Returns a pipeline's name for a directory: the directory's own, as two pipelines of one name on a
    /// coordinator share their tables.
    static func name(for directory: String) -> String {
        let place = directory.hasPrefix("/") ? directory : LocalDirectory.resolved(".") + "/" + directory
        var parts: [Substring] = []
        for part in place.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let kept = (parts.last ?? "").map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        let own = String(kept.prefix(100))
        return own.contains { $0 != "_" } ? own : name
    }

    /// Writes the example into a directory, and names it after that. Throws `PIPELINE_FILE`; never replaces a
    /// file.
    package static func write(into directory: String) throws {
        let line = "name: \(name(for: directory))\n"
        let named = files.map { ($0.path, $0.text.replacing("name: \(name)\n", with: line)) }
        let all = named + [("etl.schema.json", PipelineSchema().text)]
        for (path, _) in all where access("\(directory)/\(path)", F_OK) == 0 {
            throw EngineError.user(
                "PIPELINE_FILE", "There is a file in the way: \(directory)/\(path)",
                remedy: "Give an empty or new directory.")
        }
        for (path, text) in all {
            var folder = directory
            mkdir(folder, 0o755)
            for part in path.split(separator: "/").dropLast() {
                folder += "/\(part)"
                mkdir(folder, 0o755)
            }
            let file = "\(directory)/\(path)"
            do throws(TextFile.Failure) { try TextFile.replace(file, with: text) } catch {
                throw EngineError.user("PIPELINE_FILE", "Cannot write the file \(file): \(error.reason)")
            }
        }
    }
}
