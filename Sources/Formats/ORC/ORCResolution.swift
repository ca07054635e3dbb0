import Columns
import Kernels
import Vocabulary

/// Brings the types of a file together with those that are wanted, by the names of fields in any case, as
/// Spark does. Values keep the file's types; casts change them later.
enum ORCResolution {
    /// Returns the type of a file in the form that is wanted: its structures have the wanted fields, in
    /// their order and by their names.
    static func type(_ file: DataType, as wanted: DataType) -> DataType {
        switch (file, wanted) {
        case (.array(let element, let hasNull), .array(let other, _)):
            return .array(type(element, as: other), containsNull: hasNull)
        case (.map(let key, let value, let hasNull), .map(let otherKey, let otherValue, _)):
            return .map(
                key: type(key, as: otherKey), value: type(value, as: otherValue), valueContainsNull: hasNull)
        case (.structure(let fields), .structure(let others)):
            let names = fields.map(\.name)
            return .structure(
                others.map { other in
                    guard let place = place(of: other.name, in: names) else { return other }
                    return Field(other.name, type(fields[place].type, as: other.type))
                })
        default: return file
        }
    }

    static func place(of name: String, in names: [String]) -> Int? {
        if let exact = names.firstIndex(of: name) { return exact }
        let lowered = name.lowercased()
        return names.firstIndex { $0.lowercased() == lowered }
    }
}

/// Stands for a column that the file lacks: nulls.
final class ORCMissing: ORCColumn {
    init(_ type: DataType) { super.init(type, nil) }
}
