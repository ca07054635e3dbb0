import Vocabulary

/// Renders the format's table as JSON Schema (draft 2020-12), for editors.
package struct PipelineSchema {
    /// Names of tests that the project has beside those of the format.
    private let ownTests: [String]

    /// Describes any `etl.yml`; with `ownTests`, macros `{% test NAME %}` of a project, that project's.
    package init(ownTests: [String] = []) { self.ownTests = ownTests }

    /// Returns the schema of `etl.yml`.
    package var text: String {
        var lines = "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
        lines += "  \"title\": \"etl.yml\",\n"
        let tests = [("test", false), ("columnTest", true)].map { name, ofColumn in
            let test = shape(TestReader.shape(ofColumn: ofColumn, own: ownTests), indent: "      ")
            return "    \(quoted(name)): {\n\(test)\n    }"
        }
        lines += "  \"$defs\": {\n\(tests.joined(separator: ",\n"))\n  },\n"
        lines += members(PipelineFormat.root, indent: "  ") + "\n}\n"
        return lines
    }

    private func members(_ object: FormatObject, indent: String) -> String {
        var parts = ["\(indent)\"type\": \"object\"", "\(indent)\"additionalProperties\": false"]
        let required = object.keys.filter(\.isRequired).map { quoted($0.name) }
        if !required.isEmpty { parts.append("\(indent)\"required\": [\(required.joined(separator: ", "))]") }
        if !object.oneOf.isEmpty {
            let choices = object.oneOf.map { "{\"required\": [\(quoted($0))]}" }
            parts.append("\(indent)\"oneOf\": [\(choices.joined(separator: ", "))]")
        }
        let properties = object.keys.map { key in
            let note = key.isBuilt ? key.note : key.note + " (not built yet)"
            return "\(indent)  \(quoted(key.name)): {\n\(indent)    \"description\": \(quoted(note)),\n"
                + shape(key.shape, indent: indent + "    ") + "\n\(indent)  }"
        }
        parts.append("\(indent)\"properties\": {\n\(properties.joined(separator: ",\n"))\n\(indent)}")
        return parts.joined(separator: ",\n")
    }

    private func shape(_ shape: FormatShape, indent: String) -> String {
        switch shape {
        case .text, .template: "\(indent)\"type\": [\"string\", \"number\", \"boolean\"]"
        case .date: text(#"[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])([T ].*)?"#, or: nil, indent)
        case .boolean: text("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]", or: "boolean", indent)
        case .integer(let least):
            text("[0-9]+", or: "integer", indent) + ",\n\(indent)\"minimum\": \(least)"
        case .number(let least):
            text("[0-9.eE+-]+", or: "number", indent) + ",\n\(indent)\"minimum\": \(least)"
        case .duration: text("[0-9.]+[smhd]?", or: "number", indent) + ",\n\(indent)\"minimum\": 0"
        case .choice(let names): "\(indent)\"enum\": [\(names.map(quoted).joined(separator: ", "))]"
        case .list(let of): "\(indent)\"type\": \"array\",\n\(nested("items", of, indent))"
        case .map(let of): "\(indent)\"type\": \"object\",\n\(nested("additionalProperties", of, indent))"
        case .oneOrMore(let of): self.shape(.anyOf([of, .list(of)]), indent: indent)
        case .object(let object): members(object, indent: indent)
        case .anyOf(let shapes):
            "\(indent)\"anyOf\": [\n"
                + shapes.map { "\(indent)  {\n\(self.shape($0, indent: indent + "    "))\n\(indent)  }" }
                .joined(separator: ",\n") + "\n\(indent)]"
        case .later(let of): self.shape(of, indent: indent)
        case .test(let ofColumn): "\(indent)\"$ref\": \"#/$defs/\(ofColumn ? "columnTest" : "test")\""
        case .any: "\(indent)\"$comment\": \"any value\""
        }
    }

    /// A value that may be written as text, which then has a form or holds a template.
    private func text(_ pattern: String, or type: String?, _ indent: String) -> String {
        let types = ([type, "string"].compactMap { $0 }).map(quoted).joined(separator: ", ")
        return "\(indent)\"type\": [\(types)],\n\(indent)\"pattern\": \(quoted("^(\(pattern))$|[{]"))"
    }

    private func nested(_ name: String, _ of: FormatShape, _ indent: String) -> String {
        "\(indent)\"\(name)\": {\n\(shape(of, indent: indent + "  "))\n\(indent)}"
    }

    private func quoted(_ text: String) -> String { JSONString.quoted(text) }
}
