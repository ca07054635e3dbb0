import Protocol
import Vocabulary

/// Names a table of a database's catalog.
package struct CatalogTable: Sendable, Hashable {
    package var schema: String?
    package var name: String
    /// The first column that the database counts up itself, where there is one.
    package var counter: String?

    package init(schema: String?, name: String, counter: String? = nil) {
        self.schema = schema
        self.name = name
        self.counter = counter
    }

    /// The name with its schema's, as a connector's file writes it.
    var full: String { (schema.map { $0 + "." } ?? "") + name }

    /// The table's name for a query: as it stands, whatever signs are in it.
    var quoted: String {
        [schema, name].compactMap { $0.map { "\"" + $0.doubling("\"") + "\"" } }
            .joined(separator: ".")
    }
}

/// Says of which database a connector's file reads all tables, and which of them.
package struct CatalogRequest: Sendable {
    /// The connector's file as etl.yml names it.
    let file: String
    /// Where etl.yml names it.
    let place: SourceLocation
    let options: [(name: String, value: String)]
    let conf: [String: String]
}

/// Is thrown when a pipeline cannot be read before a database has told its tables.
struct CatalogNeeded: Error {
    let request: CatalogRequest
}

extension PipelineLoader {
    /// Asks a database for its tables.
    package typealias Listing = (CatalogRequest) async throws -> [CatalogTable]

    /// Returns the pipeline that a loader reads, as `load()` does. Connector files that read all tables of
    /// their database have `list` ask it for them, once each. `loader` makes a new loader for each try.
    package static func load(
        listing list: Listing, _ loader: () throws -> PipelineLoader
    ) async throws -> Pipeline {
        var catalogs: [String: [CatalogTable]] = [:]
        while true {
            var current = try loader()
            current.catalogs = catalogs
            do {
                return try current.load()
            } catch let needed as CatalogNeeded {
                do {
                    catalogs[needed.request.file] = try await list(needed.request)
                } catch var error as EngineError {
                    // The statement that asks is nobody's own.
                    error.location = needed.request.place
                    throw error
                }
            }
        }
    }
}

/// Asks databases for their tables by jobs: the workers have the routes and the secrets, as for extracts.
package struct CatalogJob: Sendable {
    private let service: any JobService
    private let conf: [String: String]
    private let seconds: Int?

    /// `seconds`: how long a job may take, nil for as long as it takes.
    package init(_ service: any JobService, conf: [String: String], seconds: Int? = nil) {
        self.service = service
        self.conf = conf
        self.seconds = seconds
    }

    /// Returns the tables by a job that lists them. Throws the job's error.
    package func tables(_ request: CatalogRequest) async throws -> [CatalogTable] {
        let run = RunIdentity.new(milliseconds: NodeClock.moment().wallMilliseconds)
        let job = StepJob(service: service, control: RunControl(), conf: conf, run: run)
        let view =
            "CREATE TEMPORARY VIEW millrace_tables USING jdbc"
            + SQLText.options(request.options + [("probe", "tables")]) + ";"
        let order = StepJob.Order(
            id: [run, "tables"], prelude: [view],
            sql: "SELECT table_schema, table_name, table_counter FROM millrace_tables ORDER BY 1, 2",
            file: request.file,
            deadline: seconds.map { ContinuousClock.now + .seconds($0) }, conf: request.conf)
        return try await job.run(order).rows.compactMap { row in
            guard row.count == 3, let name = row[1] else { return nil }
            return CatalogTable(
                schema: row[0], name: name, counter: row[2].flatMap { $0.isEmpty ? nil : $0 })
        }
    }
}
