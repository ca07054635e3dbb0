import Vocabulary

/// Is thrown by dbt's `return()`: ends the macro that calls it.
struct ReturnedValue: Error {
    var value: TemplateValue
}

// What changes a value in its place. Values are copied here, not shared as in Python: a change is refused
// where another name would have to see it.
extension TemplateRenderer {
    /// Returns what `return()` throws. Throws an error outside a macro.
    func returned(_ call: TemplateCall) throws -> ReturnedValue {
        try call.atMost(1)
        guard isMacro else { throw call.error("return() ends a macro, and stands in none") }
        return ReturnedValue(value: call.argument(0, "data") ?? .none)
    }

    /// Notes after `set` whether the names hold values of their own.
    func note(_ names: [String], _ expression: TemplateExpression) {
        switch expression.kind {
        case .list, .map, .call, .binary, .filter: made.formUnion(names)
        default: made.subtract(names)
        }
        if case .name(let other) = expression.kind { made.remove(other) }
    }

    /// Answers Python's `append`, `extend` and `update` of a variable; nil for all other methods.
    func change(
        _ variable: String, _ call: TemplateCall, _ at: TemplateExpression
    ) throws -> TemplateValue? {
        guard let place = frames.lastIndex(where: { $0[variable] != nil }), let old = frames[place][variable]
        else { return nil }
        let argument = call.argument(0, "value") ?? .none
        let new: TemplateValue
        switch (old, call.name, argument) {
        case (.list(let items), "append", _): new = .list(items + [argument])
        case (.list(let items), "extend", .list(let more)): new = .list(items + more)
        case (.map(var map), "update", .map(let more)):
            for (key, value) in more.pairs { map[key] = value }
            for (key, value) in call.named { map[key] = value }
            new = .map(map)
        default: return nil
        }
        try refuseShared(variable, at)
        frames[place][variable] = try changed(new, at)
        return TemplateValue.none
    }

    /// Sets an attribute of a map that `namespace()` gave.
    func set(
        _ attribute: String, of name: String, _ value: TemplateValue, at expression: TemplateExpression
    ) throws {
        guard let place = frames.lastIndex(where: { $0[name] != nil }),
            case .map(var map)? = frames[place][name]
        else {
            throw error(
                "Only what namespace() gave has attributes that can be set: \(name)", expression,
                remedy: "Begin with {% set \(name) = namespace(\(attribute)=…) %}.")
        }
        try refuseShared(name, expression)
        map[attribute] = value
        frames[place][name] = try changed(.map(map), expression)
    }

    /// Returns a value that was changed. Throws when it holds too much, or changes have cost too much.
    private func changed(_ value: TemplateValue, _ at: TemplateExpression) throws -> TemplateValue {
        spent.changedValues += value.boundedCount ?? TemplateLimits.changedValues
        if spent.changedValues <= TemplateLimits.changedValues { return value }
        throw source.error(
            "The template changes too large lists or maps too often", at: at.offset, length: at.length,
            code: "TEMPLATE_LIMIT")
    }

    private func refuseShared(_ name: String, _ at: TemplateExpression) throws {
        if made.contains(name) { return }
        throw source.error(
            "Only a value that the template, or the macro, has made itself can be changed: \(name)",
            at: at.offset, length: at.length,
            remedy: "Make a new one: {% set \(name) = \(name) + […] %}; a macro gives it by return().",
            code: "UNSUPPORTED_TEMPLATE")
    }
}
