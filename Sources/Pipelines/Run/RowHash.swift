import Columns

/// Writes an expression that is the same for rows whose columns all have the same values.
enum RowHash {
    /// Times with all of their digits, which JSON leaves out by itself.
    private static let options =
        "map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSSXXX', 'timestampNTZFormat', "
        + "'yyyy-MM-dd HH:mm:ss.SSSSSS')"

    static func expression(_ columns: [Field]) -> String {
        let values = columns.enumerated().map { place, column in
            "\(text(SQLText.name(column.name), column.type)) AS c\(place)"
        }
        // A structure leaves members out that are null, and so tells null from any text.
        return values.isEmpty ? "''" : "md5(to_json(struct(\(values.joined(separator: ", ")))))"
    }

    private static func text(_ name: String, _ type: DataType) -> String {
        switch type {
        case .structure, .array, .map: "to_json(\(name), \(options))"
        case .binary: "hex(\(name))"
        default: "CAST(\(name) AS STRING)"
        }
    }
}
