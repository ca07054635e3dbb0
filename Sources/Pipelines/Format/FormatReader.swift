import Templates
import Vocabulary

/// Holds a document against the format's table: renders its templates, and refuses what does not fit with
/// place and suggestion.
struct FormatReader {
    /// What templates in values see: var() and env_var().
    let scope: TemplateScope

    /// Returns the value with its templates rendered. Throws at the first place that does not fit.
    func checked(_ value: FormatValue, _ shape: FormatShape, path: String) throws -> FormatValue {
        if case .null = value.kind { return value }
        switch shape {
        case .any, .template, .later, .test:
            if case .template = shape, value.scalar == nil { throw wrong(value, "text", path) }
            return value
        case .text:
            let rendered = try rendered(value)
            guard rendered.scalar != nil else { throw wrong(value, "text", path) }
            return rendered
        case .boolean, .integer, .number, .duration, .date, .choice:
            let rendered = try rendered(value)
            try checkScalar(rendered, shape, path)
            return rendered
        case .list(let of), .oneOrMore(let of):
            guard case .list(let items) = value.kind else {
                if case .oneOrMore = shape { return try checked(value, of, path: path) }
                throw wrong(value, "a list", path)
            }
            var copy = value
            copy.kind = .list(
                try items.enumerated().map { try checked($1, of, path: "\(path)[\($0)]") })
            return copy
        case .map(let of):
            guard case .map(let pairs) = value.kind else { throw wrong(value, "a mapping", path) }
            var copy = value
            copy.kind = .map(
                try pairs.map { ($0.key, try checked($0.value, of, path: "\(path).\($0.key.printed)")) })
            return copy
        case .object(let object): return try checked(value, object, path: path)
        case .anyOf(let shapes):
            for shape in shapes { if let fits = try? checked(value, shape, path: path) { return fits } }
            // What is of the right kind has an error of its own to tell.
            let near = shapes.first { FormatReader.isOfKind(value, $0) }
            if let near { return try checked(value, near, path: path) }
            throw wrong(value, shapes.map(FormatReader.name).joined(separator: " or "), path)
        }
    }

    private func checked(_ value: FormatValue, _ object: FormatObject, path: String) throws -> FormatValue {
        guard case .map(let pairs) = value.kind else { throw wrong(value, "a mapping", path) }
        var known: [(key: FormatValue, value: FormatValue)] = []
        var seen = Set<String>()
        for (key, item) in pairs {
            let name = key.printed
            guard let entry = object.keys.first(where: { $0.name == name }) else {
                let near = Suggestion.nearest(to: name, among: object.keys.map(\.name))
                throw key.error(
                    "There is no key of this name\(path.isEmpty ? "" : " in \(path)"): \(name)",
                    remedy: FormatHints.remedy(for: name, in: key.location.file, at: path)
                        ?? near.map { "Did you mean \($0)?" }
                        ?? "Known are: \(object.keys.map(\.name).joined(separator: ", ")).")
            }
            guard seen.insert(name).inserted else { throw key.error("This key is here twice: \(name)") }
            guard entry.isBuilt else {
                throw key.error(
                    "This key is of the format, but this version cannot carry it out yet: "
                        + (path.isEmpty ? name : "\(path).\(name)"),
                    remedy: entry.instead,
                    code: "UNSUPPORTED_FEATURE")
            }
            known.append((key, try checked(item, entry.shape, path: path.isEmpty ? name : "\(path).\(name)")))
        }
        for entry in object.keys where entry.isRequired && !seen.contains(entry.name) {
            throw value.error("The key '\(entry.name)' is missing\(path.isEmpty ? "" : " in \(path)")")
        }
        if !object.oneOf.isEmpty, object.oneOf.filter(seen.contains).count != 1 {
            throw value.error("\(path) needs exactly one of: \(object.oneOf.joined(separator: ", "))")
        }
        var copy = value
        copy.kind = .map(known)
        return copy
    }

    private func wrong(_ value: FormatValue, _ wanted: String, _ path: String) -> EngineError {
        value.error(
            "\(path.isEmpty ? "The file" : path) must be \(wanted), not \(value.typeName)",
            remedy: path.hasSuffix("command") && value.scalar != nil
                ? "Write its words as a list: [python3, fetch.py], or [sh, -c, 'a | b'] for a shell." : nil)
    }

    private static func isOfKind(_ value: FormatValue, _ shape: FormatShape) -> Bool {
        switch (value.kind, shape) {
        case (.list, .list), (.list, .oneOrMore), (.map, .map), (.map, .object): true
        case (.list, _), (.map, _), (_, .list), (_, .map), (_, .object): false
        default: true
        }
    }

    private static func name(_ shape: FormatShape) -> String {
        switch shape {
        case .text, .template: "text"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .duration: "a time such as 30s, 10m or 1h"
        case .date: "a date such as 2024-01-01"
        case .choice(let names): "one of \(names.joined(separator: ", "))"
        case .list, .oneOrMore: "a list"
        case .map, .object: "a mapping"
        case .anyOf, .any, .later, .test: "a value"
        }
    }

    private func rendered(_ value: FormatValue) throws -> FormatValue {
        guard case .text(let text) = value.kind, !Template.isPlain(text) else { return value }
        var copy = value
        do {
            let template = try Template(text, file: value.location.file)
            copy.kind = .text(try template.render(in: scope))
        } catch let error as EngineError {
            // The place in the file, not in the value.
            throw EngineError.user(error.code, error.message, remedy: error.remedy, at: value.location)
        }
        return copy
    }

    private func checkScalar(_ value: FormatValue, _ shape: FormatShape, _ path: String) throws {
        guard let text = value.scalar else { throw wrong(value, FormatReader.name(shape), path) }
        switch shape {
        case .boolean where ["true", "false"].contains(text.lowercased()): return
        case .integer(let least):
            if let number = Int(text), number >= least { return }
            throw value.error("\(path) must be a whole number from \(least) on: \(text)")
        case .number(let least):
            if let number = Double(text), number >= least, number.isFinite { return }
            throw value.error("\(path) must be a number from \(least) on: \(text)")
        case .duration where FormatReader.seconds(text) != nil: return
        case .date where CivilTime.parse(text) != nil: return
        case .choice(let names):
            if names.contains(text) { return }
            let near = Suggestion.nearest(to: text, among: names)
            throw value.error(
                "\(path) must be one of \(names.joined(separator: ", ")): \(text)",
                remedy: near.map { "Did you mean \($0)?" })
        default: break
        }
        throw value.error("\(path) must be \(FormatReader.name(shape)): \(text)")
    }

    /// Reads `90`, `30s`, `10m`, `1h`, `2d` as seconds, at most ten years.
    static func seconds(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let factor = text.last.flatMap { units[$0] }
        guard let number = Double(factor == nil ? text : String(text.dropLast())), number >= 0 else {
            return nil
        }
        let seconds = number * (factor ?? 1)
        return seconds <= 3.2e8 ? seconds : nil
    }
}
