import Templates
import Vocabulary

// Connections, extracts from databases, and loads.
extension PipelineLoader {
    /// What values that may be secrets call: env_var() gives a reference, which is resolved where the
    /// connection is made, so that no secret is in a job's text, plan or log.
    var referenceScope: TemplateScope {
        var scope = valueScope
        scope.functions["env_var"] = { call in
            try call.atMost(2)
            let name = try call.text(0, "name")
            guard let fallback = call.argument(1, "default") else { return .text("${env:\(name)}") }
            return .text("${env:\(name):-\(fallback.printed)}")
        }
        return scope
    }

    /// Reads all connections.
    func readConnections(_ value: FormatValue?) throws -> [String: [(name: String, value: String)]] {
        guard let value, case .map(let pairs) = value.kind else { return [:] }
        var found: [String: [(name: String, value: String)]] = [:]
        for (key, raw) in pairs {
            let path = "connections.\(key.printed)"
            let one = try FormatReader(scope: referenceScope).checked(
                raw, .object(PipelineFormat.connection), path: path)
            if let password = one["password"], !password.printed.hasPrefix("${env:") {
                throw hidden(password, path + ".password")
            }
            for name in ["uri", "url"] {
                guard let address = one[name], DatabaseAddress.isOpen(in: address.printed) else { continue }
                throw hidden(address, "\(path).\(name)")
            }
            for name in ["uri", "url"] { try one[name].map(PipelineLoader.checkScheme) }
            found[key.printed] = ["uri", "url", "user", "password"].compactMap { name in
                one[name].map { (name == "uri" ? "url" : name, $0.printed) }
            }
        }
        return found
    }

    /// Throws where an address is of no kind that is known: of a database, or of a mail server.
    private static func checkScheme(_ address: FormatValue) throws {
        guard let scheme = DatabaseAddress.scheme(of: address.printed) else { return }
        let known = DatabaseAddress.databases.keys + ["smtp", "smtps"]
        if known.contains(scheme) { return }
        let near = Suggestion.nearest(to: scheme, among: known.sorted())
        throw address.hiddenError(
            scheme.isEmpty
                ? "This is no address: nothing says of which kind the database is"
                : "There is no driver for databases of this kind: \(scheme)",
            remedy: (near.map { "Did you mean \($0)? " } ?? "")
                + "Known are postgresql://host/database, sqlite:path and snowflake://account/database.",
            code: "UNKNOWN_CONNECTION")
    }

    /// Warns of a step that may leave out rows which commit late: the rows of a query do not tell which
    /// transaction wrote them. SQLite has one writer at a time.
    mutating func warnOfLateRows(_ step: PipelineStep) {
        guard let rule = step.extract, rule.source == "jdbc", let cursor = rule.cursor,
            cursor.delayMilliseconds ?? 0 == 0
        else { return }
        func option(_ name: String) -> String? { rule.options.first { $0.name == name }?.value }
        let kind = DatabaseAddress.database(of: option("url") ?? "", environment)
        guard kind != "sqlite", kind == "snowflake" || option("query") != nil else { return }
        let why = kind == "snowflake" ? "of Snowflake" : "of a query"
        warnings.append(
            "\(step.name): a row that commits after another one with a greater \(cursor.column) was read is "
                + "never read, since the rows \(why) do not tell when they were committed. Set a time that "
                + "transactions never take, incremental: {delay: 5m} (timestamp.delay.interval.ms in a "
                + "connector's file), where the cursor is a time"
                + (kind == "snowflake" ? "." : ", or read the table itself: table, not query."))
    }

    /// The error for a secret in the file.
    func hidden(_ value: FormatValue, _ path: String) -> EngineError {
        value.hiddenError(
            "A file is kept and shown, so it must not hold a secret: \(path)",
            remedy: "Set an environment variable and write {{ env_var('NAME') }}.", code: "SECRET_IN_TEXT")
    }

    func connection(_ entry: FormatValue) throws -> [(name: String, value: String)] {
        guard let name = entry["connection"] else { throw entry.error("The step needs a connection") }
        guard let options = connections[name.printed] else {
            let near = Suggestion.nearest(to: name.printed, among: connections.keys.sorted())
            throw name.error(
                "There is no connection of this name: \(name.printed)",
                remedy: near.map { "Did you mean \($0)?" } ?? "Add it to connections.")
        }
        return options
    }

    /// Reads `write_disposition`, `primary_key` and `schema_contract`.
    func setDisposition(_ entry: FormatValue, _ rule: inout ExtractRule) throws {
        if let how = entry["write_disposition"] {
            rule.disposition = ExtractRule.Disposition(rawValue: how.printed) ?? .replace
        }
        rule.primaryKey = entry["primary_key"]?.texts ?? []
        if rule.disposition == .merge, rule.primaryKey.isEmpty {
            throw (entry["write_disposition"] ?? entry).error(
                "merge needs a primary_key, the columns that tell rows apart")
        }
        if rule.cursor != nil, rule.disposition == .replace {
            throw (entry["write_disposition"] ?? entry).error(
                "replace would throw away what earlier incremental reads brought",
                remedy: "Use append or merge, or leave incremental out.")
        }
        guard let contract = entry["schema_contract"] else { return }
        func mode(_ value: FormatValue?) -> SchemaContract.Mode {
            value.flatMap { SchemaContract.Mode(rawValue: $0.printed) } ?? .evolve
        }
        if contract.scalar != nil {
            rule.contract.columns = mode(contract)
            rule.contract.dataType = mode(contract)
        } else {
            rule.contract.columns = mode(contract["columns"])
            rule.contract.dataType = mode(contract["data_type"])
        }
    }

    /// Reads dlt's word for what becomes of rows without a cursor.
    static func missing(_ incremental: FormatValue) -> CursorRule.Missing {
        (incremental["on_cursor_value_missing"]?.printed).flatMap(CursorRule.Missing.init(rawValue:))
            ?? .raise
    }

    /// Reads `extract[].sql`.
    func sqlStep(_ entry: FormatValue, _ source: FormatValue, _ name: String) throws -> PipelineStep {
        var rule = ExtractRule()
        rule.source = "jdbc"
        rule.options = try connection(source)
        let options = [
            ("query", "query"), ("table", "dbtable"), ("partition_column", "partitionColumn"),
            ("lower_bound", "lowerBound"), ("upper_bound", "upperBound"), ("partitions", "numPartitions"),
        ]
        for (key, option) in options {
            if let value = source[key] { rule.options.append((option, value.printed)) }
        }
        if let incremental = source["incremental"] {
            var cursor = CursorRule(column: incremental["cursor_path"]?.printed ?? "")
            cursor.initial = incremental["initial_value"]?.printed
            cursor.missing = PipelineLoader.missing(incremental)
            cursor.delayMilliseconds = incremental["delay"].flatMap {
                FormatReader.seconds($0.printed).map { Int($0 * 1000) }
            }
            rule.cursor = cursor
            rule.disposition = .append
        }
        try setDisposition(entry, &rule)
        return step(name, rule, entry, at: source.location)
    }

    /// Returns the step of a rule.
    func step(_ name: String, _ rule: ExtractRule, _ entry: FormatValue, at place: SourceLocation)
        -> PipelineStep
    {
        let definition = "USING \(rule.source)" + SQLText.options(rule.options)
        var step = PipelineStep(
            name: name, kind: .extract, file: files.path("etl.yml"), tags: Set(entry["tags"]?.texts ?? []),
            sql: "SELECT * FROM millrace_input",
            relations: [Relation(view: "millrace_input", step: nil, definition: definition)])
        step.extract = rule
        step.location = place
        return step
    }
}
