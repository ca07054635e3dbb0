import ArgumentParser
import Pipelines
import Protocol
import Vocabulary

/// Shows and changes what a pipeline remembers between its runs.
struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Shows or changes how far a pipeline's incremental reads have come.",
        discussion: """
            With a coordinator: what its runs of the pipeline left. Without: what runs in this process left \
            beside etl.yml.
            """,
        subcommands: [StateShowCommand.self, StateRewindCommand.self, StateResetCommand.self],
        defaultSubcommand: StateShowCommand.self)
}

/// Which pipeline's state is meant, and where it is.
struct StateOptions: ParsableArguments {
    @Argument(
        help: "Directory with etl.yml; with a coordinator also the pipeline's name.", completion: .directory)
    var directory: String
    @Option(
        help: .init(
            "Folder of the pipeline's state; .millrace beside etl.yml by default.", valueName: "folder"))
    var state: String?
    @OptionGroup(title: "Coordinator") var connection: ConnectionOptions

    /// Where the state is: with the coordinator, unless a folder is named.
    private func remote() throws -> (any PipelineService)? {
        state == nil ? try connection.remote() : nil
    }

    /// Returns the tables, and where they are for messages; beside a run that is at work, and without making
    /// a state where there is none.
    func show() async throws -> (tables: [TableProgress], place: String) {
        if let service = try remote() {
            let name = try PipelinePlace.deployedName(directory)
            return (try await service.state(of: name).tables, "the coordinator's pipeline \(name)")
        }
        let path = try PipelinePlace.existingState(of: directory, movedTo: state)
        return (StateFolder.tables(in: path).progress, path)
    }

    /// Changes the state. Throws when a run holds it.
    func change(_ change: StateChange) async throws {
        if let service = try remote() {
            _ = try await service.change(change, ofState: try PipelinePlace.deployedName(directory))
            return
        }
        let folder = try StateFolder(try PipelinePlace.existingState(of: directory, movedTo: state))
        try folder.tables.change(change)
    }
}

/// Shows the cursors of all tables.
struct StateShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows each table's cursor and rows.",
        usage: "etl-submit state show DIRECTORY [options]")

    @OptionGroup var options: StateOptions

    func run() async throws {
        let (tables, place) = try await options.show()
        if tables.isEmpty { Terminal.printNote("There are no tables in: \(place)") }
        for table in tables { print("\(table.step): \(StateShowCommand.text(table))") }
    }

    private static func text(_ table: TableProgress) -> String {
        if let files = table.files { return "\(Counted.text(files, "file")) read, each once" }
        if table.kind == "grows" {
            let rows = Counted.text(table.latestRows ?? 0, "row")
            return "keeps the rows of earlier runs, \(rows) new in the latest"
        }
        guard table.kind == "cursor" else { return "made anew by every run" }
        let cursor = table.cursor.map { "cursor \($0)" } ?? "no cursor yet"
        let id = table.id.map { ", id \($0)" } ?? ""
        let rows = Counted.text(table.rows ?? 0, "row")
        return "\(cursor)\(id), \(rows) read in all, \(table.latestRows ?? 0) in the latest read"
    }
}

/// Sets a table's cursor back.
struct StateRewindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewind",
        abstract: "Sets a table's cursor, so that the next run reads what is after it.",
        usage: "etl-submit state rewind DIRECTORY STEP --to VALUE [options]",
        discussion: "Rows that come again are added again where the step's write_disposition is append.")

    @OptionGroup var options: StateOptions
    @Argument(help: "Step whose cursor is set.") var step: String
    @Option(help: .init("Value after which the next read begins.", valueName: "value")) var to: String

    func run() async throws {
        try await options.change(StateChange(action: "rewind", step: step, to: to))
        Terminal.printNote("The next run reads what is after \(to): \(step)")
    }
}

/// Forgets a table.
struct StateResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Forgets a table and its cursor: the next run makes it from nothing.",
        usage: "etl-submit state reset DIRECTORY STEP [options]")

    @OptionGroup var options: StateOptions
    @Argument(help: "Step whose table is forgotten.") var step: String

    func run() async throws {
        try await options.change(StateChange(action: "reset", step: step))
        Terminal.printNote("The next run makes the table from nothing: \(step)")
    }
}
