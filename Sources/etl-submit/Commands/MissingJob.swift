import Storage
import Vocabulary

/// Says that there is no such job, where it was looked for, and what may have been meant.
enum MissingJob {
    /// Returns the error for the path of a job's file that is not there.
    static func error(_ path: String) -> EngineError {
        let slash = path.lastIndex(of: "/")
        let prefix = slash.map { String(path[...$0]) } ?? ""
        let name = String(path[(slash.map { path.index(after: $0) } ?? path.startIndex)...])
        // The working directory, without the slash that a path in it would follow.
        let place = path.hasPrefix("/") ? "" : ", in \(PipelinePlace.absolute("").dropLast())"
        return .user(
            "USAGE", "There is no such file: \(path)\(place)",
            remedy: meant(name, in: prefix) ?? "Give a file of SQL, a directory with etl.yml, or -e \"SQL\".")
    }

    /// Returns the error for what names no directory of a pipeline, where no coordinator is asked.
    static func pipelineError(_ path: String) -> EngineError {
        let slash = path.lastIndex(of: "/")
        let prefix = slash.map { String(path[...$0]) } ?? ""
        let name = String(path[prefix.endIndex...])
        let entries = (try? LocalFileSystem().entries(prefix.isEmpty ? "." : prefix)) ?? []
        let near = Suggestion.nearest(
            to: name,
            among: entries.filter { $0.isDirectory && PipelinePlace.hasPipeline($0.path) }
                .map { String($0.path.split(separator: "/").last ?? "") }.sorted())
        return .user(
            "USAGE", "There is no such directory: \(path)",
            remedy: near.map { "Did you mean \(prefix)\($0)?" }
                ?? "Give the directory of a pipeline. The id of a job or run is one of a coordinator: give "
                + "--coordinator URL, or set ETL_COORDINATOR.")
    }

    /// Asks whether a file or pipeline beside it was meant, or a command of this program.
    private static func meant(_ name: String, in prefix: String) -> String? {
        let entries = (try? LocalFileSystem().entries(prefix.isEmpty ? "." : prefix)) ?? []
        let jobs = entries.filter { entry in
            entry.isDirectory ? PipelinePlace.hasPipeline(entry.path) : entry.path.hasSuffix(".sql")
        }.map { String($0.path.split(separator: "/").last ?? "") }.sorted()
        // The ending alone may be missing.
        let near =
            jobs.contains(name + ".sql") ? name + ".sql" : Suggestion.nearest(to: name, among: jobs)
        if let near { return "Did you mean \(prefix)\(near)?" }
        guard prefix.isEmpty, !name.contains(".") else { return nil }
        let commands = SubmitProgram.configuration.subcommands.map { $0._commandName }
        return Suggestion.nearest(to: name, among: commands).map {
            "Did you mean the command: etl-submit \($0)?"
        }
    }
}
