import Execution
import Plans
import Storage

/// Says what jobs may reach from a worker beyond files and databases.
package struct ConnectorRules: Sendable {
    /// Web servers that jobs may read from.
    package var web: WebRules
    /// Whether jobs may run programs.
    package var allowsCommands: Bool

    /// What a user's own program may do: everything that the user may.
    package static let unrestricted = ConnectorRules(web: .unrestricted, allowsCommands: true)

    package init(web: WebRules, allowsCommands: Bool) {
        self.web = web
        self.allowsCommands = allowsCommands
    }
}

/// Lists the connectors that a worker has, by what SQL writes after USING.
package enum WorkerConnectors {
    /// Returns all of them.
    package static func all(_ rules: ConnectorRules) -> ConnectorRegistry {
        let databases = DatabaseConnector()
        return ConnectorRegistry(
            sources: [
                .jdbc: databases, .rest: LandingProvider(RESTSource(rules: rules.web)),
                .command: LandingProvider(CommandSource(isAllowed: rules.allowsCommands)),
            ], sinks: [.jdbc: databases])
    }
}
