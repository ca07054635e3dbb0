import Columns
import Plans
import SQLSyntax
import Vocabulary

extension StatementPlanner {
    /// Plans CREATE TEMPORARY VIEW. A view on a query is bound once here, so that its errors show where it is
    /// made.
    func createView(_ view: CreateViewSyntax, span: SourceSpan) throws(EngineError) -> PlannedStatement {
        let name = temporaryName(view.name)
        if view.ifNotExists {
            throw .user(
                "INVALID_SQL_SYNTAX.CREATE_TEMP_VIEW_IF_NOT_EXISTS",
                "CREATE TEMPORARY VIEW takes no IF NOT EXISTS.",
                remedy: "Use CREATE OR REPLACE TEMPORARY VIEW.", at: location(span))
        }
        let exists = catalog.isTemporary(view.name.map(\.text))
        if exists, !view.replaces {
            throw .user(
                "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "There is a view of this name already: \(name)",
                remedy: "Use CREATE OR REPLACE TEMPORARY VIEW, or another name.", at: self.span(of: view.name)
            )
        }
        let relation: CatalogRelation
        var warnings: [String] = []
        switch view.content {
        case .query(let query, let columns):
            let bound = try bind(query)
            if !columns.isEmpty, columns.count != bound.output.count {
                throw .user(
                    "CREATE_VIEW_COLUMN_ARITY_MISMATCH",
                    "The view names \(columns.count) columns, but its query gives \(bound.output.count)",
                    at: self.span(of: columns))
            }
            if columns.isEmpty {
                try checkNames(bound.output, of: query, span: span)
            } else {
                try checkNames(columns)
            }
            var view = ViewDefinition(query: query, columns: columns.map(\.text), source: source)
            view.ansi = settings.ansi
            relation = .view(view)
        case .files(let format, let options, let schema):
            try checkNames((schema ?? []).map(\.name))
            if let source = ExternalSource(rawValue: format.text.lowercased()) {
                return try externalView(source, view, options: options, schema: schema, span: span)
            }
            let found = try files(format: format, options: options, schema: schema, span: span)
            relation = .files(found)
            warnings = OptionNames.warnings(options, found.format, source)
            if schema == nil, catalog.isSampled(found) {
                warnings.append(
                    "The columns of \(name) come from a sample of its \(found.format.rawValue) records; "
                        + "OPTIONS (samplingRatio '1.0') looks at all of them.")
            }
            if schema == nil { warnings += brokenRecords(found, isView: true) }
        }
        return PlannedStatement(
            work: .none, change: .createView(name: name, relation, replaces: view.replaces),
            warnings: warnings)
    }

    /// Returns the name of a temporary view: `global_temp.name` for a global one, else the last part.
    func temporaryName(_ name: [NameSyntax]) -> String {
        let parts = name.map(\.text)
        return parts.count == 2 && parts[0].lowercased() == "global_temp"
            ? parts.joined(separator: ".") : parts.last ?? ""
    }

    /// Throws where one of the names stands a second time.
    func checkNames(_ names: [NameSyntax]) throws(EngineError) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name.text.lowercased()).inserted {
            throw .user(
                "COLUMN_ALREADY_EXISTS", "Two columns have the same name: \(name.text)",
                remedy: "Give one of them another name.", at: location(name.span))
        }
    }

    /// Tells of records that become nulls, as nobody looks for them in a run that succeeds.
    func brokenRecords(_ found: FileRelation, isView: Bool) -> [String] {
        let count = catalog.brokenCount(found)
        guard count > 0, (found.options["mode"] ?? "permissive").lowercased() == "permissive" else {
            return []
        }
        let column = found.options["columnnameofcorruptrecord"] ?? "_corrupt_record"
        return [
            "\(count) \(count == 1 ? "record is" : "records are") not JSON in \(found.name): "
                + "the text is in the column \(column), all others are null; "
                + "mode 'FAILFAST' \(isView ? "" : "of a view on it ")makes that an error."
        ]
    }

    private func files(
        format: NameSyntax, options: [OptionSyntax], schema: [FieldSyntax]?, span: SourceSpan
    ) throws(EngineError) -> FileRelation {
        var values = optionValues(options)
        let format = try fileFormat(format)
        guard let path = values.removeValue(forKey: "path") else {
            throw .user(
                "MISSING_PATH", "A view on files needs the path of the files",
                remedy: "Add OPTIONS (path '…').", at: location(span))
        }
        let more = values.removeValue(forKey: "morepaths")?.split(separator: "\n").map { String($0) }
        do throws(EngineError) {
            return try catalog.files(
                format: format, paths: [path] + (more ?? []), options: values,
                schema: schema.map { Schema($0) })
        } catch {
            var located = error
            if located.location == nil {
                let path = options.first { $0.key.lowercased() == "path" }?.span
                located.location = location(ErrorPlaces.option(of: error, among: options) ?? path ?? span)
            }
            throw located
        }
    }

    /// Returns options by lower-case names.
    func optionValues(_ options: [OptionSyntax]) -> [String: String] {
        Dictionary(options.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { _, later in later })
    }

    func fileFormat(_ name: NameSyntax) throws(EngineError) -> FileFormat {
        let text = name.text.lowercased()
        if let format = FileFormat(rawValue: text) { return format }
        let known = FileFormat.allCases.map(\.rawValue) + ExternalSource.allCases.map(\.rawValue)
        let near = Suggestion.nearest(to: text, among: known)
        throw .user(
            "DATA_SOURCE_NOT_FOUND", "There is no data source of this name: \(name.text)",
            remedy: near.map { "Did you mean \($0)?" } ?? "Use one of: \(known.joined(separator: ", ")).",
            at: location(name.span))
    }
}
