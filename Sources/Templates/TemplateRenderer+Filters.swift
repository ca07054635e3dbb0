import Vocabulary

extension TemplateRenderer {
    /// Filters of the subset.
    static let filters = [
        "abs", "as_bool", "as_native", "as_number", "as_text", "capitalize", "count", "d", "default",
        "first", "float", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min",
        "replace", "reverse", "round", "safe", "sort", "string", "sum", "title", "tojson", "trim", "unique",
        "upper",
        // Airflow's, of times.
        "ds", "ds_nodash", "ts", "ts_nodash",
    ]

    func filter(
        _ name: String, _ value: TemplateValue, _ call: TemplateCall, _ at: TemplateExpression
    ) throws -> TemplateValue {
        if name == "default" || name == "d" {
            let fallback = call.argument(0, "default_value") ?? .text("")
            let isLoose = call.argument(1, "boolean")?.isTrue ?? false
            if case .undefined = value { return fallback }
            return isLoose && !value.isTrue ? fallback : value
        }
        guard TemplateRenderer.filters.contains(name) else {
            let near = Suggestion.nearest(to: name, among: TemplateRenderer.filters)
            throw error(
                "There is no filter of this name: \(name)", at,
                remedy: near.map { "Did you mean \($0)?" }
                    ?? "Supported are: \(TemplateRenderer.filters.joined(separator: ", ")).")
        }
        if case .undefined(let missing) = value {
            throw error(
                "There is no value of this name: \(missing)", at, remedy: "Give it one with default(…).")
        }
        switch name {
        case "upper", "lower", "title", "capitalize", "trim", "replace":
            return try method(name == "trim" ? "strip" : name, .text(value.printed), call)
        case "abs", "round", "int", "float", "as_number": return try number(name, value, call, at)
        case "string", "as_text", "safe", "ts": return .text(value.printed)
        case "ds", "ds_nodash", "ts_nodash":
            let format = ["ds": "%F", "ds_nodash": "%Y%m%d", "ts_nodash": "%Y%m%dT%H%M%S"][name] ?? ""
            return .text(try TemplateRenderer.formatted(value.printed, format, call))
        case "as_bool": return try boolean(value, at)
        case "as_native": return value
        case "tojson": return .text(value.json)
        case "items": return try method("items", value, call)
        case "length", "count":
            if case .text(let text) = value { return .integer(text.count) }
            return .integer(try elements(value, at: at).count)
        default: return try listed(name, try elements(value, at: at), call, at)
        }
    }

    private func listed(
        _ name: String, _ items: [TemplateValue], _ call: TemplateCall, _ at: TemplateExpression
    ) throws -> TemplateValue {
        switch name {
        case "first", "last":
            guard let item = name == "first" ? items.first : items.last else {
                throw error("An empty list has no \(name) element", at)
            }
            return item
        case "join":
            return try joined(items, by: call.argument(0, "d")?.printed ?? "", call)
        case "reverse": return .list(items.reversed())
        case "unique":
            var seen = Set<TemplateValue>()
            return .list(items.filter { seen.insert($0).inserted })
        case "sort":
            let sorted = try items.sorted { try isLess($0, $1, at) }
            return .list(call.argument(0, "reverse")?.isTrue == true ? sorted.reversed() : sorted)
        case "min", "max":
            guard
                let item = try name == "min"
                    ? items.min(by: { try isLess($0, $1, at) }) : items.max(by: { try isLess($0, $1, at) })
            else { throw error("An empty list has no \(name)", at) }
            return item
        case "sum":
            let numbers = try items.map { item throws -> Double in
                guard let number = item.asNumber else { throw error("sum takes numbers", at) }
                return number
            }
            let total = numbers.reduce(0, +)
            let isWhole = items.allSatisfy { if case .integer = $0 { true } else { false } }
            return isWhole ? Int(exactly: total).map { .integer($0) } ?? .number(total) : .number(total)
        case "map":
            guard case .text(let key)? = call.argument(1, "attribute") ?? nil else {
                let filter = try call.text(0, "filter")
                let bare = TemplateCall(name: filter, positional: [], named: [], location: call.location)
                return .list(try items.map { try self.filter(filter, $0, bare, at) })
            }
            return .list(
                try items.map {
                    guard case .map(let map) = $0, let value = map[key] else {
                        throw error("An element of the list has no attribute of this name: \(key)", at)
                    }
                    return value
                })
        default: return .list(items)
        }
    }

    private func joined(
        _ items: [TemplateValue], by separator: String, _ call: TemplateCall
    ) throws -> TemplateValue {
        var text = ""
        for (place, item) in items.enumerated() {
            if place > 0 { text += separator }
            text += item.printed
            if text.utf8.count > TemplateLimits.outputBytes {
                throw call.error("join gives a text that is too long", code: "TEMPLATE_LIMIT")
            }
        }
        return .text(text)
    }

    private func isLess(_ a: TemplateValue, _ b: TemplateValue, _ at: TemplateExpression) throws -> Bool {
        guard let less = TemplateRenderer.isLess(a, b) else {
            throw error("Values of these types have no order: \(a.typeName), \(b.typeName)", at)
        }
        return less
    }

    private func boolean(_ value: TemplateValue, _ at: TemplateExpression) throws -> TemplateValue {
        switch value.printed.lowercased() {
        case "true", "1", "yes": return .boolean(true)
        case "false", "0", "no": return .boolean(false)
        default: throw error("This is neither true nor false: \(value.printed)", at)
        }
    }

    private func number(
        _ name: String, _ value: TemplateValue, _ call: TemplateCall, _ at: TemplateExpression
    ) throws -> TemplateValue {
        var value = value
        if case .text(let text) = value {
            let bare = text.filter { !$0.isWhitespace }
            if let whole = Int(bare) {
                value = .integer(whole)
            } else if let number = Double(bare) {
                value = .number(number)
            } else if let fallback = call.argument(0, "default"), name == "int" || name == "float" {
                return fallback
            } else {
                throw error("This is no number: \(text)", at)
            }
        }
        if case .integer(let whole) = value, name != "float" {
            return .integer(name == "abs" ? Int(clamping: whole.magnitude) : whole)
        }
        guard let number = value.asNumber else { throw error("This is no number: \(value.printed)", at) }
        switch name {
        case "abs": return .number(abs(number))
        case "int":
            guard let whole = Int(exactly: number.rounded(.towardZero)) else {
                throw error("The number is too large", at)
            }
            return .integer(whole)
        case "round":
            guard case .integer(let digits) = call.argument(0, "precision") ?? .integer(0),
                (0...15).contains(digits)
            else { throw error("round takes 0 to 15 digits", at) }
            let scale = (0..<digits).reduce(1.0) { result, _ in result * 10 }
            return .number((number * scale).rounded(.toNearestOrEven) / scale)
        default: return .number(number)
        }
    }

    // MARK: tests and methods

    private static let tests = [
        "boolean", "defined", "divisibleby", "even", "eq", "equalto", "false", "float", "in", "integer",
        "iterable", "mapping", "none", "number", "odd", "sequence", "string", "true", "undefined",
    ]

    func test(
        _ name: String, _ value: TemplateValue, _ call: TemplateCall, _ at: TemplateExpression
    ) throws -> Bool {
        if case .undefined(let missing) = value, name != "defined", name != "undefined" {
            throw error("There is no value of this name: \(missing)", at)
        }
        switch (name, value) {
        case ("defined", .undefined), ("undefined", .undefined): return name == "undefined"
        case ("defined", _): return true
        case ("undefined", _): return false
        case ("none", _): return value == .none
        case ("true", _): return value == .boolean(true)
        case ("false", _): return value == .boolean(false)
        case ("boolean", _): return value.typeName == "boolean"
        case ("string", _): return value.typeName == "text"
        case ("integer", _), ("mapping", _), ("float", _):
            return value.typeName == ["integer": "integer", "mapping": "map", "float": "number"][name]
        case ("number", _): return value.asNumber != nil && value.typeName != "boolean"
        case ("iterable", _), ("sequence", _): return ["list", "map", "text"].contains(value.typeName)
        case ("even", .integer(let number)): return number % 2 == 0
        case ("odd", .integer(let number)): return number % 2 != 0
        case ("divisibleby", .integer(let number)):
            guard case .integer(let by)? = call.argument(0, "num"), by != 0, by != -1 else {
                throw error("divisibleby takes an integer other than 0", at)
            }
            return number % by == 0
        case ("eq", _), ("equalto", _):
            return TemplateRenderer.areEqual(value, call.argument(0, "other") ?? .none)
        case ("in", _): return try contains(call.argument(0, "seq") ?? .none, value, at)
        default:
            let near = Suggestion.nearest(to: name, among: TemplateRenderer.tests)
            throw error(
                TemplateRenderer.tests.contains(name)
                    ? "The test '\(name)' does not take \(value.typeName)"
                    : "There is no test of this name: \(name)", at,
                remedy: near.flatMap { $0 == name ? nil : "Did you mean \($0)?" })
        }
    }

    /// Methods of Python's that templates use; none changes its value.
    func method(_ name: String, _ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        switch (value, name) {
        case (.text(let text), "upper"): return .text(text.uppercased())
        case (.text(let text), "lower"): return .text(text.lowercased())
        case (.text(let text), "capitalize"):
            return .text(text.prefix(1).uppercased() + text.dropFirst().lowercased())
        case (.text(let text), "title"): return .text(TemplateRenderer.title(text))
        case (.text(let text), "strip"): return .text(TemplateRenderer.stripped(text))
        case (.text(let text), "replace"):
            let old = try call.text(0, "old")
            let new = try call.text(1, "new")
            let most = (text.utf8.count / max(1, old.utf8.count)) * new.utf8.count
            guard text.utf8.count + most <= TemplateLimits.outputBytes else {
                throw call.error("replace() gives a text that is too long", code: "TEMPLATE_LIMIT")
            }
            return .text(old.isEmpty ? text : text.replacing(old, with: new))
        case (.text(let text), "startswith"): return .boolean(text.hasPrefix(try call.text(0, "prefix")))
        case (.text(let text), "endswith"): return .boolean(text.hasSuffix(try call.text(0, "suffix")))
        case (.text(let text), "split"):
            guard let separator = call.argument(0, "sep") else {
                return .list(text.split(whereSeparator: \.isWhitespace).map { .text(String($0)) })
            }
            return .list(
                text.split(separator: separator.printed, omittingEmptySubsequences: false)
                    .map { .text(String($0)) })
        case (.text(let text), "strftime"):
            return .text(try TemplateRenderer.formatted(text, try call.text(0, "format"), call))
        case (.text(let text), "join"):
            guard case .list(let items)? = call.argument(0, "items") else {
                throw call.error("join() takes a list")
            }
            return try joined(items, by: text, call)
        case (.map(let map), "items"): return .list(map.pairs.map { .list([.text($0), $1]) })
        case (.map(let map), "keys"): return .list(map.keys.map { .text($0) })
        case (.map(let map), "values"): return .list(map.pairs.map(\.1))
        case (.map(let map), "get"):
            return map[try call.text(0, "key")] ?? call.argument(1, "default") ?? .none
        default:
            throw call.error(
                "A value of type \(value.typeName) has no method of this name: \(name)",
                code: "UNSUPPORTED_TEMPLATE")
        }
    }

    /// Formats a time as Python's strftime() does. Times are texts here, `2024-01-31` or
    /// `2024-01-31T06:30:05` with anything behind.
    private static func formatted(_ time: String, _ format: String, _ call: TemplateCall) throws -> String {
        let pattern = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?.*)?/
        guard let match = time.wholeMatch(of: pattern) else {
            throw call.error("strftime() takes a time such as 2024-01-31T06:30:05, not \(time)")
        }
        func part(_ text: Substring?) -> String { text.map(String.init) ?? "00" }
        let parts: [Character: String] = [
            "Y": String(match.1), "y": String(match.1.suffix(2)), "m": String(match.2),
            "d": String(match.3), "H": part(match.4), "M": part(match.5), "S": part(match.6), "%": "%",
            "F": String(time.prefix(10)), "T": "\(part(match.4)):\(part(match.5)):\(part(match.6))",
        ]
        var (out, isSign) = ("", false)
        for character in format {
            if isSign {
                guard let text = parts[character] else {
                    throw call.error(
                        "strftime() has no sign of this name here: %\(character)",
                        remedy: "Known are %Y %y %m %d %H %M %S %F %T.")
                }
                out += text
            } else if character != "%" {
                out.append(character)
            }
            isSign = !isSign && character == "%"
        }
        return out
    }

    private static func stripped(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }

    private static func title(_ text: String) -> String {
        var isStart = true
        var out = ""
        for character in text {
            out += isStart ? character.uppercased() : character.lowercased()
            isStart = !character.isLetter && !character.isNumber && character != "'"
        }
        return out
    }
}
