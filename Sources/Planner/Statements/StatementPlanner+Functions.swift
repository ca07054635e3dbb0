import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Functions that SQL defines: those that are kept in a database, and those of the job alone.
extension StatementPlanner {
    func createFunction(_ create: CreateFunctionSyntax) throws(EngineError) -> PlannedStatement {
        let (database, name) = try newFunctionName(create)
        let exists =
            database.map { catalog.storedFunction(named: [$0, name], in: $0) != nil }
            ?? (catalog.temporaryFunction(named: name) != nil || BuiltInNames.contains(name))
        if exists, !create.replaces {
            if create.ifNotExists { return PlannedStatement(work: .none) }
            throw .user(
                "ROUTINE_ALREADY_EXISTS", "There is a function of this name already: \(name)",
                remedy: "Use CREATE OR REPLACE FUNCTION, or another name.", at: span(of: create.name))
        }
        var function = try definition(create, database: database, name: name)
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        let output: [ColumnReference]
        do {
            output = try binder.signature(of: function)
        } catch {
            // Places of the body are those of a text of its own.
            var placed = error
            if let place = error.location, place.file != source.file {
                placed.location = location(create.bodySpan)
            }
            throw placed
        }
        if database != nil, let temporary = binder.temporaryNames.first {
            throw .user(
                "INVALID_TEMP_OBJ_REFERENCE",
                "A function that is kept cannot refer to what is of the job alone: \(temporary)",
                remedy: "Make it CREATE TEMPORARY FUNCTION, or keep what it refers to.",
                at: span(of: create.name))
        }
        switch create.result {
        case .value(nil): function.type = output.first?.type.sqlName
        case .table(nil):
            function.columns = output.map { .init(name: $0.name, type: $0.type.sqlName) }
        default: break
        }
        return PlannedStatement(
            work: .none,
            change: database == nil ? .createFunction(function) : .store([.putFunction(function)]))
    }

    /// Returns the database, nil for a function of the job alone, and the name in lower case.
    private func newFunctionName(
        _ create: CreateFunctionSyntax
    ) throws(EngineError) -> (database: String?, name: String) {
        guard create.isTemporary else {
            let (database, name) = try newName(create.name)
            return (database, name.lowercased())
        }
        let parts = create.name.map { $0.text.lowercased() }
        if parts.count > 1, parts.dropLast() != ["session"], parts.dropLast() != ["system", "session"] {
            throw .user(
                "INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_DATABASE",
                "A temporary function is of no database: \(parts.dropLast().joined(separator: "."))",
                remedy: "Leave the database out, or TEMPORARY.", at: span(of: create.name))
        }
        return (nil, parts.last ?? "")
    }

    private func definition(
        _ create: CreateFunctionSyntax, database: String?, name: String
    ) throws(EngineError) -> FunctionDefinition {
        try checkParameters(create.parameters, of: name)
        var function = FunctionDefinition(
            database: database, name: name, parameters: try columns(create.parameters),
            body: source.text(create.bodySpan), isQuery: create.isQuery, namespace: catalog.currentDatabase,
            createdMilliseconds: settings.nowMicroseconds / 1000)
        function.comment = create.comment
        function.isDeterministic = create.isDeterministic
        switch create.result {
        case .value(let type): function.type = type?.nullable.sql
        case .table(let list): function.columns = try columns(list ?? [])
        }
        return function
    }

    private func columns(_ fields: [FieldSyntax]) throws(EngineError) -> [FunctionDefinition.Column] {
        try fields.map { field throws(EngineError) in
            if !TextLimit(field.type).isNone {
                throw .user(
                    "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING",
                    "Functions take and give texts of any length: \(field.type.sql)",
                    remedy: "Write STRING.", at: location(field.name.span))
            }
            return FunctionDefinition.Column(
                name: field.name.text, type: field.type.sql, defaultText: field.defaultText,
                comment: field.comment)
        }
    }

    private func checkParameters(_ parameters: [FieldSyntax], of name: String) throws(EngineError) {
        var seen: Set<String> = []
        var optional: FieldSyntax?
        for parameter in parameters {
            if !seen.insert(parameter.name.text.lowercased()).inserted {
                throw .user(
                    "DUPLICATE_ROUTINE_PARAMETER_NAMES",
                    "Two parameters of \(name) have the same name: \(parameter.name.text)",
                    at: location(parameter.name.span))
            }
            if let optional, parameter.defaultText == nil {
                throw .user(
                    "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION",
                    "The parameter \(optional.name.text), which has a default value, stands before "
                        + "\(parameter.name.text), which has none.",
                    remedy: "Put parameters with default values last.", at: location(parameter.name.span))
            }
            if parameter.defaultText != nil { optional = parameter }
        }
    }

    func dropFunction(
        _ name: [NameSyntax], isTemporary: Bool, ifExists: Bool
    ) throws(EngineError) -> PlannedStatement {
        let parts = name.map { $0.text.lowercased() }
        let last = parts.last ?? ""
        if isTemporary, catalog.temporaryFunction(named: last) != nil {
            return PlannedStatement(work: .none, change: .dropFunction(name: last))
        }
        let isBuiltIn = BuiltInNames.contains(last)
        if parts.count == 1, isBuiltIn || !isTemporary && catalog.temporaryFunction(named: last) != nil {
            throw .user(
                "FORBIDDEN_OPERATION",
                isBuiltIn
                    ? "A built-in function cannot be dropped: \(last)"
                    : "This function is of the job alone: \(last)",
                remedy: isBuiltIn
                    ? "Name a function of a database with it: DROP FUNCTION default.\(last)."
                    : "Use DROP TEMPORARY FUNCTION.", at: span(of: name))
        }
        if !isTemporary, let known = catalog.storedFunction(named: parts, in: catalog.currentDatabase) {
            return PlannedStatement(
                work: .none,
                change: .store([.dropFunction(database: known.database ?? "default", name: known.name)]))
        }
        if ifExists { return PlannedStatement(work: .none) }
        throw noFunction(name, isTemporary ? "ROUTINE_NOT_FOUND" : "UNRESOLVED_ROUTINE")
    }

    private func noFunction(_ name: [NameSyntax], _ code: String) -> EngineError {
        let text = name.map(\.text).joined(separator: ".")
        let own = catalog.temporaryFunctionNames + catalog.functionNames(in: catalog.currentDatabase)
        let near = Suggestion.nearest(to: text, among: own + BuiltInNames.all)
        return .user(
            code, "There is no function of this name: \(text)",
            remedy: near.map { "Did you mean \($0)?" }, at: span(of: name))
    }

    func showFunctions(
        _ kinds: FunctionKinds, _ name: [NameSyntax]?, _ pattern: String?
    ) throws(EngineError) -> PlannedStatement {
        let database = try database(name).name
        var names: [String] = []
        if kinds != .system {
            names += matching(catalog.temporaryFunctionNames, pattern)
            names += matching(catalog.functionNames(in: database), pattern)
                .map { "spark_catalog.\(database).\($0)" }
        }
        if kinds != .user { names += matching(BuiltInNames.all, pattern) }
        return listing(["function"], names.sorted().map { [.string($0)] })
    }

    func describeFunction(_ name: [NameSyntax], isExtended: Bool) throws(EngineError) -> PlannedStatement {
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        let registry = FunctionRegistry.shared
        let last = name.last?.text.lowercased() ?? ""
        var lines: [String]
        if let function = binder.routine(name) ?? binder.routine(name, isTable: true) {
            lines = ["Function: \(function.shownName)", "Class: sqlFunction.", "Usage: \(function.usage)"]
            if isExtended {
                lines.append("Extended Usage:\n    No example/argument for \(function.name).\n")
            }
        } else if name.count == 1, BuiltInNames.contains(last) {
            let summary =
                registry.scalar(named: last)?.summary ?? registry.aggregate(named: last)?.summary
                ?? registry.window(named: last)?.summary ?? ""
            lines = ["Function: \(last)", "Class: millrace", "Usage: \(last) - \(summary)"]
            let example = registry.scalar(named: last)?.example ?? registry.aggregate(named: last)?.example
            if isExtended {
                lines.append(
                    "Extended Usage:\n"
                        + (example.map { "    Examples:\n      > SELECT \($0);\n" }
                            ?? "    No example/argument for \(last).\n"))
            }
        } else {
            throw noFunction(name, "UNRESOLVED_ROUTINE")
        }
        let schema = Schema([Field("function_desc", .string, nullable: false)])
        return PlannedStatement(work: .rows(lines.map { [.string($0)] }, schema: schema))
    }
}

extension FunctionDefinition {
    /// What is known of the function as Spark shows it: an object of JSON.
    fileprivate var usage: String {
        var pairs: [(String, String)] = []
        if let comment { pairs.append(("sqlFunction.comment", comment)) }
        pairs += [
            ("sqlFunction.returnType", type ?? (columns ?? []).map(\.text).joined(separator: ", ")),
            ("sqlFunction.isTableFunc", "\(isTable)"),
            (isQuery ? "sqlFunction.query" : "sqlFunction.expression", body),
            ("catalogAndNamespace.numParts", "2"), ("catalogAndNamespace.part.0", "spark_catalog"),
            ("catalogAndNamespace.part.1", namespace),
        ]
        if !parameters.isEmpty {
            pairs.append(("sqlFunction.inputParam", parameters.map(\.text).joined(separator: ", ")))
        }
        if let isDeterministic { pairs.append(("sqlFunction.deterministic", "\(isDeterministic)")) }
        pairs.append(("sqlFunction.createTime", "\(createdMilliseconds)"))
        let members = pairs.map { "\(JSONString.quoted($0.0)):\(JSONString.quoted($0.1))" }
        return "{\(members.joined(separator: ","))}"
    }
}

extension FunctionDefinition.Column {
    /// The column as it was declared.
    fileprivate var text: String {
        var text = "\(name) \(type)"
        if let defaultText { text += " DEFAULT \(defaultText)" }
        if let comment { text += " COMMENT '\(comment.backslashing("\\", "'"))'" }
        return text
    }
}
