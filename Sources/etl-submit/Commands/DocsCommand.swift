import ArgumentParser
import Cluster
import Pipelines
import Protocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Writes a pipeline's documentation.
struct DocsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs",
        abstract: "Writes a page of a pipeline's steps, columns, tests and lineage.",
        usage: "etl-submit docs DIRECTORY [options]",
        discussion: "Types of columns are those of the tables that the last run published here.")

    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory: String
    @Option(
        help: .init("Directory to write to; .millrace/docs beside etl.yml by default.", valueName: "folder"),
        completion: .directory)
    var out: String?
    @Option(
        help: .init("Folder of the pipeline's state, where it was moved with --state.", valueName: "folder"))
    var state: String?
    @Option(
        parsing: .upToNextOption,
        help: .init("Values for {{ var('name') }}, as name=value.", valueName: "name=value"))
    var vars: [String] = []
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    func run() async throws {
        if try connection.remote() != nil {
            Terminal.printNote(
                "Types of columns are those of runs in this process, not of the coordinator's.")
        }
        var options = PipelineOptions.none
        options.state = state
        let job = try await PipelineJob(
            directory, options, vars: try JobOptions.pairs(vars, flag: "--vars"), conf: [])
        let folder = PipelinePlace.state(of: directory, movedTo: state)
        let made = job.pipeline.steps.filter { StateFolder.hasTable($0.folder, in: folder) }
        var columns: [String: [ColumnFact]] = [:]
        if !made.isEmpty {
            let cluster = try await EmbeddedCluster()
            for step in made {
                let path = "\(folder)/tables/\(step.folder)"
                columns[step.name] = try await TableColumns.read(path, cluster.service)
            }
        }
        let site = DocsSite(job.pipeline, columns: columns)
        print(try site.write(into: out ?? job.directory + "/.millrace/docs"))
    }
}
