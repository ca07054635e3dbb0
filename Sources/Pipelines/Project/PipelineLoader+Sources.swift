import Templates
import Vocabulary

// Extracts from web services and programs.
extension PipelineLoader {
    /// Reads `extract[].rest`.
    func restStep(_ entry: FormatValue, _ source: FormatValue, _ name: String) throws -> PipelineStep {
        let reader = FormatReader(scope: referenceScope)
        let source = try PipelineLoader.written(
            out: reader.checked(source, .object(RESTFormat.rest), path: "rest"))
        for key in ["token", "password", "api_key", "client_secret"] {
            guard let secret = source["client"]?["auth"]?[key] else { continue }
            if !secret.printed.contains("${env:") { throw hidden(secret, "rest.client.auth.\(key)") }
        }
        var rule = ExtractRule()
        rule.source = "rest"
        for key in ["client", "endpoint"] {
            guard let value = source[key] else { continue }
            rule.options.append((key, try PipelineLoader.json(value, reader, key: key)))
        }
        if let incremental = source["endpoint"]?["incremental"] {
            var column = incremental["cursor_path"]?.printed ?? ""
            if column.hasPrefix("$.") { column.removeFirst(2) }
            guard column.wholeMatch(of: /[^.\[\]*$]+/) != nil else {
                throw (incremental["cursor_path"] ?? incremental).error(
                    "cursor_path must name a member of the records themselves: \(column)",
                    code: "UNSUPPORTED_FEATURE")
            }
            var cursor = CursorRule(column: column)
            cursor.missing = PipelineLoader.missing(incremental)
            rule.cursor = cursor
            rule.disposition = .append
        }
        try setDisposition(entry, &rule)
        return step(name, rule, entry, at: source.location)
    }

    /// Returns a REST source with what dlt lets stand in short written out: an endpoint that is its path, and
    /// a parameter that is where reads begin.
    private static func written(out source: FormatValue) throws -> FormatValue {
        guard case .map(var pairs) = source.kind,
            let place = pairs.firstIndex(where: { $0.key.printed == "endpoint" })
        else { return source }
        var endpoint = pairs[place].value
        let here = endpoint.location
        func key(_ name: String) -> FormatValue { FormatValue(kind: .text(name), location: here) }
        if endpoint.scalar != nil { endpoint.kind = .map([(key("path"), endpoint)]) }
        guard case .map(var parts) = endpoint.kind else { return source }
        if let at = parts.firstIndex(where: { $0.key.printed == "params" }),
            case .map(let all) = parts[at].value.kind
        {
            for (name, value) in all {
                guard case .map(let keys) = value.kind else { continue }
                if parts.contains(where: { $0.key.printed == "incremental" }) {
                    throw name.error("An endpoint has one incremental, and here is another: \(name.printed)")
                }
                let rule = keys.filter { $0.key.printed != "type" } + [(key("start_param"), name)]
                parts.append((key("incremental"), FormatValue(kind: .map(rule), location: value.location)))
            }
            parts[at].value.kind = .map(
                all.filter { if case .map = $0.value.kind { false } else { true } })
        }
        endpoint.kind = .map(parts)
        pairs[place].value = endpoint
        return FormatValue(kind: .map(pairs), location: source.location)
    }

    /// Reads `extract[].command`.
    func commandStep(_ entry: FormatValue, _ source: FormatValue, _ name: String) throws -> PipelineStep {
        let reader = FormatReader(scope: referenceScope)
        var rule = ExtractRule()
        rule.source = "command"
        if case .list = source.kind {
            let words = try reader.checked(source, .list(.text), path: "command")
            rule.options.append(("command", try PipelineLoader.json(words, reader, isText: true)))
        } else {
            let source = try reader.checked(source, .object(RESTFormat.command), path: "command")
            let words = source["run"] ?? source
            rule.options.append(("command", try PipelineLoader.json(words, reader, isText: true)))
            if let value = source["env"] {
                rule.options.append(("env", try PipelineLoader.json(value, reader, isText: true)))
            }
            for key in ["cwd", "memory"] {
                if let value = source[key] { rule.options.append((key, value.printed)) }
            }
            if let seconds = source["timeout"].flatMap({ FormatReader.seconds($0.printed) }) {
                rule.options.append(("timeout", String(max(1, Int(seconds)))))
            }
        }
        try setDisposition(entry, &rule)
        return step(name, rule, entry, at: source.location)
    }

    /// Times of the format, which the connector takes in seconds.
    private static let times: Set = ["timeout", "max_retry_delay"]

    /// Returns a value as JSON, templates rendered; numbers as text where `isText`.
    private static func json(
        _ value: FormatValue, _ reader: FormatReader, key: String = "", isText: Bool = false
    ) throws -> String {
        switch value.kind {
        case .list(let items):
            let parts = try items.map { try json($0, reader, isText: isText) }
            return "[\(parts.joined(separator: ", "))]"
        case .map(let pairs):
            let parts = try pairs.map { name, item in
                let text = try json(item, reader, key: name.printed, isText: isText)
                return JSONString.quoted(name.printed) + ": " + text
            }
            return "{\(parts.joined(separator: ", "))}"
        case .null: return "null"
        case .boolean, .integer, .number, .text:
            let rendered = try reader.checked(value, .text, path: key)
            if times.contains(key), let seconds = FormatReader.seconds(rendered.printed) {
                return String(max(1, Int(seconds)))
            }
            if case .text(let text) = rendered.kind { return JSONString.quoted(text) }
            return isText ? JSONString.quoted(rendered.printed) : rendered.printed
        }
    }
}
