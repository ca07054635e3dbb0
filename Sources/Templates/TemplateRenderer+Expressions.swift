import Vocabulary

extension TemplateRenderer {
    /// The value of an expression, which must be defined.
    func defined(_ expression: TemplateExpression) throws -> TemplateValue {
        let value = try value(expression)
        if case .undefined(let name) = value { throw undefined(name, expression) }
        return value
    }

    private func undefined(_ name: String, _ at: TemplateExpression) -> EngineError {
        let near = Suggestion.nearest(to: name, among: visibleNames)
        return error(
            "There is no value of this name: \(name)", at,
            remedy: scope.remedies[name] ?? near.map { "Did you mean \($0)?" })
    }

    private var visibleNames: [String] {
        let set = frames.flatMap { $0.keys } + Array(scope.values.keys) + Array(scope.functions.keys)
        return (set + local.names + scope.macros.names + ["range"]).sorted()
    }

    /// The value of an expression; undefined where a name or key is missing.
    func value(_ expression: TemplateExpression) throws -> TemplateValue {
        try enter(expression.offset)
        defer { leave() }
        switch expression.kind {
        case .value(let value): return value
        case .name(let name): return lookup(name)
        case .list(let items): return try bounded(.list(try items.map(defined)), expression)
        case .map(let pairs): return try bounded(try map(pairs), expression)
        case .attribute(let of, let name): return try attribute(of, name)
        case .element(let of, let index): return try element(of, index)
        case .slice(let of, let from, let to): return try slice(of, from, to)
        case .call(let callee, let arguments): return try call(callee, arguments, expression)
        case .filter(let of, let name, let arguments):
            let given = try call(name, arguments, expression)
            return try filter(name, try value(of), given, expression)
        case .test(let of, let name, let arguments, let isNegated):
            let given = try call(name, arguments, expression)
            let isMet = try test(name, try value(of), given, expression)
            return .boolean(isMet != isNegated)
        case .not(let of): return .boolean(!(try defined(of).isTrue))
        case .negative(let of): return try negative(of)
        case .binary(let symbol, let left, let right): return try binary(symbol, left, right, expression)
        case .choice(let condition, let of, let otherwise):
            if try defined(condition).isTrue { return try value(of) }
            return try otherwise.map(value) ?? .text("")
        }
    }

    /// Returns a value that was put together. Throws when it holds more than can be printed.
    func bounded(_ value: TemplateValue, _ at: TemplateExpression) throws -> TemplateValue {
        if value.isBounded { return value }
        throw source.error(
            "A value of the template holds too many values, or too long ones", at: at.offset,
            length: at.length, code: "TEMPLATE_LIMIT")
    }

    private func lookup(_ name: String) -> TemplateValue {
        for frame in frames.reversed() { if let value = frame[name] { return value } }
        scope.asked[name]?()
        return scope.values[name] ?? .undefined(name)
    }

    private func map(_ pairs: [(TemplateExpression, TemplateExpression)]) throws -> TemplateValue {
        var map = TemplateMap()
        for (key, value) in pairs { map[try defined(key).printed] = try defined(value) }
        return .map(map)
    }

    private func attribute(_ of: TemplateExpression, _ name: String) throws -> TemplateValue {
        if case .name(let head) = of.kind, !frames.contains(where: { $0[head] != nil }),
            let found = scope.attributes["\(head).\(name)"]
        {
            return try found(source.location(of.offset, length: of.length))
        }
        let value = try defined(of)
        guard case .map(let map) = value else {
            throw error("A value of type \(value.typeName) has no attribute of this name: \(name)", of)
        }
        return map[name] ?? .undefined(name)
    }

    private func element(_ of: TemplateExpression, _ index: TemplateExpression) throws -> TemplateValue {
        let value = try defined(of)
        let key = try defined(index)
        switch (value, key) {
        case (.map(let map), _): return map[key.printed] ?? .undefined(key.printed)
        case (.list(let items), .integer(let at)):
            let place = at < 0 ? items.count + at : at
            guard items.indices.contains(place) else {
                throw error("The list has \(items.count) elements, none at this index: \(at)", index)
            }
            return items[place]
        default:
            throw error("A value of type \(value.typeName) has no element at: \(key.printed)", index)
        }
    }

    /// A part of a text or a list, as Python cuts it: places from the end are negative, all are cut to fit.
    private func slice(
        _ of: TemplateExpression, _ from: TemplateExpression?, _ to: TemplateExpression?
    ) throws -> TemplateValue {
        func cut<Items: Collection>(_ items: Items) throws -> Items.SubSequence {
            func place(_ expression: TemplateExpression?, _ otherwise: Int) throws -> Int {
                guard let expression else { return otherwise }
                guard case .integer(let at) = try defined(expression) else {
                    throw error("A slice goes from one integer to another", expression)
                }
                return at < 0 ? max(0, items.count + max(at, -items.count)) : min(at, items.count)
            }
            let (start, end) = (try place(from, 0), try place(to, items.count))
            return items.dropFirst(start).prefix(max(0, end - start))
        }
        switch try defined(of) {
        case .text(let text): return .text(String(try cut(text)))
        case .list(let items): return .list(Array(try cut(items)))
        case let other: throw error("Only texts and lists have slices, not \(other.typeName)", of)
        }
    }

    private func negative(_ of: TemplateExpression) throws -> TemplateValue {
        switch try defined(of) {
        case .integer(let value) where value != Int.min: return .integer(-value)
        case .number(let value): return .number(-value)
        case let other: throw error("Only numbers have a negative, not \(other.typeName)", of)
        }
    }

    // MARK: calls

    /// Arguments with their values.
    func call(_ name: String, _ arguments: TemplateArguments, _ at: TemplateExpression) throws -> TemplateCall
    {
        TemplateCall(
            name: name, positional: try arguments.positional.map(defined),
            named: try arguments.named.map { ($0.0, try defined($0.1)) },
            location: source.location(at.offset, length: at.length))
    }

    private func call(
        _ callee: TemplateExpression, _ arguments: TemplateArguments, _ at: TemplateExpression
    ) throws -> TemplateValue {
        switch callee.kind {
        case .name(let name):
            let given = try call(name, arguments, at)
            if let macro = local.macros[name] ?? scope.macros.macros[name] {
                return try run(macro.macro, macro.source, given, at)
            }
            if let function = scope.functions[name] { return try function(given) }
            if name == "range" { return try range(given) }
            if name == "return" { throw try returned(given) }
            if name == "namespace" {
                return .map(TemplateMap(given.named.map { ($0.name, $0.value) }))
            }
            let near = Suggestion.nearest(to: name, among: visibleNames)
            throw error(
                "There is no function or macro of this name: \(name)", callee,
                remedy: scope.remedies[name] ?? near.map { "Did you mean \($0)?" })
        case .attribute(let of, let name):
            if case .name(let head) = of.kind {
                if let function = scope.functions["\(head).\(name)"] {
                    return try function(try call("\(head).\(name)", arguments, at))
                }
                if case .undefined = lookup(head) {
                    throw source.error(
                        "Calls into this are not supported: \(head)", at: of.offset, length: of.length,
                        remedy: scope.remedies[head]
                            ?? "Macros of packages cannot be used; write the SQL out, or a macro in macros/.",
                        code: "UNSUPPORTED_TEMPLATE")
                }
            }
            let given = try call(name, arguments, at)
            if case .name(let variable) = of.kind, let done = try change(variable, given, of) {
                (arguments.positional + arguments.named.map(\.1)).forEach(share)
                return done
            }
            return try method(name, try defined(of), given)
        case .call(let dispatcher, let named):
            guard let found = try dispatched(dispatcher, named, callee) else { fallthrough }
            return try run(found.macro, found.source, try call(found.macro.name, arguments, at), at)
        default: throw error("Only names can be called", callee)
        }
    }

    /// Returns the macro that `adapter.dispatch('name')` names: `spark__name`, else `default__name`, as in
    /// dbt. Nil for other calls.
    private func dispatched(
        _ dispatcher: TemplateExpression, _ arguments: TemplateArguments, _ at: TemplateExpression
    ) throws -> (macro: TemplateMacro, source: TemplateSource)? {
        guard case .attribute(let of, "dispatch") = dispatcher.kind, case .name("adapter") = of.kind else {
            return nil
        }
        let name = try call("adapter.dispatch", arguments, at).text(0, "macro_name")
        for prefix in ["spark__", "default__"] {
            if let found = local.macros[prefix + name] ?? scope.macros.macros[prefix + name] { return found }
        }
        throw error(
            "There is no macro of the name default__\(name), nor spark__\(name)", at,
            remedy: "Write one in macros/.")
    }

    private func range(_ call: TemplateCall) throws -> TemplateValue {
        let numbers = try call.positional.map { value throws -> Int in
            guard case .integer(let number) = value else {
                throw call.error("range() takes integers, not \(value.typeName)")
            }
            return number
        }
        guard (1...3).contains(numbers.count), call.named.isEmpty else {
            throw call.error("range() takes one to three integers")
        }
        let start = numbers.count > 1 ? numbers[0] : 0
        let end = numbers.count > 1 ? numbers[1] : numbers[0]
        let step = numbers.count > 2 ? numbers[2] : 1
        guard step != 0 else { throw call.error("range() needs a step other than 0") }
        let count = (Double(end) - Double(start)) / Double(step)
        guard count <= Double(TemplateLimits.listElements) else {
            throw call.error(
                "range() gives more than \(TemplateLimits.listElements) elements", code: "TEMPLATE_LIMIT")
        }
        var list: [TemplateValue] = []
        var at = start
        while step > 0 ? at < end : at > end {
            list.append(.integer(at))
            let next = at.addingReportingOverflow(step)
            if next.overflow { break }
            at = next.partialValue
        }
        return .list(list)
    }

    private func run(
        _ macro: TemplateMacro, _ home: TemplateSource, _ call: TemplateCall, _ at: TemplateExpression
    ) throws -> TemplateValue {
        let inner = TemplateRenderer(source: home, scope: scope, spent: spent)
        inner.local = local
        inner.isMacro = true
        // A macro sees what the top of its own template has set, not the caller's loops.
        inner.frames = [home.file == source.file ? frames[0] : [:], [:]]
        guard call.positional.count <= macro.parameters.count else {
            throw call.error(
                "The macro \(macro.name) takes \(macro.parameters.count) arguments; there are "
                    + "\(call.positional.count)")
        }
        for (name, _) in call.named where !macro.parameters.contains(where: { $0.name == name }) {
            let near = Suggestion.nearest(to: name, among: macro.parameters.map(\.name))
            throw call.error(
                "The macro \(macro.name) has no argument of this name: \(name)",
                remedy: near.map { "Did you mean \($0)?" })
        }
        for (index, parameter) in macro.parameters.enumerated() {
            if let value = call.argument(index, parameter.name) {
                inner.frames[1][parameter.name] = value
            } else if let value = parameter.value {
                inner.frames[1][parameter.name] = try inner.defined(value)
            } else {
                throw call.error("The macro \(macro.name) needs its argument '\(parameter.name)'")
            }
        }
        try enter(at.offset)
        defer { leave() }
        do { try inner.run(macro.body) } catch let returned as ReturnedValue { return returned.value }
        return .text(inner.out)
    }
}
