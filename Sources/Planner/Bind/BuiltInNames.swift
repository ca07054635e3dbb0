import Functions

/// Knows the names that calls of functions of Millrace itself have, which those of users do not hide.
enum BuiltInNames {
    /// Functions that binding turns into other expressions.
    static let bound: Set<String> = [
        "if", "nvl", "ifnull", "nullif", "nullifzero", "zeroifnull", "nvl2", "isnull", "isnotnull",
        "equal_null", "typeof", "struct", "date_part", "datepart", "decode", "grouping", "grouping_id",
        "range", "positive", "window", "window_time", "session_window", "input_file_name",
        "input_file_block_start", "input_file_block_length", "sql_keywords",
    ]

    /// Functions that give rows, which stand in FROM.
    static let tables: Set<String> = GeneratorNames.all.union(["range", "sql_keywords"])

    /// Every name that texts may call, sorted.
    static let all: [String] = Set(FunctionRegistry.shared.names).subtracting(FunctionRegistry.unspoken)
        .union(bound).union(GeneratorNames.all).sorted()

    private static let known = Set(all)

    static func contains(_ name: String) -> Bool { known.contains(name.lowercased()) }
}
