import Kernels
import Templates
import Vocabulary

/// Reads a Kafka Connect source file of the JDBC connector, as it is: its keys, its defaults.
///
/// https://docs.confluent.io/kafka-connectors/jdbc/current/source-connector/source_config_options.html
struct ConnectorFile {
    private var values: [String: FormatValue] = [:]
    private let place: FormatValue
    let name: String
    /// When the run was accepted, milliseconds since 1970.
    private let now: Int

    private static let classes: Set = [
        "io.confluent.connect.jdbc.JdbcSourceConnector", "io.aiven.connect.jdbc.JdbcSourceConnector",
        "JdbcSourceConnector", "PostgresSource",
    ]

    /// Keys that say what is read.
    private static let used: Set = [
        "connection.url", "connection.user", "connection.password", "mode", "incrementing.column.name",
        "incrementing.initial", "timestamp.column.name", "timestamp.initial", "timestamp.delay.interval.ms",
        "table.whitelist", "table.include.list", "table.blacklist", "table.exclude.list", "schema.pattern",
        "query", "topic.prefix", "numeric.mapping", "numeric.precision.mapping", "validate.non.null",
        "db.timezone", "connector.class", "name", "catalog.pattern", "table.types",
    ]

    /// Keys of Kafka's own work, which has no counterpart here: topics, workers, polling, converters.
    private static let passed: Set = [
        "batch.max.rows", "dialect.name", "transaction.isolation.mode", "date.calendar.system",
        "table.monitoring.startup.polling.limit.ms", "tasks.max", "poll.interval.ms",
        "table.poll.interval.ms", "connection.attempts",
        "connection.backoff.ms", "quote.sql.identifiers", "query.retry.attempts", "key.converter",
        "value.converter", "header.converter", "config.action.reload",
        "exactly.once.support", "transaction.boundary", "offsets.storage.topic", "topic.creation.groups",
        "db.timezone.offset", "timestamp.granularity", "tasks.max.enforce",
    ]

    private static let passedPrefixes = [
        "key.converter.", "value.converter.", "header.converter.", "topic.creation.", "errors.",
        "producer.override.", "confluent.", "reporter.",
    ]

    /// What does here what some of them do there.
    private static let counterparts = [
        "poll.interval.ms": "schedule says how often the pipeline runs", "tasks.max": "etl-worker --slots",
        "connection.attempts": "default_args: {retries: …}",
        "connection.backoff.ms": "default_args: {retry_delay: …}",
        "batch.max.rows": "rows come in batches of bytes",
    ]

    /// Throws with the place of what is unknown, or cannot be done here.
    init(_ text: String, file: String, now: Int) throws {
        self.now = now
        let document = try FormatDocument.read(text, file: file)
        place = document
        let config = document["config"] ?? document
        guard case .map(let pairs) = config.kind else {
            throw document.error("A connector's file holds {\"name\": …, \"config\": {…}}")
        }
        name = (document["name"] ?? config["name"])?.printed ?? "connector"
        for (key, value) in pairs {
            let known = ConnectorFile.used.union(ConnectorFile.passed)
            let isPassed = ConnectorFile.passedPrefixes.contains(where: key.printed.hasPrefix)
            guard known.contains(key.printed) || isPassed else { throw ConnectorFile.unknown(key, known) }
            values[key.printed] = value
        }
        let kind = values["connector.class"]
        guard let kind, ConnectorFile.classes.contains(kind.printed) else {
            throw (kind ?? place).error(
                "This is no source of Kafka Connect's JDBC connector: "
                    + "\(kind?.printed ?? "no connector.class")",
                remedy: "connector.class is io.confluent.connect.jdbc.JdbcSourceConnector.",
                code: "UNSUPPORTED_FEATURE")
        }
        for key in ["connection.password", "connection.user", "connection.url"] {
            if let value = values[key], value.printed.contains("${"), !value.printed.contains("${env:") {
                throw value.hiddenError(
                    "Only environment variables are read as secrets: \(key)", remedy: "Write ${env:NAME}.",
                    code: "UNSUPPORTED_FEATURE")
            }
        }
        // The file goes to a coordinator and is kept there, and plans show addresses.
        if let password = values["connection.password"], !password.printed.hasPrefix("${env:") {
            throw ConnectorFile.secret(password, in: "connection.password")
        }
        if let url = values["connection.url"], DatabaseAddress.isOpen(in: url.printed) {
            throw ConnectorFile.secret(url, in: "connection.url")
        }
    }

    /// Returns the error that names the key, and how Kafka Connect and this program both read it.
    private static func secret(_ value: FormatValue, in key: String) -> EngineError {
        value.hiddenError(
            "A file is kept and shown, so it must not hold a secret: \(key)",
            remedy: "Set an environment variable and write \"connection.password\": \"${env:NAME}\", which "
                + "Kafka Connect's EnvVarConfigProvider reads, too.",
            code: "SECRET_IN_TEXT")
    }

    private static func unknown(_ key: FormatValue, _ known: Set<String>) -> EngineError {
        if key.printed.hasPrefix("transforms") || key.printed.hasPrefix("predicates")
            || key.printed == "query.suffix"
        {
            return key.error(
                "This key of Kafka Connect changes rows, and is not carried out here: \(key.printed)",
                remedy: "Do it in a transform step.", code: "UNSUPPORTED_FEATURE")
        }
        let near = Suggestion.nearest(to: key.printed, among: known.sorted())
        return key.error(
            "The JDBC source has no key of this name: \(key.printed)",
            remedy: near.map { "Did you mean \($0)?" })
    }

    /// Names the keys that have no effect; nil where all have one.
    func warning(file: String) -> String? {
        let idle = values.keys.filter { !ConnectorFile.used.contains($0) }.sorted().map { key in
            key + (ConnectorFile.counterparts[key].map { " (here: \($0))" } ?? "")
        }
        if idle.isEmpty { return nil }
        return "\(file): keys of Kafka Connect that have no effect here: \(idle.joined(separator: ", "))"
    }

    // MARK: what it says

    private func text(_ key: String) -> String? {
        values[key].map(\.printed).flatMap { $0.isEmpty ? nil : $0 }
    }

    private func list(_ key: String) -> [String] {
        (text(key) ?? "").split(separator: ",").map { part in
            var part = part
            while part.first == " " { part.removeFirst() }
            while part.last == " " { part.removeLast() }
            return String(part)
        }
    }

    private func number(_ key: String, _ standard: Int) throws -> Int {
        guard let value = text(key) else { return standard }
        guard let number = Int(value) else {
            throw (values[key] ?? place).error("\(key) is a whole number: \(value)")
        }
        return number
    }

    private func choice(_ key: String, _ standard: String, _ known: [String]) throws -> String {
        let value = text(key) ?? standard
        guard known.contains(value) else {
            let near = Suggestion.nearest(to: value, among: known)
            throw (values[key] ?? place).error(
                "\(key) is one of \(known.joined(separator: ", ")): \(value)",
                remedy: near.map { "Did you mean \($0)?" })
        }
        return value
    }

    /// One table that the connector reads: its name as a step, and how.
    struct Source {
        var name: String
        var rule: ExtractRule
    }

    /// Returns all tables. `given` are taken where the file names none, else those of the database's catalog.
    /// Throws `CatalogNeeded` where these are not known yet; `path` is the file as etl.yml names it, there.
    func sources(
        tables given: [String], catalog: [CatalogTable]?, path: FormatValue
    ) throws -> [Source] {
        var base = ExtractRule()
        base.source = "jdbc"
        guard let url = text("connection.url") else { throw place.error("connection.url is missing") }
        base.options.append(("url", url))
        for (key, option) in [("connection.user", "user"), ("connection.password", "password")] {
            if let value = text(key) { base.options.append((option, value)) }
        }
        let mapping = try choice(
            "numeric.mapping", text("numeric.precision.mapping") == "true" ? "precision_only" : "none",
            ["none", "precision_only", "best_fit", "best_fit_eager_double"])
        base.options.append(("numericMapping", mapping))
        base.conf["spark.sql.session.timeZone"] = text("db.timezone") ?? "UTC"
        try setMode(&base)
        let prefix = text("topic.prefix") ?? ""
        if let query = text("query") {
            base.options.append(("query", query))
            return [Source(name: ConnectorFile.stepName(prefix.isEmpty ? name : prefix), rule: base)]
        }
        let excluded = Set(list("table.blacklist") + list("table.exclude.list"))
        var tables = list("table.whitelist") + list("table.include.list")
        if tables.isEmpty { tables = given }
        if tables.isEmpty { return try sources(of: catalog, base, prefix, excluded, path) }
        tables.removeAll(where: excluded.contains)
        guard !tables.isEmpty else { throw place.error("The connector excludes all tables that it names") }
        let known = lacksCounter ? try catalog ?? needed(base, path) : []
        return try tables.map { table in
            var rule = base
            rule.options.append(("dbtable", qualified(table)))
            let bare = table.filter { $0 != "\"" }
            try setCounter(&rule, table, known.filter { [$0.name, $0.full].contains(bare) })
            let last = table.split(separator: ".").last.map(String.init) ?? table
            return Source(name: ConnectorFile.stepName(prefix + last.filter { $0 != "\"" }), rule: rule)
        }
    }

    /// Returns all tables of the catalog that the file does not exclude, by their names or with their
    /// schemas'.
    private func sources(
        of catalog: [CatalogTable]?, _ base: ExtractRule, _ prefix: String, _ excluded: Set<String>,
        _ path: FormatValue
    ) throws -> [Source] {
        let catalog = try catalog ?? needed(base, path)
        let tables = catalog.filter { excluded.isDisjoint(with: [$0.name, $0.full, $0.quoted]) }
        guard !tables.isEmpty else {
            throw place.error(
                "The connector's database has no table that it reads",
                remedy:
                    "See schema.pattern, catalog.pattern, table.types and table.blacklist, and whether the "
                    + "user may see the tables.")
        }
        var seen: [String: CatalogTable] = [:]
        return try tables.map { table in
            let name = ConnectorFile.stepName(prefix + table.name)
            if let other = seen.updateValue(table, forKey: name) {
                throw place.error(
                    "Two tables would be one step, \(name): \(other.quoted) and \(table.quoted)",
                    remedy: "Set schema.pattern or table.blacklist, or name the tables by table.whitelist.")
            }
            var rule = base
            rule.options.append(("dbtable", table.quoted))
            try setCounter(&rule, table.full, [table])
            return Source(name: name, rule: rule)
        }
    }

    /// Throws what has the database asked for its tables.
    private func needed(_ base: ExtractRule, _ path: FormatValue) throws -> [CatalogTable] {
        var options = base.options.filter { ["url", "user", "password"].contains($0.name) }
        for key in ["catalog.pattern", "schema.pattern"] {
            if let value = text(key) { options.append((key, value)) }
        }
        let kinds = list("table.types").map { $0.uppercased() }
        if !kinds.isEmpty { options.append(("table.types", kinds.joined(separator: ","))) }
        throw CatalogNeeded(
            request: CatalogRequest(
                file: path.printed, place: path.location, options: options, conf: base.conf))
    }

    /// Whether the mode reads by a column that counts up and the file does not name it.
    private var lacksCounter: Bool {
        text("incrementing.column.name") == nil
            && ["incrementing", "timestamp+incrementing"].contains(text("mode"))
    }

    /// Sets that column, as Kafka Connect finds it: the table's first one that the database counts up itself.
    private func setCounter(
        _ rule: inout ExtractRule, _ table: String, _ found: [CatalogTable]
    ) throws {
        guard lacksCounter else { return }
        let columns = Set(found.map(\.counter))
        guard columns.count == 1, let column = columns.first ?? nil else {
            throw place.error(
                columns.count > 1
                    ? "Tables of this name are in several schemas, with other columns that count up: \(table)"
                    : "No column of the table counts up by itself: \(table)",
                remedy: "Set incrementing.column.name.")
        }
        if text("mode") == "incrementing" {
            rule.cursor?.column = column
        } else {
            rule.cursor?.idColumn = column
        }
    }

    private func qualified(_ table: String) -> String {
        guard !table.contains("."), let schema = text("schema.pattern"), !schema.contains("%") else {
            return table
        }
        return schema + "." + table
    }

    /// A time as columns without zone have it in the database's zone.
    private static func time(_ milliseconds: Int, _ zone: Zone) -> String {
        let local = ClockTime.floorDivide(zone.local(milliseconds * 1000), 1000)
        let minutes = CivilTime.text(ClockTime.floorDivide(local, 60_000))
        let rest = 100_000 + ClockTime.floorRemainder(local, 60_000)
        let digits = String(rest).dropFirst()
        let fraction = rest % 1000 == 0 ? "" : ".\(digits.suffix(3))"
        return "\(minutes.replacing("T", with: " ")):\(digits.prefix(2))\(fraction)"
    }

    /// Returns what stands for a column that each table is asked for; of a query none is known.
    private func counter(_ mode: String) throws -> String {
        guard text("query") == nil else {
            throw place.error("mode \(mode) of a query needs incrementing.column.name")
        }
        return ""
    }

    private func setMode(_ rule: inout ExtractRule) throws {
        let mode = try choice("mode", "", ["bulk", "incrementing", "timestamp", "timestamp+incrementing"])
        let id = text("incrementing.column.name")
        let times = list("timestamp.column.name")
        guard mode != "bulk" else { return }
        var cursor: CursorRule
        if mode == "incrementing" {
            cursor = CursorRule(column: try id ?? counter(mode))
            cursor.isUnique = true
            if let first = text("incrementing.initial") { cursor.initial = first }
        } else {
            guard let column = times.first else {
                throw place.error("mode \(mode) needs timestamp.column.name")
            }
            if times.count > 1 {
                throw (values["timestamp.column.name"] ?? place).error(
                    "Several timestamp columns are not read together yet",
                    remedy: "Give a query with coalesce(…) AS changed, and timestamp.column.name changed.",
                    code: "UNSUPPORTED_FEATURE")
            }
            cursor = CursorRule(column: column)
            cursor.delayMilliseconds = try number("timestamp.delay.interval.ms", 0)
            if mode == "timestamp+incrementing" {
                cursor.idColumn = try id ?? counter(mode)
            }
            if let start = text("timestamp.initial") {
                guard let milliseconds = Int(start), milliseconds >= -1 else {
                    throw (values["timestamp.initial"] ?? place).error(
                        "timestamp.initial is a number of milliseconds since 1970, or -1 for now: \(start)")
                }
                cursor.beginsNow = milliseconds == -1
                let zone = try Zone.named(rule.conf["spark.sql.session.timeZone"] ?? "UTC")
                cursor.initial = ConnectorFile.time(cursor.beginsNow ? now : milliseconds, zone)
            }
        }
        cursor.isInitialLeftOut = true
        cursor.missing = (text("validate.non.null") ?? "true") == "true" ? .raise : .exclude
        rule.cursor = cursor
        rule.disposition = .append
    }

    /// Makes a topic's name one that SQL and ref() take.
    static func stepName(_ topic: String) -> String {
        var name = String(topic.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        while name.hasSuffix("_"), name.count > 1 { name.removeLast() }
        return name.first?.isNumber == true ? "_" + name : name
    }
}

extension PipelineLoader {
    /// Reads `extract[].connector`: a step for each table.
    mutating func connectorSteps(_ entry: FormatValue, _ path: FormatValue) throws -> [PipelineStep] {
        let text = try files.text(path.printed, limitBytes: FormatDocument.fileBytes)
        let file = try ConnectorFile(text, file: files.path(path.printed), now: Int(run.acceptedAt))
        let sources = try file.sources(
            tables: entry["tables"]?.texts ?? [], catalog: catalogs[path.printed], path: path)
        if let name = entry["name"], sources.count != 1 {
            throw name.error("The connector makes \(sources.count) tables, which one name cannot have")
        }
        if let warning = file.warning(file: path.printed) { warnings.append(warning) }
        return try sources.map { source in
            var rule = source.rule
            try setDisposition(entry, &rule)
            return step(entry["name"]?.printed ?? source.name, rule, entry, at: path.location)
        }
    }
}
