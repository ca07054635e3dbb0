import Columns
import Vocabulary

/// Describes a type of an Avro file, as its schema says it
/// (https://avro.apache.org/docs/1.12.0/specification/).
indirect enum AvroSchema: Sendable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(byteCount: Int)
    case enumeration(symbols: [String])
    case array(AvroSchema)
    case map(AvroSchema)
    case record(fields: [AvroField])
    case union([AvroSchema])
    /// A type whose values mean something else: `kind` says what.
    case logical(AvroLogical, AvroSchema)

    /// The type without what its values mean.
    var plain: AvroSchema { if case .logical(_, let schema) = self { schema } else { self } }

    /// A union of null and one other type as that, any other type as it is.
    var withoutNull: AvroSchema {
        guard case .union(let branches) = self else { return self }
        let members = branches.filter { !$0.isNull }
        return members.count == 1 ? members[0] : self
    }

    /// Says whether a value takes no bytes at all.
    var isEmpty: Bool {
        switch plain {
        case .null: true
        case .fixed(let count): count == 0
        case .record(let fields): fields.allSatisfy(\.schema.isEmpty)
        default: false
        }
    }
}

/// Describes a field of an Avro record.
struct AvroField: Sendable {
    var name: String
    var schema: AvroSchema
    /// Other names that files may have for it.
    var aliases: [String] = []
    /// What the field is where a file lacks it, by a reader's schema.
    var missing: AvroJSON?
}

/// Names what values of a type mean; those that SQL has nothing like are left out, as the specification asks.
enum AvroLogical: Sendable, Hashable {
    case decimal(precision: Int, scale: Int)
    case date, timestampMilliseconds, timestampMicroseconds, localMilliseconds, localMicroseconds
    /// Spark's own: an interval, whose name is in `spark.sql.catalyst.type`.
    case interval(IntervalFields)
}

extension AvroSchema {
    /// Returns the columns of a record, as Spark's `SchemaConverters` has them. Throws
    /// `AVRO_TYPE_NOT_SUPPORTED` (data) for a schema that is no record.
    func columns() throws(EngineError) -> Schema {
        guard case .record(let fields) = plain else {
            throw .data(
                "AVRO_TYPE_NOT_SUPPORTED", "The Avro file's schema is no record, so it has no columns",
                remedy: "Write the values as a field of a record.")
        }
        return Schema(fields.map { Field($0.name, $0.schema.type) })
    }

    /// The type of SQL that values have, by Spark's rules.
    var type: DataType {
        switch self {
        case .null: .null
        case .boolean: .boolean
        case .int: .int32
        case .long: .int64
        case .float: .float
        case .double: .double
        case .bytes, .fixed: .binary
        case .string, .enumeration: .string
        case .array(let element): .array(element.type, containsNull: true)
        case .map(let value): .map(key: .string, value: value.type, valueContainsNull: true)
        case .record(let fields): .structure(fields.map { Field($0.name, $0.schema.type) })
        case .union(let branches): AvroSchema.unionType(branches.filter { !$0.isNull })
        case .logical(let meaning, _): AvroSchema.type(of: meaning)
        }
    }

    var isNull: Bool { if case .null = self { true } else { false } }

    /// Names how a union without its null is read.
    enum UnionForm {
        case none, one, long, double, members
    }

    static func form(_ branches: [AvroSchema]) -> UnionForm {
        if branches.isEmpty { return .none }
        if branches.count == 1 { return .one }
        if branches.count == 2 {
            switch (branches[0], branches[1]) {
            case (.int, .long), (.long, .int): return .long
            case (.float, .double), (.double, .float): return .double
            default: break
            }
        }
        return .members
    }

    private static func unionType(_ branches: [AvroSchema]) -> DataType {
        switch form(branches) {
        case .none: .null
        case .one: branches[0].type
        case .long: .int64
        case .double: .double
        case .members:
            .structure(branches.enumerated().map { Field("member\($0)", $1.type) })
        }
    }

    private static func type(of meaning: AvroLogical) -> DataType {
        switch meaning {
        case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
        case .date: .date
        case .timestampMilliseconds, .timestampMicroseconds: .timestamp
        case .localMilliseconds, .localMicroseconds: .timestampNTZ
        case .interval(let fields): .interval(fields)
        }
    }
}
