import Vocabulary

/// Renders the format's table as JSON Schema (draft 2020-12), for editors.
package enum PipelineSchema {
    /// Returns the schema of `etl.yml`.
    package static var text: String {
        var lines = "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
        lines += "  \"title\": \"etl.yml\",\n"
        lines += members(PipelineFormat.root, indent: "  ") + "\n}\n"
        return lines
    }

    private static func members(_ object: FormatObject, indent: String) -> String {
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

    private static func shape(_ shape: FormatShape, indent: String) -> String {
        switch shape {
        case .text, .template, .date: "\(indent)\"type\": [\"string\", \"number\", \"boolean\"]"
        case .boolean: "\(indent)\"type\": [\"boolean\", \"string\"]"
        case .integer(let least):
            "\(indent)\"type\": [\"integer\", \"string\"],\n\(indent)\"minimum\": \(least)"
        case .number(let least):
            "\(indent)\"type\": [\"number\", \"string\"],\n\(indent)\"minimum\": \(least)"
        case .duration: "\(indent)\"type\": [\"string\", \"number\"]"
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
        case .any: "\(indent)\"$comment\": \"any value\""
        }
    }

    private static func nested(_ name: String, _ of: FormatShape, _ indent: String) -> String {
        "\(indent)\"\(name)\": {\n\(shape(of, indent: indent + "  "))\n\(indent)}"
    }

    private static func quoted(_ text: String) -> String { JSONString.quoted(text) }
}
