import ArgumentParser
import Pipelines
import Protocol
import Vocabulary

/// Shows and changes what a pipeline remembers between its runs.
struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Shows or changes how far a pipeline's incremental reads have come.",
        subcommands: [StateShowCommand.self, StateRewindCommand.self, StateResetCommand.self],
        defaultSubcommand: StateShowCommand.self)
}

/// The directory of a pipeline and its state.
struct StateOptions: ParsableArguments {
    @Argument(help: "Directory with etl.yml.", completion: .directory)
    var directory: String
    @Option(help: "Folder of the pipeline's state; .millrace beside etl.yml by default.")
    var state: String?
    @OptionGroup var connection: ConnectionOptions

    /// Returns where the state is. Throws where a coordinator is asked for, which keeps its own, and where
    /// there is no pipeline.
    func path() throws -> String {
        if state == nil, try connection.remote() != nil {
            throw EngineError.user(
                "USAGE",
                "The state of runs on a coordinator is the coordinator's; this command knows only "
                    + "that of runs in this process: \(directory)",
                remedy: "Add --local to see or change the state beside etl.yml.")
        }
        return try PipelinePlace.existingState(of: directory, movedTo: state)
    }

    /// Opens the state, to change it. Throws when a run holds it.
    func open() throws -> StateFolder { try StateFolder(try path()) }
}

/// Shows the cursors of all tables.
struct StateShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows each table's cursor and rows.")

    @OptionGroup var options: StateOptions

    func run() async throws {
        // Beside a run that is at work, and without making a state where there is none.
        let path = try options.path()
        let tables = StateFolder.tables(in: path)
        if tables.names.isEmpty { Terminal.printNote("There are no tables in: \(path)") }
        for name in tables.names {
            guard let table = tables.tableState(name) else {
                let files = tables.readFileCount(name).map { "\(Counted.text($0, "file")) read, each once" }
                print("\(name): \(files ?? "made anew by every run")")
                continue
            }
            let cursor = table.cursor.map { "cursor \($0)" } ?? "no cursor yet"
            let id = table.id.map { ", id \($0)" } ?? ""
            let rows = Counted.text(table.totalRows, "row")
            print("\(name): \(cursor)\(id), \(rows), \(table.latestRows) in the latest read")
        }
    }
}

/// Sets a table's cursor back.
struct StateRewindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewind",
        abstract: "Sets a table's cursor, so that the next run reads what is after it.",
        discussion: "Rows that come again are added again where the step's write_disposition is append.")

    @OptionGroup var options: StateOptions
    @Argument(help: "Step whose cursor is set.") var step: String
    @Option(help: "Value after which the next read begins.") var to: String

    func run() async throws {
        let state = try options.open()
        guard var table = state.tables.tableState(step), state.tables.hasTable(step) else {
            throw StateRewindCommand.unknown(step, state)
        }
        table.cursor = to
        table.id = nil
        // The bound would bring in what changed since the latest read only.
        table.bound = nil
        try state.tables.set(table, of: step)
        Terminal.printNote("The next run reads what is after \(to): \(step)")
    }

    static func unknown(_ step: String, _ state: StateFolder) -> EngineError {
        if state.tables.readFileCount(step) != nil {
            return .user(
                "PIPELINE_STATE", "The step reads files, each once, and has no cursor: \(step)",
                remedy: "`etl-submit state reset` forgets its table: the next run reads all files again.")
        }
        if state.tables.hasTable(step) {
            return .user(
                "PIPELINE_STATE", "The step's table has no cursor, as every run makes it anew: \(step)",
                remedy: "Only steps of extract with `incremental` go on from a cursor.")
        }
        let near = Suggestion.nearest(to: step, among: state.tables.names)
        return .user(
            "PIPELINE_STATE", "The state holds no cursor of this step: \(step)",
            remedy: near.map { "Did you mean \($0)?" } ?? "`etl-submit state show` lists them.")
    }
}

/// Forgets a table.
struct StateResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Forgets a table and its cursor: the next run makes it from nothing.")

    @OptionGroup var options: StateOptions
    @Argument(help: "Step whose table is forgotten.") var step: String

    func run() async throws {
        let state = try options.open()
        guard state.tables.hasTable(step) else { throw StateRewindCommand.unknown(step, state) }
        state.tables.reset(step)
        Terminal.printNote("The next run makes the table from nothing: \(step)")
    }
}
