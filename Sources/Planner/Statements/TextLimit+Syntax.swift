import Functions
import SQLSyntax

extension TextLimit {
    /// Reads the limits of a type as written.
    init(_ type: TypeSyntax) {
        switch type {
        case .char(let count): self = .filled(count)
        case .varchar(let count): self = .characters(count)
        case .array(let element): self = .array(TextLimit(element))
        case .map(let key, let value): self = .map(key: TextLimit(key), value: TextLimit(value))
        case .structure(let fields): self = .structure(fields.map { TextLimit($0.type) })
        default: self = .none
        }
    }
}

extension TypeSyntax {
    /// The type with members that may all be null, as those of tables of files are.
    var nullable: TypeSyntax {
        switch self {
        case .array(let element): return .array(element.nullable)
        case .map(let key, let value): return .map(key: key.nullable, value: value.nullable)
        case .structure(let fields):
            return .structure(
                fields.map { field in
                    var field = field
                    (field.type, field.isNullable) = (field.type.nullable, true)
                    return field
                })
        default: return self
        }
    }

    /// The type as DESCRIBE shows it: `struct<a:varchar(3)>`.
    var catalogName: String {
        switch self {
        case .array(let element): "array<\(element.catalogName)>"
        case .map(let key, let value): "map<\(key.catalogName),\(value.catalogName)>"
        case .structure(let fields):
            "struct<\(fields.map { "\($0.name.text):\($0.type.catalogName)" }.joined(separator: ","))>"
        default: sql.lowercased()
        }
    }
}

extension TableDefinition {
    /// Notes the types of columns that limit their texts, which the schema does not tell.
    mutating func note(_ columns: [FieldSyntax]) {
        for column in columns where !TextLimit(column.type).isNone {
            limitedTypes[column.name.text.lowercased()] = column.type.nullable.sql
        }
    }

    /// Returns a column's type as it was written where that limits its texts.
    func limitedType(of column: String) -> TypeSyntax? {
        limitedTypes[column.lowercased()].flatMap { try? SQLParser.type(SQLSource($0)) }
    }
}
