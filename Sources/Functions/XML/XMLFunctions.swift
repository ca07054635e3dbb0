import Columns
import Kernels
import Vocabulary

/// Declares `from_xml`, `to_xml` and `schema_of_xml`.
enum XMLFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "from_xml",
            typing: Signature.boundBySchema,
            "Reads an XML text as a structure.", example: "from_xml('<p><a>1</a></p>', 'a INT')"
        ) { call in
            let rows = Rows(call)
            let conversion = try XMLConversion(call.type, TextOptionValues(call, at: 1), zone: call.zone)
            return try rows.scalars(call.type) { try conversion.value(rows.columns[0].bytes($0)) }
        },
        ScalarFunction(
            "to_xml",
            typing: { request in
                try Signature.checkCount(request, 1...2)
                guard case .structure = request.types[0] else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"STRUCT\"")
                }
                return Typing(request.types, .string)
            }, "Writes a structure as XML.", example: "to_xml(named_struct('a', 1))"
        ) { call in
            let options = TextOptionValues(call, at: 1)
            let form = JSONForm(
                values: try ValueWriter(options, zone: call.zone), zone: call.zone, leavesNullsOut: true)
            let writer = JSONValueWriter(call[0].flattened(), form)
            let (name, prefix) = (options["rowtag"] ?? "ROW", options["attributeprefix"] ?? "_")
            return Rows(call).texts { row in
                var bytes: [UInt8] = []
                writer.write(row, to: &bytes)
                return JSONValue.parsed(bytes).map {
                    XMLText.element(name, $0, depth: 0, attributePrefix: prefix)
                }
            }
        },
        ScalarFunction(
            "schema_of_xml", typing: Signature.of([.string, .any], optional: 1, .string),
            "Returns the type of an XML text in the words of DDL.",
            example: "schema_of_xml('<p><a>1</a></p>')"
        ) { call in
            let rows = Rows(call)
            return try rows.texts { row in
                guard let root = XMLReader.document(rows.columns[0].bytes(row))?.elements.first else {
                    throw EngineError.data("MALFORMED_XML", "The text is no well-formed XML.")
                }
                return XMLTypes.structure(of: root).sqlName
            }
        },
    ]
}

/// Finds the types of XML elements, as Spark's inference does.
enum XMLTypes {
    /// The type of an element with members, however few.
    static func structure(of element: XMLNode) -> DataType {
        var types: [String: DataType] = [:]
        for attribute in element.attributes { types["_" + attribute.name] = type(ofText: attribute.value) }
        for child in element.elements {
            let type = type(of: child)
            switch types[child.name] {
            case nil: types[child.name] = type
            case .array(let known, _)?:
                types[child.name] = .array(merged(known, type), containsNull: true)
            case let known?: types[child.name] = .array(merged(known, type), containsNull: true)
            }
        }
        let text = element.children.filter { $0.kind == .text }.map(\.text).joined().trimmingSpaces
        if !text.isEmpty { types["_VALUE"] = type(ofText: text) }
        return .structure(types.sorted { $0.key < $1.key }.map { Field($0.key, settled($0.value)) })
    }

    private static func settled(_ type: DataType) -> DataType {
        switch type {
        case .null: .string
        case .array(let element, let nulls): .array(settled(element), containsNull: nulls)
        default: type
        }
    }

    private static func type(of element: XMLNode) -> DataType {
        if !element.attributes.isEmpty || !element.elements.isEmpty { return structure(of: element) }
        return type(ofText: element.text.trimmingSpaces)
    }

    private static func type(ofText text: String) -> DataType {
        if text.isEmpty { return .null }
        if Int64(text) != nil { return .int64 }
        let isNumber = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
        if isNumber, Double(text) != nil { return .double }
        if ["true", "false"].contains(text.lowercased()) { return .boolean }
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { raw in
            if bytes.count == 10, TimeText.parseDate(raw) != nil { return .date }
            if bytes.count > 10, TimeText.parseTimestamp(raw, zone: .utc) != nil { return .timestamp }
            return .string
        }
    }

    /// The type that holds values of both.
    private static func merged(_ a: DataType, _ b: DataType) -> DataType {
        switch (a, b) {
        case _ where a == b: return a
        case (.null, let other), (let other, .null): return other
        case (.int64, .double), (.double, .int64): return .double
        case (.date, .timestamp), (.timestamp, .date): return .timestamp
        case (.structure(let x), .structure(let y)):
            var types = Dictionary(x.map { ($0.name, $0.type) }) { first, _ in first }
            for field in y {
                types[field.name] = types[field.name].map { merged($0, field.type) } ?? field.type
            }
            return .structure(types.sorted { $0.key < $1.key }.map { Field($0.key, $0.value) })
        default: return .string
        }
    }
}
