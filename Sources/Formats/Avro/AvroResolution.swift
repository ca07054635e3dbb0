import Columns
import Memory
import Vocabulary

/// Says how the fields of a file's records become the columns that a reader wants: by name, in any case,
/// then by the aliases of the reader's schema; what the file lacks is the reader's default, or null; what
/// nobody wants is passed over. Records within records, arrays and maps are brought together in the same
/// way. Values keep the file's types (the specification's "Schema Resolution" widens them later, by casts).
struct AvroResolution {
    /// Says where a wanted column comes from.
    enum Output {
        /// The field of the file at this place.
        case field(Int)
        case constant(Literal)
    }

    let fields: [AvroField]
    /// For each field of the file its column, nil where it is passed over.
    private(set) var columns: [AvroColumn?]
    private(set) var outputs: [Output] = []
    /// The names that the reader has for the columns.
    let names: [String]

    /// Brings together the fields of a file with those of a reader; `reader` holds the fields of the option
    /// `avroSchema`. Throws `AVRO_FIELD_MISSING` (data) for a field that the file lacks and the option has
    /// no default for.
    init(_ fields: [AvroField], wanted: [Field], reader: [AvroField] = []) throws(EngineError) {
        self.fields = fields
        names = wanted.map(\.name)
        columns = fields.map { _ in nil }
        for field in wanted {
            let known = reader.first { $0.name == field.name }
            if let place = Self.place(of: [field.name] + (known?.aliases ?? []), in: fields) {
                if columns[place] == nil {
                    columns[place] = try AvroColumn.make(
                        fields[place].schema, as: field.type, reader: known?.schema)
                }
                outputs.append(.field(place))
            } else {
                outputs.append(.constant(try Self.missing(field, known)))
            }
        }
    }

    /// Takes every field as the file has it.
    init(all fields: [AvroField]) {
        self.fields = fields
        names = fields.map(\.name)
        columns = fields.map { AvroColumn.make($0.schema) }
        outputs = fields.indices.map { .field($0) }
    }

    private static func place(of names: [String], in fields: [AvroField]) -> Int? {
        for name in names {
            if let exact = fields.firstIndex(where: { $0.name == name }) { return exact }
            let lowered = name.lowercased()
            if let found = fields.firstIndex(where: { $0.name.lowercased() == lowered }) { return found }
        }
        return nil
    }

    private static func missing(_ field: Field, _ reader: AvroField?) throws(EngineError) -> Literal {
        guard let reader else { return .null(field.type) }
        guard let value = reader.missing else {
            throw .data(
                "AVRO_FIELD_MISSING",
                "The Avro file lacks \(field.name), for which avroSchema has no default",
                remedy: "Give the field a default in avroSchema.")
        }
        return Literal(try AvroDefaults.scalar(value, reader.schema), reader.schema.type)
    }

    /// The types of the columns that come out.
    var types: [DataType] {
        outputs.map { output in
            switch output {
            case .field(let place): columns[place]?.type ?? .null
            case .constant(let literal): literal.type
            }
        }
    }

    var byteCount: Int { columns.reduce(0) { $0 + ($1?.byteCount ?? 0) } }

    /// Reads a record.
    func read(_ cursor: AvroCursor) throws(EngineError) {
        for (column, field) in zip(columns, fields) {
            if let column { try column.read(cursor) } else { try cursor.skip(field.schema) }
        }
    }

    func appendNulls() { for column in columns { column?.appendNull() } }

    /// Returns the wanted columns of `count` rows and begins anew.
    func finish(_ count: Int) -> [Vector] {
        let gathered = columns.map { $0?.finish() }
        return outputs.map { output in
            switch output {
            case .field(let place): gathered[place] ?? .nulls(.null, count: count)
            case .constant(let literal): .constant(literal, count: count)
            }
        }
    }
}

/// Reads the defaults of a reader's schema, which are JSON.
enum AvroDefaults {
    /// Returns the value of a default for a type. Throws `AVRO_SCHEMA_INVALID` (data) where it is none of it.
    static func scalar(_ value: AvroJSON, _ schema: AvroSchema) throws(EngineError) -> Scalar {
        switch (schema, value) {
        case (.union(let branches), _): return try member(value, of: branches)
        case (.logical(.decimal, _), .string(let text)): return .decimal(try decimal(text))
        case (.logical(let meaning, let plain), _):
            let found = try scalar(value, plain)
            guard case .integer(let number) = found else { return found }
            switch meaning {
            case .timestampMilliseconds, .localMilliseconds:
                let (micros, overflow) = number.multipliedReportingOverflow(by: 1000)
                if overflow { throw invalid(schema) }
                return .integer(micros)
            default: return found
            }
        case (.null, .null): return .null
        case (.boolean, .boolean(let flag)): return .boolean(flag)
        case (.int, .integer(let number)) where Int32(exactly: number) != nil: return .integer(number)
        case (.long, .integer(let number)): return .integer(number)
        case (.float, .integer(let number)): return .float(Float(number))
        case (.float, .number(let number)): return .float(Float(number))
        case (.double, .integer(let number)): return .double(Double(number))
        case (.double, .number(let number)): return .double(number)
        case (.string, .string(let text)), (.enumeration, .string(let text)): return .string(text)
        case (.bytes, .string(let text)), (.fixed, .string(let text)): return .binary(try bytes(text))
        case (.array(let element), .array(let items)):
            var values: [Scalar] = []
            for item in items { values.append(try scalar(item, element)) }
            return .array(values)
        case (.map(let element), .object(let members)):
            var values: [Scalar] = []
            let keys = members.keys.sorted()
            for key in keys { values.append(try scalar(members[key] ?? .null, element)) }
            return .map(keys: keys.map { .string($0) }, values: values)
        case (.record(let fields), .object(let members)):
            var values: [Scalar] = []
            for field in fields {
                guard let given = members[field.name] ?? field.missing else { throw invalid(schema) }
                values.append(try scalar(given, field.schema))
            }
            return .structure(values)
        default: throw invalid(schema)
        }
    }

    private static func invalid(_ schema: AvroSchema) -> EngineError {
        AvroSchemaText.invalid("a default is no value of its type, \(schema.type.sqlName)")
    }

    /// A default of a union is a value of one of its branches.
    private static func member(_ value: AvroJSON, of branches: [AvroSchema]) throws(EngineError) -> Scalar {
        let members = branches.filter { !$0.isNull }
        if case .null = value { return .null }
        for (place, branch) in members.enumerated() {
            guard let found = try? scalar(value, branch) else { continue }
            switch AvroSchema.form(members) {
            case .members: return .structure(members.indices.map { $0 == place ? found : .null })
            case .double:
                if case .float(let number) = found { return .double(Double(number)) }
                return found
            default: return found
            }
        }
        throw invalid(.union(branches))
    }

    /// Bytes are written as characters up to U+00FF.
    private static func bytes(_ text: String) throws(EngineError) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard scalar.value < 256 else { throw invalid(.bytes) }
            bytes.append(UInt8(scalar.value))
        }
        return bytes
    }

    private static func decimal(_ text: String) throws(EngineError) -> Int128 {
        let bytes = try bytes(text).withUnsafeBytes { Buffer.copying($0) }
        return try withExtendedLifetime(bytes) { () throws(EngineError) in
            try AvroColumn.number(bytes.bytes)
        }
    }
}
