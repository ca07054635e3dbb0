import Execution
import Plans

/// Lists the connectors that a worker has, by what SQL writes after USING.
package enum WorkerConnectors {
    /// Returns all of them.
    package static func all() -> ConnectorRegistry {
        let databases = DatabaseConnector()
        return ConnectorRegistry(sources: [.jdbc: databases], sinks: [.jdbc: databases])
    }
}
