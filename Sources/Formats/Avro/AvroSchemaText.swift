import Columns
import FoundationEssentials
import Vocabulary

/// Reads the JSON text of an Avro schema.
struct AvroSchemaText {
    /// Most bytes of a schema.
    static let byteLimit = 16 << 20

    private var named: [String: AvroSchema] = [:]
    /// Names of the types that are being read: one that is used within itself has no end.
    private var open: Set<String> = []
    /// Types that a named one stands for, itself included: names used twice by names used twice, and so on,
    /// make columns without end of a short text.
    private var sizes: [String: Int] = [:]
    private var typesLeft = 100_000
    /// How deep types are nested, those that names stand for included.
    private var depths: [String: Int] = [:]
    private var deepest = 0

    /// Returns the schema of a text. Throws `AVRO_SCHEMA_INVALID` (data) for what is none or has too many
    /// types, and `AVRO_TYPE_NOT_SUPPORTED` for a type that holds itself.
    static func schema(_ bytes: [UInt8]) throws(EngineError) -> AvroSchema {
        if bytes.count > byteLimit { throw invalid("it has \(bytes.count) bytes") }
        let value: AvroJSON
        do { value = try JSONDecoder().decode(AvroJSON.self, from: Data(bytes)) } catch {
            throw invalid("it is no JSON")
        }
        var text = AvroSchemaText()
        return try text.schema(value, namespace: "", depth: 0)
    }

    static func invalid(_ why: String) -> EngineError {
        .data(
            "AVRO_SCHEMA_INVALID", "The Avro schema cannot be read: \(why)",
            remedy: "See the specification of Avro schemas; jq shows where JSON is broken.")
    }

    private mutating func schema(
        _ value: AvroJSON, namespace: String, depth: Int
    ) throws(EngineError) -> AvroSchema {
        try count(1)
        try reach(depth)
        switch value {
        case .string(let name): return try schema(named: name, namespace: namespace, depth: depth)
        case .array(let items):
            var branches: [AvroSchema] = []
            for item in items { branches.append(try schema(item, namespace: namespace, depth: depth + 1)) }
            return .union(branches)
        case .object(let members):
            guard let type = members["type"] else { throw Self.invalid("a type has no \"type\"") }
            guard case .string(let name) = type else {
                return try schema(type, namespace: namespace, depth: depth + 1)
            }
            return try schema(name, members, namespace: namespace, depth: depth)
        default: throw Self.invalid("a type is neither a name, a list nor an object")
        }
    }

    private static let primitives: [String: AvroSchema] = [
        "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double,
        "bytes": .bytes, "string": .string,
    ]

    private mutating func count(_ types: Int) throws(EngineError) {
        typesLeft -= types
        if typesLeft < 0 { throw Self.invalid("it stands for more than 100,000 types") }
    }

    private mutating func reach(_ depth: Int) throws(EngineError) {
        deepest = max(deepest, depth)
        if depth > Limits.nestingDepth {
            throw Self.invalid("it is nested deeper than \(Limits.nestingDepth)")
        }
    }

    private mutating func schema(
        named name: String, namespace: String, depth: Int
    ) throws(EngineError) -> AvroSchema {
        if let primitive = Self.primitives[name] { return primitive }
        let full = name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
        if open.contains(full) || open.contains(name) {
            throw .data(
                "AVRO_TYPE_NOT_SUPPORTED", "The Avro schema has a type that holds itself: \(name)",
                remedy: "Write the file with a type of a fixed depth, as SQL has no other.")
        }
        let key = named[full] == nil ? name : full
        guard let known = named[key] else { throw Self.invalid("there is no type \(name)") }
        try count(sizes[key] ?? 1)
        try reach(depth + (depths[key] ?? 0))
        return known
    }

    private mutating func schema(
        _ kind: String, _ members: [String: AvroJSON], namespace: String, depth: Int
    ) throws(EngineError) -> AvroSchema {
        switch kind {
        case "array":
            guard let items = members["items"] else { throw Self.invalid("an array has no items") }
            return .array(try schema(items, namespace: namespace, depth: depth + 1))
        case "map":
            guard let values = members["values"] else { throw Self.invalid("a map has no values") }
            return .map(try schema(values, namespace: namespace, depth: depth + 1))
        case "record", "error", "enum", "fixed":
            return try schema(of: kind, members, namespace: namespace, depth: depth)
        default:
            let known = try schema(named: kind, namespace: namespace, depth: depth)
            return Self.meaning(of: known, members)
        }
    }

    /// Reads a type that has a name.
    private mutating func schema(
        of kind: String, _ members: [String: AvroJSON], namespace: String, depth: Int
    ) throws(EngineError) -> AvroSchema {
        guard case .string(let name)? = members["name"], !name.isEmpty else {
            throw Self.invalid("a type of kind \(kind) has no name")
        }
        var space = namespace
        if case .string(let own)? = members["namespace"] { space = own }
        if let dot = name.lastIndex(of: ".") { space = String(name[..<dot]) }
        let full = name.contains(".") || space.isEmpty ? name : "\(space).\(name)"
        let (before, outside) = (typesLeft, deepest)
        deepest = depth
        var found: AvroSchema
        switch kind {
        case "enum":
            guard case .array(let items)? = members["symbols"] else {
                throw Self.invalid("the enum \(name) has no symbols")
            }
            found = .enumeration(
                symbols: items.compactMap { if case .string(let text) = $0 { text } else { nil } })
        case "fixed":
            guard case .integer(let size)? = members["size"], size >= 0, size <= Int64(Limits.valueBytes)
            else {
                throw Self.invalid("the fixed type \(name) has no size")
            }
            found = .fixed(byteCount: Int(size))
        default:
            guard case .array(let items)? = members["fields"] else {
                throw Self.invalid("the record \(name) has no fields")
            }
            open.insert(full)
            defer { open.remove(full) }
            var fields: [AvroField] = []
            for item in items { fields.append(try field(item, namespace: space, depth: depth)) }
            found = .record(fields: fields)
        }
        found = Self.meaning(of: found, members)
        named[full] = found
        sizes[full] = 1 + before - typesLeft
        depths[full] = deepest - depth
        deepest = max(deepest, outside)
        return found
    }

    private mutating func field(
        _ value: AvroJSON, namespace: String, depth: Int
    ) throws(EngineError) -> AvroField {
        guard case .object(let members) = value, case .string(let name)? = members["name"],
            let type = members["type"]
        else { throw Self.invalid("a field has no name or no type") }
        var field = AvroField(name: name, schema: try schema(type, namespace: namespace, depth: depth + 1))
        if case .array(let items)? = members["aliases"] {
            field.aliases = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        field.missing = members["default"]
        return field
    }

    /// Adds what a type's values mean, where SQL has something like it.
    private static func meaning(of schema: AvroSchema, _ members: [String: AvroJSON]) -> AvroSchema {
        func number(_ name: String) -> Int? {
            if case .integer(let value)? = members[name], value >= 0, value < 1000 { Int(value) } else { nil }
        }
        if case .string(let spark)? = members["spark.sql.catalyst.type"],
            let fields = IntervalFields(catalogName: spark)
        {
            switch schema {
            case .int where fields.first.isYearMonth: return .logical(.interval(fields), schema)
            case .long where !fields.first.isYearMonth: return .logical(.interval(fields), schema)
            default: break
            }
        }
        guard case .string(let name)? = members["logicalType"] else { return schema }
        switch (name, schema) {
        case ("decimal", .bytes), ("decimal", .fixed):
            let scale = number("scale") ?? 0
            guard let precision = number("precision"), (1...DataType.maximumPrecision).contains(precision),
                scale <= precision
            else { return schema }
            return .logical(.decimal(precision: precision, scale: scale), schema)
        case ("date", .int): return .logical(.date, schema)
        case ("timestamp-millis", .long): return .logical(.timestampMilliseconds, schema)
        case ("timestamp-micros", .long): return .logical(.timestampMicroseconds, schema)
        case ("local-timestamp-millis", .long): return .logical(.localMilliseconds, schema)
        case ("local-timestamp-micros", .long): return .logical(.localMicroseconds, schema)
        default: return schema
        }
    }
}
