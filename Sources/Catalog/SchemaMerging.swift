import Columns
import Storage
import Vocabulary

/// Puts the columns of several files together, as Spark's `StructType.merge` does: members of structures too,
/// by their names, in order of first appearance.
struct SchemaMerging {
    /// The columns so far.
    private(set) var fields: [Field] = []

    /// Adds a file's columns. Throws `CANNOT_MERGE_SCHEMAS` where a column is of another type in it.
    mutating func add(_ more: [Field], file: String) throws(EngineError) {
        fields = try Self.merged(fields, more, path: [], file: file)
    }

    /// Throws where two columns, or two members of a structure, differ by letter case alone.
    func checkNames() throws(EngineError) { try Self.checkNames(fields, path: []) }

    private static func merged(
        _ known: [Field], _ more: [Field], path: [String], file: String
    ) throws(EngineError) -> [Field] {
        var result = known
        for field in more {
            guard let at = result.firstIndex(where: { $0.name == field.name }) else {
                result.append(field)
                continue
            }
            result[at].type = try merged(result[at].type, field.type, path: path + [field.name], file: file)
            result[at].nullable = result[at].nullable || field.nullable
        }
        return result
    }

    private static func merged(
        _ known: DataType, _ other: DataType, path: [String], file: String
    ) throws(EngineError) -> DataType {
        switch (known, other) {
        case (.structure(let members), .structure(let more)):
            return .structure(try merged(members, more, path: path, file: file))
        case (.array(let element, let hasNull), .array(let more, let mayHaveNull)):
            let merged = try merged(element, more, path: path + ["element"], file: file)
            return .array(merged, containsNull: hasNull || mayHaveNull)
        case (.map(let key, let value, let hasNull), .map(let otherKey, let otherValue, let mayHaveNull)):
            return .map(
                key: try merged(key, otherKey, path: path + ["key"], file: file),
                value: try merged(value, otherValue, path: path + ["value"], file: file),
                valueContainsNull: hasNull || mayHaveNull)
        case (.decimal(let precision, let scale), .decimal(let other, let otherScale))
        where scale == otherScale:
            return .decimal(precision: max(precision, other), scale: scale)
        case (.null, _): return other
        case (_, .null): return known
        default:
            if known == other { return known }
            throw .data(
                "CANNOT_MERGE_SCHEMAS",
                "A column has different types in the files: \(path.joined(separator: ".")) is "
                    + "\(known.sqlName) and \(other.sqlName) in \(AddressText.shown(file))",
                remedy: "Give its type: CREATE TEMPORARY VIEW name (columns) USING …, or read the files "
                    + "apart and cast it.")
        }
    }

    private static func checkNames(_ fields: [Field], path: [String]) throws(EngineError) {
        var seen: Set<String> = []
        for field in fields {
            let place = path + [field.name]
            if !seen.insert(field.name.lowercased()).inserted {
                throw .data(
                    "COLUMN_ALREADY_EXISTS",
                    "Two columns of the files differ by upper and lower case alone: "
                        + place.joined(separator: "."),
                    remedy: "Give the columns: CREATE TEMPORARY VIEW name (columns) USING ….")
            }
            try checkNames(of: field.type, path: place)
        }
    }

    private static func checkNames(of type: DataType, path: [String]) throws(EngineError) {
        switch type {
        case .structure(let members): try checkNames(members, path: path)
        case .array(let element, _): try checkNames(of: element, path: path)
        case .map(let key, let value, _):
            try checkNames(of: key, path: path)
            try checkNames(of: value, path: path)
        default: return
        }
    }
}
