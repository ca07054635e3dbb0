import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds a call of a function that takes lambdas; nil for other functions, and where no lambda is given.
    func lambdaCall(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        guard let form = LambdaForm(rawValue: name == "reduce" ? "aggregate" : name),
            call.arguments.contains(where: { if case .lambda = $0.value.kind { true } else { false } })
        else { return nil }
        let most = form.inputCount + form.bodyCount
        guard (form.inputCount + 1...most).contains(call.arguments.count) else {
            throw .user(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                "The `\(name)` requires \(most) parameters but the actual number is "
                    + "\(call.arguments.count).", at: location(span))
        }
        var inputs = try call.arguments.prefix(form.inputCount).map { argument throws(EngineError) in
            try bind(argument.value, context)
        }
        let lambdas = call.arguments.dropFirst(form.inputCount).map(\.value)
        if form == .mapZipWith { return try mapZipWith(inputs, lambdas[0], context, at: span) }
        let parameters = try parameters(form, name, &inputs, at: span)
        var (body, numbers) = try lambda(lambdas[0], parameters, form, context)
        if form == .aggregate, body.type != inputs[1].type {
            // The state has one type throughout.
            guard let common = commonType(body.type, inputs[1].type), common == inputs[1].type else {
                throw .user(
                    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                    "The lambda of \(name) gives \(body.type.sqlName), but its start is "
                        + "\(inputs[1].type.sqlName).", remedy: "Cast the start to the type of the lambda.",
                    at: location(span))
            }
            body = cast(body, to: common)
        }
        var bodies = [body]
        if form == .aggregate {
            if lambdas.count > 1 {
                let last = try lambda(lambdas[1], [inputs[1].type], form, context)
                bodies.append(last.body)
                numbers += last.numbers
            } else {
                let number = Int(newID().rawValue)
                bodies.append(LambdaForm.variable(number, inputs[1].type))
                numbers.append(number)
            }
        }
        if [.filter, .exists, .forall, .mapFilter].contains(form) {
            bodies[0] = try condition(bodies[0], "the lambda of \(name)", at: lambdas[0].span)
        }
        if form == .arraySort {
            guard bodies[0].type.isNumeric || [.null, .string].contains(bodies[0].type) else {
                throw .user(
                    "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE",
                    "The `\(name)` requires return \"INT\" type, but the actual is "
                        + "\"\(bodies[0].type.sqlName)\" type.", at: location(lambdas[0].span))
            }
            bodies[0] = cast(bodies[0], to: .int32, at: lambdas[0].span)
        }
        let arguments = inputs + bodies + numbers.map { Expression.literal(.int64(Int64($0))) }
        let type = Self.result(form, inputs, bodies)
        return .call(
            FunctionCall(form.rawValue, arguments, type: type, ansi: settings.ansi, origin: origin(span)))
    }

    /// Binds `map_zip_with(a, b, (key, x, y) -> …)` as the keys of both, each with the lambda's value for
    /// what
    /// the maps hold for it.
    private func mapZipWith(
        _ inputs: [Expression], _ syntax: ExpressionSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        guard case .map(let key, _, _) = inputs[0].type, case .map(let other, _, _) = inputs[1].type,
            let common = commonType(key, other)
        else {
            throw .user(
                "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES",
                "map_zip_with takes two maps with keys of one type, not \(inputs[0].type.sqlName) and "
                    + "\(inputs[1].type.sqlName).", at: location(span))
        }
        guard case .lambda(let parameters, let body) = syntax.kind, parameters.count == 3 else {
            throw .user(
                "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                "The lambda of map_zip_with takes a key and "
                    + "two values.", at: location(syntax.span))
        }
        let sides = try inputs.map { input throws(EngineError) in try call("map_keys", [input], at: span) }
        let keys = try call("array_distinct", [call("concat", sides, at: span)], at: span)
        let number = Int(newID().rawValue)
        let variable = LambdaForm.variable(number, common)
        var inner = context
        inner.lambdaVariables[parameters[0].text.lowercased()] = variable
        for (input, parameter) in zip(inputs, parameters.dropFirst()) {
            inner.lambdaVariables[parameter.text.lowercased()] = try call(
                "try_element_at", [input, variable], at: span)
        }
        let value = try bind(body, inner)
        let values = FunctionCall(
            LambdaForm.transform.rawValue,
            [keys, value, .literal(.int64(Int64(number))), .literal(.int64(Int64(newID().rawValue)))],
            type: .array(value.type, containsNull: true), ansi: settings.ansi, origin: origin(span))
        return try call("map_from_arrays", [keys, .call(values)], at: span)
    }

    /// Returns the types of the lambda's parameters.
    private func parameters(
        _ form: LambdaForm, _ name: String, _ inputs: inout [Expression], at span: SourceSpan
    ) throws(EngineError) -> [DataType] {
        switch (form, inputs[0].type) {
        case (.transform, .array(let element, _)), (.filter, .array(let element, _)):
            return [element, .int32]
        case (.arraySort, .array(let element, _)): return [element, element]
        case (.exists, .array(let element, _)), (.forall, .array(let element, _)): return [element]
        case (.aggregate, .array(let element, _)): return [inputs[1].type, element]
        case (.zipWith, .array(let left, _)):
            if case .array(let right, _) = inputs[1].type { return [left, right] }
        case (.mapFilter, .map(let key, let value, _)), (.transformKeys, .map(let key, let value, _)),
            (.transformValues, .map(let key, let value, _)):
            return [key, value]
        default: break
        }
        let wanted = [.mapFilter, .transformKeys, .transformValues].contains(form) ? "MAP" : "ARRAY"
        throw .user(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            "\(name) takes \(wanted == "MAP" ? "a" : "an") \(wanted), not a value of type "
                + "\(inputs[0].type.sqlName).", at: location(span))
    }

    /// Binds a lambda's body. Every type has a number, also where the lambda has no parameter for it.
    private func lambda(
        _ syntax: ExpressionSyntax, _ types: [DataType], _ form: LambdaForm, _ context: BindContext
    ) throws(EngineError) -> (body: Expression, numbers: [Int]) {
        guard case .lambda(let parameters, let body) = syntax.kind else {
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "\(form.rawValue) takes a lambda function here.",
                remedy: "Write it as x -> ….", at: location(syntax.span))
        }
        let mayLeaveOut = form == .transform || form == .filter
        guard parameters.count == types.count || mayLeaveOut && parameters.count == 1 else {
            throw .user(
                "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                "The lambda has \(parameters.count) parameters, but \(form.rawValue) gives \(types.count).",
                at: location(syntax.span))
        }
        var inner = context
        var numbers: [Int] = []
        for (place, type) in types.enumerated() {
            let number = Int(newID().rawValue)
            numbers.append(number)
            guard place < parameters.count else { continue }
            let name = parameters[place].text.lowercased()
            if parameters[..<place].contains(where: { $0.text.lowercased() == name }) {
                throw .user(
                    "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES",
                    "Two parameters of the lambda have one name: \(parameters[place].text).",
                    at: location(parameters[place].span))
            }
            inner.lambdaVariables[name] = LambdaForm.variable(number, type)
        }
        return (try bind(body, inner), numbers)
    }

    private static func result(_ form: LambdaForm, _ inputs: [Expression], _ bodies: [Expression]) -> DataType
    {
        switch form {
        case .transform, .zipWith: return .array(bodies[0].type, containsNull: true)
        case .filter, .mapFilter, .arraySort, .mapZipWith: return inputs[0].type
        case .exists, .forall: return .boolean
        case .aggregate: return bodies[1].type
        case .transformKeys:
            guard case .map(_, let value, let nulls) = inputs[0].type else { return .null }
            return .map(key: bodies[0].type, value: value, valueContainsNull: nulls)
        case .transformValues:
            guard case .map(let key, _, _) = inputs[0].type else { return .null }
            return .map(key: key, value: bodies[0].type, valueContainsNull: true)
        }
    }
}
