/// Lists every key of `etl.yml`.
enum PipelineFormat {
    static let root = FormatObject(keys: [
        FormatKey("name", .text, "Name of the pipeline.", isRequired: true),
        FormatKey("description", .text, "What the pipeline is for."),
        FormatKey(
            "schedule", .text, "Five cron fields, or @hourly, @daily, @weekly, @monthly, @yearly, @once."),
        FormatKey("timezone", .text, "Zone of the schedule, such as Europe/Berlin; UTC by default."),
        FormatKey("start_date", .date, "Start of the first data interval."),
        FormatKey("end_date", .date, "No data interval starts after it."),
        FormatKey("catchup", .boolean, "Whether missed intervals run, each for itself; false by default."),
        FormatKey("max_active_runs", .integer(atLeast: 1), "Most runs at the same time; 1 by default."),
        FormatKey("max_active_tasks", .integer(atLeast: 1), "Most steps of a run at the same time; 4."),
        FormatKey("default_args", .object(defaults), "How steps are tried again."),
        FormatKey("vars", .map(.any), "Values for {{ var('name') }}."),
        FormatKey(
            "connections", .map(.later(.object(connection))),
            "Databases and mail servers by name: uri or url, user, password."),
        FormatKey("extract", .list(.object(extract)), "Steps that bring data in."),
        FormatKey("transform", .list(.object(transform)), "Steps that make tables of tables."),
        FormatKey("load", .list(.object(load)), "Steps that bring tables into databases and directories."),
        FormatKey("alerts", .later(alerts), "Who is told of what becomes of runs."),
        FormatKey("metrics", .later(.object(metrics)), "Where runs are reported."),
    ])

    static let defaults = FormatObject(keys: [
        FormatKey(
            "retries", .integer(atLeast: 0), "Tries after the first, of steps that the machine failed."),
        FormatKey("retry_delay", .duration, "Pause before the second try; 5 minutes by default."),
        FormatKey(
            "retry_exponential_backoff", .anyOf([.boolean, .number(atLeast: 0)]),
            "Factor of each further pause; true is 2."),
        FormatKey("max_retry_delay", .duration, "Longest pause."),
        FormatKey("execution_timeout", .duration, "Longest time of one try of a step."),
    ])

    static let alerts = FormatShape.list(.object(alert))

    static let alert = FormatObject(keys: [
        FormatKey(
            "on", .oneOrMore(.choice(AlertRule.Event.allCases.map(\.rawValue))),
            "What happens: success, failure, retry, cancelled, deadline.", isRequired: true),
        FormatKey("deadline", .duration, "Longest time from when a run is due or asked for."),
        FormatKey("email", .object(email), "A mail to send."),
        FormatKey("webhook", .object(webhook), "A URL to post JSON to."),
    ])

    static let email = FormatObject(keys: [
        FormatKey("to", .oneOrMore(.text), "Addresses.", isRequired: true),
        FormatKey("from", .text, "Sender; ETL_SMTP_FROM, else millrace@localhost."),
        FormatKey("subject", .text, "Subject; names the pipeline and what happened by default."),
        FormatKey("connection", .text, "Connection of the mail server; ETL_SMTP by default."),
    ])

    static let webhook = FormatObject(keys: [
        FormatKey("url", .text, "URL to post to.", isRequired: true),
        FormatKey("headers", .map(.text), "Headers to add, such as Authorization."),
        FormatKey("ca", .text, "PEM file of the authority of the server's certificate."),
    ])

    static let metrics = FormatObject(keys: [
        FormatKey(
            "openlineage", .anyOf([.text, .object(lineage)]), "URL for OpenLineage events; none when empty.")
    ])

    static let lineage = FormatObject(keys: [
        FormatKey("url", .text, "URL for events.", isRequired: true),
        FormatKey("namespace", .text, "Namespace of jobs; millrace by default."),
        FormatKey("token", .text, "Bearer token."),
        FormatKey("ca", .text, "PEM file of the authority of the server's certificate."),
    ])

    static let extract = FormatObject(
        keys: [
            FormatKey("name", .text, "Name of the table that the step makes."),
            FormatKey("description", .text, "What the table holds."),
            FormatKey("file", .object(file), "Files to read."),
            FormatKey("rest", .later(.object(RESTFormat.rest)), "REST interface to read, in dlt's words."),
            FormatKey("sql", .object(sqlSource), "Query to run in a database, or table to read."),
            FormatKey("connector", .text, "File of a Kafka Connect JDBC source, used as it is."),
            FormatKey("tables", .oneOrMore(.text), "Tables of the connector, where its file names none."),
            FormatKey(
                "command", .later(.anyOf([.list(.text), .object(RESTFormat.command)])),
                "Program whose JSON lines become the table: its words, or a mapping."),
            FormatKey(
                "write_disposition", .choice(["replace", "append", "merge"]),
                "What becomes of earlier rows; replace by default, append for incremental reads."),
            FormatKey("primary_key", .oneOrMore(.text), "Columns that tell rows apart; merge needs them."),
            FormatKey(
                "schema_contract", .anyOf([contractMode, .object(contract)]),
                "What may change in the table's schema; evolve by default."),
            FormatKey("tags", .oneOrMore(.text), "Words for the selector tag:."),
        ] + tested, oneOf: ["file", "rest", "sql", "connector", "command"])

    private static let contractMode = FormatShape.choice(SchemaContract.Mode.allCases.map(\.rawValue))

    static let contract = FormatObject(keys: [
        FormatKey("columns", contractMode, "What becomes of columns that the table has not."),
        FormatKey("data_type", contractMode, "What becomes of values of another type."),
    ])

    static let connection = FormatObject(
        keys: [
            FormatKey(
                "uri", .text,
                "postgresql://user@host:5432/database, sqlite:path or snowflake://user@account/db/schema."
            ),
            FormatKey("url", .text, "The same as jdbc:postgresql://host:5432/database."),
            FormatKey("user", .text, "User, where the address names none."),
            FormatKey("password", .text, "Password, by reference: {{ env_var('NAME') }}."),
        ], oneOf: ["uri", "url"])

    static let sqlSource = FormatObject(
        keys: [
            FormatKey("connection", .text, "Name among connections.", isRequired: true),
            FormatKey("query", .text, "Query in the database's own SQL."),
            FormatKey("table", .text, "Table to read whole, schema.table."),
            FormatKey("partition_column", .text, "Column by whose ranges parts are read side by side."),
            FormatKey("lower_bound", .text, "Start of the ranges; the smallest value by default."),
            FormatKey("upper_bound", .text, "End of the ranges; the greatest value by default."),
            FormatKey("partitions", .integer(atLeast: 1), "Number of parts; by size by default."),
            FormatKey("incremental", .object(incremental), "Read only what is new since the last run."),
        ], oneOf: ["query", "table"])

    static let incremental = FormatObject(keys: [
        FormatKey("cursor_path", .text, "Column that grows with every change.", isRequired: true),
        FormatKey("initial_value", .text, "Value with which the first read begins."),
        FormatKey(
            "on_cursor_value_missing", .choice(CursorRule.Missing.allCases.map(\.rawValue)),
            "What becomes of rows without a value: raise (an error) by default, include, exclude."),
        FormatKey(
            "delay", .duration,
            "Rows younger than this wait for the next run; for databases without PostgreSQL's snapshots."),
    ])

    static let file = FormatObject(keys: [
        FormatKey("path", .text, "File, directory or glob.", isRequired: true),
        FormatKey(
            "format", .choice(["json", "csv", "parquet", "orc", "avro", "text"]),
            "By the ending of the path by default."),
        FormatKey("options", .map(.any), "Reader options with Spark's names: header, sep, mode, …"),
        FormatKey("schema", .text, "Columns with types: id INT, name STRING; inferred by default."),
    ])

    static let transform = FormatObject(
        keys: [
            FormatKey("name", .text, "Name of the table that the step makes."),
            FormatKey("description", .text, "What the table holds."),
            FormatKey("sql", .template, "Query in Spark SQL, with ref() and var()."),
            FormatKey("dbt", .object(dbt), "Models of the dbt project in the same directory."),
            FormatKey("cache", .boolean, "Accepted; a step's table is always kept for later steps."),
            FormatKey("write", .object(write), "Where the table is written besides."),
            FormatKey("tags", .oneOrMore(.text), "Words for the selector tag:."),
        ] + tested, oneOf: ["sql", "dbt"])

    static let dbt = FormatObject(keys: [
        FormatKey(
            "select", .oneOrMore(.text), "Selectors: name, +name, name+, tag:t, path:p; all by default."),
        FormatKey("exclude", .oneOrMore(.text), "Selectors of models to leave out."),
        FormatKey("publish", .choice(["after_tests"]), "Each model becomes visible once its tests passed."),
    ])

    static let write = FormatObject(keys: [
        FormatKey("path", .text, "Directory to write.", isRequired: true),
        FormatKey("format", .choice(["parquet", "orc", "avro", "csv", "json"]), "parquet by default."),
        FormatKey(
            "mode", .choice(["overwrite", "append", "ignore", "errorifexists"]),
            "Spark's save modes; overwrite by default."),
        FormatKey("partitionBy", .oneOrMore(.text), "Columns that become folders."),
        FormatKey(
            "partitionOverwriteMode", .choice(["static", "dynamic"]), "dynamic replaces only what is written."
        ),
        FormatKey("compression", .text, "snappy, zstd, gzip, none, …"),
        FormatKey("options", .map(.any), "Other writer options with Spark's names."),
    ])

    private static let tested: [FormatKey] = [
        FormatKey("tests", .list(.test(ofColumn: false)), "Tests of the table, as in dbt."),
        FormatKey("data_tests", .list(.test(ofColumn: false)), "Another name of tests."),
        FormatKey("columns", .list(.object(column)), "Columns with their tests, as in dbt."),
    ]

    static let column = FormatObject(keys: [
        FormatKey("name", .text, "Name of the column.", isRequired: true),
        FormatKey("description", .text, "What the column holds."),
        FormatKey("data_type", .text, "Type; an extract without rows so far makes its table of these."),
        FormatKey("tests", .list(.test(ofColumn: true)), "Tests of the column."),
        FormatKey("data_tests", .list(.test(ofColumn: true)), "Another name of tests."),
        FormatKey("meta", .map(.any), "Anything."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
        FormatKey("quote", .boolean, "Accepted; names are always quoted."),
    ])
}
