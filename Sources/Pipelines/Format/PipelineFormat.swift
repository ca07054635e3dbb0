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
        FormatKey("connections", .map(.map(.text)), "Databases and mail servers by name, each with its uri."),
        FormatKey("extract", .list(.object(extract)), "Steps that bring data in."),
        FormatKey("transform", .list(.object(transform)), "Steps that make tables of tables."),
        FormatKey("load", .list(.any), "Steps that bring tables into databases.", isBuilt: false),
        FormatKey("alerts", .list(.object(alert)), "Who is told of what becomes of runs."),
        FormatKey("metrics", .object(metrics), "Where runs are reported."),
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
            FormatKey("rest", .any, "REST interface to read.", isBuilt: false),
            FormatKey("sql", .any, "Query to run in a database.", isBuilt: false),
            FormatKey("connector", .any, "Kafka Connect source file.", isBuilt: false),
            FormatKey("command", .any, "Program whose JSON lines become the table.", isBuilt: false),
            FormatKey(
                "write_disposition", .choice(["replace", "append", "merge"]),
                "What becomes of earlier rows; replace by default, the others are not built yet."),
            FormatKey("primary_key", .oneOrMore(.text), "Columns that tell rows apart.", isBuilt: false),
            FormatKey("schema_contract", .any, "What may change in the schema.", isBuilt: false),
            FormatKey("incremental", .any, "Cursor of incremental reads.", isBuilt: false),
            FormatKey("tags", .oneOrMore(.text), "Words for the selector tag:."),
        ] + tested, oneOf: ["file", "rest", "sql", "connector", "command"])

    static let file = FormatObject(keys: [
        FormatKey("path", .text, "File, directory or glob.", isRequired: true),
        FormatKey(
            "format", .choice(["json", "csv", "parquet", "text"]), "By the ending of the path by default."),
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
        FormatKey("format", .choice(["parquet", "csv", "json"]), "parquet by default."),
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
        FormatKey("tests", .list(.any), "Tests of the table, as in dbt."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("columns", .list(.object(column)), "Columns with their tests, as in dbt."),
    ]

    static let column = FormatObject(keys: [
        FormatKey("name", .text, "Name of the column.", isRequired: true),
        FormatKey("description", .text, "What the column holds."),
        FormatKey("data_type", .text, "Type, for readers."),
        FormatKey("tests", .list(.any), "Tests of the column."),
        FormatKey("data_tests", .list(.any), "Another name of tests."),
        FormatKey("meta", .map(.any), "Anything."),
        FormatKey("tags", .oneOrMore(.text), "Words for readers."),
        FormatKey("quote", .boolean, "Accepted; names are always quoted."),
    ])
}
