import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Functions whose results take their types or names from how their arguments are written.
extension Binder {
    /// Binds `from_json(text, schema[, options])`, `from_csv` and `from_xml`, whose results have the type
    /// that the schema tells; nil for other calls.
    func schemaCall(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        let names = ["from_json", "from_csv", "from_xml"]
        guard names.contains(name), (2...3).contains(call.arguments.count) else {
            return nil
        }
        let text = try bind(call.arguments[0].value, context)
        guard text.type == .string || text.type == .null else {
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "\(name) takes a STRING, not a value of type \(text.type.sqlName).", at: location(span))
        }
        let type = try schema(call.arguments[1].value, name, context)
        var arguments = [cast(text, to: .string)]
        if call.arguments.count == 3 {
            arguments.append(.literal(try options(call.arguments[2].value, name, context)))
        }
        return .call(
            FunctionCall(name, arguments, type: type, ansi: settings.ansi, origin: origin(span)))
    }

    /// Reads the schema that an argument holds: columns such as `a INT, b STRING`, or one type.
    private func schema(
        _ argument: ExpressionSyntax, _ name: String, _ context: BindContext
    ) throws(EngineError) -> DataType {
        let bound = try bind(argument, context)
        guard let literal = constant(bound), case .string(let text) = literal.value else {
            throw .user(
                "INVALID_SCHEMA.NON_STRING_LITERAL", "The schema of \(name) must be a constant text.",
                remedy: "Write it as 'a INT, b STRING'.", at: location(argument.span))
        }
        let type: DataType
        do throws(EngineError) {
            let source = SQLSource(text, file: source.file)
            if let fields = try? SQLParser.schema(source) {
                type = .structure(Schema(fields).fields.map { Field($0.name, $0.type) })
            } else {
                type = DataType(try SQLParser.type(source))
            }
        } catch {
            throw .user(
                error.code, "The schema of \(name) cannot be read: \(error.message)", remedy: error.remedy,
                at: location(argument.span))
        }
        switch type {
        case .structure: return type
        case .array, .map:
            if name == "from_json" { return type }
        default: break
        }
        throw .user(
            "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
            "The schema of \(name) must be a struct\(name == "from_json" ? ", an array or a map" : ""), not "
                + "\(type.sqlName).", at: location(argument.span))
    }

    private func options(
        _ argument: ExpressionSyntax, _ name: String, _ context: BindContext
    ) throws(EngineError) -> Literal {
        let bound = try bind(argument, context)
        guard case .map = bound.type, let literal = constant(bound), case .map = literal.value else {
            throw .user(
                "INVALID_OPTIONS.NON_MAP_FUNCTION", "The options of \(name) must be a constant map.",
                remedy: "Write them as map('mode', 'FAILFAST').", at: location(argument.span))
        }
        guard case .map(.string, .string, _) = bound.type else {
            throw .user(
                "INVALID_OPTIONS.NON_STRING_TYPE",
                "The options of \(name) are a map of strings, not of the type \(bound.type.sqlName).",
                at: location(argument.span))
        }
        if case .map(let keys, let values) = literal.value {
            for (key, value) in zip(keys, values) where key == .string("mode") {
                guard case .string(let mode) = value, !["PERMISSIVE", "FAILFAST"].contains(mode.uppercased())
                else { continue }
                throw .user(
                    "PARSE_MODE_UNSUPPORTED",
                    "\(name) has no mode \(mode). Its modes are PERMISSIVE and FAILFAST.",
                    at: location(argument.span))
            }
        }
        return literal
    }

    /// Binds `arrays_zip(…)`: the structures' members are called by the columns, or by their places.
    func zipped(_ call: CallSyntax, _ context: BindContext, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        let arguments = try call.arguments.map { argument throws(EngineError) in
            try bind(argument.value, context)
        }
        let bound = try self.call("arrays_zip", arguments, at: span)
        guard case .call(var zip) = bound, case .array(.structure(var fields), let nulls) = zip.type else {
            return bound
        }
        for (place, argument) in call.arguments.enumerated() {
            switch argument.value.kind {
            case .column(let parts): fields[place].name = parts.last?.text ?? fields[place].name
            case .field(_, let member): fields[place].name = member.text
            default: break
            }
        }
        zip.type = .array(.structure(fields), containsNull: nulls)
        return .call(zip)
    }
}
