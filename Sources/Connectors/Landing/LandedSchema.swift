import Columns
import Vocabulary

/// Holds the rows of a second read against the schema of the first.
enum LandedSchema {
    /// Throws `SOURCE_CHANGED` (system) when a column came that the schema has not: its values would be lost.
    /// Values that do not fit a column's type fail where they are read.
    static func check(_ found: Schema, fits schema: Schema, _ name: String) throws(EngineError) {
        try check(found.fields, schema.fields, name)
    }

    private static func check(_ found: [Field], _ known: [Field], _ path: String) throws(EngineError) {
        for field in found {
            guard let same = known.first(where: { $0.name == field.name }) else {
                throw .system(
                    "SOURCE_CHANGED",
                    "The source gave another column than when its schema was read: \(path).\(field.name)",
                    remedy: "Run the job again.")
            }
            try check(field.type, same.type, "\(path).\(field.name)")
        }
    }

    private static func check(_ found: DataType, _ known: DataType, _ path: String) throws(EngineError) {
        switch (found, known) {
        case (.structure(let fields), .structure(let others)): try check(fields, others, path)
        case (.array(let element, _), .array(let other, _)): try check(element, other, path)
        default: break
        }
    }
}
