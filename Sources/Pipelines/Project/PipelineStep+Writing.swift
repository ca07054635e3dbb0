/// Says where a step's rows go and how, in the words of `etl.yml`.
package struct StepWriting: Sendable {
    /// The place outside the pipeline's own tables, as "parquet to out/"; nil where there is none.
    package var target: String?
    /// What is said of the writing, in the order of the format's reference.
    package var settings: [(name: String, value: String)] = []
}

extension PipelineStep {
    /// Returns what the step writes: how its table takes an extract's rows, and where it goes besides. Nil
    /// for steps that only make their table. Options that may name a login are never among the settings.
    package var writing: StepWriting? {
        if let load { return load.writing }
        if let write { return write.writing }
        return extract.map { StepWriting(settings: $0.writingSettings) }
    }
}

extension WriteTarget {
    /// Returns the target in words. What is not set is Spark's default and left out, but for the mode.
    var writing: StepWriting {
        var settings = [(name: "mode", value: mode.rawValue)]
        for key in ["partitionBy", "partitionOverwriteMode", "compression"] {
            guard let value = options.first(where: { $0.name == key })?.value else { continue }
            settings.append((key, value.replacing(",", with: ", ")))
        }
        return StepWriting(target: "\(format) to \(path)", settings: settings)
    }
}

extension LoadRule {
    /// Returns the directory or the database's table in words.
    fileprivate var writing: StepWriting {
        if let write { return write.writing }
        func option(_ name: String) -> String? { options.first { $0.name == name }?.value }
        var settings: [(name: String, value: String)] = []
        if let stage = option("copy.from") { settings.append(("copy_into", "from \(stage)")) }
        let mode = option("mode") ?? "append"
        settings.append(("write_disposition", mode == "overwrite" ? "replace" : mode))
        if let keys = option("primarykey") {
            settings.append(("primary_key", keys.replacing(",", with: ", ")))
        }
        return StepWriting(target: "table \(option("dbtable") ?? "")", settings: settings)
    }
}

extension ExtractRule {
    /// Returns what becomes of the table's earlier rows, and by what rows are known.
    fileprivate var writingSettings: [(name: String, value: String)] {
        var settings = [(name: "write_disposition", value: disposition.rawValue)]
        if !primaryKey.isEmpty { settings.append(("primary_key", primaryKey.joined(separator: ", "))) }
        if let cursor {
            let columns = [cursor.column, cursor.idColumn].compactMap { $0 }
            settings.append(("incremental", "by \(columns.joined(separator: ", "))"))
        }
        return settings
    }
}
