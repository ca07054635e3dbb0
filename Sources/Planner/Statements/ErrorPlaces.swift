import SQLSyntax
import Vocabulary

/// Finds what in a statement's text an error is about that running the statement met: the path that could not
/// be written, or the column that a format cannot hold. Those who find such errors do not know the text.
package enum ErrorPlaces {
    /// Returns the place, which is the whole statement where nothing narrower is known.
    package static func span(of error: EngineError, in statement: StatementSyntax) -> SourceSpan {
        if case .multiInsert(let multi) = statement.kind {
            let places = multi.inserts.map { ($0.span, span(of: error, in: $0)) }
            return places.first { $0 != $1 }?.1 ?? statement.span
        }
        let found: SourceSpan?
        if error.code.hasPrefix("PATH_") {
            found = target(of: statement).flatMap { isAbout(error, $0.path) ? $0.span : nil }
        } else if let option = option(of: error, among: options(of: statement)) {
            found = option
        } else if error.code == "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE" {
            found = column(of: error, in: statement)
        } else {
            found = nil
        }
        return found ?? statement.span
    }

    /// Says whether an error names the path that a statement writes to, or a directory above it.
    private static func isAbout(_ error: EngineError, _ path: String) -> Bool {
        if error.message.contains(path) { return true }
        guard let mark = error.message.ranges(of: ": ").last else { return false }
        let named = error.message[mark.upperBound...]
        var above = path[...]
        while let slash = above.lastIndex(of: "/") {
            above = above[..<slash]
            if !above.isEmpty, named == above || named.hasSuffix("/" + above) { return true }
        }
        return false
    }

    /// Returns the value of the option that an error is about.
    static func option(of error: EngineError, among options: [OptionSyntax]) -> SourceSpan? {
        let message = error.message.lowercased()
        let found = options.last { option in
            let key = option.key.lowercased()
            return switch error.code {
            case "CODEC_NOT_AVAILABLE": key == "compression"
            case "INVALID_TIMEZONE": key == "timezone"
            case "INVALID_OPTION", "UNSUPPORTED_FEATURE":
                message.contains("option \(key) ") || message.contains("`\(key)`")
                    || message.hasPrefix("\(key) ")
            default:
                error.code.hasPrefix("INVALID_DATETIME_PATTERN") && key.hasSuffix("format")
                    && message.contains(option.value.lowercased())
            }
        }
        return found?.valueSpan
    }

    private static func options(of statement: StatementSyntax) -> [OptionSyntax] {
        switch statement.kind {
        case .insertDirectory(let insert): return insert.options
        case .createTable(let create): return create.options
        case .createView(let view):
            if case .files(_, let options, _) = view.content { return options }
            return []
        case .explain(let inner, _): return options(of: inner)
        default: return []
        }
    }

    private static func target(of statement: StatementSyntax) -> (path: String, span: SourceSpan)? {
        let path: String?
        let span: SourceSpan?
        let options: [OptionSyntax]
        switch statement.kind {
        case .insertDirectory(let insert):
            (path, span, options) = (insert.path, insert.pathSpan, insert.options)
        case .createTable(let create):
            (path, span, options) = (create.location, create.locationSpan, create.options)
        default: return nil
        }
        if let path, let span { return (trimmed(path), span) }
        let option = options.first { $0.key.lowercased() == "path" }
        return option.map { (trimmed($0.value), $0.span) }
    }

    /// The path as messages show it.
    private static func trimmed(_ path: String) -> String {
        var text = path
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text
    }

    private static func column(of error: EngineError, in statement: StatementSyntax) -> SourceSpan? {
        let query: QuerySyntax?
        switch statement.kind {
        case .insertDirectory(let insert): query = insert.query
        case .insertTable(let insert): query = insert.query
        case .createTable(let create): query = create.query
        default: query = nil
        }
        guard let query, case .select(let select) = query.body else { return nil }
        let named = select.items.first { item in
            guard let name = item.alias?.text ?? lastName(item.expression) else { return false }
            return error.message.contains("column `\(name)`") || error.message.contains("column \(name) of")
        }
        return named?.expression.span
    }

    private static func lastName(_ expression: ExpressionSyntax) -> String? {
        if case .column(let parts) = expression.kind { parts.last?.text } else { nil }
    }
}
