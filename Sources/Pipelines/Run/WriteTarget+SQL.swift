import Vocabulary

extension WriteTarget {
    /// Returns an error of the statements in words of `etl.yml`, with the place that it is of.
    func explained(_ error: EngineError) -> EngineError {
        var placed = error
        if error.code == "LOCATION_NOT_EMPTY", mode == .errorifexists {
            placed = .user(
                error.code, "The directory holds files already, and its mode is errorifexists: \(path)",
                remedy: "Set mode to overwrite, append or ignore, or remove the directory.")
        }
        let isOfPartitions = error.code == "COLUMN_NOT_DEFINED_IN_TABLE"
        placed.location = (isOfPartitions ? partitionLocation : nil) ?? location
        return placed
    }

    /// Returns the statements that write a staged table to the target.
    func statements(of staged: String) -> String {
        statements(selecting: "SELECT * FROM parquet.\(SQLText.name(staged))")
    }

    /// Returns the statements that write a query's rows to the target.
    func statements(selecting source: String) -> String {
        if mode == .overwrite {
            return "INSERT OVERWRITE DIRECTORY \(SQLText.value(path)) USING \(format)"
                + "\(SQLText.options(options)) \(source)"
        }
        let partitions = options.first { $0.name == "partitionBy" }?.value.split(separator: ",") ?? []
        let names = partitions.map { SQLText.name(String($0.drop { $0 == " " })) }
        let head = mode == .errorifexists ? "CREATE TEMPORARY TABLE" : "CREATE TEMPORARY TABLE IF NOT EXISTS"
        let table =
            "\(head) millrace_target USING \(format)"
            + SQLText.options(
                options.filter { !["partitionBy", "partitionOverwriteMode"].contains($0.name) })
            + (names.isEmpty ? "" : " PARTITIONED BY (\(names.joined(separator: ", ")))")
            + " LOCATION \(SQLText.value(path)) AS \(source)"
        guard mode == .append else { return table }
        // Where nothing is yet, the table begins without rows.
        return "\(table) WHERE false;\nINSERT INTO millrace_target BY NAME \(source)"
    }
}
