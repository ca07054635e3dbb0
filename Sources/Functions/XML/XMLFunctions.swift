import Columns
import Kernels
import Memory
import Vocabulary

/// Declares functions that read and write XML.
enum XMLFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "from_xml",
            typing: { request in
                try Signature.checkCount(request, 2...3)
                throw EngineError.user(
                    "INVALID_SCHEMA.NON_STRING_LITERAL",
                    "The schema of `\(request.name)` must be a constant text, such as 'a INT, b STRING'.")
            }, "Reads an XML text as a structure.", example: "from_xml('<p><a>1</a></p>', 'a INT')"
        ) { call in
            guard case .structure(let fields) = call.type else {
                throw EngineError.internal("from_xml without a structure")
            }
            let options = TextOptionValues(call, at: 1)
            let form = XMLForm(options)
            let reader = XMLValueReader(form, try TextValueReader(options, zone: call.zone))
            let failsFast = try options.failsFast("from_xml")
            let corrupt = options["columnnameofcorruptrecord"] ?? "_corrupt_record"
            let rows = Rows(call)
            return try rows.scalars(call.type) { row in
                var isBroken = true
                var values: [Scalar] = fields.map { _ in .null }
                if let tree = try? XMLReader.tree(rows.columns[0].bytes(row)), let root = tree.documentElement
                {
                    isBroken = false
                    values = reader.members(of: root, in: tree, fields, &isBroken)
                }
                if isBroken, failsFast {
                    throw EngineError.data(
                        "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                        "A record does not fit the schema (mode FAILFAST): \(rows.text(0, row).prefix(200))")
                }
                if isBroken, let place = fields.firstIndex(where: { $0.name == corrupt }) {
                    values[place] = .string(rows.text(0, row))
                }
                return .structure(values)
            }
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
            let writer = XMLValueWriter(XMLForm(options), try ValueWriter(options, zone: call.zone))
            let vector = call[0].flattened()
            let name = options["rowtag"] ?? "ROW"
            return Rows(call).texts { row in
                var lines: [String] = []
                writer.write(vector, row, name, 0, &lines)
                return lines.joined(separator: "\n")
            }
        },
    ]
}

/// Holds the options that say how values stand in XML.
struct XMLForm {
    let attributePrefix: String
    let valueTag: String
    let nullValue: String?
    let excludesAttributes: Bool
    let trims: Bool
    let itemName: String

    init(_ options: TextOptionValues) {
        attributePrefix = options["attributeprefix"] ?? "_"
        valueTag = options["valuetag"] ?? "_VALUE"
        nullValue = options["nullvalue"]
        excludesAttributes = options.isTrue("excludeattribute") ?? false
        trims = options.isTrue("ignoresurroundingspaces") ?? true
        itemName = options["arrayelementname"] ?? "item"
    }
}

/// Reads elements as values of types: members are attributes, by a prefix, and elements by their names.
struct XMLValueReader {
    private let form: XMLForm
    private let reader: TextValueReader

    init(_ form: XMLForm, _ reader: TextValueReader) {
        self.form = form
        self.reader = reader
    }

    /// Reads an element's members; sets `isBroken` where a text is no value of its type.
    func members(of element: Int, in tree: XMLTree, _ fields: [Field], _ isBroken: inout Bool) -> [Scalar] {
        fields.map { field in
            if field.name == form.valueTag {
                return plain(ownText(of: element, in: tree), field.type, &isBroken)
            }
            if field.name.hasPrefix(form.attributePrefix), !form.excludesAttributes {
                let name = field.name.dropFirst(form.attributePrefix.count)
                let found = tree.attributes(of: element).first { tree.nodes[$0].name == name }
                if let found { return plain(tree.nodes[found].value, field.type, &isBroken) }
            }
            let found = tree.children(of: element).filter {
                tree.nodes[$0].kind == .element && Self.isNamed(tree.nodes[$0].name, field.name)
            }
            if case .array(let item, _) = field.type {
                if found.isEmpty { return .null }
                return .array(found.map { value(of: $0, in: tree, item, &isBroken) })
            }
            return found.last.map { value(of: $0, in: tree, field.type, &isBroken) } ?? .null
        }
    }

    /// Prefixes of elements are left out, and case does not matter, as in Spark's reader.
    private static func isNamed(_ name: String, _ wanted: String) -> Bool {
        if name == wanted { return true }
        let lowered = wanted.lowercased()
        return name.lowercased() == lowered || name.split(separator: ":").last?.lowercased() == lowered
    }

    private func ownText(of element: Int, in tree: XMLTree) -> String {
        tree.children(of: element).map { tree.nodes[$0].kind == .text ? tree.nodes[$0].value : "" }.joined()
    }

    private func value(
        of element: Int, in tree: XMLTree, _ type: DataType, _ isBroken: inout Bool
    ) -> Scalar {
        switch type {
        case .structure(let fields): return .structure(members(of: element, in: tree, fields, &isBroken))
        case .map(.string, let valueType, _):
            var keys: [Scalar] = []
            var values: [Scalar] = []
            for child in tree.children(of: element) where tree.nodes[child].kind == .element {
                keys.append(.string(tree.nodes[child].name))
                values.append(value(of: child, in: tree, valueType, &isBroken))
            }
            return .map(keys: keys, values: values)
        default: return plain(tree.text(of: element), type, &isBroken)
        }
    }

    private func plain(_ text: String, _ type: DataType, _ isBroken: inout Bool) -> Scalar {
        let value = form.trims ? String(text.trimmingSpaces) : text
        if value == form.nullValue { return .null }
        if value.isEmpty, type != .string { return .null }
        if let read = reader.value(value, type) { return read }
        isBroken = true
        return .null
    }
}

/// Writes values as elements: members with the attributes' prefix are attributes, arrays are elements of one
/// name.
struct XMLValueWriter {
    private let form: XMLForm
    private let writer: ValueWriter

    init(_ form: XMLForm, _ writer: ValueWriter) {
        self.form = form
        self.writer = writer
    }

    /// Appends the lines of an element.
    func write(_ vector: Vector, _ row: Int, _ name: String, _ depth: Int, _ lines: inout [String]) {
        let indent = String(repeating: "    ", count: depth)
        if vector.type == .null || vector.isNullConstant || vector.isNull(row) {
            if let text = form.nullValue { lines.append("\(indent)<\(name)>\(Self.escaped(text))</\(name)>") }
            return
        }
        switch vector.type {
        case .array:
            let child = vector.children[0].flattened()
            for item in Column(vector).range(row) { write(child, item, name, depth, &lines) }
        case .structure(let fields):
            structure(fields, vector, row, name, depth, &lines)
        case .map:
            lines.append("\(indent)<\(name)>")
            let (keys, values) = (vector.children[0].flattened(), vector.children[1].flattened())
            for entry in Column(vector).range(row) {
                write(values, entry, writer.text(keys, entry) ?? "null", depth + 1, &lines)
            }
            lines.append("\(indent)</\(name)>")
        default:
            lines.append("\(indent)<\(name)>\(Self.escaped(writer.text(vector, row) ?? ""))</\(name)>")
        }
    }

    private func structure(
        _ fields: [Field], _ vector: Vector, _ row: Int, _ name: String, _ depth: Int, _ lines: inout [String]
    ) {
        let indent = String(repeating: "    ", count: depth)
        var tag = "<\(name)"
        var text: String?
        var inner: [String] = []
        for (field, member) in zip(fields, vector.children.map { $0.flattened() }) {
            if field.name == form.valueTag {
                text = writer.text(member, row)
            } else if field.name.hasPrefix(form.attributePrefix) {
                let attribute = field.name.dropFirst(form.attributePrefix.count)
                guard let value = writer.text(member, row) ?? form.nullValue else { continue }
                tag += " \(attribute)=\"\(Self.escaped(value, quotes: true))\""
            } else {
                write(member, row, field.name, depth + 1, &inner)
            }
        }
        if inner.isEmpty {
            let value = text.map { Self.escaped($0) }
            lines.append(value.map { "\(indent)\(tag)>\($0)</\(name)>" } ?? "\(indent)\(tag)/>")
            return
        }
        lines.append("\(indent)\(tag)>\(text.map { Self.escaped($0) } ?? "")")
        lines += inner
        lines.append("\(indent)</\(name)>")
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "<": out += "&lt;"
            case "&": out += "&amp;"
            case "\"" where quotes: out += "&quot;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
